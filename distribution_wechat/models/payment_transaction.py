# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
import re
from datetime import UTC, timedelta, timezone

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.payment.utils import singularize_reference_prefix

from ..client.errors import WeChatError, WeChatUnavailable
from ..tools.locks import wait_in_line
from ..tools.money import from_fen, to_fen
from .payment_provider import CODE

_logger = logging.getLogger(__name__)

CHINA = timezone(timedelta(hours=8))
# What WeChat calls the state of an order: https://pay.weixin.qq.com/doc/v3/merchant/4013070356
PAID = {"SUCCESS", "REFUND"}
OVER = {"CLOSED", "REVOKED"}
# WeChat has never heard of the number.
UNKNOWN = "UNKNOWN"
NOT_FOUND = {"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"}
# A request to create an order that was sent so long ago has arrived or never will.
CREATION_TAKES = timedelta(seconds=60)
# WeChat wants a minute at least between order and end of payment.
SHORTEST_PAYMENT = timedelta(seconds=65)
MOST_REFUNDS = 50
LONGEST_REASON = 80
FAILED_REFUND = {"CLOSED", "ABNORMAL"}
SWEPT = 500


class PaymentTransaction(models.Model):
    """A payment or refund at WeChat Pay. The row is the outbox: it is committed before WeChat is called under its
    reference, and stays open until WeChat has said how it ended.
    """

    _inherit = "payment.transaction"

    wechat_identity_id = fields.Many2one(
        comodel_name="distribution.wechat.identity",
        string="WeChat Payer",
        index="btree_not_null",
        readonly=True,
        ondelete="restrict",
    )
    wechat_is_open = fields.Boolean(
        string="Open at WeChat",
        readonly=True,
        copy=False,
        help="WeChat may still move money under this number: it is asked until it says how this ended.",
    )
    wechat_state = fields.Char(string="State at WeChat", readonly=True, copy=False, help="What WeChat said last.")
    wechat_prepay_id = fields.Char(
        string="WeChat Prepay ID", readonly=True, copy=False, help="What the payer's phone pays by; it lives two hours."
    )
    wechat_expires_at = fields.Datetime(string="To Be Paid Until", readonly=True, copy=False)
    wechat_asked_at = fields.Datetime(
        string="Last Sent to WeChat", readonly=True, copy=False, help="When WeChat was last asked to carry this out."
    )
    wechat_checked_at = fields.Datetime(
        string="Last Looked At", readonly=True, copy=False, help="By the scheduled action; the oldest comes first."
    )
    wechat_reason = fields.Char(
        string="Reason of the Refund", readonly=True, copy=False, help="The payer reads it in WeChat."
    )

    _wechat_open_idx = models.Index("(wechat_checked_at) WHERE wechat_is_open")

    # === ACTION METHODS === #

    def action_query_wechat(self):
        """Ask WeChat how a payment or refund stands, and record it."""
        self.check_access("write")
        for tx in self.filtered(lambda tx: tx.provider_code == CODE):
            try:
                tx._as_robot()._sweep_wechat()
            except WeChatError as error:
                raise UserError(self.env._("WeChat refused: %s", error)) from error
            except WeChatUnavailable as error:
                raise UserError(self.env._("WeChat cannot be reached now. Try again.")) from error
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === BUSINESS METHODS - ODOO'S PAYMENT FLOW === #

    @api.model
    def _compute_reference(self, provider_code, prefix=None, separator="-", **kwargs):
        """Override of `payment`: WeChat takes 6–32 letters, digits, ``_-|*``, each number once for a merchant.

        The moment in it keeps databases apart that share a merchant. Refunds have up to 64 characters and keep Odoo's.
        """
        if provider_code != CODE or (prefix or "").startswith("R-"):
            return super()._compute_reference(provider_code, prefix=prefix, separator=separator, **kwargs)
        name = prefix or self.sudo()._compute_reference_prefix(separator, **kwargs)
        name = re.sub(r"[^0-9A-Za-z]", "", name or "")[-12:] or "WX"
        prefix = singularize_reference_prefix(prefix=name, separator="-")
        return super()._compute_reference(provider_code, prefix=prefix, separator="-", **kwargs)

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

    @api.model
    def _extract_reference(self, provider_code, payment_data):
        """Override of `payment` to find the number."""
        if provider_code != CODE:
            return super()._extract_reference(provider_code, payment_data)
        return payment_data.get("out_refund_no") or payment_data.get("out_trade_no")

    def _extract_amount_data(self, payment_data):
        """Override of `payment` to read the amount."""
        if self.provider_code != CODE:
            return super()._extract_amount_data(payment_data)
        amounts = payment_data["amount"]
        fen = amounts["refund" if self.operation == "refund" else "total"]
        return {"amount": float(from_fen(fen)), "currency_code": amounts.get("currency", "CNY")}

    def _apply_updates(self, payment_data):
        """Override of `payment` to record money that has moved; what has not moved is recorded elsewhere."""
        if self.provider_code != CODE:
            return super()._apply_updates(payment_data)
        self.provider_reference = payment_data.get("refund_id") or payment_data.get("transaction_id")
        # Money that has come is there, also when it came for an attempt that was given up.
        self._set_done(extra_allowed_states=("cancel",))
        return None

    def _post_process(self):
        """Override of `payment`: a payment nobody waits for any more is given back."""
        payments = self.filtered(lambda tx: tx.provider_code == CODE and tx.operation != "refund")
        wait_in_line(payments.sale_order_ids)
        res = super()._post_process()
        for tx in payments.filtered(lambda tx: tx.state == "done"):
            tx._refund_unwanted()
        return res

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

    # === BUSINESS METHODS - PAYMENTS === #

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

    @api.model
    def _find_by_wechat_number(self, account, number):
        tx = self.sudo().search([("reference", "=", number), ("provider_id.wechat_account_id", "=", account.id)])
        return tx._as_robot() if number else self.browse()

    def _as_robot(self):
        """Return the transactions as Odoo's robot sees them: what WeChat reports is done in nobody's name."""
        return self.with_user(SUPERUSER_ID).with_company(self.company_id[:1]).with_context(lang=self._get_robot_lang())

    def _get_robot_lang(self):
        return self.env["res.users"].browse(SUPERUSER_ID).sudo().lang

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
            # WeChat had taken the number: whoever answers now is not who was asked then.
            self._report_once(
                self.env._(
                    "WeChat had accepted %s and does not know it any more. It stays open: compare the merchant's "
                    "number and keys, and look into the WeChat Pay console.",
                    self.reference,
                )
            )
        elif state in OVER or (state == UNKNOWN and not self._may_be_on_its_way()):
            self._record_wechat_closed(state)
        elif self.state != "done":
            self.wechat_state = state

    def _may_be_on_its_way(self):
        """Tell whether a request that WeChat has not seen may still arrive there."""
        return bool(self.wechat_asked_at) and self.wechat_asked_at > fields.Datetime.now() - CREATION_TAKES

    def _record_wechat_closed(self, state):
        if self.state == "done":
            return
        self.write({"wechat_state": state, "wechat_is_open": False})
        if self.state in ("draft", "pending"):
            self._set_canceled()

    def _record_wechat_money(self, resource, mismatch):
        """Record that money has moved, with all that follows in Odoo.

        :param str mismatch: what contradicts our records; then nothing is recorded but that
        """
        if mismatch:
            self._report_mismatch(mismatch)
            return
        if self.state != "done":
            self.write({"wechat_state": "SUCCESS", "wechat_is_open": False})
            self._process(CODE, resource)
        if self.state == "done" and not self.is_post_processed:
            self._try_to_post_process()

    def _try_to_post_process(self):
        """Confirm the order and book the payment; what cannot be done now is left to Odoo's scheduled action.

        The money is recorded in any case.
        """
        try:
            with self.env.cr.savepoint():
                self._post_process()
                self.env.flush_all()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # The snapshot is stale: only a new transaction helps.
            raise
        except Exception as error:
            # Whatever other modules do when an order is confirmed must not lose the payment.
            _logger.warning("%s is paid, but was not processed", self.reference, exc_info=error)
            self._alert_merchant(
                self.env._("WeChat payment %(number)s has arrived, but: %(error)s", number=self.reference, error=error)
                if isinstance(error, UserError)
                else self.env._("WeChat payment %s has arrived, but could not be processed yet.", self.reference)
            )

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

    def _compare(self, pairs):
        different = [name for name, (theirs, ours) in pairs.items() if theirs != ours]
        return ", ".join(different)

    def _report_mismatch(self, different):
        """Tell the merchant, once, that WeChat reported something else than was agreed; the money is not recorded."""
        _logger.warning("WeChat reports %s with another %s than ours", self.reference, different)
        message = self.env._(
            "WeChat reported %(number)s with another %(fields)s than was agreed. It was not recorded: compare it in "
            "the WeChat Pay console.",
            number=self.reference,
            fields=different,
        )
        self._report_once(message)

    def _report_once(self, message):
        if self.state_message != message:
            self.state_message = message
            self._alert_merchant(message)

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

    # === BUSINESS METHODS - REFUNDS === #

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

    # === BUSINESS METHODS - SWEEP === #

    @api.model
    def _cron_sweep_wechat(self):
        """Find out what became of payments and refunds that WeChat did not report."""
        opened = self.search(
            [("wechat_is_open", "=", True), ("provider_id.wechat_account_id.active", "=", True)],
            # Refunds nobody has looked at yet before everything else: they wait for us, payments for the payer.
            order="wechat_checked_at NULLS FIRST, operation DESC, id",
            limit=SWEPT,
        )
        opened = opened.filtered(lambda tx: tx._get_wechat_account()._has_merchant())
        self.env["ir.cron"]._run_for_each(opened, lambda tx: tx._as_robot()._try_to_sweep_wechat())

    def _try_to_sweep_wechat(self):
        # Whatever comes of it: a job has little time, and the others must have their turn.
        self.wechat_checked_at = fields.Datetime.now()
        self.env.cr.commit()  # pylint: disable=invalid-commit
        try:
            self._sweep_wechat()
        except WeChatUnavailable as error:
            self.env.cr.rollback()
            _logger.warning("WeChat gave no answer for %s: %s", self.reference, error)
        except WeChatError as error:
            self.env.cr.rollback()
            _logger.warning("WeChat refused to answer for %s: %s", self.reference, error.code)

    def _sweep_wechat(self):
        self.ensure_one()
        if self.operation == "refund":
            self._refund_at_wechat()
        else:
            orders = self.sale_order_ids
            self._converge_with_wechat(close=not orders or orders._get_wechat_payment_state() != "unpaid")

    # === HELPERS === #

    def _get_wechat_account(self):
        return self.provider_id.sudo().wechat_account_id

    def _alert_merchant(self, message):
        """Note something on the order, with an activity for whoever sells."""
        self._log_message_on_linked_documents(message)
        for order in self.sale_order_ids or self.source_transaction_id.sale_order_ids:
            order.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("WeChat Pay"),
                note=message,
                user_id=self._get_wechat_account()._get_responsible(order).id,
            )


def _shorten(reason):
    """Return a text that WeChat takes as a reason: its limit counts bytes."""
    return reason.encode()[:LONGEST_REASON].decode(errors="ignore")


def _ask_for_order(merchant, number):
    try:
        return merchant.query_order(number)
    except WeChatError as error:
        if error.code not in NOT_FOUND:
            raise
        return {"trade_state": UNKNOWN}


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
