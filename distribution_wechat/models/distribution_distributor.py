# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.distribution_core.tools.masking import mask_name

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
                distributor.real_name = mask_name(encryption.decrypt(self.env, stored)) if stored else False
            except UserError:
                # Without the server's key nothing is shown, and nothing is lost.
                distributor.real_name = "***"

    def _inverse_real_name(self):
        for distributor in self:
            name = (distributor.real_name or "").strip()
            if "*" not in name:
                distributor.sudo().real_name_encrypted = encryption.encrypt(self.env, name) if name else False

    # === BUSINESS METHODS: REAL NAME === #

    def _has_real_name(self):
        self.ensure_one()
        return bool(self.sudo().real_name_encrypted)

    def _get_real_name(self):
        """Return the real name in clear, for WeChat only."""
        self.ensure_one()
        _logger.info("The real name of distributor %s was read for a transfer", self.id)
        return encryption.decrypt(self.env, self.sudo().real_name_encrypted)

    # === BUSINESS METHODS: MEMBERSHIP === #

    @api.model
    def _apply(self, identity, upline=None, name=None, agreement=None, message=None):
        """Return the person's membership, an application written if there is none, or submitted again.

        The upline is who is named in the application, else who recruited the person by a code, else whose customer
        the person is. See `distribution.program._apply`.

        :param identity: the person's `distribution.wechat.identity`
        :param upline: a distributor of the program
        :param str name: the person's name, for a new application only
        :param agreement: the `distribution.agreement` that the person has accepted
        :param str message: what the person says, or answers to what it was asked for
        :raise JoiningRefused: where the program does not take the application
        """
        identity.partner_id._lock_for_distribution()
        if name and not identity._get_distributor():
            identity.partner_id.name = name
        program, inviter = identity.account_id.program_id, upline or identity._get_recruiter()
        return program._apply(identity.partner_id, inviter, agreement, "mini_program", message)

    # === BUSINESS METHODS: FIGURES === #

    def _get_summary_amounts(self):
        """Override of `distribution_payout` to tell what waits for the person from what is under review or sent."""
        amounts = super()._get_summary_amounts()
        domain = [*self._get_own_domain(), ("state", "=", "wait_user_confirm")]
        waiting = self.env["distribution.wechat.transfer"]._read_group(domain, [], ["amount:sum"])[0][0]
        exact = Decimal(repr(waiting or 0))
        return {
            **amounts,
            "in_withdrawal": amounts["in_withdrawal"] - exact,
            "waiting_confirmation": exact,
        }
