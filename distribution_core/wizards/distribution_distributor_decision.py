# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError


class DistributionDistributorDecision(models.TransientModel):
    """A decision on memberships that needs a reason: ask for more, refuse, suspend, close."""

    _name = "distribution.distributor.decision"
    _description = "Decision on Distributors"

    distributor_ids = fields.Many2many("distribution.distributor", string="Distributors", required=True)
    decision = fields.Selection(
        selection=[
            ("ask", "Ask for more"),
            ("refuse", "Refuse"),
            ("suspend", "Suspend"),
            ("close", "Close"),
        ],
        required=True,
        default="refuse",
    )
    reason = fields.Text(required=True, help="The distributor may read it.")
    receiver = fields.Selection(
        selection=[
            ("upline", "The upline of each"),
            ("named", "A certain distributor"),
            ("company", "The company: they stand at the top"),
        ],
        string="Team Goes To",
        default="upline",
        required=True,
    )
    receiver_id = fields.Many2one(
        comodel_name="distribution.distributor",
        domain="[('program_id', 'in', program_ids), ('state', 'in', ('active', 'suspended')), "
        "('id', 'not in', distributor_ids)]",
    )
    with_customers = fields.Boolean(
        string="Customers Too",
        default=True,
        help="They stay bound and protected for as long as they were. Else their bindings end, and they are free.",
    )
    program_ids = fields.Many2many("distribution.program", compute="_compute_program_ids")
    team_count = fields.Integer(string="Directly Below", compute="_compute_counts")
    customer_count = fields.Integer(string="Customers", compute="_compute_counts")

    # === COMPUTE METHODS === #

    @api.depends("distributor_ids")
    def _compute_program_ids(self):
        for decision in self:
            decision.program_ids = decision.distributor_ids.program_id

    @api.depends("distributor_ids")
    def _compute_counts(self):
        for decision in self:
            decision.team_count = len(decision.distributor_ids.child_ids - decision.distributor_ids)
            decision.customer_count = sum(decision.distributor_ids.mapped("customer_count"))

    # === ACTION METHODS === #

    def action_confirm(self):
        """Carry the decision out for every distributor."""
        self.ensure_one()
        # All that were sent, not only those the rules let through: what is left out would go unnoticed.
        self.sudo().distributor_ids.sudo(False).check_access("write")
        if self.decision == "close":
            # From the bottom up, so that a team that is closed as well is not handed around.
            for distributor in self.distributor_ids.sorted("depth", reverse=True):
                distributor._close(self._get_receiver(distributor), self.with_customers, self.reason)
        else:
            getattr(self.distributor_ids, f"action_{self.decision}")(self.reason)
        return {"type": "ir.actions.act_window_close"}

    def _get_receiver(self, distributor):
        if self.receiver == "company":
            return self.receiver_id.browse()
        if self.receiver == "named":
            if not self.receiver_id:
                raise UserError(self.env._("Say who takes the team over."))
            return self.receiver_id
        upline = distributor.parent_id
        while upline and (upline in self.distributor_ids or not upline._is_earning()):
            upline = upline.parent_id
        return upline
