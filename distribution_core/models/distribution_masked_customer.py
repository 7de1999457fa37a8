# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.masking import mask_name


class DistributionMaskedCustomer(models.Model):
    """A customer as the distributor it is bound to sees it in the portal: without name and number, as long as the
    binding is active. Why this is a view of its own: see `distribution.masked.member`.
    """

    _name = "distribution.masked.customer"
    _description = "Bound Customer, Masked"
    _inherit = ["distribution.portal.mixin"]
    _auto = False
    _depends = {
        "distribution.binding": ["distributor_id", "program_id", "company_id", "state", "date_from", "date_to"],
    }
    _order = "date_from desc, id desc"
    _rec_name = "masked_name"

    distributor_id = fields.Many2one("distribution.distributor", string="Bound To", readonly=True)
    binding_id = fields.Many2one("distribution.binding", readonly=True, groups=fields.NO_ACCESS)
    masked_name = fields.Char(string="Customer", compute="_compute_masked_name", compute_sudo=True)
    date_from = fields.Datetime(string="From", readonly=True)
    date_to = fields.Datetime(string="Until", readonly=True)
    program_id = fields.Many2one("distribution.program", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT id, distributor_id, id AS binding_id, date_from, date_to, program_id, company_id
              FROM distribution_binding
             WHERE state = 'active' AND (date_to IS NULL OR date_to > %s)
            """,
            fields.Datetime.now(),
        )

    @api.depends("binding_id")
    def _compute_masked_name(self):
        for customer in self:
            customer.masked_name = mask_name(customer.binding_id.partner_id.name)

    @api.model
    def _get_portal_fields(self):
        shown = ("masked_name", "date_from", "date_to")
        return super()._get_portal_fields().union(("distributor_id", "program_id", "company_id"), shown)
