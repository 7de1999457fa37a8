# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


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

    def _is_awaiting_wechat_payment(self):
        """Tell whether the order was placed in a mini-program and can still be paid."""
        self.ensure_one()
        return bool(self.wechat_account_id) and self.state == "sent"
