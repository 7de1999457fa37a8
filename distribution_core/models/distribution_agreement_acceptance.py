# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import DOORS


class DistributionAgreementAcceptance(models.Model):
    """That a distributor accepted a version of the agreement, when, and through which door. Rows are only added."""

    _name = "distribution.agreement.acceptance"
    _description = "Accepted Agreement"
    _inherit = ["distribution.portal.mixin"]
    _order = "date desc, id desc"
    _rec_name = "agreement_id"

    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor", required=True, readonly=True, index=True, ondelete="cascade"
    )
    agreement_id = fields.Many2one(
        comodel_name="distribution.agreement", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="agreement_id.company_id", store=True, index=True)
    date = fields.Datetime(string="Accepted On", required=True, readonly=True, default=fields.Datetime.now)
    door = fields.Selection(selection=DOORS, string="Accepted In", required=True, readonly=True)

    _distributor_agreement_uniq = models.UniqueIndex(
        "(distributor_id, agreement_id)", "A distributor accepts a version once."
    )

    @api.depends("agreement_id.display_name")
    def _compute_display_name(self):
        # Distributors read what they accepted in the mini-program, and of the record its name.
        for acceptance in self:
            acceptance.display_name = acceptance.sudo().agreement_id.display_name

    @api.model
    def _get_portal_fields(self):
        names = ("distributor_id", "agreement_id", "company_id", "date", "door")
        return super()._get_portal_fields().union(names)

    # === CRUD METHODS === #

    def write(self, vals):
        self.check_access("write")
        if {"distributor_id", "agreement_id", "date", "door"} & vals.keys():
            raise UserError(self.env._("What a distributor has accepted stays as it was recorded."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("What a distributor has accepted is not deleted."))
