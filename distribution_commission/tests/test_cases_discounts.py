# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestCasesDiscounts(CommissionCommon):
    """Discount lines on several documents; two lines of 100.00, A and B, unless a test says otherwise.

    With all goods sent and invoiced, what is earned on is what the invoices come to less the credit notes.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coupon = cls.env["product.product"].create({"name": "Coupon", "type": "service", "taxes_id": False})
        (cls.goods | cls.goods_b).invoice_policy = "delivery"

    def _sell_discounted(self, discount, quantity=1, deliver=True):
        order = self._sell(
            lines=[(self.goods, quantity, 100.0), (self.goods_b, 1, 100.0), (self.coupon, 1, -float(discount))]
        )
        return (order, self._deliver(order)) if deliver else order

    def _credit_amounts(self, invoice, **amounts):
        """Credit some of an invoice: untaxed amounts by `a`, `b` and `coupon`, quantity 1; what is not named is left
        out."""
        credit = self._credit(invoice, post=False)
        products = {"a": self.goods, "b": self.goods_b, "coupon": self.coupon}
        for name, product in products.items():
            item = credit.invoice_line_ids.filtered(lambda item, product=product: item.product_id == product)
            if name in amounts:
                item.write({"quantity": 1, "price_unit": amounts[name]})
            else:
                item.unlink()
        credit.action_post()
        return credit

    # === EXCHANGES === #

    def _sell_ten(self):
        """Send and invoice 10 at 100.00 with a coupon of 100.00, take 3 back: the order, the invoice, the return."""
        order = self._sell(lines=[(self.goods, 10, 100.0), (self.coupon, 1, -100.0)])
        picking = self._deliver(order)
        return order, self._invoice(order), self._return(picking, 3)

    def test_exchange_of_what_was_credited_at_the_price_paid(self):
        order, invoice, back = self._sell_ten()
        credit = self._credit(invoice, quantity=3, price=90, post=False)
        credit.invoice_line_ids.filtered(lambda item: item.product_id == self.coupon).unlink()
        credit.action_post()
        self.assertEarned(order, "63", "31.50", "12.60")
        self._return(back, 3)
        self.assertEqual(self._invoice(order).amount_untaxed, 300)
        self.assertEarned(order, "90", "45", "18")

    def test_price_reduction_after_an_exchange(self):
        order, invoice, back = self._sell_ten()
        self._return(back, 3)
        self.assertEarned(order, "90", "45", "18")
        credit = self._credit(invoice, price=10, post=False)
        credit.invoice_line_ids.filtered(lambda item: item.product_id == self.coupon).unlink()
        credit.action_post()
        self.assertEarned(order, "80", "40", "16")

    # === CREDIT NOTES === #

    def _lower_prices(self, discount, part):
        order, _picking = self._sell_discounted(discount)
        self._credit_amounts(self._invoice(order), a=part, b=part, coupon=-discount * part / 100)
        return order

    def test_lower_price_with_its_part_of_the_coupon(self):
        self.assertEarned(self._lower_prices(20, 10), "16.20", "8.10", "3.24")
        self.assertEarned(self._lower_prices(100, 10), "9", "4.50", "1.80")
        self.assertEarned(self._lower_prices(100, 50), "5", "2.50", "1")

    def _return_a(self, discount, *credits):
        """Invoice, take A back and credit it by these amounts; return the order and the return."""
        order, picking = self._sell_discounted(discount)
        invoice = self._invoice(order)
        back = self._return(picking, 1)
        for amounts in credits:
            self._credit_amounts(invoice, **amounts)
        return order, back

    def test_coupon_that_does_not_match_the_goods_it_comes_back_with(self):
        order, _back = self._return_a(20, {"a": 100, "coupon": -5})
        # 180.00 less 95.00
        self.assertEarned(order, "8.50", "4.25", "1.70")

    def test_coupon_line_of_a_credit_note_set_to_nothing(self):
        order, _back = self._return_a(20, {"a": 100, "coupon": 0})
        self.assertEarned(order, "8", "4", "1.60")

    def test_credited_at_the_price_that_was_paid(self):
        order, _back = self._return_a(20, {"a": 90})
        self.assertEarned(order, "9", "4.50", "1.80")

    def test_credited_at_the_list_price_what_was_invoiced_for_less(self):
        order, _back = self._return_a(20, {"a": 10}, {"a": 100})
        # 180.00 less 110.00
        self.assertEarned(order, "7", "3.50", "1.40")

    def test_price_below_zero_takes_no_goods_back(self):
        order, _picking = self._sell_discounted(20)
        invoice, line = self._invoice(order, post=False), order.order_line[0]
        vals = {**line._prepare_invoice_line(quantity=1), "price_unit": -10}
        invoice.invoice_line_ids = [(0, 0, vals)]
        invoice.action_post()
        # A 90.00 less 10.00, B 90.00
        first = self.entry_model.search([("line_id", "=", line.id), ("level", "=", 1)])
        self.assertEqual(f"{sum(first.mapped('amount')):.2f}", "8.00")
        self.assertEarned(order, "17", "8.50", "3.40")

    def test_credited_without_the_coupon_sent_and_invoiced_again(self):
        order, back = self._return_a(20, {"a": 100})
        self.assertEarned(order, "8", "4", "1.60")
        self._return(back, 1)
        self.assertEqual(self._invoice(order).amount_untaxed, 100)
        self.assertEarned(order, "18", "9", "3.60")

    def test_credited_without_a_coupon_of_half_the_price_sent_and_invoiced_again(self):
        order, back = self._return_a(100, {"a": 100})
        self.assertEarned(order, "0", "0", "0")
        self._return(back, 1)
        self.assertEqual(self._invoice(order).amount_untaxed, 100)
        self.assertEarned(order, "10", "5", "2")

    def test_one_of_two_is_credited_without_the_coupon(self):
        order, picking = self._sell_discounted(30, quantity=2)
        invoice = self._invoice(order)
        self._return(picking, 1)
        self._credit_amounts(invoice, a=100)
        # The coupon is for the two that are left: 85.00 each.
        self.assertEarned(order, "17", "8.50", "3.40")
        entry = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)], order="id desc", limit=1)
        self.assertIn("without 5.00 USD more of the order's discounts", entry.why)

    # === GOODS THAT STAY IN THE WAREHOUSE === #

    def test_coupon_of_goods_that_are_never_sent(self):
        order = self._sell(lines=[(self.goods, 10, 10.0), (self.coupon, 1, -50.0)])
        picking = order.picking_ids
        picking.move_ids.write({"quantity": 5, "picked": True})
        picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=picking.ids).button_validate()
        invoice = self._invoice(order, post=False)
        self.assertEqual(invoice.amount_untaxed, 0)
        invoice.action_post()
        self.assertEarned(order, "0", "0", "0")

    def test_coupon_of_goods_whose_delivery_is_cancelled(self):
        order = self._sell_discounted(20, deliver=False)
        self._deliver(order, {self.goods: 1})
        self.assertEqual(self._invoice(order).amount_untaxed, 80)
        # The other will bear its half.
        self.assertEarned(order, "9", "4.50", "1.80")
        order.picking_ids.filtered(lambda picking: picking.state != "done").action_cancel()
        self.assertEarned(order, "8", "4", "1.60")

    # === ONE DOCUMENT THAT CHARGES AND TAKES BACK === #

    def test_coupon_above_the_first_delivery(self):
        order = self._sell(
            lines=[(self.goods, 3, 100.0), (self.goods_b, 1, 100.0), (self.coupon, 1, -150.0)],
        )
        self._deliver(order, {self.goods_b: 1})
        note = order._create_invoices(final=True)
        self.assertEqual((note.move_type, note.amount_untaxed), ("out_refund", 50))
        note.action_post()
        self.assertEarned(order, "6.25", "3.13", "1.25")
        self._deliver(order)
        self.assertEqual(self._invoice(order).amount_untaxed, 300)
        # 250.00: 62.50 and 187.50, rounded line by line.
        self.assertEarned(order, "25", "12.51", "5")

    def _exchange(self, price):
        """Send C in place of A, and return the order and the document that Odoo makes of it."""
        order, picking = self._sell_discounted(100)
        self._invoice(order)
        other = self.env["product.product"].create({"name": "C", "invoice_policy": "delivery", "taxes_id": False})
        vals = {"order_id": order.id, "product_id": other.id, "product_uom_qty": 1, "price_unit": price}
        self.env["sale.order.line"].create(vals)
        self._return(picking, 1)
        self._deliver(order)
        exchange = order._create_invoices(final=True)
        exchange.action_post()
        return order, exchange

    def test_exchange_on_one_invoice(self):
        order, exchange = self._exchange(100)
        self.assertEqual((exchange.move_type, exchange.amount_untaxed), ("out_invoice", 0))
        self.assertEarned(order, "10", "5", "2")

    def test_cheaper_exchange_on_one_credit_note(self):
        order, exchange = self._exchange(60)
        self.assertEqual((exchange.move_type, exchange.amount_untaxed), ("out_refund", 40))
        # Of 60.00, B has 37.50 and C 22.50, rounded line by line.
        self.assertEarned(order, "6", "3.01", "1.20")

    # === INVOICES THAT DO NOT COUNT === #

    def test_credit_note_of_an_open_invoice_leaves_the_others_alone(self):
        self.program.trigger = "invoice_paid"
        order = self._sell(lines=[(self.goods, 1, 100.0), (self.goods_b, 1, 100.0)])
        self._deliver(order, {self.goods: 1})
        first = self._invoice(order)
        self._deliver(order)
        self._pay_invoice(self._invoice(order))
        self.assertEarned(order, "10", "5", "2")
        # A credit note made from the order names no invoice.
        self._return(order.picking_ids.filtered(lambda picking: picking.move_ids.product_id == self.goods), 1)
        credit = order._create_invoices(final=True)
        self.assertEqual((credit.move_type, credit.reversed_entry_id), ("out_refund", first.browse()))
        credit.action_post()
        self.assertEarned(order, "10", "5", "2")

    def test_invoice_under_correction_leaves_the_others_alone(self):
        order = self._sell(lines=[(self.goods, 1, 100.0), (self.goods_b, 1, 100.0)])
        self._deliver(order, {self.goods: 1})
        first = self._invoice(order)
        self._deliver(order)
        self._invoice(order)
        self._credit(first)
        self.assertEarned(order, "10", "5", "2")
        first.button_draft()
        self.assertEarned(order, "10", "5", "2")
        first.action_post()
        self.assertEarned(order, "10", "5", "2")

    def test_invoice_with_the_coupon_under_correction_leaves_the_others_alone(self):
        order = self._sell(
            lines=[(self.goods, 2, 100.0), (self.goods_b, 1, 100.0), (self.coupon, 1, -150.0)],
        )
        picking = self._deliver(order, {self.goods: 2})
        first = self._invoice(order)
        self.assertEqual(first.amount_untaxed, 50)
        self._deliver(order)
        self._invoice(order)
        self._return(picking, 2)
        self._credit(first)
        self.assertEarned(order, "5", "2.50", "1")
        first.button_draft()
        self.assertEarned(order, "5", "2.50", "1")
        first.action_post()
        self.assertEarned(order, "5", "2.50", "1")

    # === WHAT IS A GOOD === #

    def test_product_that_becomes_a_gift_card_changes_no_order(self):
        order, _picking = self._sell_discounted(20)
        self.assertEarned(order, "18", "9", "3.60")
        program = self.env["loyalty.program"].create(
            {
                "name": "Cards",
                "program_type": "gift_card",
                "rule_ids": [(0, 0, {"product_ids": [(6, 0, self.goods_b.ids)]})],
            }
        )
        order._converge_commission()
        self.assertEarned(order, "18", "9", "3.60")
        later = self._sell(lines=[(self.goods, 1, 100.0), (self.goods_b, 1, 100.0)])
        self.assertEqual(later.commission_term_ids.line_id, later.order_line[0])
        # Forgotten with the program.
        program.active = False
        program.unlink()
        later = self._sell(lines=[(self.goods, 1, 100.0), (self.goods_b, 1, 100.0)])
        self.assertEqual(later.commission_term_ids.line_id, later.order_line)
