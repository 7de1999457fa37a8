# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.rule_index import ALL


class DistributionDistributor(models.Model):
    _inherit = "distribution.distributor"

    commission_account_ids = fields.One2many("distribution.account", "distributor_id", string="Commission Accounts")
    commission_currency_id = fields.Many2one(related="company_id.currency_id", string="Commission Currency")
    commission_entry_count = fields.Integer(string="Entries", compute="_compute_commission_entry_count")
    commission_held = fields.Monetary(
        string="Held", currency_field="commission_currency_id", compute="_compute_commission_amounts"
    )
    commission_due = fields.Monetary(
        string="Due", currency_field="commission_currency_id", compute="_compute_commission_amounts"
    )
    commission_settled = fields.Monetary(
        string="Settled", currency_field="commission_currency_id", compute="_compute_commission_amounts"
    )

    commission_available = fields.Monetary(
        string="Available", currency_field="commission_currency_id", compute="_compute_commission_account_amounts"
    )
    commission_reserved = fields.Monetary(
        string="Reserved", currency_field="commission_currency_id", compute="_compute_commission_account_amounts"
    )
    commission_debt = fields.Monetary(
        string="Debt", currency_field="commission_currency_id", compute="_compute_commission_account_amounts"
    )

    # === COMPUTE METHODS === #

    def _compute_commission_entry_count(self):
        groups = self.env["distribution.commission.entry"]._read_group(
            [("distributor_id", "in", self.ids)], ["distributor_id"], ["__count"]
        )
        counts = dict(groups)
        for distributor in self:
            distributor.commission_entry_count = counts.get(distributor, 0)

    def _compute_commission_amounts(self):
        groups = self.env["distribution.commission.entry"]._read_group(
            [("distributor_id", "in", self.ids)], ["distributor_id", "company_id", "state"], ["amount:sum"]
        )
        sums = {(distributor, company, state): amount for distributor, company, state, amount in groups}
        for distributor in self:
            for state in ("held", "due", "settled"):
                distributor[f"commission_{state}"] = sums.get((distributor, distributor.company_id, state), 0.0)

    @api.depends("commission_account_ids")
    def _compute_commission_account_amounts(self):
        for distributor in self:
            accounts = distributor.commission_account_ids.grouped("company_id")
            account = accounts.get(distributor.company_id, distributor.commission_account_ids.browse())
            distributor.commission_available = account.available
            distributor.commission_reserved = account.reserved
            distributor.commission_debt = account.debt

    def action_view_commission_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_entry_action"
        )
        return {**action, "domain": [("distributor_id", "=", self.id)], "context": {}}

    def _contacts_merged(self):
        """Override of `distribution_core`: one payee has one account, where debt meets what can be withdrawn."""
        result = super()._contacts_merged()
        self.commission_account_ids._bring_together()
        return result

    def _lock_sales_period(self):
        """Serialise orders that share out the rest of what a distributor gets at most in a period.

        Only where a rule has such a limit: two orders that are confirmed at once would both take the same rest. The
        later one fails with a serialization error and is tried again.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE distribution_distributor SET state = state WHERE id IN %s", tuple(sorted(self.ids))),
            # A collision is tried again: no error for the log.
            log_exceptions=False,
        )

    def _get_commission_profile(self):
        """Return the keys of a distributor for `engine.rule_index`, the most specific first, without its tags.

        :rtype: list of (kind, id)
        """
        self.ensure_one()
        grade = [("grade", self.grade_id.id)] if self.grade_id else []
        return [("distributor", self.id), *grade, ALL]

    def _get_commission_keys(self):
        """Return all keys of a distributor for `engine.rule_index`, the most specific first.

        :rtype: list of (kind, id)
        """
        tags = [("tag", tag.id) for tag in self.tag_ids.sorted()]
        return [*self._get_commission_profile()[:-1], *tags, ALL]

    # === BUSINESS METHODS: WHAT THE DISTRIBUTOR READS OF ITS MONEY === #

    def _get_summary_amounts(self):
        """Return what the distributor reads of its money with the current company, by state. Extension point.

        A constant number of queries, whatever the size of history and team, as long as fewer than 1,000 order lines
        are open; each thousand more takes the same once again.

        :return: pending, held, due, available, taken_back, debt
        :rtype: dict of Decimal
        """
        self.ensure_one()
        own = self._get_own_domain()
        account = self.env["distribution.account"].search(own)
        entries = self.env["distribution.commission.entry"]
        ledger = dict(entries._read_group(own + [("state", "!=", "settled")], ["state"], ["amount:sum"]))
        taken_back = entries._read_group(own + [("kind", "=", "clawback")], [], ["amount:sum"])[0][0]
        figures = {
            "held": ledger.get("held"),
            "due": ledger.get("due"),
            "available": account.available,
            "taken_back": -(taken_back or 0.0),
            "debt": account.debt,
        }
        exact = {key: Decimal(repr(amount or 0)) for key, amount in figures.items()}
        return {"pending": self._get_pending_amount(), **exact}

    def _get_own_domain(self):
        """Return the domain of what belongs to this distributor with the current company."""
        self.ensure_one()
        return [("distributor_id", "=", self.id), ("company_id", "=", self.env.company.id)]

    def _get_pending_amount(self):
        """Return what can still be earned on confirmed orders, exactly as the terms compute it.

        :rtype: Decimal
        """
        terms = self.env["distribution.commission.term"].browse(self._get_open_term_ids())
        return sum((Decimal(repr(amount)) for amount in terms.mapped("pending_amount")), Decimal(0))

    def _get_open_term_ids(self):
        """Return the terms that may have something pending.

        A line is never worth more to its terms than its own subtotal: discounts, returns and credits only lower it.
        Terms that have earned that much have nothing pending; the others are few, and are computed one by one, as are
        those that pay by the unit.
        """
        self.env.flush_all()
        query = SQL(
            """
            SELECT term.id
              FROM distribution_commission_term AS term
              JOIN sale_order AS sale ON sale.id = term.order_id AND sale.state = 'sale'
              JOIN sale_order_line AS line ON line.id = term.line_id
              LEFT JOIN (
                SELECT term_id, SUM(amount) AS amount
                  FROM distribution_commission_entry
                 WHERE distributor_id = %(distributor)s AND company_id = %(company)s
                 GROUP BY term_id
              ) AS earned ON earned.term_id = term.id
             WHERE term.distributor_id = %(distributor)s
               AND term.company_id = %(company)s
               AND term.state = 'active'
               AND (term.base_kind != 'untaxed'
                    OR COALESCE(term.fixed_amount, 0) + COALESCE(term.order_amount, 0)
                       + CASE WHEN term.limit_scope = 'period' THEN 0 ELSE COALESCE(term.minimum_amount, 0) END > 0
                    OR line.price_subtotal * term.rate / 100 / term.currency_rate
                       > COALESCE(earned.amount, 0) + %(tolerance)s)
             ORDER BY term.id
            """,
            distributor=self.id,
            company=self.env.company.id,
            # Less than half of the smallest unit is never rounded up to something.
            tolerance=0.49 * self.env.company.currency_id.rounding,
        )
        return [row[0] for row in self.env.execute_query(query)]

    def _get_next_release_date(self):
        """Return when the next hold ends, None when nothing is held."""
        domain = [*self._get_own_domain(), ("state", "=", "held")]
        return self.env["distribution.commission.entry"]._read_group(domain, [], ["release_date:min"])[0][0] or None

    def _get_next_settlement_date(self):
        """Return when due commission is settled next, None where that is by hand or the distributor is suspended."""
        self.ensure_one()
        return None if self.state == "suspended" else self.program_id.next_settlement_date or None

    def _get_earnings_by_period(self):
        """Return what was earned less what was taken back, on business dates of the program.

        :return: today, yesterday, this_month
        :rtype: dict of Decimal
        """
        today = self.program_id._get_business_date()
        yesterday, month = today - timedelta(days=1), today.replace(day=1)
        domain = [*self._get_own_domain(), ("date", ">=", min(yesterday, month)), ("date", "<=", today)]
        groups = self.env["distribution.commission.entry"]._read_group(domain, ["date:day"], ["amount:sum"])
        by_day = {date: Decimal(repr(amount)) for date, amount in groups}
        this_month = sum((amount for date, amount in by_day.items() if date >= month), Decimal(0))
        return {
            "today": by_day.get(today, Decimal(0)),
            "yesterday": by_day.get(yesterday, Decimal(0)),
            "this_month": this_month,
        }
