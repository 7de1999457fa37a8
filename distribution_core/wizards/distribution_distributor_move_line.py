# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class DistributionDistributorMoveLine(models.TransientModel):
    _name = "distribution.distributor.move.line"
    _description = "Upline Before and After a Move"

    move_id = fields.Many2one(
        comodel_name="distribution.distributor.move", required=True, ondelete="cascade", index=True
    )
    distributor_id = fields.Many2one(comodel_name="distribution.distributor", ondelete="cascade")
    before_id = fields.Many2one(comodel_name="distribution.distributor", string="Upline Now", ondelete="cascade")
    after_id = fields.Many2one(comodel_name="distribution.distributor", string="Upline Then", ondelete="cascade")
    team_count = fields.Integer(string="Team", help="Comes along, and so do those below who are no members.")
