# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError


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
    amount_total = fields.Monetary(compute="_compute_totals", store=True)
    distributor_count = fields.Integer(compute="_compute_totals", store=True)
    entry_count = fields.Integer(compute="_compute_totals", store=True)

    # === COMPUTE METHODS === #

    @api.depends("line_ids.amount", "line_ids.entry_count")
    def _compute_totals(self):
        for settlement in self:
            settlement.amount_total = sum(settlement.line_ids.mapped("amount"))
            settlement.distributor_count = len(settlement.line_ids)
            settlement.entry_count = sum(settlement.line_ids.mapped("entry_count"))

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
            settlement.line_ids.entry_ids.settlement_line_id = False
            settlement.state = "cancel"

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_entry_action"
        )
        return {**action, "domain": [("settlement_line_id", "in", self.line_ids.ids)], "context": {}}

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
        return [
            ("program_id", "=", program.id),
            ("state", "=", "due"),
            ("settlement_line_id", "=", False),
            # Suspension holds what is earned until it ends.
            ("distributor_id.state", "!=", "suspended"),
        ]

    @api.model
    def _create_from_due(self, program, distributors=None, companies=None):
        """Gather a program's due entries in draft settlements, one per company.

        :param distributors: only these, all when omitted
        :param companies: only what these owe, all when omitted
        :return: the drafts, none where nothing is due
        """
        domain = self._get_due_domain(program)
        if distributors is not None:
            domain.append(("distributor_id", "in", distributors.ids))
        if companies is not None:
            domain.append(("company_id", "in", companies.ids))
        settlements = self.browse()
        for company, entries in self.env["distribution.commission.entry"].search(domain).grouped("company_id").items():
            settlement = self.create(self._prepare_settlement_vals(program, company))
            settlement._claim(entries)
            settlements += settlement
        return settlements

    @api.model
    def _prepare_settlement_vals(self, program, company):
        return {"program_id": program.id, "company_id": company.id, "date": program._get_business_date()}

    def _claim(self, entries):
        """Tie due entries to lines of this settlement, one line per distributor."""
        self.ensure_one()
        by_distributor = entries.grouped("distributor_id")
        lines = self.env["distribution.settlement.line"].create(
            [
                {
                    "settlement_id": self.id,
                    "distributor_id": distributor.id,
                    "amount": float(group._get_total()),
                    "entry_count": len(group),
                }
                for distributor, group in sorted(by_distributor.items(), key=lambda item: item[0].id)
            ]
        )
        for line in lines:
            by_distributor[line.distributor_id].settlement_line_id = line
        # Written at once: two settlements of the same entries must meet here, where the later one is retried.
        entries.flush_recordset(["settlement_line_id"])

    def _post(self):
        self.ensure_one()
        self.company_id._check_commission_accounts()
        entries = self.line_ids.entry_ids
        entries._post_accruals()
        entries.state = "settled"
        self.line_ids._post_moves()
        self.line_ids._add_to_accounts()
        self.state = "posted"

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
            self._create_from_due(program).action_post()
            program.next_settlement_date = program._get_settlement_date_after(today)
