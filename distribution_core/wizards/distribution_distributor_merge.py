# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError


class DistributionDistributorMerge(models.TransientModel):
    """Two memberships become one, shown before it is done."""

    _name = "distribution.distributor.merge"
    _description = "Merge Distributors"

    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        string="Merge",
        required=True,
        ondelete="cascade",
        domain="[('merged_into_id', '=', False)]",
    )
    program_id = fields.Many2one(related="distributor_id.program_id")
    survivor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        string="Into",
        required=True,
        ondelete="cascade",
        domain="[('program_id', '=', program_id), ('id', '!=', distributor_id), ('merged_into_id', '=', False)]",
        help="Stays a distributor, with its own code, grade and place in the tree.",
    )
    reason = fields.Text(required=True)
    problem = fields.Char(compute="_compute_problem")
    child_count = fields.Integer(string="Directly Below", compute="_compute_counts")
    team_count = fields.Integer(related="distributor_id.team_count")
    customer_count = fields.Integer(related="distributor_id.customer_count", string="Customers")
    quotation_count = fields.Integer(string="Quotations", compute="_compute_counts")
    order_count = fields.Integer(related="distributor_id.order_count", string="Confirmed Orders")

    # === COMPUTE METHODS === #

    @api.depends("distributor_id", "survivor_id")
    def _compute_problem(self):
        for merge in self:
            distributor, survivor = merge.distributor_id._origin, merge.survivor_id._origin
            merge.problem = bool(survivor) and distributor._get_merge_problem(survivor)

    @api.depends("distributor_id")
    def _compute_counts(self):
        for merge in self:
            merge.child_count = len(merge.distributor_id.child_ids)
            merge.quotation_count = len(merge.distributor_id._get_quotations())

    # === ACTION METHODS === #

    def action_confirm(self):
        """Merge, and show who stays."""
        self.ensure_one()
        (self.distributor_id | self.survivor_id).check_access("write")
        if problem := self.distributor_id._get_merge_problem(self.survivor_id):
            raise UserError(problem)
        self.distributor_id._merge_into(self.survivor_id, self.reason)
        return {
            "type": "ir.actions.act_window",
            "res_model": "distribution.distributor",
            "res_id": self.survivor_id.id,
            "view_mode": "form",
        }
