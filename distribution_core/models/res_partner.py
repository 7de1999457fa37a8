# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    distributor_ids = fields.One2many("distribution.distributor", "partner_id", string="Distributor Memberships")
    distribution_binding_ids = fields.One2many("distribution.binding", "partner_id", string="Customer Bindings")
