# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL


class DistributionSettlement(models.Model):
    _name = "distribution.settlement"
    _description = "Commission Settlement"
    _inherit = ["mail.thread"]
    _order = "date desc, id desc"
    _mail_post_access = "read"
    _check_company_auto = True

    name = fields.Char(required=True, copy=False, readonly=True, default=lambda self: self.env._("New"))
    program_id = fields.Many2one(
        comodel_name="distribution.program", required=True, index=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, index=True, ondelete="restrict", readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(required=True, readonly=True)
    state = fields.Selection(
        selection=[("draft", "Draft"), ("posted", "Posted"), ("cancel", "Cancelled")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    line_ids = fields.One2many("distribution.settlement.line", "settlement_id", readonly=True)
    entry_ids = fields.One2many("distribution.commission.entry", "settlement_id", readonly=True)
    # Written once, when the lines are: these never change.
    amount_total = fields.Monetary(readonly=True, copy=False)
    distributor_count = fields.Integer(readonly=True, copy=False)
    entry_count = fields.Integer(readonly=True, copy=False)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("name") or vals["name"] == self.env._("New"):
                vals["name"] = self.env["ir.sequence"].sudo().next_by_code("distribution.settlement")
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Settlements are not deleted: cancel the draft instead."))

    # === ACTION METHODS === #

    def action_post(self):
        """Post the journal entries and make the amounts available."""
        self._check_finance()
        for settlement in self.sudo().sorted("id"):
            settlement._lock_draft()
            settlement._post()

    def action_cancel(self):
        """Give the entries of a draft back: they stay due."""
        self._check_finance()
        for settlement in self.sudo().sorted("id"):
            settlement._lock_draft()
            settlement._update_entries(SQL("settlement_id = NULL"), settlement._get_claimed())
            settlement.state = "cancel"

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_entry_action"
        )
        return {**action, "domain": [("settlement_id", "=", self.id)], "context": {}}

    def action_view_moves(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_journal_line")
        return {**action, "domain": [("id", "in", self.line_ids.move_line_id.move_id.ids)], "context": {}}

    # === BUSINESS METHODS === #

    def _check_finance(self):
        self.check_access("read")
        self.env["res.users"]._check_distribution_role("distribution_core.group_distribution_finance")

    def _lock_draft(self):
        """Make two posts of one settlement wait in line and let only a draft through.

        :raise UserError: when it is not a draft any more
        """
        self.ensure_one()
        self.flush_recordset()
        self.env.cr.execute("UPDATE distribution_settlement SET state = state WHERE id = %s", [self.id])
        self.invalidate_recordset(["state"], flush=False)
        if self.state != "draft":
            raise UserError(self.env._("%s is not a draft any more.", self.name))

    @api.model
    def _get_due_domain(self, program):
        # By a subselect, not a path: what becomes SQL of an UPDATE cannot have joins.
        suspended = self.env["distribution.distributor"]._search([("state", "=", "suspended")], active_test=False)
        return [
            ("program_id", "=", program.id),
            ("state", "=", "due"),
            ("settlement_id", "=", False),
            # Suspension holds what is earned until it ends.
            ("distributor_id", "not in", suspended),
        ]

    @api.model
    def _create_from_due(self, program, distributors=None, companies=None, mark_settled=False):
        """Gather a program's due entries in draft settlements, one per company.

        :param distributors: only these, all when omitted
        :param companies: only what these owe, all when omitted
        :param bool mark_settled: the drafts are posted at once: entries are written once instead of twice
        :return: the drafts, none where nothing is due
        """
        self.env["distribution.commission.event"]._work_off_program(program)
        due = Domain(self._get_due_domain(program))
        if distributors is not None:
            due &= Domain("distributor_id", "in", distributors.ids)
        if companies is not None:
            due &= Domain("company_id", "in", companies.ids)
        settlements = self.browse()
        for (company,) in self.env["distribution.commission.entry"]._read_group(due, ["company_id"]):
            settlement = self.create(self._prepare_settlement_vals(program, company))
            settlement._claim(due & Domain("company_id", "=", company.id), mark_settled)
            settlements += settlement
        return settlements

    @api.model
    def _prepare_settlement_vals(self, program, company):
        return {"program_id": program.id, "company_id": company.id, "date": program._get_business_date()}

    def _claim(self, due, mark_settled=False):
        """Tie due entries to this settlement and write its lines, one per distributor.

        By statements over all of them, however many there are. Both read the same snapshot, so that the lines hold
        exactly what is tied; two settlements of the same entries meet there, and the later one is tried again.

        :param due: domain of the entries
        """
        self.ensure_one()
        self.env.flush_all()
        entries = self.env["distribution.commission.entry"]._search(due)
        totals = self.env["distribution.settlement.line"]._insert_for(self, entries)
        assignments = SQL("settlement_id = %s, state = 'settled'" if mark_settled else "settlement_id = %s", self.id)
        self._update_entries(assignments, entries.where_clause)
        self.write(dict(zip(("amount_total", "distributor_count", "entry_count"), totals, strict=True)))
        self.invalidate_recordset(["line_ids"], flush=False)

    def _get_claimed(self):
        return SQL("settlement_id = %s", self.id)

    def _update_entries(self, assignments, condition):
        """Write entries by one statement, in the order in which they lie in the table.

        :param assignments: `SQL`
        :param condition: `SQL` over the columns of the entry
        """
        self.env.flush_all()
        query = SQL(
            "UPDATE distribution_commission_entry SET %s, write_uid = %s, write_date = %s WHERE %s",
            assignments,
            self.env.uid,
            fields.Datetime.now(),
            condition,
        )
        # A collision is tried again: no error for the log.
        self.env.cr.execute(query, log_exceptions=False)
        self.env["distribution.commission.entry"].invalidate_model(["settlement_id", "state"], flush=False)
        self.invalidate_recordset(["entry_ids"], flush=False)

    def _post(self):
        self._mark_settled()
        self._post_settled()

    def _mark_settled(self):
        self._update_entries(SQL("state = 'settled'"), self._get_claimed())

    def _post_settled(self):
        """Post a settlement whose entries are settled already: its accruals, its amounts, its journal entries."""
        self.ensure_one()
        self.company_id._check_commission_accounts()
        self.env["distribution.commission.entry"]._post_accruals_in([("settlement_id", "=", self.id)])
        self._add_to_accounts()
        self.line_ids._post_moves()
        self.env["distribution.account"]._bring_together_settled(self)

    def _add_to_accounts(self):
        self.env["distribution.account"]._add_settlement(self)
        self.state = "posted"

    @api.model
    def _settle_due(self, program):
        """Gather and post what is due at once.

        :return: the posted settlements
        """
        settlements = self._create_from_due(program, mark_settled=True)
        for settlement in settlements:
            settlement._post_settled()
        return settlements

    @api.model
    def _cron_settle(self):
        """Settle the programs whose settlement day has come; a day missed is made up for."""
        # What was promised under a program is settled after it was archived, too.
        programs = (
            self.env["distribution.program"]
            .with_context(active_test=False)
            .search([("next_settlement_date", "!=", False)], order="id")
        )
        self.env["ir.cron"]._run_for_each(programs, self._settle_if_its_day)

    @api.model
    def _settle_if_its_day(self, program):
        today = program._get_business_date()
        if program.next_settlement_date <= today:
            # Whichever scheduled action comes first: what is due today does not wait for the next period.
            self.env["distribution.commission.event"]._work_off_program(program)
            # Usually none: they were looked at in the night.
            self.env["distribution.commission.guarantee"]._get_unseen(program)._converge()
            self.env["distribution.commission.entry"]._release(program)
            self._settle_due(program)
            program.next_settlement_date = program._get_settlement_date_after(today)
