# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.fields import Command
from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestCasesReturns(CommissionCommon):
    """Goods that come back and money that is given back; the numbers are those of readme/USAGE.md."""

    def _sell_and_deliver(self, *args, **kwargs):
        order = self._sell(*args, **kwargs)
        return order, self._deliver(order)

    def _exchange(self, picking, quantity):
        """Take goods back and send others in their place, by Odoo's own button."""
        context = {"active_id": picking.id, "active_model": "stock.picking"}
        wizard = self.env["stock.return.picking"].with_context(**context).create({})
        wizard.product_return_moves.quantity = quantity
        back = self.env["stock.picking"].browse(wizard.action_create_exchanges()["res_id"])
        back.move_ids.quantity = quantity
        back.move_ids.picked = True
        back.button_validate()
        return back

    def test_partial_returns_in_steps(self):
        order, picking = self._sell_and_deliver(3, 33.33)
        self.assertEarned(order, "10", "5", "2")
        self._return(picking, 1)
        self.assertEarned(order, "6.67", "3.33", "1.33")
        self._return(picking, 1)
        self.assertEarned(order, "3.33", "1.67", "0.67")
        self._return(picking, 1)
        self.assertEarned(order, "0", "0", "0")
        self.assertReplayAddsNothing(order)

    def test_return_without_refund(self):
        order, picking = self._sell_and_deliver(10)
        self._invoice(order)
        self._return(picking, 3)
        self.assertEarned(order, "70", "35", "14")

    def test_refund_without_return_by_credit_note(self):
        order, _picking = self._sell_and_deliver(10)
        self._credit(self._invoice(order), quantity=3)
        self.assertEarned(order, "70", "35", "14")

    def test_refund_without_return_nor_invoice(self):
        order, _picking = self._sell_and_deliver(10)
        self._refund_online(self._pay_online(order), 250)
        self.assertEarned(order, "75", "37.50", "15")
        entry = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)], limit=1)
        self.assertIn("750.00 invoiced or to be invoiced", entry.why)
        self.assertIn(f"without 250.00 {order.currency_id.name} that were refunded and not credited", entry.why)
        self.assertReplayAddsNothing(order)

    def test_repair_changes_nothing(self):
        order, picking = self._sell_and_deliver(10)
        back = self._return(picking, 3, to_refund=False)
        self._return(back, 3, to_refund=False)
        self.assertEarned(order, "100", "50", "20")

    def test_exchange_earns_once(self):
        order, picking = self._sell_and_deliver(10)
        invoice = self._invoice(order)
        self._exchange(picking, 3)
        self.assertEarned(order, "70", "35", "14")
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")
        self._credit(invoice, price=10)
        self.assertEarned(order, "90", "45", "18")

    def test_price_reduction_by_credit_note(self):
        order, _picking = self._sell_and_deliver(10)
        self._credit(self._invoice(order), price=33.33)
        self.assertEarned(order, "66.67", "33.34", "13.33")

    def test_price_reduction_and_return_of_the_same_pieces(self):
        order, picking = self._sell_and_deliver(10)
        invoice = self._invoice(order)
        self._credit(invoice, price=10)
        self.assertEarned(order, "90", "45", "18")
        # Three pieces for what is left of their price, 90.00 each.
        self._return(picking, 3)
        self.assertEarned(order, "70", "35", "14")
        self._credit(invoice, quantity=3, price=90)
        self.assertEarned(order, "63", "31.50", "12.60")

    def _return_of_what_is_invoiced_in_part(self):
        """Send 12, invoice 10, take 3 back, and return the invoice."""
        order, picking = self._sell_and_deliver(12)
        invoice = self._invoice_part(order, 10)
        self._return(picking, 3)
        self.assertEarned(order, "90", "45", "18")
        return order, invoice

    def test_return_is_credited_less_a_fee_before_all_is_invoiced(self):
        order, invoice = self._return_of_what_is_invoiced_in_part()
        self._credit(invoice, quantity=3, price=90)
        self.assertEarned(order, "90", "45", "18")
        self._credit(invoice, price=10)
        self.assertEarned(order, "83", "41.50", "16.60")

    def test_return_is_credited_as_an_amount_before_all_is_invoiced(self):
        order, invoice = self._return_of_what_is_invoiced_in_part()
        credit = self._credit(invoice, post=False)
        loose = {"name": "Three came back", "quantity": 1, "price_unit": 300, "tax_ids": False}
        credit.invoice_line_ids = [Command.clear(), Command.create(loose)]
        credit.action_post()
        self.assertEarned(order, "90", "45", "18")

    def test_pieces_are_credited_after_others_were_exchanged(self):
        order, picking = self._sell_and_deliver(10)
        invoice = self._invoice(order)
        self._exchange(picking, 3)
        self._deliver(order)
        self._credit(invoice, quantity=2)
        self.assertEarned(order, "80", "40", "16")

    def test_more_comes_back_of_a_delivery_than_it_had(self):
        order = self._sell(10)
        first = self._deliver(order, {self.goods: 5})
        self._deliver(order)
        self._return(first, 7)
        self.assertEarned(order, "30", "15", "6")

    def test_price_reduction_where_another_piece_comes_back_before_its_invoice(self):
        for trigger in ("shipped", "paid"):
            self.program.trigger = trigger
            order = self._sell(2)
            self._pay_online(order)
            picking = self._deliver(order)
            invoice = self._invoice_part(order, 1)
            self._credit(invoice, price=10)
            self.assertEarned(order, "19", "9.50", "3.80")
            self._return(picking, 1)
            self.assertEarned(order, "9", "4.50", "1.80")


@tagged("post_install", "-at_install")
class TestCasesRefunds(CommissionCommon):
    """Money given back by the way it was paid: R, of an order of three mugs at 100.00 and a bowl at 100.00."""

    def setUp(self):
        super().setUp()
        self.order = self._sell(lines=[(self.goods, 3, 100.0), (self.goods_b, 1, 100.0)])
        self.picking = self._deliver(self.order)
        self.tx = self._pay_online(self.order)

    def assertByLine(self, *amounts):
        groups = self.entry_model._read_group(
            [("order_id", "=", self.order.id), ("level", "=", 1)], ["line_id"], ["amount:sum"], order="line_id"
        )
        self.assertEqual([amount for _line, amount in groups], list(amounts))

    def test_refund_is_shared_by_value(self):
        self._refund_online(self.tx, 40)
        self.assertByLine(27.0, 9.0)
        self.assertEarned(self.order, "36", "18", "7.20")

    def test_shares_lose_no_fen(self):
        self._refund_online(self.tx, 10.02)
        # 7.515 and 2.505: the last fen goes to the earlier line.
        entries = [("order_id", "=", self.order.id), ("level", "=", 1)]
        bases = self.entry_model._read_group(entries, ["line_id"], ["base:sum"], order="line_id")
        self.assertEqual([base for _line, base in bases], [292.48, 97.5])
        self.assertEarned(self.order, "39", "19.50", "7.80")

    def test_refund_of_what_came_back(self):
        self._return(self.picking, 1, self.goods_b)
        self.assertByLine(30.0, 0.0)
        self._refund_online(self.tx, 100)
        self.assertByLine(30.0, 0.0)

    def test_refund_of_what_came_back_after_its_price_was_reduced(self):
        credit = self._credit(self._invoice(self.order), price=10, post=False)
        credit.invoice_line_ids.filtered(lambda item: item.product_id == self.goods_b).unlink()
        credit.action_post()
        self._refund_online(self.tx, 30)
        self.assertByLine(27.0, 10.0)
        self._return(self.picking, 1)
        self._refund_online(self.tx, 90)
        self.assertByLine(18.0, 10.0)

    def test_refund_of_more_than_came_back(self):
        self._return(self.picking, 1, self.goods_b)
        self._refund_online(self.tx, 130)
        self.assertByLine(27.0, 0.0)

    def test_refund_before_it_comes_back(self):
        self._refund_online(self.tx, 100)
        self.assertByLine(22.5, 7.5)
        self._return(self.picking, 1, self.goods_b)
        self.assertByLine(30.0, 0.0)

    def test_refund_that_a_credit_note_covers_counts_once(self):
        invoice = self._invoice(self.order)
        self._refund_online(self.tx, 100)
        self.assertEarned(self.order, "30", "15", "6")
        credit = self._credit(invoice, post=False)
        credit.invoice_line_ids[0].quantity = 0
        credit.action_post()
        self.assertByLine(30.0, 0.0)

    def test_refund_beyond_the_credit_note(self):
        invoice = self._invoice(self.order)
        credit = self._credit(invoice, post=False)
        credit.invoice_line_ids[0].quantity = 0
        credit.action_post()
        self._refund_online(self.tx, 130)
        self.assertByLine(27.0, 0.0)

    def test_refund_of_everything(self):
        self._refund_online(self.tx, 400)
        self.assertEarned(self.order, "0", "0", "0")
        self.assertReplayAddsNothing(self.order)

    def test_refund_of_a_refund_that_failed(self):
        refund = self.tx._create_child_transaction(100, is_refund=True)
        self.assertByLine(30.0, 10.0)
        refund._set_error("No money")
        self.assertByLine(30.0, 10.0)
        refund._set_done()
        self.assertByLine(22.5, 7.5)

    def test_second_payment_given_back_is_no_refund(self):
        self._refund_online(self._pay_online(self.order), 400)
        self.assertEarned(self.order, "40", "20", "8")

    def test_quantity_reduced_and_the_difference_given_back(self):
        self._return(self.picking, 1, self.goods)
        self.order.order_line[0].product_uom_qty = 2
        self._refund_online(self.tx, 100)
        self.assertByLine(20.0, 10.0)

    def test_line_that_earns_nobody_anything_bears_its_part(self):
        bowl = {"product_scope": "variant", "product_id": self.goods_b.id}
        self.env["distribution.commission.rule"].create(
            [{"program_id": self.program.id, "level": level, "rate": 0, **bowl} for level in self.rates]
        )
        order = self._sell(lines=[(self.goods, 3, 100.0), (self.goods_b, 1, 100.0)])
        self._deliver(order)
        self._refund_online(self._pay_online(order), 40)
        self.assertEarned(order, "27", "13.50", "5.40")


@tagged("post_install", "-at_install")
class TestCasesRefundsOfParts(CommissionCommon):
    """Money given back before everything was sent, and after an invoice was issued again; see readme/USAGE.md."""

    def _pending(self, order):
        self.env.flush_all()
        terms = self.term_model.search([("order_id", "=", order.id), ("level", "=", 1)], order="line_id")
        terms.invalidate_recordset(["pending_amount"])
        return terms.mapped("pending_amount")

    def _issue_again(self, invoice):
        """Reverse an invoice and issue it again, by Odoo's own button."""
        context = {"active_model": "account.move", "active_ids": invoice.ids}
        wizard = self.env["account.move.reversal"].with_context(**context).create({"journal_id": invoice.journal_id.id})
        again = self.env["account.move"].browse(wizard.modify_moves()["res_id"])
        again.action_post()
        return again

    def test_refund_of_what_is_not_sent_takes_nothing_of_what_is(self):
        order = self._sell(10)
        tx = self._pay_online(order)
        self._deliver(order, {self.goods: 6})
        self.assertEarned(order, "60", "30", "12")
        self._refund_online(tx, 400)
        self.assertEarned(order, "60", "30", "12")
        self.assertEqual(self._pending(order), [0.0])
        self._refund_online(tx, 50)
        self.assertEarned(order, "55", "27.50", "11")
        # What is sent after all was not paid for.
        self._deliver(order)
        self.assertEarned(order, "55", "27.50", "11")
        self.assertReplayAddsNothing(order)

    def test_quantity_reduced_later_changes_nothing_any_more(self):
        order = self._sell(10)
        tx = self._pay_online(order)
        self._deliver(order, {self.goods: 6})
        self._refund_online(tx, 400)
        order.order_line.product_uom_qty = 6
        self.assertEarned(order, "60", "30", "12")

    def test_refund_of_another_line_that_is_not_sent(self):
        order = self._sell(lines=[(self.goods, 3, 100.0), (self.goods_b, 1, 100.0)])
        tx = self._pay_online(order)
        self._deliver(order, {self.goods: 3})
        self._refund_online(tx, 100)
        self.assertEarned(order, "30", "15", "6")
        self.assertEqual(self._pending(order), [0.0, 0.0])

    def test_refund_of_what_came_back_before_all_is_sent(self):
        order = self._sell(lines=[(self.goods, 3, 100.0), (self.goods_b, 2, 100.0)])
        tx = self._pay_online(order)
        picking = self._deliver(order, {self.goods: 3, self.goods_b: 1})
        self._return(picking, 1, self.goods_b)
        self.assertEarned(order, "30", "15", "6")
        self._refund_online(tx, 100)
        self.assertEarned(order, "30", "15", "6")
        self._deliver(order)
        self.assertEarned(order, "40", "20", "8")

    def test_refund_of_what_is_invoiced_and_not_sent(self):
        order = self._sell(10)
        tx = self._pay_online(order)
        self._invoice(order)
        self._deliver(order, {self.goods: 6})
        self._refund_online(tx, 400)
        self.assertEarned(order, "60", "30", "12")
        self._refund_online(tx, 50)
        self.assertEarned(order, "55", "27.50", "11")

    def test_refund_after_what_is_not_sent_was_credited(self):
        order = self._sell(10)
        tx = self._pay_online(order)
        invoice = self._invoice(order)
        self._deliver(order, {self.goods: 6})
        self._credit(invoice, quantity=4)
        self._refund_online(tx, 400)
        self.assertEarned(order, "60", "30", "12")
        self._refund_online(tx, 50)
        self.assertEarned(order, "55", "27.50", "11")

    def test_refund_of_a_service_that_is_not_done(self):
        order = self._sell(lines=[(self.service, 4, 50.0)])
        tx = self._pay_online(order)
        self._invoice_part(order, 1)
        self._refund_online(tx, 150)
        self.assertEarned(order, "5", "2.50", "1")

    def test_refund_of_what_is_not_invoiced(self):
        for trigger in ("invoiced", "invoice_paid"):
            self.program.trigger = trigger
            order = self._sell(10)
            tx = self._pay_online(order)
            self._deliver(order)
            invoice = self._invoice_part(order, 6)
            if trigger == "invoice_paid":
                self._pay_invoice(invoice)
            self.assertEarned(order, "60", "30", "12")
            self._refund_online(tx, 400)
            self.assertEarned(order, "60", "30", "12")

    def test_refund_of_what_is_sent_and_not_received(self):
        self.program.trigger = "received"
        order = self._sell(10)
        tx = self._pay_online(order)
        self._deliver(order, {self.goods: 6})._confirm_receipt()
        self._deliver(order)
        self._refund_online(tx, 400)
        self.assertEarned(order, "60", "30", "12")

    def test_paid_order_earns_before_it_is_sent_and_gives_back_of_all(self):
        self.program.trigger = "paid"
        order = self._sell(10)
        tx = self._pay_online(order)
        self._deliver(order, {self.goods: 6})
        self._refund_online(tx, 400)
        self.assertEarned(order, "60", "30", "12")

    def test_refund_after_an_invoice_was_issued_again(self):
        order = self._sell(10)
        tx = self._pay_online(order)
        self._deliver(order)
        invoice = self._invoice(order)
        again = self._issue_again(invoice)
        self.assertEarned(order, "100", "50", "20")
        self._refund_online(tx, 100)
        self.assertEarned(order, "90", "45", "18")
        # It is credited in the end, and counts once.
        self._credit(again, quantity=1)
        self.assertEarned(order, "90", "45", "18")

    def _refund_what_came_back(self):
        """Sell 10 and be paid online; 3 come back, are credited and refunded: return the order."""
        (self.goods | self.goods_b).invoice_policy = "delivery"
        order = self._sell(10)
        tx = self._pay_online(order)
        picking = self._deliver(order)
        invoice = self._invoice(order)
        back = self._return(picking, 3)
        self._credit(invoice, quantity=3)
        self._refund_online(tx, 300)
        self.assertEarned(order, "70", "35", "14")
        return order, back

    def test_what_replaces_goods_that_were_refunded_is_invoiced(self):
        order, back = self._refund_what_came_back()
        self._return(back, 3)
        self.assertEarned(order, "70", "35", "14")
        invoice = self._invoice(order)
        self.assertEqual(invoice.amount_total, 300.0)
        self.assertEarned(order, "100", "50", "20")

    def test_what_is_added_after_a_refund_is_invoiced(self):
        order, _back = self._refund_what_came_back()
        order.order_line.product_uom_qty = 7
        order.order_line = [Command.create({"product_id": self.goods_b.id, "product_uom_qty": 5, "price_unit": 100})]
        self._deliver(order)
        self.assertEarned(order, "120", "60", "24")
        self.assertEqual(self._invoice(order).amount_total, 500.0)
        self.assertEarned(order, "120", "60", "24")

    def test_refund_after_an_exchange_and_a_corrected_invoice(self):
        order = self._sell(10)
        tx = self._pay_online(order)
        picking = self._deliver(order)
        invoice = self._invoice(order)
        self._return(self._return(picking, 3), 3)
        self._credit(invoice)
        self._invoice(order)
        self.assertEarned(order, "100", "50", "20")
        self._refund_online(tx, 100)
        self.assertEarned(order, "90", "45", "18")

    def test_refunds_of_orders_that_are_looked_at_together(self):
        """What one of them replaces says nothing of another's refund."""
        order, back = self._refund_what_came_back()
        self._return(back, 3)
        self._invoice(order)
        other = self._sell(10)
        tx = self._pay_online(other)
        self._deliver(other)
        self._credit(self._invoice(other))
        self._invoice(other)
        self._refund_online(tx, 100)
        self.env["distribution.commission.term"].sudo()._converge(order | other)
        self.assertEarned(order, "100", "50", "20")
        self.assertEarned(other, "90", "45", "18")

    def test_refund_of_a_line_that_was_invoiced_again(self):
        order = self._sell(lines=[(self.goods, 3, 100.0), (self.goods_b, 1, 100.0)])
        tx = self._pay_online(order)
        self._deliver(order)
        self._issue_again(self._invoice(order))
        self._refund_online(tx, 40)
        self.assertEarned(order, "36", "18", "7.20")

    def test_refund_with_taxes_of_what_is_not_sent(self):
        tax = self.env["account.tax"].create(
            {"name": "13 %", "amount": 13, "price_include_override": "tax_included", "company_id": self.company.id}
        )
        order = self._create_order(None, [(self.goods, 10, 113.0)])
        order.order_line.tax_ids = tax
        order.action_confirm()
        tx = self._pay_online(order)
        self._deliver(order, {self.goods: 6})
        self._refund_online(tx, 452)
        self.assertEarned(order, "60", "30", "12")
        self._refund_online(tx, 113)
        self.assertEarned(order, "50", "25", "10")
