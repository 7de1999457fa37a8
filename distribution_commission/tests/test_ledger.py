# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import date, datetime

from psycopg2 import DatabaseError

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from ..hooks import uninstall_hook
from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestLedger(CommissionCommon):
    """From the order to the ledger and back, one behaviour a test."""

    def test_confirmation_freezes_terms(self):
        order = self._sell(10)
        self.assertRecordValues(
            order.commission_term_ids.sorted("level"),
            [
                {"level": 1, "distributor_id": self.cleo.id, "rate": 10.0, "expected_amount": 100.0},
                {"level": 2, "distributor_id": self.ben.id, "rate": 5.0, "expected_amount": 50.0},
                {"level": 3, "distributor_id": self.ada.id, "rate": 2.0, "expected_amount": 20.0},
            ],
        )
        self.assertEarned(order, "0", "0", "0")
        self.assertEqual(order.commission_term_ids.mapped("pending_amount"), [100.0, 50.0, 20.0])

    def test_pending_is_what_can_still_be_earned(self):
        order = self._sell(10)
        term = order.commission_term_ids.filtered(lambda term: term.level == 1)
        picking = self._deliver(order, {self.goods: 6})
        self.assertEqual((term.earned_amount, term.pending_amount), (60.0, 40.0))
        self._return(picking, 2)
        term.invalidate_recordset()
        self.assertEqual((term.earned_amount, term.pending_amount), (40.0, 40.0))
        self._credit(self._invoice(order), quantity=5)
        term.invalidate_recordset()
        self.assertEqual((term.earned_amount, term.pending_amount), (40.0, 10.0))
        order._action_cancel()
        term.invalidate_recordset()
        self.assertEqual((term.earned_amount, term.pending_amount), (0.0, 0.0))

    def test_other_quantity_gives_no_new_terms(self):
        """Who was not to earn on a line when the order was confirmed does not begin to when it grows."""
        rules = self.env["distribution.commission.rule"].search([("program_id", "=", self.program.id)])
        rules.rate = 0
        order = self._sell(10)
        rules.rate = 5
        order.order_line.write({"product_uom_qty": 12, "price_unit": 90.0})
        self.assertFalse(order.commission_term_ids)
        order.order_line = [(0, 0, {"product_id": self.goods_b.id, "product_uom_qty": 1})]
        self.assertEqual(order.commission_term_ids.mapped("rate"), [5.0] * 3)

    def test_what_was_sent_again_is_pending(self):
        """Three came back and others went out instead: the customer will have received ten."""
        self.program.trigger = "received"
        order = self._sell(10)
        term = order.commission_term_ids[0]
        back = self._return(self._deliver(order), 3)
        self.assertEqual(self._get_pending(term), 70.0)
        self._return(back, 3)
        self.assertEqual(self._get_pending(term), 100.0)

    def test_refund_before_shipping_is_not_pending(self):
        order = self._sell(10)
        term = order.commission_term_ids[0]
        self._refund_online(self._pay_online(order), 250)
        self.assertEqual(self._get_pending(term), 75.0)
        self._deliver(order)
        self.assertEarned(order, "75", "37.50", "15")
        self.assertEqual(self._get_pending(term), 0.0)

    def test_unpaid_invoice_is_pending_at_its_price(self):
        """The price was reduced after the invoice, and a part of it credited: the rest of the invoice may be paid."""
        self.program.trigger = "invoice_paid"
        order = self._sell(10)
        term, invoice = order.commission_term_ids[0], self._invoice(order)
        order.order_line.price_unit = 50.0
        self._credit(invoice, quantity=3)
        self.assertEqual(self._get_pending(term), 50.0)
        self._pay_invoice(invoice)
        self.assertEarned(order, "50", "25", "10")

    def _get_pending(self, term):
        term.invalidate_recordset(["pending_amount"])
        return term.pending_amount

    def test_delivery_earns_and_holds(self):
        order = self._sell(10)
        with freeze_time("2026-03-01 17:00:00"):  # 1 March 17:00 UTC is 2 March in Shanghai
            self._deliver(order)
        self.assertEarned(order, "100", "50", "20")
        entry = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)])
        self.assertRecordValues(
            entry,
            [
                {
                    "state": "held",
                    "date": date(2026, 3, 2),
                    "release_date": date(2026, 3, 9),
                    "kind": "earning",
                    "base": 1000.0,
                }
            ],
        )

    def test_partial_deliveries_hold_each_for_itself(self):
        order = self._sell(10)
        with freeze_time("2026-03-01 02:00:00"):
            first = self._deliver(order, {self.goods: 6})
        with freeze_time("2026-03-05 02:00:00"):
            second = self._deliver(order)
        entries = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)], order="id")
        self.assertRecordValues(
            entries,
            [
                {"amount": 60.0, "delivery_id": first.id, "release_date": date(2026, 3, 8)},
                {"amount": 40.0, "delivery_id": second.id, "release_date": date(2026, 3, 12)},
            ],
        )

    def test_release_waits_for_the_business_date(self):
        order = self._sell(10)
        with freeze_time("2026-03-01 02:00:00"):
            self._deliver(order)
        with freeze_time("2026-03-07 15:59:00"):  # still 7 March in Shanghai
            self.entry_model._release(self.program)
        entries = self.entry_model.search([("order_id", "=", order.id)])
        self.assertEqual(set(entries.mapped("state")), {"held"})
        with freeze_time("2026-03-07 16:01:00"):  # 8 March in Shanghai
            self.entry_model._release(self.program)
        self.assertEqual(set(entries.mapped("state")), {"due"})

    def test_return_takes_back_exactly(self):
        order = self._sell(10)
        picking = self._deliver(order)
        self._return(picking, 3)
        self.assertEarned(order, "70", "35", "14")
        clawback = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1), ("amount", "<", 0)])
        self.assertRecordValues(clawback, [{"amount": -30.0, "state": "held", "kind": "clawback", "base": -300.0}])
        self.assertEqual(clawback.release_date, clawback.reverses_id.release_date)

    def test_unmarked_return_is_an_exchange(self):
        order = self._sell(10)
        self._return(self._deliver(order), 3, to_refund=False)
        self.assertEarned(order, "100", "50", "20")

    def test_credit_note_takes_back_without_return(self):
        order = self._sell(10)
        self._deliver(order)
        self._credit(self._invoice(order), quantity=4)
        self.assertEarned(order, "60", "30", "12")

    def test_return_and_credit_note_count_once(self):
        order = self._sell(10)
        picking = self._deliver(order)
        invoice = self._invoice(order)
        self._return(picking, 4)
        self.assertEarned(order, "60", "30", "12")
        self._credit(invoice, quantity=4)
        self.assertEarned(order, "60", "30", "12")
        self.assertReplayAddsNothing(order)

    def test_price_reduction_by_credit_note(self):
        order = self._sell(10)
        self._deliver(order)
        self._credit(self._invoice(order), price=33.33)
        self.assertEarned(order, "66.67", "33.34", "13.33")

    def test_loose_credit_line_is_spread_over_the_invoice(self):
        order = self._sell(lines=[(self.goods, 1, 300.0), (self.goods_b, 1, 100.0)])
        self._deliver(order)
        invoice = self._invoice(order)
        credit = self._credit(invoice, post=False)
        credit.invoice_line_ids[0].unlink()
        credit.invoice_line_ids.write({"price_unit": 40.0, "sale_line_ids": [(5, 0, 0)], "quantity": 1})
        credit.action_post()
        self.assertEarned(order, "36", "18", "7.20")
        by_line = self.entry_model._read_group(
            [("order_id", "=", order.id), ("level", "=", 1)], ["line_id"], ["amount:sum"]
        )
        self.assertEqual([amount for _line, amount in by_line], [27.0, 9.0])

    def test_invoice_reset_to_draft_and_credit_note_cancelled(self):
        order = self._sell(10)
        self._deliver(order)
        invoice = self._invoice(order)
        credit = self._credit(invoice, quantity=10)
        self.assertEarned(order, "0", "0", "0")
        credit.button_draft()
        credit.button_cancel()
        self.assertEarned(order, "100", "50", "20")

    def test_prepaid_invoice_before_delivery_earns_on_delivery_only(self):
        order = self._sell(10)
        self._invoice(order)
        self.assertEarned(order, "0", "0", "0")
        self._deliver(order, {self.goods: 5})
        self.assertEarned(order, "50", "25", "10")

    def test_cancellation_takes_everything_back(self):
        order = self._sell(10)
        self._deliver(order, {self.goods: 4})
        order._action_cancel()
        self.assertEarned(order, "0", "0", "0")
        self.assertEqual(order.commission_expected, 0.0)

    def test_confirming_again_supersedes_terms_that_never_earned(self):
        order = self._sell(10)
        first = order.commission_term_ids
        order._action_cancel()
        order.action_draft()
        self.program.rule_ids.filtered(lambda rule: rule.level == 1).rate = 12.0
        order.action_confirm()
        self.assertEqual(set(first.mapped("state")), {"superseded"})
        self.assertEqual(set(first.mapped("pending_amount")), {0.0})
        active = order.commission_term_ids.filtered(lambda term: term.state == "active")
        self.assertEqual(active.sorted("level").mapped("rate"), [12.0, 5.0, 2.0])

    def test_confirming_again_keeps_terms_that_earned(self):
        order = self._sell(10)
        self._deliver(order, {self.goods: 4})
        order._action_cancel()
        order.action_draft()
        self.program.rule_ids.filtered(lambda rule: rule.level == 1).rate = 12.0
        self.binding._end("test")
        order.action_confirm()
        self.assertEqual(order.distribution_distributor_id, self.cleo)
        self.assertEarned(order, "40", "20", "8")

    def test_line_added_later_gets_terms_with_the_orders_attribution(self):
        order = self._sell(10)
        self.binding._end("test")
        order.order_line = [
            (0, 0, {"product_id": self.goods_b.id, "product_uom_qty": 1, "price_unit": 50.0, "tax_ids": [(5, 0, 0)]})
        ]
        self.assertEqual(len(order.commission_term_ids), 6)
        self._deliver(order)
        self.assertEarned(order, "105", "52.50", "21")

    def test_quantity_and_price_are_read_live(self):
        order = self._sell(10)
        self._deliver(order)
        order.order_line.price_unit = 80.0
        self.assertEarned(order, "80", "40", "16")

    def test_service_earns_when_invoiced(self):
        order = self._sell(lines=[(self.service, 1, 200.0)])
        self.assertEarned(order, "0", "0", "0")
        invoice = self._invoice(order)
        self.assertEarned(order, "20", "10", "4")
        self._credit(invoice)
        self.assertEarned(order, "0", "0", "0")

    def test_other_unit_of_measure(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self._create_order(lines=[(self.goods, 2, 120.0)])
        order.order_line.product_uom_id = dozen
        order.order_line.price_unit = 120.0
        order.action_confirm()
        picking = self._deliver(order)
        self.assertEarned(order, "24", "12", "4.80")
        self._return(picking, 6)
        self.assertEarned(order, "18", "9", "3.60")

    def test_received_trigger_by_button_and_by_cron(self):
        self.program.trigger = "received"
        order = self._sell(10)
        with freeze_time("2026-03-01 02:00:00"):
            self._deliver(order, {self.goods: 6})
        self.assertEarned(order, "0", "0", "0")
        with freeze_time("2026-03-04 02:00:00"):
            order.action_confirm_receipt()
            with self.assertRaisesRegex(UserError, "waits for the customer's receipt"):
                order.action_confirm_receipt()
            second = self._deliver(order)
        self.assertEarned(order, "60", "30", "12")
        pickings = self.env["stock.picking"]
        with freeze_time("2026-03-14 01:59:00"):
            self.assertFalse(pickings.search(pickings._get_overdue_receipt_domain(self.program)))
        with freeze_time("2026-03-14 02:00:00"):
            overdue = pickings.search(pickings._get_overdue_receipt_domain(self.program))
            self.assertEqual(overdue, second)
            overdue._confirm_receipt()
        self.assertEarned(order, "100", "50", "20")
        entries = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)], order="id")
        self.assertEqual(entries.mapped("release_date"), [date(2026, 3, 11), date(2026, 3, 21)])

    def test_program_that_changes_its_trigger_takes_nothing_back(self):
        order = self._sell(10)
        self._deliver(order)
        self.program.write({"trigger": "received", "hold_days": 30})
        order._converge_commission()
        self.assertEarned(order, "100", "50", "20")

    def test_archived_program_still_receives_and_settles(self):
        self.program.write({"trigger": "received", "settlement_period": "daily"})
        order = self._sell(10)
        with freeze_time("2026-03-01 02:00:00"):
            picking = self._deliver(order)
        self.program.active = False
        pickings = self.env["stock.picking"]
        self.assertIn(picking, pickings.search(pickings._get_overdue_receipt_domain(self.program)))

    def test_corrected_quantity_of_a_done_delivery_counts(self):
        order = self._sell(10)
        picking = self._deliver(order)
        picking.is_locked = False
        picking.move_line_ids.quantity = 6
        self.assertEarned(order, "60", "30", "12")

    def test_box_sold_by_the_piece_comes_out_even(self):
        box = self.env["uom.uom"].create(
            {"name": "Box of 3", "relative_factor": 3, "relative_uom_id": self.goods.uom_id.id}
        )
        order = self._create_order(lines=[(self.goods, 1, 0.05)])
        order.order_line.write({"product_uom_id": box.id, "price_unit": 0.05})
        self.program.rule_ids.write({"rate": 10})
        order.action_confirm()
        for _piece in range(3):
            self._deliver(order, {self.goods: 1})
        self.assertEarned(order, "0.01", "0.01", "0.01")

    def test_receipt_of_a_delivery_that_carries_two_orders(self):
        self.program.trigger = "received"
        first, second = self._sell(10), self._sell(5, partner=self.customer)
        second.picking_ids.move_ids.picking_id = first.picking_ids
        picking = self._deliver(first)
        self.assertTrue(picking.is_receivable)
        picking.action_confirm_receipt()
        self.assertEarned(first, "100", "50", "20")
        self.assertEarned(second, "50", "25", "10")

    def test_hold_never_begins_before_shipping(self):
        self.program.trigger = "received"
        order = self._sell(10)
        with freeze_time("2026-03-10 02:00:00"):
            picking = self._deliver(order)
            picking._confirm_receipt(datetime(2026, 3, 1))
        entry = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)])
        self.assertEqual(entry.release_date, date(2026, 3, 17))

    def test_entry_explains_itself(self):
        order = self._sell(10)
        self._return(self._deliver(order), 3)
        entry = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)], limit=1)
        self.assertIn("Eligible base 700.00", entry.why)
        self.assertIn("Rate 10 % on level 1", entry.why)
        self.assertIn("Earned so far: 70.00. Before, the ledger had 100.00: it changes by -30.00", entry.why)

    @mute_logger("odoo.sql_db")
    def test_database_refuses_changes_of_entries(self):
        order = self._sell(10)
        self._deliver(order)
        entry = self.entry_model.search([("order_id", "=", order.id)], limit=1)
        for query in (
            "UPDATE distribution_commission_entry SET amount = amount + 1 WHERE id = %s",
            "UPDATE distribution_commission_entry SET distributor_id = distributor_id + 1 WHERE id = %s",
            "UPDATE distribution_commission_entry SET state = 'settled' WHERE id = %s",
            "DELETE FROM distribution_commission_entry WHERE id = %s",
            "TRUNCATE distribution_commission_entry CASCADE",
        ):
            with self.assertRaisesRegex(DatabaseError, "append-only"), self.cr.savepoint():
                self.cr.execute(query, [entry.id] if "%s" in query else None)
        with self.assertRaisesRegex(UserError, "append-only"):
            entry.unlink()

    def test_module_is_not_uninstalled_over_a_filled_ledger(self):
        self._deliver(self._sell(10))
        with self.assertRaisesRegex(UserError, "Export them"):
            uninstall_hook(self.env)
