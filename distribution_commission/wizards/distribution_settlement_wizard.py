# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError


class DistributionSettlementWizard(models.TransientModel):
    _name = "distribution.settlement.wizard"
    _description = "Settle Due Commission"

    program_id = fields.Many2one(
        comodel_name="distribution.program", required=True, default=lambda self: self._default_program_id()
    )
    distributor_ids = fields.Many2many(
        comodel_name="distribution.distributor",
        domain="[('program_id', '=', program_id)]",
        help="Leave empty to settle everybody.",
    )
    currency_id = fields.Many2one(related="program_id.currency_id")
    entry_count = fields.Integer(compute="_compute_preview")
    distributor_count = fields.Integer(compute="_compute_preview")
    amount_total = fields.Monetary(compute="_compute_preview")
    waiting_count = fields.Integer(string="Waiting Orders", compute="_compute_waiting_count", compute_sudo=True)
    line_ids = fields.One2many(
        comodel_name="distribution.settlement.wizard.line",
        inverse_name="wizard_id",
        compute="_compute_line_ids",
        store=True,
        compute_sudo=False,
    )

    @api.model
    def _default_program_id(self):
        return self.env["distribution.program"].search([("company_id", "parent_of", self.env.company.id)], limit=1)

    # === COMPUTE METHODS === #

    @api.depends("program_id", "distributor_ids")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [fields.Command.clear()] + [
                fields.Command.create({"distributor_id": distributor.id, "entry_count": count, "amount": amount})
                for distributor, count, amount in wizard._get_due_groups()
            ]

    @api.depends("line_ids.amount", "line_ids.entry_count")
    def _compute_preview(self):
        for wizard in self:
            wizard.distributor_count = len(wizard.line_ids)
            wizard.entry_count = sum(wizard.line_ids.mapped("entry_count"))
            wizard.amount_total = sum(wizard.line_ids.mapped("amount"))

    @api.depends("program_id")
    def _compute_waiting_count(self):
        for wizard in self:
            domain = [("order_id.distribution_program_id", "=", wizard.program_id.id)]
            [(count,)] = self.env["distribution.commission.event"]._read_group(domain, [], ["order_id:count_distinct"])
            wizard.waiting_count = count

    def _get_due_groups(self):
        """Return (distributor, number of entries, amount) of what is due."""
        self.ensure_one()
        if not self.program_id:
            return []
        domain = self.env["distribution.settlement"]._get_due_domain(self.program_id)
        if self.distributor_ids:
            domain.append(("distributor_id", "in", self.distributor_ids.ids))
        return self.env["distribution.commission.entry"]._read_group(
            domain, ["distributor_id"], ["__count", "amount:sum"], order="distributor_id"
        )

    # === ACTION METHODS === #

    def action_create_settlement(self):
        """Gather what is due in a draft settlement and show it."""
        self.ensure_one()
        self.program_id.check_access("read")
        # The wizard is open to finance only; nobody has the right to write settlements by hand.
        settlement_model = self.env["distribution.settlement"].sudo()
        settlements = settlement_model._create_from_due(
            self.program_id, self.distributor_ids or None, self.env.companies
        )
        if not settlements:
            raise UserError(self.env._("Nothing of %s is due.", self.program_id.name))
        return {
            "type": "ir.actions.act_window",
            "res_model": "distribution.settlement",
            "view_mode": "form" if len(settlements) == 1 else "list,form",
            "res_id": settlements.id if len(settlements) == 1 else False,
            "domain": [("id", "in", settlements.ids)],
        }
