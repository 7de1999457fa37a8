# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.fields import Domain

# For orders that nobody earns on; the others have the days of their program.
RECEIPT_DAYS = 10


class StockPicking(models.Model):
    _inherit = "stock.picking"

    @api.model
    def _is_receipt_awaited(self, orders):
        """Override of `distribution_commission`: in a mini-program every customer confirms, whoever earns on it."""
        return bool(orders.wechat_account_id) or super()._is_receipt_awaited(orders)

    @api.model
    def _cron_confirm_receipts(self):
        """Override of `distribution_commission`: orders of a mini-program that nobody earns on are received, too."""
        result = super()._cron_confirm_receipts()
        overdue = (
            Domain("move_ids.sale_line_id.order_id.wechat_account_id", "!=", False)
            & Domain("move_ids.sale_line_id.order_id.distribution_program_id", "=", False)
            & Domain("state", "=", "done")
            & Domain("location_dest_id.usage", "=", "customer")
            & Domain("commission_received_on", "=", False)
            & Domain("date_done", "<=", fields.Date.add(fields.Datetime.now(), days=-RECEIPT_DAYS))
        )
        self.env["ir.cron"]._run_for_each(self.search(overdue, order="id"), type(self)._confirm_receipt)
        return result
