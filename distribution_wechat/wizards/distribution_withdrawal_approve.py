# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class DistributionWithdrawalApprove(models.TransientModel):
    _inherit = "distribution.withdrawal.approve"

    @api.model
    def _default_channel(self):
        """Override of `distribution_payout`: who has asked in the mini-program is paid over WeChat."""
        asked_in_wechat = self._default_withdrawal_ids().sudo().wechat_identity_id
        return "wechat" if asked_in_wechat else super()._default_channel()
