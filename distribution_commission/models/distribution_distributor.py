# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.rule_index import ALL


class DistributionDistributor(models.Model):
    _inherit = "distribution.distributor"

    commission_account_ids = fields.One2many("distribution.account", "distributor_id", string="Commission Accounts")
    commission_currency_id = fields.Many2one(related="company_id.currency_id")
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
        super()._contacts_merged()
        self.commission_account_ids._bring_together()

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
