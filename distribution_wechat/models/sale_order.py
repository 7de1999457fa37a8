# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, html2plaintext


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
    wechat_revision = fields.Integer(
        copy=False, readonly=True, aggregator=None, help="Makes changes of payment and refunds wait in line."
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

    def _lock_wechat(self):
        """Make those who pay, refund or end these orders wait in line (design: an unconditional update)."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH locked AS (SELECT id FROM sale_order WHERE id IN %s ORDER BY id FOR NO KEY UPDATE)
                UPDATE sale_order SET wechat_revision = COALESCE(wechat_revision, 0) + 1
                  FROM locked WHERE sale_order.id = locked.id
                """,
                tuple(self.ids),
            ),
            # A collision is tried again: no error for the log.
            log_exceptions=False,
        )
        self.invalidate_recordset(flush=False)

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
        order = orders.create(orders._prepare_shop_order_vals(identity, quantities, address, note))
        if order.currency_id.is_zero(order.amount_total):
            # Nothing to pay: WeChat takes no order of zero fen.
            order.action_confirm()
        return order

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
            "note": note or False,
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
        return orders.new(orders._prepare_shop_order_vals(identity, quantities, address))

    def _get_shop_deliveries(self):
        """Return what was shipped to the customer."""
        return self.picking_ids.filtered(
            lambda picking: picking.state == "done" and picking.location_dest_id.usage == "customer"
        )

    def _get_shop_note(self):
        """Return what the customer wrote, as text."""
        self.ensure_one()
        return html2plaintext(self.note or "").strip()

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
        return "to_receive" if self.is_receivable else "completed"

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
