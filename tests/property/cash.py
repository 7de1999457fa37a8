# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Money of customers, told to Odoo and to the model: amounts with taxes, in the order's currency."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from .order import Order
from .refunds import Payment

PAID = ("paid", "in_payment")


@dataclass(eq=False)
class Transaction:
    """A payment transaction with what can still be captured, or given back, in fen."""

    record: object
    order: Order
    is_authorized: bool
    left: int


class Cash:
    """What customers and their banks do; part of `drive.Drive`."""

    # === PAYMENT TRANSACTIONS === #

    def _do_charge(self, pick, percent, is_authorized):
        """Pay a part of an order, or more than it costs, or only have it authorized."""
        record, order = self._order(pick)
        fen = int(order.total * percent) if order else 0
        if fen <= 0:
            return False
        transaction = self.env["payment.transaction"].create(self._prepare_transaction_vals(record, fen))
        if is_authorized:
            # As a provider does that supports it.
            self.env.cr.execute("UPDATE payment_transaction SET state = 'authorized' WHERE id = %s", [transaction.id])
            transaction.invalidate_recordset(["state"], flush=False)
        else:
            transaction._set_done()
            self._note_payment(order, fen)
        self.transactions.append(Transaction(transaction, order, bool(is_authorized), fen))
        return True

    def _prepare_transaction_vals(self, record, fen):
        reference = self.env["payment.transaction"]._compute_reference("none", prefix=record.name)
        return {
            "provider_id": self.stage.wallet.id,
            "payment_method_id": self.stage.wallet_method.id,
            "reference": reference,
            "amount": fen / 100,
            "currency_id": record.currency_id.id,
            "partner_id": record.partner_id.id,
            "operation": "online_direct",
            "sale_order_ids": [(6, 0, record.ids)],
        }

    def _note_payment(self, order, fen):
        order.payments.append(Payment(self.model.now, Fraction(fen, 100)))

    def _transaction(self, pick, is_authorized):
        found = [each for each in self.transactions if each.left and each.is_authorized == is_authorized]
        return found[pick % len(found)] if found else None

    def _do_capture(self, pick, percent, is_wanted):
        """Capture a part of what was authorized, or give it up (0)."""
        source = self._transaction(pick, is_authorized=True)
        if not source:
            return False
        fen = -(-source.left * percent // 100)
        child = source.record._create_child_transaction(fen / 100)
        source.left -= fen
        if is_wanted:
            child._set_done()
            self._note_payment(source.order, fen)
            self.transactions.append(Transaction(child, source.order, False, fen))
        else:
            child._set_canceled()
        return True

    def _do_refund(self, pick, percent):
        source = self._transaction(pick, is_authorized=False)
        if not source:
            return False
        fen = -(-source.left * percent // 100)
        source.record._create_child_transaction(fen / 100, is_refund=True)._set_done()
        source.left -= fen
        self._note_payment(source.order, -fen)
        return True

    # === PAYMENTS OF INVOICES === #

    def _do_pay_invoice(self, pick, percent):
        """Register a payment of a part of what is open of an invoice."""
        _order, invoice = self._document(pick, "posted", only_invoices=True)
        record = self.env["account.move"].browse(invoice.number if invoice else [])
        fen = int(Decimal(repr(record.amount_residual)) * percent) if invoice else 0
        if fen <= 0:
            return False
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=record.ids)
        vals = {"payment_date": self.model.now.date(), "amount": fen / 100}
        self.payments.append(wizard.create(vals)._create_payments())
        return True

    def _do_unpay(self, pick):
        """A payment turns out not to have come."""
        if not self.payments:
            return False
        payment = self.payments.pop(pick % len(self.payments))
        payment.action_draft()
        payment.action_cancel()
        return True

    def _note_paid_invoices(self):
        """Say what the books say of invoices: paid since when, or undone by credit notes alone."""
        for _record, order in self.orders:
            for invoice in order.invoices:
                record = self.env["account.move"].browse(invoice.number)
                matched = record.line_ids._all_reconciled_lines()
                is_paid = not invoice.is_credit and record.payment_state in PAID
                invoice.paid_on = max([invoice.day, *matched.mapped("date")]) if is_paid else None
                invoice.undone = record.payment_state == "reversed"
