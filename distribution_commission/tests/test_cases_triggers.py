# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import date

from odoo.tests import freeze_time, tagged

from .common import CommissionCommon

NOON = " 04:00:00"  # in Shanghai


@tagged("post_install", "-at_install")
class TestTriggerPaid(CommissionCommon):
    """Paid: the order's transactions, or its invoices, come to what it costs."""

    @classmethod
    def _prepare_program_vals(cls):
        return {**super()._prepare_program_vals(), "trigger": "paid"}

    def test_paid_in_two_parts(self):
        order = self._sell(10)
        self._pay_online(order, 400)
        self.assertEarned(order, "0", "0", "0")
        self._pay_online(order, 600)
        self.assertEarned(order, "100", "50", "20")
        self.assertReplayAddsNothing(order)

    def test_authorized_money_is_not_paid(self):
        order = self._sell(10)
        tx = self._pay_online(order, state="pending")
        self._tell_nobody(tx, "authorized")
        self._sweep()
        self.assertEarned(order, "0", "0", "0")
        tx._set_done()
        self.assertEarned(order, "100", "50", "20")

    def test_paid_before_the_order_is_confirmed(self):
        order = self._create_order(lines=[(self.goods, 10, 100.0)])
        self._pay_online(order)
        order.action_confirm()
        self.assertEarned(order, "100", "50", "20")

    def test_hold_waits_for_the_goods(self):
        with freeze_time("2026-03-01" + NOON):
            order = self._sell(10)
            self._pay_online(order)
        self.assertEqual(self._get_releases(order), [False])
        with freeze_time("2026-03-20" + NOON):
            self._deliver(order, {self.goods: 6})
            self.entry_model._release(self.program)
        self.assertEqual(self._get_releases(order), [False])
        with freeze_time("2026-03-25" + NOON):
            self._deliver(order)
        self.assertEqual(self._get_releases(order), [date(2026, 4, 1)])
        self.assertEarned(order, "100", "50", "20")
        entries = self.entry_model.search([("order_id", "=", order.id)])
        self.assertEqual(set(entries.mapped("state")), {"held"})
        with freeze_time("2026-04-01" + NOON):
            self.entry_model._release(self.program)
        self.assertEqual(set(entries.mapped("state")), {"due"})

    def test_payment_after_delivery_begins_the_hold(self):
        with freeze_time("2026-03-01" + NOON):
            order = self._sell(10)
            first = self._deliver(order, {self.goods: 6})
        self.assertEarned(order, "0", "0", "0")
        with freeze_time("2026-03-05" + NOON):
            self._pay_online(order)
        entries = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)], order="id")
        self.assertRecordValues(
            entries,
            [
                {"amount": 60.0, "delivery_id": first.id, "release_date": date(2026, 3, 12)},
                {"amount": 40.0, "delivery_id": False, "release_date": False},
            ],
        )
        with freeze_time("2026-03-09" + NOON):
            self._deliver(order)
        self.assertEqual(entries.mapped("release_date"), [date(2026, 3, 12), date(2026, 3, 16)])

    def test_cancelled_before_delivery_waits_for_nothing(self):
        with freeze_time("2026-03-01" + NOON):
            order = self._sell(10)
            self._pay_online(order)
        with freeze_time("2026-03-02" + NOON):
            order._action_cancel()
        self.assertEarned(order, "0", "0", "0")
        entries = self.entry_model.search([("order_id", "=", order.id)])
        self.assertEqual(set(entries.mapped("release_date")), {date(2026, 3, 9)})

    def test_service_is_held_from_the_payment(self):
        order = self._sell(lines=[(self.service, 1, 200.0)])
        with freeze_time("2026-03-05 17:00:00"):  # 6 March in Shanghai
            self._pay_online(order)
        self.assertEarned(order, "20", "10", "4")
        self.assertEqual(self._get_releases(order), [date(2026, 3, 13)])

    def test_refund_of_a_paid_order_takes_back_its_part(self):
        order = self._sell(10)
        tx = self._pay_online(order)
        self._refund_online(tx, 250)
        self.assertEarned(order, "75", "37.50", "15")

    def test_refund_before_the_rest_is_sent_ends_the_waiting(self):
        with freeze_time("2026-03-01" + NOON):
            order = self._sell(10)
            self._refund_online(self._pay_online(order), 400)
            self.assertEarned(order, "60", "30", "12")
        with freeze_time("2026-03-10" + NOON):
            self._deliver(order, {self.goods: 6})
        entries = self.entry_model.search([("order_id", "=", order.id)])
        self.assertEqual(set(entries.mapped("release_date")), {date(2026, 3, 17)})

    def test_captured_in_parts(self):
        order = self._sell(10)
        tx = self._pay_online(order, state="pending")
        self._tell_nobody(tx, "authorized")
        for amount, earned in ((400, "0"), (600, "100")):
            tx._create_child_transaction(amount)._set_done()
            self.assertEqual(str(self._earned(order, self.cleo).quantize(1)), earned)
        self._refund_online(tx.child_transaction_ids[0], 100)
        self.assertEarned(order, "90", "45", "18")

    def test_payment_of_the_invoice_online(self):
        order = self._sell(10)
        invoice = self._invoice(order)
        tx = self._pay_online(order, state="draft")
        tx.write({"sale_order_ids": [(5, 0, 0)], "invoice_ids": [(6, 0, invoice.ids)]})
        tx._set_done()
        self.assertEarned(order, "100", "50", "20")
        self._refund_online(tx, 100)
        self.assertEarned(order, "90", "45", "18")

    def test_one_payment_of_two_orders(self):
        first, second = self._sell(10), self._sell(5)
        tx = self._pay_online(first, 1500, state="draft")
        tx.sale_order_ids = first | second
        tx._set_done()
        self.assertEarned(first, "100", "50", "20")
        self.assertEarned(second, "50", "25", "10")
        self._refund_online(tx, 300)
        self.assertEarned(first, "80", "40", "16")
        self.assertEarned(second, "40", "20", "8")

    def test_refund_before_the_order_is_paid(self):
        order = self._sell(10)
        with freeze_time("2026-03-01" + NOON):
            tx = self._pay_online(order, 500)
            self._refund_online(tx, 500)
        with freeze_time("2026-03-02" + NOON):
            self._pay_online(order, 500)
        self.assertEarned(order, "0", "0", "0")
        with freeze_time("2026-03-03" + NOON):
            self._pay_online(order, 500)
        self.assertEarned(order, "100", "50", "20")

    def test_paid_by_invoices(self):
        order = self._sell(10)
        invoice = self._invoice(order)
        self.assertEarned(order, "0", "0", "0")
        with freeze_time("2026-03-01" + NOON):
            self._deliver(order)
        payment = self._pay_invoice(invoice, date(2026, 3, 10))
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEarned(order, "100", "50", "20")
        # Never before the invoice was there.
        self.assertGreaterEqual(self._get_releases(order)[0], date(2026, 3, 17))
        payment.action_draft()
        payment.action_cancel()
        self.assertEqual(invoice.payment_state, "not_paid")
        self.assertEarned(order, "0", "0", "0")

    def test_part_that_is_invoiced_and_paid_is_not_the_order(self):
        order = self._sell(10)
        invoice = self._invoice_part(order, 4)
        self._pay_invoice(invoice)
        self.assertEarned(order, "0", "0", "0")
        self._pay_invoice(self._invoice(order))
        self.assertEarned(order, "100", "50", "20")

    def test_reversed_invoice_is_not_paid(self):
        order = self._sell(10)
        invoice = self._invoice(order)
        invoice._reverse_moves(cancel=True)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertEarned(order, "0", "0", "0")
        self._pay_invoice(self._invoice(order))
        self.assertEarned(order, "100", "50", "20")

    def test_order_that_costs_more_now_is_not_paid_yet(self):
        order = self._sell(10)
        self._pay_online(order)
        order.order_line.product_uom_qty = 12
        self.assertEarned(order, "0", "0", "0")
        self._pay_online(order, 200)
        self.assertEarned(order, "120", "60", "24")

    def test_sweep_finds_payments_and_refunds_that_nobody_told_of(self):
        order = self._sell(10)
        tx = self._pay_online(order, state="draft")
        self._tell_nobody(tx)
        self._sweep()
        self.assertEarned(order, "100", "50", "20")
        refund = tx._create_child_transaction(300, is_refund=True)
        self._tell_nobody(refund)
        self._sweep()
        self.assertEarned(order, "70", "35", "14")

    def test_sweep_finds_credit_notes_that_nobody_told_of(self):
        order = self._sell(10)
        self._pay_online(order)
        credit = self._credit(self._invoice(order), quantity=3, post=False)
        credit.invoice_line_ids.sale_line_ids = [(5, 0, 0)]
        self._tell_nobody(credit, "posted")
        self._sweep()
        self.assertEarned(order, "70", "35", "14")

    def _tell_nobody(self, record, state="done"):
        self.env.flush_all()
        # Nothing else of the order was touched lately.
        for table in ("sale_order", "stock_move", "stock_picking", "account_move"):
            self.env.cr.execute(f"UPDATE {table} SET write_date = '2020-01-01'")
        query = f"UPDATE {record._table} SET state = %s, write_date = NOW() WHERE id = %s"
        self.env.cr.execute(query, [state, record.id])
        self.env.invalidate_all()

    def _sweep(self):
        orders = self.env["sale.order"]
        orders.browse(orders._get_orders_to_sweep("2025-01-01"))._converge_commission()


@tagged("post_install", "-at_install")
class TestTriggerInvoiced(CommissionCommon):
    """Invoiced: posted invoices count, whatever was sent."""

    @classmethod
    def _prepare_program_vals(cls):
        return {**super()._prepare_program_vals(), "trigger": "invoiced"}

    def test_invoices_in_steps(self):
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "0", "0", "0")
        first = self._invoice_part(order, 6)
        self.assertEarned(order, "60", "30", "12")
        self._credit(first, quantity=2)
        self.assertEarned(order, "40", "20", "8")

    def test_return_of_what_is_not_invoiced_takes_nothing_back(self):
        order = self._sell(10)
        picking = self._deliver(order)
        self._invoice_part(order, 6)
        self._return(picking, 4)
        self.assertEarned(order, "60", "30", "12")
        self._return(picking, 1)
        self.assertEarned(order, "50", "25", "10")

    def test_hold_begins_with_the_later_of_invoice_and_delivery(self):
        order = self._sell(10)
        self._invoice_part(order, 10, date(2026, 3, 1))
        self.assertEarned(order, "100", "50", "20")
        self.assertEqual(self._get_releases(order), [False])
        with freeze_time("2026-03-20" + NOON):
            self._deliver(order)
        self.assertEqual(self._get_releases(order), [date(2026, 3, 27)])

    def test_invoice_after_delivery_begins_the_hold(self):
        order = self._sell(10)
        with freeze_time("2026-03-01" + NOON):
            picking = self._deliver(order)
        self._invoice_part(order, 10, date(2026, 3, 20))
        entry = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)])
        self.assertRecordValues(entry, [{"delivery_id": picking.id, "release_date": date(2026, 3, 27)}])

    def test_invoice_reset_to_draft(self):
        order = self._sell(10)
        invoice = self._invoice(order)
        self.assertEarned(order, "100", "50", "20")
        invoice.button_draft()
        self.assertEarned(order, "0", "0", "0")
        invoice.action_post()
        self.assertEarned(order, "100", "50", "20")

    def test_entry_says_what_was_invoiced(self):
        order = self._sell(10)
        self._invoice_part(order, 6)
        entry = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)])
        self.assertIn("the smallest of 600.00 invoiced, 600.00 kept", entry.why)


@tagged("post_install", "-at_install")
class TestTriggerInvoicePaid(CommissionCommon):
    """Invoice paid: what is on paid invoices counts."""

    @classmethod
    def _prepare_program_vals(cls):
        return {**super()._prepare_program_vals(), "trigger": "invoice_paid"}

    def setUp(self):
        super().setUp()
        self.order = self._sell(10)
        self.invoice = self._invoice_part(self.order, 6)
        self.other_invoice = self._invoice(self.order)

    def test_each_invoice_counts_when_it_is_paid(self):
        self._deliver(self.order)
        self.assertEarned(self.order, "0", "0", "0")
        self._pay_invoice(self.invoice)
        self.assertEarned(self.order, "60", "30", "12")
        self._pay_invoice(self.other_invoice)
        self.assertEarned(self.order, "100", "50", "20")

    def test_credit_note_takes_back_of_the_invoice_it_belongs_to(self):
        self._pay_invoice(self.invoice)
        self._credit(self.other_invoice, quantity=1)
        self.assertEarned(self.order, "60", "30", "12")
        self._credit(self.invoice, quantity=1)
        self.assertEarned(self.order, "50", "25", "10")
        term = self.order.commission_term_ids.filtered(lambda term: term.level == 1)
        self.assertEqual(term.pending_amount, 30.0)

    def test_credit_beyond_an_open_invoice_is_taken_of_the_paid_one(self):
        self._pay_invoice(self.invoice)
        self._credit(self.other_invoice)
        self.assertEarned(self.order, "60", "30", "12")
        self._credit(self.other_invoice)
        self.assertEarned(self.order, "20", "10", "4")

    def test_payment_taken_away_takes_everything_back(self):
        payment = self._pay_invoice(self.invoice)
        self.assertEarned(self.order, "60", "30", "12")
        payment.action_draft()
        payment.action_cancel()
        self.assertEarned(self.order, "0", "0", "0")

    def test_reversed_invoice_is_not_paid(self):
        self.invoice._reverse_moves(cancel=True)
        self.assertEqual(self.invoice.payment_state, "reversed")
        self.assertEarned(self.order, "0", "0", "0")

    def test_hold_begins_with_the_payment(self):
        with freeze_time("2026-03-01" + NOON):
            self._deliver(self.order)
        later = date(self.invoice.date.year + 1, 3, 10)
        self._pay_invoice(self.invoice, later)
        self.assertEqual(self._get_releases(self.order), [date(later.year, 3, 17)])
