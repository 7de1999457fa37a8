# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get

from ..models.distribution_setup import MANAGER


class DistributionSetupCompany(models.TransientModel):
    """Where the company does business, for whoever sets programs up and does not administer the company."""

    _name = "distribution.setup.company"
    _description = "Company and Time Zone"

    company_id = fields.Many2one("res.company", required=True, readonly=True, default=lambda self: self.env.company)
    country_id = fields.Many2one("res.country", required=True, default=lambda self: self._default_country_id())
    is_country_set = fields.Boolean(compute="_compute_is_country_set")
    tz = fields.Selection(selection=_tz_get, string="Time Zone", required=True, default=lambda self: self._default_tz())

    @api.model
    def _default_country_id(self):
        return self.env.company.sudo().country_id

    @api.model
    def _default_tz(self):
        return self.env.company.sudo().partner_id.tz or "Asia/Shanghai"

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_is_country_set(self):
        for wizard in self:
            wizard.is_country_set = bool(wizard.company_id.sudo().country_id)

    # === ACTION METHODS === #

    def action_confirm(self):
        """Write the time zone, and the country where there is none: taxes and accounts hang on one that is set."""
        self.env["res.users"]._check_distribution_role(MANAGER)
        self.ensure_one()
        self.company_id.check_access("read")
        company = self.company_id.sudo()
        company.partner_id.tz = self.tz
        company.country_id = company.country_id or self.country_id
        return {"type": "ir.actions.act_window_close"}
