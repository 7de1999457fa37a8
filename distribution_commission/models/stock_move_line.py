# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models

CORRECTIONS = {"quantity", "product_uom_id"}


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    # Quantities of done deliveries are corrected here, on an unlocked transfer; the move's own is computed.

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._converge_commission()
        return lines

    def write(self, vals):
        if CORRECTIONS.isdisjoint(vals):
            return super().write(vals)
        corrected = self.filtered(lambda line: line.move_id.state == "done")
        result = super().write(vals)
        corrected._converge_commission()
        return result

    def unlink(self):
        moves = self.move_id
        result = super().unlink()
        moves.filtered(lambda move: move.state == "done")._converge_commission()
        return result

    def _converge_commission(self):
        if self:
            self.move_id.filtered(lambda move: move.state == "done")._converge_commission()
