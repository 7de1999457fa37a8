# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
import re

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.payment.utils import singularize_reference_prefix

from ..client.errors import WeChatError, WeChatUnavailable
from ..tools.locks import wait_in_line
from ..tools.money import from_fen
from .payment_provider import CODE

_logger = logging.getLogger(__name__)

# How WeChat says that it has never heard of a number.
NOT_FOUND = {"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"}
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

    # === BUSINESS METHODS - WHAT WECHAT SAYS === #

    @api.model
    def _find_by_wechat_number(self, account, number):
        tx = self.sudo().search([("reference", "=", number), ("provider_id.wechat_account_id", "=", account.id)])
        return tx._as_robot() if number else self.browse()

    def _as_robot(self):
        """Return the transactions as Odoo's robot sees them: what WeChat reports is done in nobody's name."""
        return self.with_user(SUPERUSER_ID).with_company(self.company_id[:1]).with_context(lang=self._get_robot_lang())

    def _get_robot_lang(self):
        return self.env["res.users"].browse(SUPERUSER_ID).sudo().lang

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
