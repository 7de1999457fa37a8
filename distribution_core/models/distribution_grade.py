# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class DistributionGrade(models.Model):
    _name = "distribution.grade"
    _description = "Distributor Grade"
    _order = "program_id, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="A higher rank has a higher sequence.")
    active = fields.Boolean(default=True)
    program_id = fields.Many2one(
        comodel_name="distribution.program",
        required=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    distributor_ids = fields.One2many("distribution.distributor", "grade_id")
    distributor_count = fields.Integer(compute="_compute_distributor_count")

    # Every translated name has this key: it is the source, in whatever language it was written.
    _name_program_uniq = models.UniqueIndex("(program_id, (name ->> 'en_US'))", "A program has one grade of a name.")

    def _compute_distributor_count(self):
        counts = dict(
            self.env["distribution.distributor"]._read_group([("grade_id", "in", self.ids)], ["grade_id"], ["__count"])
        )
        for grade in self:
            grade.distributor_count = counts.get(grade, 0)
