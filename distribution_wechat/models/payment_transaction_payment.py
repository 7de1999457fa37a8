# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
from datetime import UTC, timedelta, timezone

from odoo import api, fields, models

from ..client.errors import WeChatError
from ..tools.locks import wait_in_line
from ..tools.money import to_fen
from .payment_transaction import NOT_FOUND

_logger = logging.getLogger(__name__)

CHINA = timezone(timedelta(hours=8))
# What WeChat calls the state of an order: https://pay.weixin.qq.com/doc/v3/merchant/4013070356
PAID = {"SUCCESS", "REFUND"}
OVER = {"CLOSED", "REVOKED"}
# WeChat has never heard of the number.
UNKNOWN = "UNKNOWN"
# A request to create an order that was sent so long ago has arrived or never will.
CREATION_TAKES = timedelta(seconds=60)


class PaymentTransaction(models.Model):
    """A payment: ordered at WeChat, asked about, and recorded."""

    _inherit = "payment.transaction"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _receive_wechat_payment(self, account, resource):
        """Record a notification of a payment.

        :param account: `distribution.wechat.account`, which WeChat has signed it for
        :param dict resource: what WeChat says of the order
        :return: False when the account has no such payment
        :rtype: bool
        """
        tx = self._find_by_wechat_number(account, resource.get("out_trade_no"))
        if tx and resource.get("trade_state") in PAID:
            tx._record_wechat_payment(resource)
        return bool(tx)

    def _order_at_wechat(self):
        """Order the payment at WeChat under its number, and return what ``wx.requestPayment`` needs.

        The number is committed before: what happens to the request is found out under it.

        :rtype: dict
        :raise WeChatError: as `Merchant.create_order` does
        :raise WeChatUnavailable: nobody knows; asking again under this number is safe
        """
        self.ensure_one()
        merchant, order = self._get_wechat_account()._get_merchant(), self._prepare_wechat_order()
        self.wechat_asked_at = fields.Datetime.now()
        # WeChat must never know a number that we do not.
        self.env.cr.commit()  # pylint: disable=invalid-commit
        prepay_id = merchant.create_order(**order)
        wait_in_line(self)
        self.wechat_prepay_id = prepay_id
        return merchant.get_payment_parameters(prepay_id)

    def _prepare_wechat_order(self):
        account = self._get_wechat_account()
        expires_at = self.wechat_expires_at.replace(tzinfo=UTC).astimezone(CHINA)
        return {
            "number": self.reference,
            "description": f"{account.name} {self.sale_order_ids[:1].name}"[:127],
            "amount": to_fen(self.amount),
            "open_id": self.sudo().wechat_identity_id.open_id,
            "notify_url": account.notification_url,
            "time_expire": expires_at.isoformat(timespec="seconds"),
        }

    def _converge_with_wechat(self, close=False):
        """Ask WeChat how a payment stands, and record it.

        Commits what was written before, so that nothing is held or undone while WeChat is asked.

        :param bool close: close the order first if it is unpaid
        :raise WeChatUnavailable: nobody knows, nothing is recorded
        """
        self.ensure_one()
        merchant, number = self._get_wechat_account()._get_merchant(), self.reference
        self.env.cr.commit()  # pylint: disable=invalid-commit
        resource = _ask_for_order(merchant, number)
        if close and resource["trade_state"] not in PAID | OVER | {UNKNOWN}:
            try:
                merchant.close_order(number)
            except WeChatError as error:
                _logger.info("WeChat did not close %s: %s", number, error.code)
            # A payment may have been faster, and one under way keeps the order open in spite of the answer.
            resource = _ask_for_order(merchant, number)
        self._record_wechat_payment(resource)

    def _record_wechat_payment(self, resource):
        """Record what WeChat says of an order; saying it twice, late or at once with others changes nothing more.

        :param dict resource: signed by WeChat, or asked of it
        """
        self.ensure_one()
        if self.state == "done" and self.is_post_processed:
            return
        wait_in_line(self.sale_order_ids)
        wait_in_line(self)
        state = resource["trade_state"]
        if state in PAID:
            self._record_wechat_money(resource, self._find_payment_mismatch(resource))
        elif state == UNKNOWN and self.wechat_prepay_id:
            self._report_forgotten()
        elif state in OVER or (state == UNKNOWN and not self._may_be_on_its_way()):
            self._record_wechat_closed(state)
        elif self.state != "done":
            self.wechat_state = state

    def _report_forgotten(self):
        """Tell the merchant that WeChat had taken the number: whoever answers now is not who was asked then."""
        self._report_once(
            self.env._(
                "WeChat had accepted %s and does not know it any more. It stays open: compare the merchant's "
                "number and keys, and look into the WeChat Pay console.",
                self.reference,
            )
        )

    def _may_be_on_its_way(self):
        """Tell whether a request that WeChat has not seen may still arrive there."""
        return bool(self.wechat_asked_at) and self.wechat_asked_at > fields.Datetime.now() - CREATION_TAKES

    def _record_wechat_closed(self, state):
        if self.state == "done":
            return
        self.write({"wechat_state": state, "wechat_is_open": False})
        if self.state in ("draft", "pending"):
            self._set_canceled()

    def _find_payment_mismatch(self, resource):
        """Return how a paid order at WeChat differs from ours, nothing when it does not."""
        account, amounts = self._get_wechat_account(), resource.get("amount") or {}
        payer = (resource.get("payer") or {}).get("openid")
        return self._compare(
            {
                "appid": (resource.get("appid"), account.app_id),
                "mchid": (resource.get("mchid"), account.mch_id),
                "out_trade_no": (resource.get("out_trade_no"), self.reference),
                "openid": (payer, self.sudo().wechat_identity_id.open_id),
                "currency": (amounts.get("currency"), "CNY"),
                "total": (amounts.get("total"), to_fen(self.amount)),
            }
        )


def _ask_for_order(merchant, number):
    try:
        return merchant.query_order(number)
    except WeChatError as error:
        if error.code not in NOT_FOUND:
            raise
        return {"trade_state": UNKNOWN}
