# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.fields import Domain

# For orders that nobody earns on; the others have the days of their program.
RECEIPT_DAYS = 10


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
