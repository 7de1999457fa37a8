# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

CORRECTIONS = {"quantity", "to_refund"}


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        """Override of `stock`: goods that left or came back change what orders earn."""
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        moves._converge_commission()
        return moves

    def _action_cancel(self):
        """Override of `stock`: goods that will not leave any more bear no part of their order's discounts."""
        result = super()._action_cancel()
        discounted = self.sudo().sale_line_id.order_id.filtered(lambda order: order._filter_discount_lines())
        discounted.env["distribution.commission.term"]._converge(discounted)
        return result

    def write(self, vals):
        """Override of `stock`: quantities and the refund mark of done moves may still be corrected."""
        if CORRECTIONS.isdisjoint(vals):
            return super().write(vals)
        # Done before this: what becomes done is looked at once, in _action_done.
        corrected = self.filtered(lambda move: move.state == "done")
        result = super().write(vals)
        corrected._converge_commission()
        return result

    def _converge_commission(self):
        if not self:
            return
        # Warehouse staff has no rights on orders. What goods do says nothing of other orders' refunds.
        orders = self.sudo().sale_line_id.order_id
        orders.env["distribution.commission.term"]._converge(orders)
