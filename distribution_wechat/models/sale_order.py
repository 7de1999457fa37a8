# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
from datetime import timedelta
from decimal import Decimal

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ..client.errors import WeChatError, WeChatUnavailable
from ..tools.locks import wait_in_line
from ..tools.money import to_fen
from .payment_provider import CODE

_logger = logging.getLogger(__name__)

# WeChat does not take a number again that is paid, closed, or was used with other values.
NUMBER_IS_OVER = {"ORDERPAID", "ORDER_PAID", "ORDER_CLOSED", "ORDERCLOSED", "OUT_TRADE_NO_USED"}
# WeChat wants a minute at least between order and end of payment.
SHORTEST_PAYMENT = timedelta(seconds=65)
# Of one customer at a time.
MOST_UNPAID = 10


class SaleOrder(models.Model):
    _inherit = "sale.order"

    wechat_account_id = fields.Many2one(
        comodel_name="distribution.wechat.account",
        string="Mini-Program",
        index="btree_not_null",
        copy=False,
        readonly=True,
        ondelete="restrict",
        help="The mini-program the order was placed in.",
    )
    wechat_expires_at = fields.Datetime(
        string="To Be Paid Until",
        copy=False,
        readonly=True,
        help="An order of a mini-program that is not paid by then is cancelled, and its goods can be sold to others.",
    )
    wechat_note = fields.Text(
        string="Customer's Note", copy=False, readonly=True, help="What the customer wrote in the mini-program."
    )
    refund_request_ids = fields.One2many("distribution.refund.request", "order_id")
    refund_request_count = fields.Integer(compute="_compute_refund_request_count")

    # === COMPUTE METHODS === #

    @api.depends("refund_request_ids")
    def _compute_refund_request_count(self):
        for order in self:
            order.refund_request_count = len(order.sudo().refund_request_ids)

    # === ACTION METHODS === #

    def action_view_refund_requests(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_wechat.distribution_refund_request_action")
        return {**action, "domain": [("order_id", "=", self.id)], "context": {}}

    # === BUSINESS METHODS: SHOP === #

    def _is_awaiting_wechat_payment(self):
        """Tell whether the order was placed in a mini-program and can still be paid."""
        self.ensure_one()
        return bool(self.wechat_account_id) and self.state == "sent"

    @api.model
    def _place_in_mini_program(self, identity, quantities, address=None, note=None):
        """Place an order in somebody's name and keep the goods until it has to be paid.

        :param identity: the `distribution.wechat.identity` who buys
        :param dict quantities: `product.product` record → pieces
        :param address: `res.partner` to deliver to, the customer's own when omitted
        :raise UserError: naming the product of which there are not enough
        """
        account = identity.account_id
        products = self.env["product.product"].union(*quantities)
        self.env["distribution.stock.gate"].sudo()._pass(products._filter_scarce(), account.company_id)
        self._check_shop_available(account, quantities)
        orders = self.sudo().with_company(account.company_id)
        self._check_shop_unpaid(identity)
        order = orders.create(orders._prepare_shop_order_vals(identity, quantities, address, note))
        order._check_shop_prices()
        return order

    @api.model
    def _check_shop_unpaid(self, identity):
        """Let nobody keep the whole stock by orders that are never paid."""
        unpaid = [
            ("partner_id", "=", identity.partner_id.id),
            ("wechat_account_id", "=", identity.account_id.id),
            ("state", "=", "sent"),
        ]
        if self.sudo().search_count(unpaid, limit=MOST_UNPAID) >= MOST_UNPAID:
            raise UserError(self.env._("You have %s unpaid orders: pay or cancel one first.", MOST_UNPAID))

    def _check_shop_prices(self):
        """Sell nothing that has no price: website_sale shows such products, to be asked about."""
        for line in self.order_line:
            if line.currency_id.compare_amounts(line.price_total, 0) <= 0:
                raise UserError(self.env._("%s has no price and cannot be ordered.", line.product_id.name))

    @api.model
    def _check_shop_available(self, account, quantities):
        shortages = self._get_shop_shortages(account, quantities)
        if shortages:
            raise UserError("\n".join(shortages))

    @api.model
    def _get_shop_shortages(self, account, quantities):
        """Return in words of which products there are not enough.

        :param dict quantities: `product.product` record → pieces
        :rtype: list of str
        """
        available = self.env["product.product"].union(*quantities)._get_shop_available(account)
        return [
            self.env._("%(product)s: only %(available)s left.", product=product.name, available=available[product.id])
            for product, quantity in quantities.items()
            if quantity > available.get(product.id, quantity)
        ]

    @api.model
    def _prepare_shop_order_vals(self, identity, quantities, address=None, note=None):
        """Return the values of an order of a mini-program: whatever else an order has follows from Odoo's defaults."""
        account = identity.account_id
        return {
            "partner_id": identity.partner_id.id,
            "partner_shipping_id": (address or identity.partner_id).id,
            "company_id": account.company_id.id,
            "warehouse_id": account._get_warehouse().id,
            "user_id": False,
            "state": "sent",
            "require_signature": False,
            "require_payment": True,
            "prepayment_percent": 1.0,
            "wechat_account_id": account.id,
            "wechat_expires_at": fields.Datetime.now() + timedelta(minutes=account.payment_minutes),
            "wechat_note": note or False,
            "order_line": [
                Command.create({"product_id": product.id, "product_uom_qty": quantity})
                for product, quantity in quantities.items()
            ],
        }

    @api.model
    def _preview_in_mini_program(self, identity, quantities, address=None):
        """Return an order that is not stored: what it would cost."""
        account = identity.account_id
        orders = self.sudo().with_company(account.company_id)
        vals = orders._prepare_shop_order_vals(identity, quantities, address)
        for _command, _id, line_vals in vals["order_line"]:
            # Nobody asks which analytic account it would count for, and Odoo looks it up line by line.
            line_vals["analytic_distribution"] = False
        return orders.new(vals)

    def _get_shop_deliveries(self):
        """Return what was shipped to the customer."""
        return self.picking_ids.filtered(
            lambda picking: picking.state == "done" and picking.location_dest_id.usage == "customer"
        )

    def _get_shop_status(self):
        """Return where an order stands for its customer.

        :return: to_pay, to_ship, to_receive, completed or cancelled
        :rtype: str
        """
        self.ensure_one()
        if self.state != "sale":
            return "to_pay" if self._is_awaiting_wechat_payment() else "cancelled"
        if any(picking.state not in ("done", "cancel") for picking in self._get_shop_shipments()):
            # What was shipped of it can be confirmed all the same.
            return "to_ship"
        return "to_receive" if self._is_receivable() else "completed"

    def _get_shop_shipments(self):
        return self.picking_ids.filtered(lambda picking: picking.location_dest_id.usage == "customer")

    @api.model
    def _get_shop_status_domain(self, status):
        """Return the domain of orders that stand so for their customer: the same as `_get_shop_status` says."""
        outgoing = Domain("location_dest_id.usage", "=", "customer")
        waiting = Domain("picking_ids", "any", outgoing & Domain("state", "not in", ("done", "cancel")))
        on_the_way = Domain(
            "picking_ids", "any", outgoing & Domain("state", "=", "done") & Domain("commission_received_on", "=", False)
        )
        sold = Domain("state", "=", "sale")
        return {
            "to_pay": Domain("state", "=", "sent"),
            "to_ship": sold & waiting,
            "to_receive": sold & ~waiting & on_the_way,
            "completed": sold & ~waiting & ~on_the_way,
            "cancelled": Domain("state", "in", ("draft", "cancel")),
        }[status]

    # === BUSINESS METHODS: PAYMENT === #

    def _pay_by_wechat(self, identity):
        """Return what ``wx.requestPayment`` needs to pay the order.

        One number per attempt: an open one is gone on with, unless the order or the payer changed since; then it is
        closed first. Commits before WeChat is called.

        :param identity: `distribution.wechat.identity` who pays
        :return: the parameters, nothing when the order cannot be paid any more (or is paid)
        :rtype: dict
        :raise WeChatError: WeChat refused
        :raise WeChatUnavailable: try again
        """
        self.ensure_one()
        order = self._as_wechat_robot()
        for _try in range(3):
            tx = order._open_wechat_payment(identity)
            if not tx:
                return None
            if not order._is_wechat_payment_current(tx, identity):
                tx._converge_with_wechat(close=True)
                if tx.wechat_is_open:
                    break
                continue
            try:
                return tx._order_at_wechat()
            except WeChatError as error:
                if error.code not in NUMBER_IS_OVER:
                    raise
                tx._converge_with_wechat(close=True)
        raise WeChatUnavailable("the payment before is not over yet")

    def _open_wechat_payment(self, identity):
        """Return the open payment of the order, created if there is none; two who ask at once get the same one."""
        wait_in_line(self)
        if self._get_wechat_payment_state() != "unpaid":
            return self.env["payment.transaction"]
        opened = self._get_wechat_payments().filtered(lambda tx: tx.state == "draft" and tx.wechat_is_open)
        if opened:
            return opened[:1]
        tx = self.env["payment.transaction"].create(self._prepare_wechat_payment_vals(identity))
        tx._log_sent_message()
        return tx

    def _prepare_wechat_payment_vals(self, identity):
        provider = self.env["payment.provider"].search(
            [("wechat_account_id", "=", self.wechat_account_id.id), ("state", "!=", "disabled")]
        )
        if not provider:
            raise UserError(self.env._("WeChat Pay is not activated for %s.", self.wechat_account_id.name))
        if self.currency_id.name != "CNY" or to_fen(self.amount_total) <= 0:
            raise UserError(self.env._("Order %s cannot be paid by WeChat: only amounts in CNY can.", self.name))
        links = [Command.set(self.ids)]
        return {
            "provider_id": provider.id,
            "payment_method_id": self.env.ref("payment.payment_method_wechat_pay").id,
            "reference": self.env["payment.transaction"]._compute_reference(CODE, sale_order_ids=links),
            "amount": self.amount_total,
            "currency_id": self.currency_id.id,
            "partner_id": self.partner_invoice_id.id,
            "sale_order_ids": links,
            "operation": "online_direct",
            "wechat_identity_id": identity.id,
            "wechat_is_open": True,
            "wechat_expires_at": self._get_wechat_payment_end(),
        }

    def _get_wechat_payment_end(self):
        now = fields.Datetime.now()
        return max(self.wechat_expires_at or now, now + SHORTEST_PAYMENT)

    def _is_wechat_payment_current(self, tx, identity):
        return to_fen(tx.amount) == to_fen(self.amount_total) and tx.wechat_identity_id == identity

    def _get_wechat_payments(self):
        return self.sudo().transaction_ids.filtered(lambda tx: tx.provider_code == CODE and tx.operation != "refund")

    def _get_wechat_amounts(self):
        """Return what was paid by WeChat, what was given back, and what is on its way back.

        :rtype: tuple of Decimal, CNY
        """
        payments = self._get_wechat_payments().filtered(lambda tx: tx.state == "done")
        paid = sum((tx._get_wechat_refundable() + tx._get_wechat_given_back() for tx in payments), Decimal(0))
        reserved = sum((tx._get_wechat_given_back() for tx in payments), Decimal(0))
        done = payments.child_transaction_ids.filtered(lambda tx: tx.operation == "refund" and tx.state == "done")
        refunded = -sum((Decimal(to_fen(tx.amount)) / 100 for tx in done), Decimal(0))
        return paid, refunded, reserved - refunded

    def _has_wechat_money_left(self):
        paid, refunded, refunding = self.sudo()._get_wechat_amounts()
        return paid > refunded + refunding

    def _get_wechat_payment_state(self):
        """Return how the order stands: ``unpaid`` and payable, ``paid``, ``refunded``, or ``closed``.

        :rtype: str
        """
        self.ensure_one()
        paid, refunded, refunding = self._get_wechat_amounts()
        if paid > refunded + refunding:
            return "paid"
        if self._is_awaiting_wechat_payment() and not self._is_wechat_payment_over():
            return "unpaid"
        return "refunded" if paid else "closed"

    def _is_wechat_payment_over(self):
        return bool(self.wechat_expires_at) and self.wechat_expires_at <= fields.Datetime.now()

    def _query_wechat_payment(self):
        """Ask WeChat how the open payments of the order stand, and record it.

        :raise WeChatUnavailable: nobody knows
        """
        for tx in self._as_wechat_robot()._get_wechat_payments().filtered("wechat_is_open"):
            tx._converge_with_wechat()

    def _get_reason_against_payment(self, tx):
        """Return why the order does not need a payment that has arrived, nothing when it does."""
        self.ensure_one()
        if self.state == "cancel":
            return self.env._("Order %s was cancelled before the payment arrived.", self.name)
        others = self._get_wechat_payments().filtered(
            lambda other: other != tx and other.state == "done" and other._get_wechat_refundable() > 0
        )
        if others and to_fen(sum(others.mapped("amount"))) >= to_fen(self.amount_total):
            return self.env._("Order %s was paid already.", self.name)
        if self.state != "sale":
            return self.env._("Order %s changed before the payment arrived.", self.name)
        return None

    def _refund_by_wechat(self, amount, reason):
        """Give money back that was paid for the order by WeChat; WeChat is called after the commit.

        :param Decimal amount: CNY
        :param str reason: the customer reads it
        :return: the refund (`payment.transaction`), open until WeChat has said how it ended
        :raise UserError: when no payment of the order has so much left
        """
        self.ensure_one()
        payments = self._as_wechat_robot()._get_wechat_payments().filtered(lambda tx: tx.state == "done")
        for tx in payments:
            if tx._get_wechat_refundable() >= amount:
                return tx._refund_by_wechat(amount, reason)
        raise UserError(
            self.env._(
                "%(amount)s cannot be refunded: no WeChat payment of order %(order)s has so much left.",
                amount=self.currency_id.format(float(amount)),
                order=self.name,
            )
        )

    @api.model
    def _cron_expire_wechat(self):
        """Cancel the orders of mini-programs that were not paid in time, so that others can buy the goods."""
        expired = self.search(
            [
                ("wechat_account_id", "!=", False),
                ("state", "=", "sent"),
                ("wechat_expires_at", "<=", fields.Datetime.now()),
            ],
            order="wechat_expires_at, id",
        )
        # Without keys nobody can be asked whether an open payment was made: such orders wait for the merchant.
        expired = expired.filtered(
            lambda order: order.wechat_account_id._has_merchant()
            or not any(order._get_wechat_payments().mapped("wechat_is_open"))
        )
        self.env["ir.cron"]._run_for_each(expired, lambda order: order._as_wechat_robot()._try_to_expire_wechat())

    def _try_to_expire_wechat(self):
        try:
            self._expire_wechat()
        except (WeChatError, WeChatUnavailable) as error:
            self.env.cr.rollback()
            _logger.warning("Order %s cannot expire yet, WeChat: %s", self.name, error)

    def _expire_wechat(self):
        """Cancel an unpaid order once WeChat has closed its payments; a payment that was faster is recorded instead."""
        self.ensure_one()
        for tx in self._get_wechat_payments().filtered("wechat_is_open"):
            tx._converge_with_wechat(close=True)
        wait_in_line(self)
        if self._is_wechat_payment_over():
            self._cancel_unpaid_wechat(self.env._("The order was not paid in time and is cancelled."))

    def _cancel_unpaid_wechat(self, message):
        """Cancel the order unless it is paid, or may still be.

        :return: whether it is cancelled now
        :rtype: bool
        """
        opened = self._get_wechat_payments().filtered("wechat_is_open")
        if opened or not self._is_awaiting_wechat_payment() or self._get_wechat_payment_state() == "paid":
            return False
        self.message_post(body=message)
        self.action_cancel()
        return True

    def _cancel_by_wechat_customer(self):
        """Cancel an order that its customer does not want to pay any more, once WeChat has closed its payments.

        Commits before WeChat is called.

        :return: False when the payment was faster
        :rtype: bool
        :raise WeChatUnavailable: nobody knows whether it is paid
        """
        self.ensure_one()
        order = self._as_wechat_robot()
        for tx in order._get_wechat_payments().filtered("wechat_is_open"):
            tx._converge_with_wechat(close=True)
        wait_in_line(order)
        if order.state == "cancel":
            return True
        return order._cancel_unpaid_wechat(self.env._("The customer has cancelled the order."))

    def _is_confirmation_amount_reached(self):
        """Override of `sale`: an order of a mini-program is paid in full, and what was given back does not count."""
        if not self.wechat_account_id:
            return super()._is_confirmation_amount_reached()
        _paid, refunded, refunding = self._get_wechat_amounts()
        left = self.amount_paid - float(refunded + refunding)
        return self.currency_id.compare_amounts(self.amount_total, left) <= 0

    def _action_cancel(self):
        """Override of `sale`: nobody shall pay for an order that is cancelled."""
        res = super()._action_cancel()
        for order in self.filtered(lambda order: order.wechat_account_id and order._has_wechat_money_left()):
            order.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("WeChat Pay"),
                note=self.env._("The order is cancelled, and the customer has paid for it: refund the payment."),
                user_id=order.wechat_account_id._get_responsible(order).id,
            )
        if any(self.sudo().transaction_ids.mapped("wechat_is_open")):
            self.env.ref("distribution_wechat.sweep_payments_cron").sudo()._trigger()
        return res

    def _send_order_notification_mail(self, mail_template, allow_deferred_sending=True):
        """Override of `sale`: a customer of a mini-program may have no e-mail; a cancelled order has no news."""
        if self.wechat_account_id and (not self.partner_id.email or self.state == "cancel"):
            return None
        return super()._send_order_notification_mail(mail_template, allow_deferred_sending=allow_deferred_sending)

    def _as_wechat_robot(self):
        """Return the orders as Odoo's robot sees them: payments are processed in nobody's name."""
        return self.with_user(SUPERUSER_ID).with_company(self.company_id[:1])
