# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

from ..client.errors import WeChatError
from ..tools.locks import wait_in_line
from ..tools.money import from_fen, to_fen
from .payment_provider import CODE
from .payment_transaction import NOT_FOUND

_logger = logging.getLogger(__name__)

MOST_REFUNDS = 50
LONGEST_REASON = 80
FAILED_REFUND = {"CLOSED", "ABNORMAL"}


class PaymentTransaction(models.Model):
    """A refund: wished for, carried out by WeChat once the wish is committed, and recorded."""

    _inherit = "payment.transaction"  # pylint: disable=consider-merging-classes-inherited

    # === ODOO'S PAYMENT FLOW === #

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        """Override of `payment`: a refund is open at WeChat from the moment it is wished for."""
        if is_refund and self.provider_code == CODE:
            reason = self.env.context.get("wechat_refund_reason") or self.env._("Refund of %s", self.reference)
            custom_create_values.update(wechat_is_open=True, wechat_reason=_shorten(reason))
        return super()._create_child_transaction(amount, is_refund=is_refund, **custom_create_values)

    def _refund(self, amount_to_refund=None):
        """Override of `payment`: never more than was paid, whoever refunds at the same time.

        :raise UserError: when less is left, or WeChat allows no more refunds
        """
        if self.provider_code == CODE:
            self._check_wechat_refund(to_fen(amount_to_refund or self.amount))
        return super()._refund(amount_to_refund=amount_to_refund)

    def _send_refund_request(self):
        """Override of `payment`: WeChat is called when the wish is committed, never inside what can be rolled back."""
        if self.provider_code != CODE:
            return super()._send_refund_request()
        if self.env.context.get("wechat_refund_later"):
            self.env.ref("distribution_wechat.sweep_payments_cron").sudo()._trigger()
            return None
        registry, refund_ids = self.env.registry, self.ids

        @self.env.cr.postcommit.add
        def send():
            _send_refunds(registry, refund_ids)

        return None

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment`: as far as no invoice has used the payment, its refund settles it."""
        payment = super()._create_payment(**extra_create_values)
        if self.provider_code == CODE and self.operation == "refund":
            lines = (payment | self.source_transaction_id.payment_id).move_id.line_ids.filtered(
                lambda line: line.account_id == payment.destination_account_id and not line.reconciled
            )
            if len(lines.move_id) > 1:
                lines.reconcile()
        return payment

    # === THE WISH === #

    def _refund_unwanted(self):
        """Give a payment back that no order needs: it came too late, twice, or is too little for what changed."""
        self.ensure_one()
        order = self.sale_order_ids[:1]
        reason = order._get_reason_against_payment(self) if order else self.env._("Its order was deleted.")
        if not reason or not self._get_wechat_refundable():
            self._report_surplus(order)
            return
        self._log_message_on_linked_documents(reason)
        # WeChat waits five seconds for an answer to its notification: no call of ours may be part of that.
        self.with_context(wechat_refund_later=True)._refund_by_wechat(self._get_wechat_refundable(), reason)

    def _report_surplus(self, order):
        """Tell the merchant of an order that became cheaper while it was being paid."""
        surplus = to_fen(self.amount) - to_fen(order.amount_total)
        if surplus > 0 and not self.child_transaction_ids:
            amount = self.currency_id.format(float(from_fen(surplus)))
            self._alert_merchant(self.env._("%s more than the order's total was paid: refund it.", amount))

    def _refund_by_wechat(self, amount, reason):
        """Give a part of a payment back; WeChat is called after the commit.

        :param Decimal amount: CNY
        :param str reason: the payer reads it
        :return: the refund, open until WeChat has said how it ended
        :raise UserError: when it is more than is left of the payment
        """
        self.ensure_one()
        if to_fen(amount) <= 0:
            raise UserError(self.env._("A refund is more than nothing."))
        return self.with_context(wechat_refund_reason=reason)._refund(float(amount))

    def _check_wechat_refund(self, fen):
        """Let refunds of a payment wait in line, and only what is left be given back.

        :param int fen: to be refunded
        :raise UserError: naming what is left
        """
        wait_in_line(self)
        if self.state != "done":
            raise UserError(self.env._("%s is not paid: there is nothing to refund.", self.reference))
        left = self._get_wechat_refundable()
        if fen > to_fen(left):
            raise UserError(
                self.env._(
                    "%(amount)s cannot be refunded: %(left)s of %(number)s is left.",
                    amount=self.currency_id.format(float(from_fen(fen))),
                    left=self.currency_id.format(float(left)),
                    number=self.reference,
                )
            )
        if len(self._get_wechat_refunds()) >= MOST_REFUNDS:
            raise UserError(self.env._("WeChat Pay allows %(count)s refunds of a payment.", count=MOST_REFUNDS))

    def _get_wechat_refunds(self):
        """Return the refunds of a payment that WeChat may have taken: all but those it refused."""
        return self.child_transaction_ids.filtered(
            lambda tx: tx.operation == "refund" and (tx.state != "error" or tx.wechat_state in FAILED_REFUND)
        )

    def _get_wechat_given_back(self):
        """Return what was given back or is on its way back; what stranded on the way has left the merchant too.

        :rtype: Decimal
        """
        refunds = self._get_wechat_refunds().filtered(lambda tx: tx.state != "error" or tx.wechat_state == "ABNORMAL")
        return from_fen(sum(to_fen(-refund.amount) for refund in refunds))

    def _get_wechat_refundable(self):
        """Return what is left of a payment.

        :rtype: Decimal
        """
        return from_fen(to_fen(self.amount)) - self._get_wechat_given_back()

    # === WECHAT CARRIES IT OUT === #

    @api.model
    def _receive_wechat_refund(self, account, resource):
        """Record a notification of a refund.

        :param account: `distribution.wechat.account`, which WeChat has signed it for
        :param dict resource: what WeChat says of the refund
        :return: False when the account has no such refund
        :rtype: bool
        """
        refund = self._find_by_wechat_number(account, resource.get("out_refund_no"))
        if refund:
            refund._record_wechat_refund(resource)
        return bool(refund)

    def _refund_at_wechat(self):
        """Have WeChat carry a refund out, or find out what became of it; under its number it is never done twice.

        :raise WeChatUnavailable: nobody knows, the refund stays open
        """
        self.ensure_one()
        merchant, refund = self._get_wechat_account()._get_merchant(), self._prepare_wechat_refund()
        wait_in_line(self)
        was_asked = bool(self.wechat_asked_at)
        # What was refused counts as not given back: its amount may have been refunded under another number since.
        may_send = self.wechat_is_open and self.state in ("draft", "pending")
        self.wechat_asked_at = fields.Datetime.now()
        # The number has to be ours for good before WeChat gets it.
        self.env.cr.commit()  # pylint: disable=invalid-commit
        resource = _ask_for_refund(merchant, self.reference) if was_asked else None
        if not resource and not may_send:
            return
        try:
            resource = resource or merchant.refund(**refund)
        except WeChatError as error:
            self._record_refused_refund(error)
        else:
            self._record_wechat_refund(resource)

    def _prepare_wechat_refund(self):
        source = self.source_transaction_id
        return {
            "number": self.reference,
            "order_number": source.reference,
            "amount": to_fen(-self.amount),
            "total": to_fen(source.amount),
            "notify_url": self._get_wechat_account().notification_url,
            "reason": self.wechat_reason or None,
        }

    def _record_wechat_refund(self, resource):
        """Record what WeChat says of a refund; saying it twice, late or in another order changes nothing more.

        :param dict resource: with `status` when it was asked for, `refund_status` when it was notified
        """
        self.ensure_one()
        if self.state == "done" and self.is_post_processed:
            return
        wait_in_line(self.source_transaction_id | self)
        status = resource.get("status") or resource.get("refund_status")
        if status == "SUCCESS":
            self._record_wechat_money(resource, self._find_refund_mismatch(resource))
        elif self.state not in ("draft", "pending"):
            return
        elif status in FAILED_REFUND:
            self._record_failed_refund(status)
        else:
            self.write({"wechat_state": status, "provider_reference": resource.get("refund_id")})
            if self.state == "draft":
                self._set_pending()

    def _record_failed_refund(self, status):
        message = (
            self.env._("WeChat closed refund %s: the money stays with you. Refund it anew.", self.reference)
            if status == "CLOSED"
            else self.env._(
                "Refund %s has left you but did not reach the customer: complete it in the WeChat Pay console.",
                self.reference,
            )
        )
        self.write({"wechat_state": status, "wechat_is_open": False})
        self._set_error(message)
        self._alert_merchant(message)

    def _record_refused_refund(self, error):
        """Record that WeChat did not take a refund: for want of money it will be tried again, else it is over."""
        wait_in_line(self.source_transaction_id | self)
        if self.state != "draft":
            return
        if error.code == "NOT_ENOUGH":
            message = self.env._(
                "Refund %s waits: your balance at WeChat Pay is too low. It is tried again until you have topped up.",
                self.reference,
            )
            if self.wechat_state != error.code:
                self._alert_merchant(message)
            self.write({"wechat_state": error.code, "state_message": message})
            return
        message = self.env._("WeChat refused refund %(number)s: %(error)s", number=self.reference, error=error)
        self.write({"wechat_state": error.code, "wechat_is_open": False})
        self._set_error(message)
        self._alert_merchant(message)

    def _find_refund_mismatch(self, resource):
        source, amounts = self.source_transaction_id, resource.get("amount") or {}
        return self._compare(
            {
                "out_refund_no": (resource.get("out_refund_no"), self.reference),
                "out_trade_no": (resource.get("out_trade_no"), source.reference),
                "mchid": (resource.get("mchid", self._get_wechat_account().mch_id), self._get_wechat_account().mch_id),
                "currency": (amounts.get("currency", "CNY"), "CNY"),
                "total": (amounts.get("total"), to_fen(source.amount)),
                "refund": (amounts.get("refund"), to_fen(-self.amount)),
            }
        )


def _shorten(reason):
    """Return a text that WeChat takes as a reason: its limit counts bytes."""
    return reason.encode()[:LONGEST_REASON].decode(errors="ignore")


def _ask_for_refund(merchant, number):
    try:
        return merchant.query_refund(number)
    except WeChatError as error:
        if error.code not in NOT_FOUND:
            raise
        return None


def _send_refunds(registry, refund_ids):
    """Send refunds that were just committed; whatever goes wrong here is finished by the sweep."""
    try:
        with registry.cursor() as cr:
            refunds = api.Environment(cr, SUPERUSER_ID, {})["payment.transaction"].browse(refund_ids).exists()
            for refund in refunds:
                refund.env["ir.cron"]._run_with_retries(lambda tx: tx._as_robot()._try_to_sweep_wechat(), refund)
                # One refund done is not undone by the next one.
                cr.commit()  # pylint: disable=invalid-commit
    except Exception as error:
        # The caller has committed and must not fail any more.
        _logger.warning("Refunds %s are left to the sweep", refund_ids, exc_info=error)
