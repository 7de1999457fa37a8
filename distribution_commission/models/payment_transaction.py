# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models

from ..engine.money import exact
from ..engine.refunds import Payment


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment`: a payment or refund may come into the world done."""
        transactions = super().create(vals_list)
        transactions.filtered(lambda tx: tx.state == "done")._converge_commission()
        return transactions

    def write(self, vals):
        """Override of `payment`: what is paid or given back changes what orders earn, whoever records it."""
        result = super().write(vals)
        if not {"state", "amount", "sale_order_ids", "invoice_ids", "source_transaction_id"}.isdisjoint(vals):
            self.filtered(lambda tx: tx.state in ("done", "cancel", "error"))._converge_commission()
        return result

    # === BUSINESS METHODS === #

    def _converge_commission(self):
        # Payments are processed in the name of whoever pays.
        transactions = self.sudo()
        sources = transactions.source_transaction_id
        linked = transactions | sources | sources.source_transaction_id
        orders = linked.sale_order_ids | linked.invoice_ids.invoice_line_ids.sale_line_ids.order_id
        orders._converge_commission()

    def _get_commission_payments(self, order):
        """Return what this transaction has paid for an order, and its refunds.

        What was captured in parts counts with these parts; authorized money is none yet.

        :return: in the order's currency
        :rtype: list of engine.refunds.Payment
        """
        self.ensure_one()
        captures = self.child_transaction_ids.filtered(lambda tx: tx.operation != "refund")
        refunds = (self | captures).child_transaction_ids - captures
        share = self._get_commission_order_share(order)
        return [
            Payment(tx.last_state_change, tx._get_commission_amount(order) * share)
            for tx in (captures or self) | refunds
            if tx.state == "done" and tx.operation != "validation" and share
        ]

    def _get_commission_order_share(self, order):
        """Return which part of a transaction is for an order: several orders share one by their totals.

        :rtype: Fraction
        """
        orders = self.sale_order_ids or self.invoice_ids.invoice_line_ids.sale_line_ids.order_id
        total = sum(exact(each.amount_total) for each in orders)
        if order not in orders or not total:
            return exact(0)
        return exact(order.amount_total) / total

    def _get_commission_amount(self, order):
        amount = -abs(self.amount) if self.operation == "refund" else self.amount
        if self.currency_id == order.currency_id:
            return exact(amount)
        date = self.last_state_change.date()
        return exact(self.currency_id._convert(amount, order.currency_id, order.company_id, date))
