# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from unittest.mock import patch

from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestCasesTogether(CommissionCommon):
    """Several orders on one invoice, or paid by one payment: each bears what is its own."""

    def _invoice_all(self, orders, post=True):
        invoice = orders._create_invoices(final=True)
        self.assertEqual(len(invoice), 1)
        if post:
            invoice.action_post()
        return invoice

    def _credit_order(self, invoice, order):
        credit = self._credit(invoice, post=False)
        credit.invoice_line_ids.filtered(lambda i: i.sale_line_ids.order_id != order).unlink()
        credit.action_post()
        return credit

    def _pay_together(self, orders):
        tx = self._pay_online(orders[0], sum(orders.mapped("amount_total")), state="draft")
        tx.sale_order_ids = orders
        tx._set_done()
        return tx

    def _sell_and_deliver_two(self):
        a, b = self._sell(10), self._sell(10)
        for order in (a, b):
            self._deliver(order)
        return a, b

    def test_refund_of_one_order_on_an_invoice_of_two(self):
        a, b = self._sell_and_deliver_two()
        invoice = self._invoice_all(a | b)
        tx = self._pay_invoice_online(invoice, a)
        self.assertEarned(a, "100", "50", "20")
        self.assertEqual(self._credit_order(invoice, b).amount_total, 1000)
        self.assertEarned(a, "100", "50", "20")
        self.assertEarned(b, "0", "0", "0")
        self._refund_online(tx, 1000)
        self.assertEarned(b, "0", "0", "0")
        self.assertEarned(a, "100", "50", "20")

    def test_refund_of_one_order_by_a_payment_of_two(self):
        a, b = self._sell_and_deliver_two()
        tx = self._pay_together(a | b)
        self._credit(self._invoice(a))
        self._refund_online(tx, 1000)
        self.assertEarned(a, "0", "0", "0")
        self.assertEarned(b, "100", "50", "20")

    def test_refund_of_a_cancelled_order_by_a_payment_of_two(self):
        a, b = self._sell(10), self._sell(10)
        self._deliver(a)
        tx = self._pay_together(a | b)
        b._action_cancel()
        self._refund_online(tx, 1000)
        self.assertEarned(b, "0", "0", "0")
        self.assertEarned(a, "100", "50", "20")

    def test_other_order_grows(self):
        self.program.trigger = "paid"
        a, b = self._sell(10), self._sell(10)
        self._pay_together(a | b)
        self.assertEarned(b, "100", "50", "20")
        a.order_line.product_uom_qty = 20
        self.assertEarned(b, "100", "50", "20")
        self._deliver(b)
        self.assertEarned(b, "100", "50", "20")

    def test_loose_credit_with_down_payment_of_one(self):
        a, b = self._sell_and_deliver_two()
        self._pay_down(a, 30)
        invoice = self._invoice_all(a | b)
        self.assertEqual(invoice.amount_total, 1700)
        tx = self._pay_invoice_online(invoice, a)
        credit = self._credit(invoice, post=False)
        credit.invoice_line_ids[1:].unlink()
        credit.invoice_line_ids.write({"price_unit": 170.0, "sale_line_ids": [(5, 0, 0)], "quantity": 1})
        credit.action_post()
        before = self._earned(a, self.cleo), self._earned(b, self.cleo)
        self._refund_online(tx, 170)
        self.assertEqual((self._earned(a, self.cleo), self._earned(b, self.cleo)), before)

    def test_paid_by_an_invoice_of_a_part_of_it(self):
        self.program.trigger = "paid"
        a, b = self._sell(10), self._sell(10)
        invoice = self._invoice_all(a | b, post=False)
        invoice.invoice_line_ids.filtered(lambda i: i.sale_line_ids.order_id == a).quantity = 1
        invoice.action_post()
        self.assertEqual(invoice.amount_total, 1100)
        self._pay_invoice_online(invoice, a)
        self._pay_online(a, 450)
        # 100 by the invoice, 450 online: 550 of 1,000.
        self.assertEarned(a, "0", "0", "0")

    def test_refund_that_names_its_order(self):
        order = self._sell(10)
        self._deliver(order)
        tx = self._pay_online(order)
        refund = tx._create_child_transaction(100, is_refund=True, sale_order_ids=[(6, 0, order.ids)])
        refund._set_done()
        self.assertEarned(order, "90", "45", "18")

    def test_consolidated_invoice_with_returned_goods(self):
        goods = self._create_goods("Vase", invoice_policy="delivery")
        a, b = self._sell(lines=[(goods, 10, 100.0)]), self._sell(lines=[(goods, 10, 100.0)])
        sent = self._deliver(a)
        self._invoice(a)
        self._return(sent, 3, goods)
        self._deliver(b)
        invoice = self._invoice_all(a | b)
        self.assertEqual((invoice.move_type, invoice.amount_total), ("out_invoice", 700))
        self.assertEarned(a, "70", "35", "14")
        self.assertEarned(b, "100", "50", "20")
        self._pay_invoice_online(invoice, a)
        self.assertEarned(a, "70", "35", "14")
        self.assertEarned(b, "100", "50", "20")
        # B's goods come back, credited and refunded
        self._credit_order(invoice, b)
        self.assertEarned(a, "70", "35", "14")
        self.assertEarned(b, "0", "0", "0")

    def test_consolidated_discount_when_one_is_taken_back(self):
        goods = self._create_goods("Vase", invoice_policy="delivery")
        a, b = self._sell(lines=[(goods, 10, 100.0)]), self._sell(lines=[(goods, 10, 100.0)])
        sent = self._deliver(a)
        self._invoice(a)
        self._return(sent, 5, goods)
        self._deliver(b)
        invoice = self._invoice_all(a | b, post=False)
        self.assertEqual(invoice.amount_total, 500)
        invoice.invoice_line_ids = [(0, 0, {"name": "Goodwill", "quantity": 1, "price_unit": -100.0, "tax_ids": []})]
        invoice.action_post()
        self.assertEqual(self._earned(a, self.cleo) + self._earned(b, self.cleo), 140)

    def test_coupon_of_one_order(self):
        coupon = self.env["product.product"].create({"name": "C", "type": "service", "taxes_id": False})
        a = self._sell(lines=[(self.goods, 10, 100.0), (coupon, 1, -200.0)])
        b = self._sell(10)
        for order in (a, b):
            self._deliver(order)
        invoice = self._invoice_all(a | b)
        self.assertEqual(invoice.amount_total, 1800)
        self.assertEarned(a, "80", "40", "16")
        self.assertEarned(b, "100", "50", "20")
        tx = self._pay_invoice_online(invoice, a)
        credit = self._credit(invoice, post=False)
        credit.invoice_line_ids[1:].unlink()
        credit.invoice_line_ids.write({"price_unit": 180.0, "sale_line_ids": [(5, 0, 0)], "quantity": 1})
        credit.action_post()
        self._refund_online(tx, 180)
        self.assertEarned(a, "72", "36", "14.40")
        self.assertEarned(b, "90", "45", "18")

    def test_consolidated_invoice_paid(self):
        self.program.trigger = "invoice_paid"
        a, b = self._sell(10), self._sell(10)
        invoice = self._invoice_all(a | b)
        self._credit_order(invoice, b)
        self.assertEarned(a, "0", "0", "0")
        self._pay_invoice(invoice)
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEarned(a, "100", "50", "20")
        self.assertEarned(b, "0", "0", "0")

    def test_orders_of_two_distributors_on_one_invoice(self):
        dora = self._create_distributor("Dora", None)
        friend = self.env["res.partner"].create({"name": "Friend"})
        self.env["distribution.binding"]._bind(friend, dora)
        a = self._sell(10)
        b = self._create_order(partner=friend, lines=[(self.goods, 10, 100.0)])
        b.write({"partner_invoice_id": self.customer.id, "partner_shipping_id": self.customer.id})
        b.action_confirm()
        for order in (a, b):
            self._deliver(order)
        invoice = self._invoice_all(a | b)
        self.assertEqual((self._earned(a, self.cleo), self._earned(b, dora)), (100, 100))
        credit = self._credit(invoice, post=False)
        credit.invoice_line_ids[1:].unlink()
        credit.invoice_line_ids.write({"price_unit": 200.0, "sale_line_ids": [(5, 0, 0)], "quantity": 1})
        credit.action_post()
        self.assertEqual((self._earned(a, self.cleo), self._earned(b, dora)), (90, 90))
        credit.button_draft()
        self.assertEqual((self._earned(a, self.cleo), self._earned(b, dora)), (100, 100))
        credit.button_cancel()
        invoice.button_draft()
        invoice.invoice_line_ids = [(0, 0, {"name": "Goodwill", "quantity": 1, "price_unit": -200.0, "tax_ids": []})]
        invoice.action_post()
        self.assertEqual((self._earned(a, self.cleo), self._earned(b, dora)), (90, 90))

    def test_refund_stays_with_its_order_whatever_becomes_of_it(self):
        a, b = self._sell(10), self._sell(10)
        self._deliver(a)
        tx = self._pay_together(a | b)
        b._action_cancel()
        self._refund_online(tx, 1000)
        b.action_draft()
        self._invoice(a)
        self.assertEarned(a, "100", "50", "20")
        # Confirmed again nobody says for which of them the money was.
        b.action_confirm()
        self.assertEarned(a, "50", "25", "10")
        b._action_cancel()
        self.assertEarned(a, "100", "50", "20")

    def test_credit_note_that_pays_for_another_order_counts(self):
        self.program.trigger = "invoice_paid"
        a, b = self._sell(10), self._sell(10)
        self._deliver(a)
        self._pay_invoice(self._invoice(a))
        open_invoice = self._invoice(b)
        credit = self._credit(self._invoice(self._sell(1)), post=False)
        credit.reversed_entry_id = False
        credit.invoice_line_ids.write({"quantity": 4, "sale_line_ids": [(6, 0, a.order_line.ids)]})
        credit.action_post()
        self.assertEarned(a, "60", "30", "12")
        moves = open_invoice | credit
        moves.line_ids.filtered(lambda item: item.account_id.account_type == "asset_receivable").reconcile()
        self.assertEqual(open_invoice.payment_state, "partial")
        self.assertEarned(a, "60", "30", "12")

    def test_invoice_that_takes_one_order_back_pays_for_the_other(self):
        self.program.trigger = "invoiced"
        a, b = self._sell(10), self._sell(10)
        self._invoice(b)
        b.order_line.product_uom_qty = 8
        invoice = self._invoice_all(a | b)
        self.assertEqual(invoice.amount_total, 800)
        self.assertEqual((self._earned(a, self.cleo), self._earned(b, self.cleo)), (100, 80))
        # What it deducts of the one is no refund of it.
        self._pay_invoice_online(invoice, a)
        self.assertEqual((self._earned(a, self.cleo), self._earned(b, self.cleo)), (100, 80))

    def test_what_happens_to_one_is_looked_at_for_all(self):
        a, b = self._sell_and_deliver_two()
        tx = self._pay_together(a | b)
        credit = self._credit(self._invoice(a))
        self._refund_online(tx, 1000)
        self.assertEarned(b, "100", "50", "20")
        # Nobody was credited any more: the refund was for both of them.
        credit.button_draft()
        self.assertEarned(b, "50", "25", "10")
        credit.action_post()
        self.assertEarned(b, "100", "50", "20")
        # Invoiced again nothing is credited; of an order of twice as much it is.
        self._invoice(a)
        self.assertEarned(b, "50", "25", "10")
        a.order_line.product_uom_qty = 20
        self.assertEarned(b, "100", "50", "20")
        a.order_line.product_uom_qty = 10
        self.assertEarned(b, "50", "25", "10")

    def test_sweep_makes_up_for_all_what_was_missed_of_one(self):
        a, b = self._sell_and_deliver_two()
        self._refund_online(self._pay_together(a | b), 1000)
        self.assertEarned(b, "50", "25", "10")
        self.env.flush_all()
        for table in ("sale_order", "stock_picking", "stock_move", "payment_transaction"):
            self.env.cr.execute(f"UPDATE {table} SET write_date = write_date - interval '9 days'")
        with patch.object(type(self.env["account.move"]), "_converge_commission", lambda moves: None):
            self._credit(self._invoice(a))
        self.assertEarned(b, "50", "25", "10")
        crons = type(self.env["ir.cron"])
        with patch.object(crons, "_run_for_each", lambda cron, orders, work: [work(order) for order in orders]):
            self.env["sale.order"]._cron_sweep_commission()
        self.assertEarned(b, "100", "50", "20")

    def test_what_happens_to_an_order_of_nobody_is_looked_at_for_the_other(self):
        """The order that is credited counts for nobody; what it was refunded was not the other's."""
        self.company.is_commission_in_background = True
        a, b = self._sell(10, partner=self.stranger), self._sell(10)
        tx = self._pay_together(a | b)
        for order in (a, b):
            self._deliver(order)
        self._refund_online(tx, 1000)
        events = self.env["distribution.commission.event"]
        events._work_off_program(self.program)
        self.assertEarned(b, "50", "25", "10")
        self._credit(self._invoice(a))
        events._work_off_program(self.program)
        self.assertEarned(b, "100", "50", "20")
