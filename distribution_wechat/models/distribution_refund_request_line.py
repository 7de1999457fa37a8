# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class DistributionRefundRequestLine(models.Model):
    _name = "distribution.refund.request.line"
    _description = "Refund Request Line"

    request_id = fields.Many2one(
        comodel_name="distribution.refund.request", required=True, index=True, ondelete="cascade", readonly=True
    )
    order_line_id = fields.Many2one(
        comodel_name="sale.order.line", required=True, index=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True, index=True)
    product_id = fields.Many2one(related="order_line_id.product_id")
    currency_id = fields.Many2one(related="request_id.currency_id")
    quantity = fields.Float(digits="Product Unit", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)

    _quantity_positive = models.Constraint("CHECK(quantity > 0)", "At least one piece is given back.")
