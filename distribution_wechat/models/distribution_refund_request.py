# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.locks import wait_in_line

OPEN_STATES = ("requested", "approved")


class DistributionRefundRequest(models.Model):
    """A customer wants money back for a part of an order; the merchant decides."""

    _name = "distribution.refund.request"
    _description = "Refund Request"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _mail_post_access = "read"
    _order = "id desc"

    name = fields.Char(required=True, copy=False, readonly=True, default=lambda self: self.env._("New"))
    order_id = fields.Many2one(comodel_name="sale.order", required=True, index=True, ondelete="restrict", readonly=True)
    partner_id = fields.Many2one(related="order_id.partner_id", string="Customer", store=True, index=True)
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    line_ids = fields.One2many("distribution.refund.request.line", "request_id", readonly=True)
    amount = fields.Monetary(compute="_compute_amount", store=True)
    reason = fields.Char(required=True, readonly=True, help="In the customer's words.")
    goods_come_back = fields.Boolean(readonly=True, help="The customer has the goods and sends them back.")
    refuse_reason = fields.Char(readonly=True, help="The customer reads it.")
    transaction_id = fields.Many2one(
        comodel_name="payment.transaction", string="Refund", index="btree_not_null", ondelete="restrict", readonly=True
    )
    state = fields.Selection(
        selection=[
            ("requested", "Requested"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("cancel", "Withdrawn"),
        ],
        required=True,
        default="requested",
        readonly=True,
        index=True,
        tracking=True,
    )
    refund_state = fields.Selection(related="transaction_id.state", string="State of the Refund")

    # === COMPUTE METHODS === #

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for request in self:
            request.amount = sum(request.line_ids.mapped("amount"))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("name") or vals["name"] == self.env._("New"):
                vals["name"] = self.env["ir.sequence"].sudo().next_by_code("distribution.refund.request")
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Refund requests are not deleted: refuse them instead."))

    # === ACTION METHODS === #

    def action_approve(self):
        """Give the money back over the payment's own way."""
        self._check_decider()
        for request in self:
            request.sudo()._lock_requested()
            reason = self.env._("Refund %s", request.name)
            refund = request.sudo().order_id._refund_by_wechat(Decimal(repr(request.amount)), reason)
            request.sudo().write({"state": "approved", "transaction_id": refund.id})

    def action_view_order(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
        }

    # === BUSINESS METHODS === #

    def _check_decider(self):
        """Let those decide who answer for the shop's money.

        :raise AccessError: for everybody else, through any door
        """
        self.check_access("read")
        groups = ("sales_team.group_sale_manager", "distribution_core.group_distribution_finance")
        if not any(self.env.user.has_group(group) for group in groups):
            raise AccessError(self.env._("Sales managers and commission finance decide about refunds."))

    @api.model
    def _request(self, order, quantities, reason, goods_come_back=False):
        """Record what a customer asks for.

        :param dict quantities: `sale.order.line` record → pieces
        :raise UserError: for an order that is not paid, or for more than was bought and not asked for yet
        """
        wait_in_line(order)
        if order.state != "sale":
            raise UserError(self.env._("Order %s is not paid: there is nothing to give back.", order.name))
        lines_vals = [self._prepare_line_vals(line, quantity) for line, quantity in quantities.items()]
        return self.create(
            {
                "order_id": order.id,
                "reason": reason,
                "goods_come_back": goods_come_back,
                "line_ids": [fields.Command.create(vals) for vals in lines_vals],
            }
        )

    @api.model
    def _prepare_line_vals(self, line, quantity):
        """Return the values of a request's line: the customer's price of these pieces, and the last cent with the last
        piece."""
        earlier = self.env["distribution.refund.request.line"].search(
            [("order_line_id", "=", line.id), ("request_id.state", "in", OPEN_STATES)]
        )
        asked, bought = sum(earlier.mapped("quantity")), line.product_uom_qty
        if quantity + asked > bought:
            raise UserError(
                self.env._(
                    "%(product)s: %(left)s left to give back.",
                    product=line.product_id.display_name,
                    left=int(bought - asked),
                )
            )
        value = line.price_total * (quantity + asked) / bought - sum(earlier.mapped("amount"))
        return {"order_line_id": line.id, "quantity": quantity, "amount": line.currency_id.round(value)}

    def _lock_requested(self):
        """Let the first of two decisions through.

        :raise UserError: when it is decided already
        """
        wait_in_line(self)
        decided = self.filtered(lambda request: request.state != "requested")
        if decided:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._("%(name)s is %(state)s already.", name=decided[0].name, state=labels[decided[0].state])
            )

    def _refuse(self, reason):
        self._lock_requested()
        self.write({"state": "refused", "refuse_reason": reason})

    def _withdraw(self):
        self._lock_requested()
        self.state = "cancel"

    def _get_shop_status(self):
        """Return where the request stands for the customer.

        :return: requested, refused, cancelled, processing, refunded or failed
        :rtype: str
        """
        self.ensure_one()
        if self.state == "approved":
            return {"done": "refunded", "error": "failed", "cancel": "failed"}.get(self.refund_state, "processing")
        return {"requested": "requested", "refused": "refused", "cancel": "cancelled"}[self.state]
