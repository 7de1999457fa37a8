# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.tools import SQL

PERIODS = ("today", "month", "last_month", "total")


class DistributionDistributor(models.Model):
    """What a distributor has sold. Statements are as many for one as for a page of a list."""

    _inherit = "distribution.distributor"  # pylint: disable=consider-merging-classes-inherited

    currency_id = fields.Many2one(related="company_id.currency_id")
    sales_today = fields.Monetary(
        compute="_compute_sales",
        help="Confirmed orders that count for the distributor, untaxed. Days and months are those of the program's "
        "time zone.",
    )
    sales_month = fields.Monetary(string="Sales This Month", compute="_compute_sales")
    sales_last_month = fields.Monetary(compute="_compute_sales")
    sales_total = fields.Monetary(string="Total Sales", compute="_compute_sales")

    # === COMPUTE METHODS === #

    def _compute_sales(self):
        sales = self._get_sales_by_period()
        for distributor in self:
            amounts = sales.get(distributor._origin.id, (0.0,) * len(PERIODS))
            for period, amount in zip(PERIODS, amounts, strict=True):
                distributor[f"sales_{period}"] = distributor.currency_id.round(float(amount))

    def _get_sales_by_period(self):
        """Return what was sold by each: today, this month, last month, ever.

        :return: id → untaxed amounts in company currency, one for each of `PERIODS`
        :rtype: dict
        """
        if not self.ids:
            return {}
        # Sums only: seeing the orders needs rights on orders.
        self.env["sale.order"].flush_model(
            ["distribution_distributor_id", "state", "date_order", "amount_untaxed", "currency_rate"]
        )
        rows = self.env.execute_query(
            SQL(
                """
                WITH period (program_id, today, tomorrow, month, last_month) AS (VALUES %s), sold AS (
                    SELECT sale.distribution_distributor_id AS id, sale.date_order AS moment,
                           sale.amount_untaxed / COALESCE(NULLIF(sale.currency_rate, 0), 1) AS amount
                      FROM sale_order AS sale
                     WHERE sale.distribution_distributor_id = ANY(%s) AND sale.state = 'sale'
                )
                SELECT sold.id,
                       COALESCE(SUM(amount) FILTER (WHERE moment >= today AND moment < tomorrow), 0),
                       COALESCE(SUM(amount) FILTER (WHERE moment >= month AND moment < tomorrow), 0),
                       COALESCE(SUM(amount) FILTER (WHERE moment >= last_month AND moment < month), 0),
                       SUM(amount)
                  FROM sold
                  JOIN distribution_distributor AS distributor ON distributor.id = sold.id
                  JOIN period ON period.program_id = distributor.program_id
                 GROUP BY sold.id
                """,
                SQL(", ").join(self._get_period_row(program) for program in self.sudo().program_id),
                list(self.ids),
            )
        )
        return {distributor_id: amounts for distributor_id, *amounts in rows}

    def _get_period_row(self, program):
        today = program._get_business_date()
        month = today.replace(day=1)
        dates = (today, today + relativedelta(days=1), month, month - relativedelta(months=1))
        starts = [SQL("%s::timestamp", program._get_business_day_start(date)) for date in dates]
        return SQL("(%s, %s)", program.id, SQL(", ").join(starts))
