# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from fractions import Fraction

from odoo import api, fields, models

from ..engine.money import exact
from ..engine.refunds import Payment


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    commission_weights = fields.Json(copy=False, readonly=True)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment`: a payment or refund may come into the world done."""
        transactions = super().create(vals_list)
        done = transactions.filtered(lambda tx: tx.state == "done")
        done._freeze_commission_weights()
        done._converge_commission()
        return transactions

    def write(self, vals):
        """Override of `payment`: what is paid or given back changes what orders earn, whoever records it."""
        result = super().write(vals)
        if not {"state", "amount", "sale_order_ids", "invoice_ids", "source_transaction_id"}.isdisjoint(vals):
            self._freeze_commission_weights()
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
        parts = self._get_commission_parts()
        # What an invoice takes back of an order pays for the others.
        if parts.get(order, 0) <= 0:
            return []
        captures = self.child_transaction_ids.filtered(lambda tx: tx.operation != "refund")
        refunds = ((self | captures).child_transaction_ids - captures)._filter_commission_money()
        paid = (captures or self)._filter_commission_money()
        refund_part = self._get_commission_refund_part(order, parts, paid, refunds)
        return [
            Payment(tx.last_state_change, tx._get_commission_amount(order) * part)
            for transactions, part in ((paid, parts[order]), (refunds, refund_part))
            for tx in transactions
        ]

    def _filter_commission_money(self):
        return self.filtered(lambda tx: tx.state == "done" and tx.operation != "validation")

    def _get_commission_parts(self):
        """Return which part of a transaction is for which order: by what was asked for when it was paid.

        :return: order → part, that of all together is 1
        :rtype: dict
        """
        weights = self._get_commission_weights()
        total = sum(weights.values())
        return {order: weight / total for order, weight in weights.items()} if total else {}

    def _get_commission_weights(self):
        """Return what a transaction is to pay of each order, with taxes, in the order's currency.

        :return: order → Fraction
        :rtype: dict
        """
        orders, frozen = self._get_commission_orders(), self.commission_weights or {}
        if {str(order.id) for order in orders} == frozen.keys():
            return {order: exact(frozen[str(order.id)]) for order in orders}
        if self.sale_order_ids:
            return {order: exact(order.amount_total) for order in orders}
        return {
            order: sum((move._get_commission_total(order) for move in self.invoice_ids), Fraction(0))
            for order in orders
        }

    def _get_commission_orders(self):
        return self.sale_order_ids or self.invoice_ids.invoice_line_ids.sale_line_ids.order_id

    def _freeze_commission_weights(self):
        """Keep what several orders cost when they were paid together: one that grows takes nothing from the others."""
        done = self.sudo().filtered(lambda tx: tx.state == "done")
        sources = done.source_transaction_id
        for tx in (done | sources | sources.source_transaction_id).filtered(lambda tx: not tx.source_transaction_id):
            if len(tx._get_commission_orders()) > 1:
                weights = {str(order.id): float(weight) for order, weight in tx._get_commission_weights().items()}
                if tx.commission_weights != weights:
                    tx.commission_weights = weights

    def _get_commission_refund_part(self, order, parts, paid, refunds):
        """Return which part of the refunds is for an order: first what was credited or cancelled, the rest as it was
        paid.

        :param dict parts: of what was paid, see `_get_commission_parts`
        :rtype: Fraction
        """
        refunded = -sum((tx._get_commission_amount(order) for tx in refunds), Fraction(0))
        if len(parts) == 1 or not refunded:
            return parts[order]
        amount = sum((tx._get_commission_amount(order) for tx in paid), Fraction(0))
        owed = {each: each._get_commission_owed_back(amount * part) for each, part in parts.items() if part > 0}
        total = sum(owed.values())
        covered = min(refunded, total)
        given = (covered * owed[order] / total if total else 0) + (refunded - covered) * parts[order]
        return given / refunded

    def _get_commission_amount(self, order):
        amount = -abs(self.amount) if self.operation == "refund" else self.amount
        if self.currency_id == order.currency_id:
            return exact(amount)
        date = self.last_state_change.date()
        return exact(self.currency_id._convert(amount, order.currency_id, order.company_id, date))
