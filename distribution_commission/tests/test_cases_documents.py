# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import freeze_time, tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestCasesDocuments(CommissionCommon):
    """What accountants and salespeople do to documents that is not everybody's daily work."""

    def test_loose_discount_credited_and_refunded(self):
        order = self._sell(10)
        self._deliver(order)
        invoice = self._invoice(order, post=False)
        invoice.invoice_line_ids = [(0, 0, {"name": "Goodwill", "quantity": 1, "price_unit": -100.0, "tax_ids": []})]
        invoice.action_post()
        self.assertEqual(invoice.amount_total, 900)
        self.assertEarned(order, "90", "45", "18")
        tx = self._pay_invoice_online(invoice, order)
        credit = self._credit(invoice, post=False)
        credit.invoice_line_ids[0].quantity = 5
        credit.invoice_line_ids[1].price_unit = -50
        credit.action_post()
        self.assertEqual(credit.amount_total, 450)
        self.assertEarned(order, "45", "22.50", "9")
        self._refund_online(tx, 450)
        self.assertEarned(order, "45", "22.50", "9")

    def _invoice_abroad(self, order):
        currency = self.env["res.currency"].create(
            {"name": "XTS", "symbol": "X", "rate_ids": [(0, 0, {"name": "2020-01-01", "rate": 8.0})]}
        )
        invoice = self._invoice(order, post=False)
        invoice.currency_id = currency
        invoice.invoice_line_ids.price_unit = 800.0
        return invoice

    def test_loose_discount_in_other_currency(self):
        order = self._sell(10)
        self._deliver(order)
        invoice = self._invoice_abroad(order)
        invoice.invoice_line_ids = [(0, 0, {"name": "Goodwill", "quantity": 1, "price_unit": -800.0, "tax_ids": []})]
        invoice.action_post()
        self.assertEqual(invoice.amount_untaxed_signed, 900)
        self.assertEarned(order, "90", "45", "18")

    def test_loose_credit_in_other_currency(self):
        order = self._sell(10)
        self._deliver(order)
        invoice = self._invoice_abroad(order)
        invoice.action_post()
        self.assertEarned(order, "100", "50", "20")
        credit = self._credit(invoice, post=False)
        credit.invoice_line_ids.write({"price_unit": 800.0, "sale_line_ids": [(5, 0, 0)], "quantity": 1})
        credit.action_post()
        self.assertEqual(credit.amount_untaxed_signed, -100)
        self.assertEarned(order, "90", "45", "18")

    def test_credit_from_the_order_of_an_unpaid_invoice(self):
        self.program.trigger = "invoice_paid"
        goods = self._create_goods("Vase", invoice_policy="delivery")
        order = self._sell(lines=[(goods, 10, 100.0)])
        self._deliver(order, {goods: 6})
        paid = self._invoice(order)
        self._pay_invoice(paid)
        self.assertEarned(order, "60", "30", "12")
        second = self._deliver(order)
        unpaid = self._invoice(order)
        self.assertEqual(unpaid.amount_total, 400)
        self._return(second, 4, goods)
        credit = order._create_invoices(final=True)
        self.assertEqual((credit.move_type, credit.amount_total), ("out_refund", 400))
        self.assertFalse(credit.reversed_entry_id)
        credit.action_post()
        (unpaid | credit).line_ids.filtered(lambda i: i.account_id.account_type == "asset_receivable").reconcile()
        self.assertEqual(unpaid.payment_state, "reversed")
        self.assertEarned(order, "60", "30", "12")

    def test_credit_made_from_the_order_of_one_invoice(self):
        """The same as above with the reversal wizard, for comparison."""
        self.program.trigger = "invoice_paid"
        goods = self._create_goods("Vase", invoice_policy="delivery")
        order = self._sell(lines=[(goods, 10, 100.0)])
        self._deliver(order, {goods: 6})
        self._pay_invoice(self._invoice(order))
        second = self._deliver(order)
        unpaid = self._invoice(order)
        self._return(second, 4, goods)
        credit = self._credit(unpaid)
        self.assertEqual(credit.amount_total, 400)
        self.assertEarned(order, "60", "30", "12")

    def test_invoice_again_after_credit_from_the_order(self):
        self.program.trigger = "invoice_paid"
        goods = self._create_goods("Vase", invoice_policy="delivery")
        order = self._sell(lines=[(goods, 10, 100.0)])
        sent = self._deliver(order)
        first = self._invoice(order)
        self._return(sent, 10, goods)
        credit = order._create_invoices(final=True)
        credit.action_post()
        (first | credit).line_ids.filtered(lambda i: i.account_id.account_type == "asset_receivable").reconcile()
        self.assertEqual(first.payment_state, "reversed")
        order.order_line.product_uom_qty = 20
        self._deliver(order)
        self.assertEqual(order.order_line.qty_delivered, 20)
        again = self._invoice(order)
        self.assertEqual(again.amount_total, 2000)
        self._pay_invoice(again)
        self.assertEarned(order, "200", "100", "40")

    def test_loose_discount_on_mixed_invoice_of_one_order(self):
        goods = self._create_goods("Vase", invoice_policy="delivery")
        other = self._create_goods("Jar", invoice_policy="delivery")
        order = self._sell(lines=[(goods, 10, 100.0), (other, 10, 100.0)])
        sent = self._deliver(order, {goods: 10, other: 0})
        self._invoice(order)
        self._return(sent, 5, goods)
        self._deliver(order)
        invoice = order._create_invoices(final=True)
        self.assertEqual(invoice.amount_total, 500)
        invoice.invoice_line_ids = [(0, 0, {"name": "Goodwill", "quantity": 1, "price_unit": -100.0, "tax_ids": []})]
        invoice.action_post()
        # 500 of vases, 1,000 of jars, less 100
        self.assertEarned(order, "140", "70", "28")

    def _discounted(self):
        program = self.env["loyalty.program"].create(
            {
                "name": "Ten",
                "program_type": "promotion",
                "applies_on": "current",
                "trigger": "auto",
                "rule_ids": [(0, 0, {"reward_point_mode": "order", "reward_point_amount": 1})],
                "reward_ids": [
                    (
                        0,
                        0,
                        {
                            "reward_type": "discount",
                            "discount": 10,
                            "discount_mode": "percent",
                            "discount_applicability": "order",
                            "required_points": 1,
                        },
                    )
                ],
            }
        )
        order = self._create_order(lines=[(self.goods, 10, 100.0)])
        order._update_programs_and_rewards()
        order._apply_program_reward(program.reward_ids, order.coupon_point_ids.coupon_id)
        self.assertEqual(order.amount_total, 900)
        order.action_confirm()
        return order

    def test_reward_button_on_confirmed_order(self):
        order = self._discounted()
        self._deliver(order)
        self.assertEarned(order, "90", "45", "18")
        count = self.entry_model.search_count([("order_id", "=", order.id)])
        terms = self.term_model.search_count([("order_id", "=", order.id)])
        order.action_open_reward_wizard()
        self.assertEarned(order, "90", "45", "18")
        self.assertEqual(self.term_model.search_count([("order_id", "=", order.id)]), terms)
        self.assertEqual(self.entry_model.search_count([("order_id", "=", order.id)]), count)

    def test_reward_button_on_paid_order(self):
        self.program.write({"trigger": "paid", "hold_days": 0})
        order = self._discounted()
        self._pay_online(order)
        self._deliver(order)
        self.assertEarned(order, "90", "45", "18")
        self._settle()
        self.assertAccount(self.cleo, available="90")
        order.action_open_reward_wizard()
        self.assertEqual(order.amount_total, 900)
        self.assertEarned(order, "90", "45", "18")
        self.assertEqual(
            self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)]).mapped("amount"), [90.0]
        )

    def test_one_save_of_two_lines_of_a_paid_order(self):
        self.program.trigger = "paid"
        order = self._sell(lines=[(self.goods, 10, 100.0), (self.goods_b, 5, 100.0)])
        self._pay_online(order)
        self.assertEarned(order, "150", "75", "30")
        mug, bowl = order.order_line
        order.write({"order_line": [(1, mug.id, {"product_uom_qty": 12}), (1, bowl.id, {"product_uom_qty": 3})]})
        self.assertEqual(order.amount_total, 1500)
        self.assertEarned(order, "150", "75", "30")
        amounts = self.entry_model.search(
            [("order_id", "=", order.id), ("level", "=", 1), ("id", ">", 0)], order="id"
        ).mapped("amount")
        self.assertEqual(amounts, [100.0, 50.0, 20.0, -20.0])

    def test_one_save_of_a_settled_order(self):
        self.program.trigger = "paid"
        with freeze_time("2026-03-01 04:00:00"):
            order = self._sell(lines=[(self.goods, 10, 100.0), (self.service, 5, 100.0)])
            self._pay_online(order)
            self._deliver(order)
        with freeze_time("2026-03-20 04:00:00"):
            self._settle()
            self.assertAccount(self.cleo, available="150")
            mug, lamp = order.order_line
            # A lamp more, a mug less: what the customer has paid is what it costs.
            order.write({"order_line": [(1, lamp.id, {"product_uom_qty": 6}), (1, mug.id, {"price_unit": 90})]})
            self.assertEqual(order.amount_total, 1500)
            self.assertEarned(order, "150", "75", "30")
            self._settle()
            self.assertGreaterEqual(self._account(self.cleo).available, 140)

    def _reopen(self):
        order = self._sell(10)
        self._deliver(order, {self.goods: 4})
        order._action_cancel()
        order.action_draft()
        self.program.rule_ids.filtered(lambda rule: rule.level == 1).rate = 12
        order.action_confirm()
        self.env["distribution.commission.event"]._work_off(order)
        return order

    def test_reopened_now(self):
        self.assertEarned(self._reopen(), "40", "20", "8")

    def test_reopened_in_background(self):
        self.company.is_commission_in_background = True
        self.assertEarned(self._reopen(), "40", "20", "8")

    def test_exchange_in_the_next_month(self):
        rule = self.program.rule_ids.filtered(lambda rule: rule.level == 1)
        rule.write({"limit_scope": "period", "maximum_amount": 150})
        with freeze_time("2026-03-05 04:00:00"):
            self._sell(20)
            order = self._sell(lines=[(self.service, 10, 100.0), (self.goods_b, 10, 100.0)])
            terms = order.commission_term_ids.filtered(lambda t: t.level == 1)
            self.assertEqual(terms.mapped("expected_amount"), [0, 0])
        with freeze_time("2026-04-02 04:00:00"):
            order.order_line[0].product_id = self.env["product.product"].create(
                {"name": "Hour", "type": "service", "taxes_id": False}
            )
            order.order_line[0].price_unit = 100
            terms = order.commission_term_ids.filtered(lambda t: t.level == 1 and t.state == "active").sorted("line_id")
            self._deliver(order, {self.goods_b: 10})
            self.assertEarned(order, "0", "50", "20")

    def _expected(self, order, level=1):
        terms = order.commission_term_ids.filtered(lambda t: t.level == level and t.state == "active")
        return sum(terms.mapped("expected_amount"))

    def _add_line_in_april(self):
        """An order of March takes 50 of the 100 that are left, and gets a line in April."""
        rule = self.program.rule_ids.filtered(lambda rule: rule.level == 1)
        rule.write({"limit_scope": "period", "maximum_amount": 150})
        with freeze_time("2026-03-05 04:00:00"):
            first = self._sell(10)
            order = self._sell(lines=[(self.goods, 2, 100.0)])
            self.assertEqual((self._expected(first), self._expected(order)), (100, 20))
        with freeze_time("2026-04-02 04:00:00"):
            vals = {"product_id": self.goods_b.id, "product_uom_qty": 10, "price_unit": 100.0, "tax_ids": []}
            order.write({"order_line": [(0, 0, vals)]})
            self.assertEqual(self._expected(order), 50)  # what March had left
        return first, order

    def test_line_added_next_month_is_not_taken_of_that_month(self):
        self._add_line_in_april()
        with freeze_time("2026-04-05 04:00:00"):
            self.assertEqual(self._expected(self._sell(20)), 150)

    def test_line_added_next_month_is_taken_of_its_orders_month(self):
        first, order = self._add_line_in_april()
        with freeze_time("2026-04-05 04:00:00"):
            first.order_line.product_uom_qty = 20
            for each in (first, order, order, first):
                self._deliver(each)
            self.assertLessEqual(self._expected(first) + self._expected(order), 150)

    def test_units(self):
        dozen, unit = self.env.ref("uom.product_uom_dozen"), self.env.ref("uom.product_uom_unit")
        order = self._create_order(None, [(self.goods, 2, 1200)])
        order.order_line.product_uom_id = dozen
        order.order_line.price_unit = 1200
        order.action_confirm()
        self._deliver(order)
        self.assertEarned(order, "240", "120", "48")
        invoice = self._invoice(order, post=False)
        invoice.invoice_line_ids.write({"product_uom_id": unit.id})
        invoice.invoice_line_ids.write({"quantity": 12, "price_unit": 100.0})
        invoice.action_post()
        self.assertEqual(invoice.amount_total, 1200)
        self.assertEarned(order, "240", "120", "48")
        self._credit(invoice, quantity=6)
        self.assertEarned(order, "180", "90", "36")

    def test_negative_quantity(self):
        order = self._sell(lines=[(self.goods, 10, 100.0), (self.goods, -2, 100.0)])
        for picking in order.picking_ids:
            for move in picking.move_ids:
                move.quantity = move.product_uom_qty
                move.picked = True
            picking.button_validate()
        self.assertEarned(order, "80", "40", "16")
        invoice = order._create_invoices(final=True)
        invoice.action_post()
        self.assertEqual(invoice.amount_total, 800)
        self.assertEarned(order, "80", "40", "16")
        self._refund_online(self._pay_online(order), 80)
        self.assertEarned(order, "72", "36", "14.40")
        self._credit(invoice)
        self.assertEarned(order, "0", "0", "0")
