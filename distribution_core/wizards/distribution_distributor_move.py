# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError


class DistributionDistributorMove(models.TransientModel):
    """Another upline for a distributor, shown before it is done."""

    _name = "distribution.distributor.move"
    _description = "Move a Distributor"

    distributor_id = fields.Many2one(comodel_name="distribution.distributor", required=True, ondelete="cascade")
    program_id = fields.Many2one(related="distributor_id.program_id")
    upline_id = fields.Many2one(
        comodel_name="distribution.distributor",
        string="New Upline",
        domain="[('program_id', '=', program_id), ('state', 'in', ('active', 'suspended')), "
        "('id', '!=', distributor_id)]",
        help="Empty: the top of the tree.",
    )
    with_team = fields.Boolean(
        default=True, help="Everybody below comes along. Else those directly below stay with the old upline."
    )
    reason = fields.Text(required=True)
    line_ids = fields.One2many(
        comodel_name="distribution.distributor.move.line",
        inverse_name="move_id",
        compute="_compute_line_ids",
        store=True,
        compute_sudo=False,
    )
    team_count = fields.Integer(related="distributor_id.team_count")
    problem = fields.Char(compute="_compute_problem")

    # === COMPUTE METHODS === #

    @api.depends("distributor_id", "upline_id", "with_team")
    def _compute_line_ids(self):
        for move in self:
            move.line_ids = [fields.Command.clear()] + [
                fields.Command.create(vals) for vals in move._prepare_lines_vals()
            ]

    @api.depends("distributor_id", "upline_id", "with_team")
    def _compute_problem(self):
        for move in self:
            move.problem = move._get_problem()

    def _get_problem(self):
        """Say why the move is not possible, False where it is."""
        self.ensure_one()
        distributor, upline = self.distributor_id._origin, self.upline_id._origin
        if distributor.parent_id == upline:
            return self.env._("This is the upline it has.")
        if upline and self.with_team and upline._is_below(distributor):
            return self.env._(
                "%(upline)s stands below %(distributor)s: with the team it cannot be moved there.",
                upline=upline.display_name,
                distributor=distributor.display_name,
            )
        return False

    def _prepare_lines_vals(self):
        """Return whose upline changes, before and after."""
        self.ensure_one()
        distributor = self.distributor_id._origin
        changes = [(distributor, distributor.parent_id, self.upline_id._origin)]
        if not self.with_team:
            changes += [(child, distributor, distributor.parent_id) for child in distributor.child_ids]
        return [
            {
                "distributor_id": one.id,
                "before_id": before.id,
                "after_id": after.id,
                "team_count": one.team_count if self.with_team or one != distributor else 0,
            }
            for one, before, after in changes
        ]

    # === ACTION METHODS === #

    def action_confirm(self):
        """Move, and keep the reason."""
        self.ensure_one()
        self.distributor_id.check_access("write")
        if problem := self._get_problem():
            raise UserError(problem)
        self.distributor_id._move(self.upline_id, self.with_team, self.reason)
        return {"type": "ir.actions.act_window_close"}
