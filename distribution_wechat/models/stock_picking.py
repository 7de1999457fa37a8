# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    @api.depends("state", "commission_received_on", "picking_type_code")
    def _compute_is_receivable(self):
        """Override of `distribution_commission`: in a mini-program every customer confirms, whoever earns on it."""
        result = super()._compute_is_receivable()
        for picking in self.filtered(
            lambda picking: picking.state == "done" and picking.location_dest_id.usage == "customer"
        ):
            if not picking.commission_received_on and picking._get_commission_orders().wechat_account_id:
                picking.is_receivable = True
        return result
