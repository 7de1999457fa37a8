# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    is_distribution_setup_closed = fields.Boolean(string="Distribution Setup Closed")
