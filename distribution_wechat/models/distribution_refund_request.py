# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from odoo.addons.distribution_commission.engine.money import exact, get_unit, round_half_up

from ..tools.locks import wait_in_line

FAILED = ("error", "cancel")


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
    is_failed = fields.Boolean(
        string="Refund Failed", compute="_compute_is_failed", search="_search_is_failed", help="Refund it again."
    )
    amount_approved = fields.Monetary(
        string="To Refund", readonly=True, help="What the merchant has agreed to, at most what was asked for."
    )

    # === COMPUTE METHODS === #

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for request in self:
            request.amount = sum(request.line_ids.mapped("amount"))

    @api.depends("refund_state")
    def _compute_is_failed(self):
        for request in self:
            request.is_failed = request.refund_state in FAILED

    @api.model
    def _search_is_failed(self, operator, value):
        if operator != "in":
            return NotImplemented
        failed = Domain("transaction_id.state", "in", FAILED)
        return Domain.OR(failed if wanted else ~failed for wanted in value)

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
        """Ask how much of it is given back."""
        self.ensure_one()
        self._check_decider()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_wechat.distribution_refund_approve_action")
        return {**action, "context": {"default_request_id": self.id, "default_amount": self.amount}}

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
        paid, refunded, refunding = order._get_wechat_amounts()
        if order.state != "sale" and paid <= refunded + refunding:
            raise UserError(self.env._("Order %s is not paid: there is nothing to give back.", order.name))
        lines_vals = [self._prepare_line_vals(line, quantity) for line, quantity in quantities.items()]
        request = self.create(
            {
                "order_id": order.id,
                "reason": reason,
                "goods_come_back": goods_come_back,
                "line_ids": [fields.Command.create(vals) for vals in lines_vals],
            }
        )
        request._call_decider()
        return request

    @api.model
    def _prepare_line_vals(self, line, quantity):
        """Return the values of a request's line: what the customer has paid for these pieces, net of the order's
        discounts, and the last cent with the last piece."""
        earlier = self.env["distribution.refund.request.line"].search(
            [("order_line_id", "=", line.id), ("request_id.state", "in", ("requested", "approved"))]
        )
        # What WeChat has refused was not given back.
        earlier = earlier.filtered(lambda part: not part.request_id.is_failed)
        asked, bought = sum(earlier.mapped("quantity")), line.product_uom_qty
        if quantity + asked > bought:
            raise UserError(
                self.env._(
                    "%(product)s: %(left)s left to give back.",
                    product=line.product_id.display_name,
                    left=int(bought - asked),
                )
            )
        unit = get_unit(line.currency_id.rounding)
        worth = exact(line.price_total) * line.order_id._get_commission_discount_factor()
        due = round_half_up(worth * exact(quantity + asked) / exact(bought), unit)
        amount = due - sum((Decimal(repr(part.amount)) for part in earlier), Decimal(0))
        return {"order_line_id": line.id, "quantity": quantity, "amount": float(amount)}

    def _call_decider(self):
        """Put the request on somebody's list, in nobody's name: a mail about it would carry the customer's."""
        for request in self.with_user(SUPERUSER_ID).with_context(mail_activity_quick_update=True):
            user = request._get_decider()
            if user:
                request.activity_schedule(
                    "mail.mail_activity_data_todo", summary=self.env._("Decide about a refund"), user_id=user.id
                )

    def _get_decider(self):
        """Return whoever sells the order, else somebody of the company who may decide."""
        self.ensure_one()
        order = self.order_id
        groups = [self.env.ref("sales_team.group_sale_manager").id]
        groups.append(self.env.ref("distribution_core.group_distribution_finance").id)
        domain = [("company_ids", "in", order.company_id.id), ("all_group_ids", "in", groups), ("share", "=", False)]
        return order.user_id or order.team_id.user_id or self.env["res.users"].search(domain, limit=1)

    def _approve(self, amount):
        """Give money back over the payment's own way, and see to it that nothing refunded is shipped.

        :param Decimal amount: at most what was asked for
        :raise UserError: when it is decided already, or not so much is left of the payment
        """
        self.ensure_one()
        self._lock_undecided()
        if not 0 < amount <= Decimal(repr(self.amount)):
            asked = self.currency_id.format(self.amount)
            raise UserError(self.env._("The amount lies between nothing and the %s asked for.", asked))
        refund = self.order_id._refund_by_wechat(amount, self.env._("Refund %s", self.name))
        self.write({"state": "approved", "transaction_id": refund.id, "amount_approved": float(amount)})
        self.activity_ids.action_feedback(feedback=self.env._("Approved."))
        if not self.goods_come_back:
            self._warn_of_open_delivery()

    def _warn_of_open_delivery(self):
        """Tell whoever ships that pieces of the order are given up."""
        opened = self.order_id.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        products = ", ".join(f"{line.product_id.display_name} × {line.quantity:g}" for line in self.line_ids)
        for picking in opened:
            note = self.env._("Refunded before it was shipped, do not ship: %s", products)
            picking.message_post(body=note)
            picking.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("Refunded before shipping"),
                note=note,
                user_id=(picking.user_id or self._get_decider() or self.env.user).id,
            )

    def _lock_undecided(self):
        """Let the first of two decisions through; what WeChat has refused can be decided again.

        :raise UserError: when it is decided already
        """
        wait_in_line(self.order_id)
        wait_in_line(self)
        decided = self.filtered(lambda request: request.state != "requested" and not request.is_failed)
        if decided:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._("%(name)s is %(state)s already.", name=decided[0].name, state=labels[decided[0].state])
            )

    def _refuse(self, reason):
        self._lock_undecided()
        self.write({"state": "refused", "refuse_reason": reason})
        self.activity_ids.action_feedback(feedback=reason)

    def _withdraw(self):
        self._lock_undecided()
        self.state = "cancel"
        self.activity_ids.unlink()

    def _get_shop_status(self):
        """Return where the request stands for the customer.

        :return: requested, refused, cancelled, processing, refunded or failed
        :rtype: str
        """
        self.ensure_one()
        if self.state == "approved":
            return {"done": "refunded", "error": "failed", "cancel": "failed"}.get(self.refund_state, "processing")
        return {"requested": "requested", "refused": "refused", "cancel": "cancelled"}[self.state]
