# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import encryption

_logger = logging.getLogger(__name__)


class DistributionDistributor(models.Model):
    _inherit = "distribution.distributor"

    real_name_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    real_name = fields.Char(
        compute="_compute_real_name",
        inverse="_inverse_real_name",
        groups="distribution_core.group_distribution_user",
        help="As WeChat has verified it; WeChat compares it from ¥2,000. Kept encrypted, shown masked.",
    )

    # === COMPUTE METHODS === #

    @api.depends("real_name_encrypted")
    def _compute_real_name(self):
        for distributor in self:
            stored = distributor.sudo().real_name_encrypted
            try:
                distributor.real_name = _mask(encryption.decrypt(self.env, stored)) if stored else False
            except UserError:
                # Without the server's key nothing is shown, and nothing is lost.
                distributor.real_name = "***"

    def _inverse_real_name(self):
        for distributor in self:
            name = (distributor.real_name or "").strip()
            if "*" not in name:
                distributor.sudo().real_name_encrypted = encryption.encrypt(self.env, name) if name else False

    # === BUSINESS METHODS === #

    def _has_real_name(self):
        self.ensure_one()
        return bool(self.sudo().real_name_encrypted)

    def _get_real_name(self):
        """Return the real name in clear, for WeChat only."""
        self.ensure_one()
        _logger.info("The real name of distributor %s was read for a transfer", self.id)
        return encryption.decrypt(self.env, self.sudo().real_name_encrypted)


def _mask(name):
    """Return a name with all but its last character hidden."""
    return "*" * (len(name) - 1) + name[-1:]
