# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import EARNING_STATES, MAX_LEVELS
from .distribution_distributor_tree import depth_sql

# What lies deeper than the levels that may be paid is counted together.
DEEPER = MAX_LEVELS + 1
# An id of a path has ten digits at most, and a slash.
STEP_LENGTH = 11
PERIODS = ("today", "month", "last_month", "total")


class DistributionDistributor(models.Model):
    """What a distributor has: team, customers, orders and sales. The form, the lists, the wizards, the portal and the
    mini-program all read these fields, so nobody counts anything another way. What is counted:

    Team
        the active and suspended distributors below, at their true distance in the tree, whoever stands between.
        Applicants are not members yet; refused, closed and merged ones are none. The form counts the levels that may
        be paid one by one and the deeper ones together; the distributor itself sees the levels that its program pays,
        see `_get_paid_levels`.
    Customers
        the bindings that are valid now. One whose time is over does not count, whether or not the scheduled action has
        ended it yet.
    Orders
        the confirmed orders that are attributed to the distributor, of the program's company and all its branches;
        no quotations, no cancelled orders. Those of a distributor that was merged into this one count there, where
        their terms and entries are.
    Sales
        the untaxed totals of these orders as they stand now, in the currency of the program's company at the rate of
        each order; added up exactly and rounded once. What is returned or credited does not lower them: that is in the
        commission.
    Periods
        go by the date of the order, which is when it was confirmed; days and months begin at midnight in the time zone
        of the program.

    These are sums, open to whoever reads the distributor: rights on orders and bindings do not change them. Each takes
    one statement, for one distributor as for a page of a list. They are computed once in a transaction.
    """

    _inherit = "distribution.distributor"  # pylint: disable=consider-merging-classes-inherited

    team_count = fields.Integer(
        string="Team", compute="_compute_team", help="Active and suspended distributors below, at any depth."
    )
    team_level_1 = fields.Integer(string="Level 1", compute="_compute_team", help="Recruited by the distributor.")
    team_level_2 = fields.Integer(string="Level 2", compute="_compute_team")
    team_level_3 = fields.Integer(string="Level 3", compute="_compute_team")
    team_deeper = fields.Integer(string="Deeper", compute="_compute_team")
    customer_count = fields.Integer(
        compute="_compute_customer_count", help="Customers who are bound to the distributor now."
    )
    order_count = fields.Integer(
        compute="_compute_sales",
        help="Confirmed orders that count for the distributor, with the program's company and its branches.",
    )
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

    def _compute_team(self):
        sizes = self._get_team_sizes()
        for distributor in self:
            levels = sizes.get(distributor._origin.id, {})
            for level in range(1, MAX_LEVELS + 1):
                distributor[f"team_level_{level}"] = levels.get(level, 0)
            distributor.team_deeper = levels.get(DEEPER, 0)
            distributor.team_count = sum(levels.values())

    def _get_team_sizes(self):
        """Return how many stand below each, by level.

        :return: id → {level: number}, `DEEPER` for everything below the levels that may be paid
        :rtype: dict
        """
        if not self.ids:
            return {}
        self.flush_model(["parent_path", "state"])
        # A subquery for each: of a join PostgreSQL expects so much that it reads the whole table for a team of three.
        # Paths of deep trees are long: only so much of them is looked at as tells levels and deeper ones apart.
        rest = SQL("SUBSTR(below.parent_path, LENGTH(above.parent_path) + 1, %s)", DEEPER * STEP_LENGTH)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT above.id, team.level, team.size
                  FROM distribution_distributor AS above
                 CROSS JOIN LATERAL (
                    SELECT LEAST(%(level)s, %(deeper)s) AS level, COUNT(*) AS size
                      FROM distribution_distributor AS below
                     WHERE below.parent_path ~>~ above.parent_path
                       AND below.parent_path ~<~ (RTRIM(above.parent_path, '/') || '0')
                       AND below.state IN %(members)s
                     GROUP BY level
                  ) AS team
                 WHERE above.id = ANY(%(ids)s)
                """,
                level=depth_sql(rest),
                deeper=DEEPER,
                ids=list(self.ids),
                members=EARNING_STATES,
            )
        )
        sizes = {}
        for distributor_id, level, size in rows:
            sizes.setdefault(distributor_id, {})[level] = size
        return sizes

    def _compute_customer_count(self):
        bindings = self.env["distribution.binding"].sudo()
        counts = dict(bindings._read_group(self._get_customer_domain(), ["distributor_id"], ["__count"]))
        for distributor in self:
            distributor.customer_count = counts.get(distributor._origin, 0)

    def _compute_sales(self):
        figures = self._get_sales_figures()
        for distributor in self:
            count, *amounts = figures.get(distributor._origin.id, (0, *[0] * len(PERIODS)))
            distributor.order_count = count
            # In a form that is not saved yet there may be no program, and no currency then.
            currency = distributor._origin.currency_id
            for period, amount in zip(PERIODS, amounts, strict=True):
                distributor[f"sales_{period}"] = currency.round(float(amount)) if currency else 0.0

    def _get_sales_figures(self):
        """Return what was sold by each: the number of orders; sales today, this month, last month, ever.

        :return: id → number, and an amount for each of `PERIODS`, not rounded
        :rtype: dict
        """
        if not self.ids:
            return {}
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
                SELECT sold.id, COUNT(*),
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
        return {distributor_id: figures for distributor_id, *figures in rows}

    def _get_period_row(self, program):
        today = program._get_business_date()
        month = today.replace(day=1)
        dates = (today, today + relativedelta(days=1), month, month - relativedelta(months=1))
        starts = [SQL("%s::timestamp", program._get_business_day_start(date)) for date in dates]
        return SQL("(%s, %s)", program.id, SQL(", ").join(starts))

    # === ACTION METHODS === #

    def action_view_level(self):
        """Show those of a level of the team, given in the context; 0 for all that lie deeper."""
        self.ensure_one()
        level = self.env.context.get("team_level", 1)
        return {**self.action_view_team(), "domain": list(self._get_team_domain([level or DEEPER]))}

    # === BUSINESS METHODS === #

    def _get_paid_levels(self):
        """Return the team as the distributor itself sees it: the levels that the program pays.

        :rtype: list of (level, number)
        """
        self.ensure_one()
        levels = range(1, self.sudo().program_id.level_count + 1)
        return [(level, self[f"team_level_{level}"]) for level in levels]

    def _get_team_domain(self, levels=None):
        """Return the domain of the distributors that the team counts.

        :param levels: of these only; `DEEPER` for all below those that may be paid
        """
        self.ensure_one()
        team = Domain("id", "child_of", self.id) & Domain("id", "!=", self.id) & Domain("state", "in", EARNING_STATES)
        if levels is None:
            return team
        depths = [self.depth + level for level in levels if level != DEEPER]
        deeper = Domain("depth", ">=", self.depth + DEEPER) if DEEPER in levels else Domain.FALSE
        return team & (Domain("depth", "in", depths) | deeper)

    def _get_customer_domain(self):
        """Return the domain of the bindings that count as customers of these."""
        lasting = Domain("date_to", "=", False) | Domain("date_to", ">", fields.Datetime.now())
        return Domain("distributor_id", "in", self.ids) & Domain("state", "=", "active") & lasting

    def _get_order_domain(self):
        """Return the domain of the orders that count for these."""
        return [("distribution_distributor_id", "in", self.ids), ("state", "=", "sale")]
