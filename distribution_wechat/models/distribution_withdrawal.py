# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError

from .distribution_wechat_transfer import CANCELLABLE_STATES, FINAL_STATES


class DistributionWithdrawal(models.Model):
    _inherit = "distribution.withdrawal"

    wechat_identity_id = fields.Many2one(
        comodel_name="distribution.wechat.identity",
        string="Asked in WeChat by",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
        groups="distribution_core.group_distribution_manager,distribution_core.group_distribution_compliance",
    )
    wechat_transfer_ids = fields.One2many("distribution.wechat.transfer", "withdrawal_id", readonly=True)

    # === ACTION METHODS === #

    def action_view_wechat_transfer(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "distribution.wechat.transfer",
            "res_id": self.wechat_transfer_ids.id,
            "view_mode": "form",
        }

    # === BUSINESS METHODS === #

    @api.model
    def _request_over_wechat(self, identity, account, amount):
        """Record that a distributor asks for money in the mini-program; without a review it goes straight into a run.

        :param identity: `distribution.wechat.identity` of the person who asks
        :param account: `distribution.account`
        :param Decimal amount: in CNY
        :raise UserError: naming the rule that stands against it
        """
        self._raise_problem(self._get_wechat_problem(identity, account, amount))
        withdrawal = self._request(account, amount, wechat_identity_id=identity.id)
        if not account.program_id.withdrawal_review:
            wallet = identity.account_id.wallet_journal_id
            self.env["distribution.payout.run"]._approve_requests(withdrawal, wallet, "wechat")
        return withdrawal

    @api.model
    def _get_wechat_problem(self, identity, account, amount):
        """Return why an amount cannot be sent to a person over WeChat.

        :return: (stable code, text for people) or None
        """
        wallet = identity.account_id.wallet_journal_id
        if not wallet or not identity.account_id._has_merchant() or account.currency_id.name != "CNY":
            return "not_payable", self.env._("Withdrawals to WeChat are not set up yet.")
        if self.env["distribution.payout.run"]._get_payee_problem("wechat", wallet, account, amount):
            text = self.env._("WeChat wants your real name from ¥2,000: give it to the merchant first.")
            return "real_name_missing", text
        return None

    def _get_reading(self):
        """Return a withdrawal's state as its owner reads it.

        :return: stable code; moment until which to confirm (naive UTC) or None; reason or None
        :rtype: tuple
        """
        self.ensure_one()
        transfer = self.wechat_transfer_ids
        if self.state == "reserved":
            if transfer._is_waiting_for_user() if transfer else False:
                return "waiting_for_confirmation", transfer.expires_at, None
            return "cancelling" if transfer.cancel_requested else "being_sent", None, None
        if self.state == "failed" and transfer.fail_reason:
            code = "expired" if transfer.fail_reason == "OVERDUE_CLOSE" else "failed"
            return code, None, transfer.fail_message
        codes = {"requested": "under_review", "cancel": "cancelled"}
        return codes.get(self.state, self.state), None, self.failure_reason or None

    def _is_cancellable(self):
        """Override of `distribution_payout`: a transfer can be called back until the user has confirmed it."""
        transfer = self.wechat_transfer_ids
        if self.state == "reserved" and transfer:
            return transfer.state in CANCELLABLE_STATES and not transfer.cancel_requested
        return super()._is_cancellable()

    def _lock_too_late_to_cancel(self):
        """Override of `distribution_payout`: what the user has confirmed."""
        transfers = self.wechat_transfer_ids
        transfers._lock()
        too_late = transfers.filtered(lambda transfer: not transfer._can_be_cancelled())
        return super()._lock_too_late_to_cancel() | too_late.withdrawal_id

    def _cancel(self):
        """Override of `distribution_payout`: what WeChat may have is given back when WeChat has cancelled it."""
        transfers = self.wechat_transfer_ids.filtered(lambda transfer: transfer.state not in FINAL_STATES)
        transfers._request_cancel()
        return super(DistributionWithdrawal, self - transfers.withdrawal_id)._cancel()

    def _give_back(self, state, reason):
        """Override of `distribution_payout`: money WeChat may still pay out does not become available."""
        self._check_transfers_ended(("fail", "cancelled"))
        return super()._give_back(state, reason)

    def _set_paid(self, date):
        """Override of `distribution_payout`: only what WeChat has paid is paid."""
        self._check_transfers_ended(("success",))
        return super()._set_paid(date)

    def _check_transfers_ended(self, states):
        for transfer in self.wechat_transfer_ids:
            if transfer.state not in states:
                raise UserError(
                    self.env._("%s is under way at WeChat, which says how it ends.", transfer.withdrawal_id.name)
                )
