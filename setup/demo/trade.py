"""Orders, deliveries, invoices and returns, each by Odoo's own flow."""

from odoo import Command

from .clock import moment
from .sample import DISCOUNT, DISCOUNT_NOTE, SHIPPING

LINES_FOR_WIZARD = 20


class Trader:
    """Plays the trade of the company; knows its products and customers."""

    def __init__(self, env, products, customers):
        self.env = env
        self.products = products
        self.customers = customers
        self.orders = {}

    def confirm(self, planned):
        """Create the order of an invoice number and confirm it."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customers[planned.customer].id,
                "client_order_ref": planned.invoice,
                "origin": "Online Retail sample",
                "date_order": moment(planned.day, planned.ordered),
                "order_line": [
                    Command.create(self.line_vals(line, position)) for position, line in enumerate(planned.lines)
                ],
            }
        )
        order.action_confirm()
        self.orders[planned.invoice] = order

    def line_vals(self, line, position):
        """Return the values of an order line; its sequence is the row's position in the order."""
        return {
            "product_id": self.products[line.code].id,
            "product_uom_qty": line.quantity,
            "price_unit": float(line.price),
            "sequence": position + 1,
            "is_delivery": line.code == SHIPPING,
        }

    def deliver(self, planned):
        """Send all goods of the order."""
        self.validate(self.orders[planned.invoice].picking_ids)

    def validate(self, picking):
        """Validate a picking with all that was asked for."""
        for move in picking.move_ids:
            if move.quantity != move.product_uom_qty:
                move.quantity = move.product_uom_qty
        picking.move_ids.picked = True
        picking.with_context(skip_backorder=True).button_validate()

    def invoice(self, planned, day):
        """Invoice the whole order and post it."""
        order = self.orders[planned.invoice]
        for line in order.order_line.filtered(lambda line: line.product_id.type == "service"):
            line.qty_delivered = line.product_uom_qty
        invoice = order._create_invoices()
        invoice.invoice_date = day
        invoice.action_post()

    def order_line(self, planned_return):
        """Return the order line that goods come back of."""
        lines = self.orders[planned_return.invoice].order_line
        return lines.filtered(lambda line: line.sequence == planned_return.position + 1)

    def take_back(self, planned_return):
        """Receive the goods by the return wizard, to be refunded."""
        line = self.order_line(planned_return)
        move = line.move_ids.filtered(lambda move: not move.origin_returned_move_id)
        wizard = self.env["stock.return.picking"].create({"picking_id": move.picking_id.id})
        returned = wizard.product_return_moves.filtered(lambda row: row.move_id == move)
        returned.write({"quantity": planned_return.quantity, "to_refund": True})
        picking = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        picking.note = planned_return.label
        self.validate(picking)

    def credit(self, planned_return, day):
        """Credit the goods and post.

        Invoices of up to 20 lines are reversed by Odoo's wizard. It copies every line only to have all but one deleted,
        so the credit notes to longer ones are written by hand; the two are the same to the books.
        """
        line = self.order_line(planned_return)
        invoice = line.invoice_lines.move_id.filtered(lambda move: move.move_type == "out_invoice")
        write = self.reverse_by_wizard if len(invoice.invoice_line_ids) <= LINES_FOR_WIZARD else self.write_credit_note
        write(line, invoice, planned_return, day).action_post()

    def reverse_by_wizard(self, line, invoice, planned_return, day):
        """Reverse the invoice, and keep the one line and quantity of the draft."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"date": day, "reason": planned_return.label, "journal_id": invoice.journal_id.id})
        )
        note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        kept = note.invoice_line_ids.filtered(lambda row: line in row.sale_line_ids)
        commands = [Command.delete(row.id) for row in note.invoice_line_ids - kept]
        note.write({"invoice_line_ids": [*commands, Command.update(kept.id, {"quantity": planned_return.quantity})]})
        return note

    def write_credit_note(self, line, invoice, planned_return, day):
        """Create a credit note of the one line that names the invoice it reverses."""
        return self.env["account.move"].create(
            {
                **line.order_id._prepare_invoice(),
                "move_type": "out_refund",
                "reversed_entry_id": invoice.id,
                "invoice_date": day,
                "ref": f"Reversal of: {invoice.name}, {planned_return.label}",
                "invoice_line_ids": [Command.create(line._prepare_invoice_line(quantity=planned_return.quantity))],
            }
        )

    def credit_discount(self, lines, day):
        """Post the discount that concerns no order of the sample, a credit note by itself (section 4)."""
        row = next(line for line in lines if line.invoice == DISCOUNT_NOTE)
        note = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customers[row.customer].id,
                "invoice_date": day,
                "ref": f"{DISCOUNT_NOTE}: a discount on no order of the sample",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": self.products[DISCOUNT].id,
                            "quantity": -row.quantity,
                            "price_unit": float(row.price),
                        }
                    )
                ],
            }
        )
        note.action_post()
