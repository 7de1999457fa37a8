# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from ..engine.money import exact


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    distribution_distributor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        string="Distributor",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        help="Ties the commission accounts to the commission ledger.",
    )

    def _get_commission_role(self):
        """Return what the line is for commission: as its order line, else a `discount` or `loose`, of no order.

        :rtype: str
        """
        self.ensure_one()
        if self.sale_line_ids:
            return self.sale_line_ids[0]._get_commission_role()
        return "discount" if self.price_subtotal < 0 else "loose"

    def _get_commission_amount(self):
        """Return the untaxed amount in the currency of the order behind the line, or else behind its document.

        An invoice in another currency than its order is taken at its company currency value and the order's rate.

        :rtype: Fraction
        """
        self.ensure_one()
        documents = self.move_id | self.move_id.reversed_entry_id
        order = (self.sale_line_ids or documents.invoice_line_ids.sale_line_ids).order_id[:1]
        if not order or order.currency_id == self.currency_id:
            return exact(self.price_subtotal)
        sign = -1 if self.move_id.move_type == "out_invoice" else 1
        return exact(self.balance) * sign * exact(order.currency_rate)

    def _get_commission_total(self):
        """Return the amount with taxes in the currency of the order behind the line.

        :rtype: Fraction
        """
        self.ensure_one()
        if not self.price_subtotal:
            return exact(0)
        return self._get_commission_amount() * exact(self.price_total) / exact(self.price_subtotal)

    def _get_commission_quantity(self, sale_line):
        """Return the quantity in the sale line's unit of measure.

        :rtype: Fraction
        """
        self.ensure_one()
        unit, sale_unit = self.product_uom_id or sale_line.product_uom_id, sale_line.product_uom_id
        return exact(self.quantity) * exact(unit.factor) / exact(sale_unit.factor)

    @api.model
    def _reconcile_commission_payable(self, company, distributors):
        """Match what a company owes distributors with what it paid or took back, oldest first."""
        self.search(
            [
                ("account_id", "=", company.commission_payable_account_id.id),
                ("distribution_distributor_id", "in", distributors.ids),
                ("company_id", "=", company.id),
                ("reconciled", "=", False),
                ("parent_state", "=", "posted"),
            ]
        )._reconcile_commission()

    def _reconcile_commission(self):
        """Reconcile debits with credits, distributor by distributor and account by account, oldest first."""
        open_lines = self.filtered(lambda line: not line.reconciled and line.parent_state == "posted")
        for lines in open_lines.grouped(lambda line: (line.distribution_distributor_id, line.account_id)).values():
            balances = lines.mapped("balance")
            if min(balances) < 0 < max(balances):
                lines.sorted(lambda line: (line.date, line.id)).reconcile()
