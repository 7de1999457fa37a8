# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestCasesMoney(CommissionCommon):
    """Currencies, taxes, discounts and ways to pay; the numbers are those of readme/USAGE.md."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.loyalty_card = cls.env["loyalty.card"]

    # === CURRENCY AND TAXES === #

    def _sell_in_other_currency(self):
        """Sell ten mugs at 100.00 of a currency of which 8 are one of the company's, on the day of the order."""
        currency = self.env["res.currency"].create(
            {"name": "XTS", "symbol": "X", "rate_ids": [(0, 0, {"name": "2020-01-01", "rate": 8.0})]}
        )
        pricelist = self.env["product.pricelist"].create({"name": "Abroad", "currency_id": currency.id})
        order = self._create_order(lines=[(self.goods, 10, 100.0)], pricelist_id=pricelist.id)
        order.order_line.price_unit = 100.0
        order.action_confirm()
        self.assertEqual((order.currency_id, order.currency_rate), (currency, 8.0))
        currency.rate_ids.rate = 4.0
        return order

    def test_other_currency_at_the_rate_of_the_confirmation(self):
        order = self._sell_in_other_currency()
        picking = self._deliver(order)
        self.assertEarned(order, "12.50", "6.25", "2.50")
        invoice = self._invoice(order)
        self._return(picking, 3)
        self.assertEarned(order, "8.75", "4.38", "1.75")
        self._credit(invoice, quantity=5)
        self.assertEarned(order, "6.25", "3.13", "1.25")

    def test_refund_in_the_orders_currency(self):
        order = self._sell_in_other_currency()
        self._deliver(order)
        self._refund_online(self._pay_online(order), 100)
        self.assertEarned(order, "11.25", "5.63", "2.25")

    def test_currency_without_cents(self):
        """Ten mugs at 105 yen on three levels; half a yen is rounded away from zero, and no text has a decimal."""
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env.cr.execute("UPDATE res_company SET currency_id = %s WHERE id = %s", [yen.id, self.company.id])
        self.env.invalidate_all()
        pricelist = self.env["product.pricelist"].create({"name": "At home", "currency_id": yen.id})
        order = self._sell(lines=[(self.goods, 10, 105.0)], pricelist_id=pricelist.id)
        self._return(self._deliver(order), 3)
        self.assertEarned(order, "74", "37", "15")
        of_cleo = [("order_id", "=", order.id), ("distributor_id", "=", self.cleo.id)]
        earned, taken = self.env["distribution.commission.entry"].search(of_cleo, order="id")
        self.assertEqual((earned.amount, taken.amount), (105, -31))
        self.assertIn("Eligible base 735 JPY: the smallest of 1050 sent out, 735 kept", taken.why)
        self.assertIn("Earned so far: 74. Before, the ledger had 105: it changes by -31.", taken.why)

    def test_company_keeps_its_currency_once_commission_was_agreed_on(self):
        other = self.env["res.currency"].create({"name": "XTS", "symbol": "X"})
        self.company.currency_id = self.company.currency_id
        company = self.env["res.company"].create({"name": "New", "currency_id": self.company.currency_id.id})
        company.currency_id = other
        self._sell()
        with self.assertRaisesRegex(UserError, "was agreed on in"):
            self.company.currency_id = other
        self.company.currency_id = self.company.currency_id

    def _sell_with_tax(self, included, quantity=10, price=113.0):
        tax = self.env["account.tax"].create(
            {
                "name": "13 %",
                "amount": 13.0,
                "price_include_override": "tax_included" if included else "tax_excluded",
                "company_id": self.company.id,
            }
        )
        order = self._create_order(lines=[(self.goods, quantity, price)])
        order.order_line.tax_ids = tax
        order.action_confirm()
        self._deliver(order)
        return order

    def test_taxes_in_the_price_are_not_in_the_base(self):
        order = self._sell_with_tax(included=True)
        self.assertEqual((order.amount_untaxed, order.amount_total), (1000.0, 1130.0))
        self.assertEarned(order, "100", "50", "20")
        # 226.00 are 200.00 without taxes.
        self._refund_online(self._pay_online(order), 226)
        self.assertEarned(order, "80", "40", "16")
        self._credit(self._invoice(order), quantity=2)
        self.assertEarned(order, "80", "40", "16")

    def test_taxes_on_top_are_not_in_the_base(self):
        order = self._sell_with_tax(included=False, price=100.0)
        self.assertEqual(order.amount_total, 1130.0)
        self.assertEarned(order, "100", "50", "20")
        self._refund_online(self._pay_online(order), 113)
        self.assertEarned(order, "90", "45", "18")

    # === DISCOUNTS AND SHIPPING === #

    def _create_service(self, name):
        return self.env["product.product"].create({"name": name, "type": "service", "taxes_id": False})

    def test_discount_line_is_borne_by_value(self):
        order = self._sell(
            lines=[(self.goods, 3, 100.0), (self.goods_b, 1, 100.0), (self._create_service("Coupon"), 1, -40.0)]
        )
        picking = self._deliver(order)
        self.assertEarned(order, "36", "18", "7.20")
        entry = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)], order="line_id", limit=1)
        self.assertIn("worth 270.00 USD, without its share of the order's discounts: 30.00.", entry.why)
        self._return(picking, 1, self.goods_b)
        self.assertEarned(order, "27", "13.50", "5.40")
        # The customer gets back what the bowl cost: 90.00.
        self._refund_online(self._pay_online(order), 90)
        self.assertEarned(order, "27", "13.50", "5.40")

    def _sell_with_coupon(self):
        """Sell three mugs and a bowl, invoiced when they are sent, with a coupon of 40.00; the bowl is sent first.

        :return: the order, the bowl's delivery
        """
        (self.goods | self.goods_b).invoice_policy = "delivery"
        order = self._sell(
            lines=[(self.goods, 3, 100.0), (self.goods_b, 1, 100.0), (self._create_service("Coupon"), 1, -40.0)]
        )
        return order, self._deliver(order, {self.goods_b: 1})

    def test_coupon_on_the_first_of_two_invoices_is_for_all(self):
        order, picking = self._sell_with_coupon()
        self.assertEqual(self._invoice(order).amount_untaxed, 60)
        self.assertEarned(order, "9", "4.50", "1.80")
        self._deliver(order)
        self.assertEarned(order, "36", "18", "7.20")
        self.assertEqual(self._invoice(order).amount_untaxed, 300)
        self.assertEarned(order, "36", "18", "7.20")
        # Odoo credits what it finds on the order: 100.00, since the coupon is invoiced.
        self._return(picking, 1, self.goods_b)
        self.assertEarned(order, "27", "13.50", "5.40")
        payment = self._pay_online(order, 360)
        self._refund_online(payment, 100)
        self.assertEarned(order, "26", "13", "5.20")
        credit = order._create_invoices(final=True)
        self.assertEqual((credit.move_type, credit.amount_untaxed), ("out_refund", 100))
        credit.action_post()
        self.assertEarned(order, "26", "13", "5.20")
        [*_others, last] = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)], order="id")
        self.assertIn("260.00 invoiced or to be invoiced", last.why)

    def test_credit_beyond_a_discounted_line_is_borne_by_the_others(self):
        order, picking = self._sell_with_coupon()
        self._deliver(order)
        self._invoice(order)
        self._return(picking, 1, self.goods_b)
        order._create_invoices(final=True).action_post()
        self.assertEarned(order, "26", "13", "5.20")
        self._refund_online(self._pay_online(order, 360), 100)
        self.assertEarned(order, "26", "13", "5.20")
        [*_others, last] = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)], order="id")
        self.assertIn("The last is without 10.00", last.why)

    def test_coupon_is_credited_with_its_invoice_and_invoiced_again(self):
        order, _picking = self._sell_with_coupon()
        first = self._invoice(order)
        self._deliver(order)
        self._invoice(order)
        self._credit(first)
        # The mugs are worth 270.00, though 300.00 were paid for them.
        self.assertEarned(order, "27", "13.50", "5.40")
        again = self._invoice(order)
        self.assertEqual(again.amount_untaxed, 60)
        self.assertEarned(order, "36", "18", "7.20")

    def test_discount_on_a_line(self):
        order = self._create_order(lines=[(self.goods, 3, 33.33)])
        order.order_line.discount = 15.0
        order.action_confirm()
        self._deliver(order)
        # 84.99 untaxed
        self.assertEarned(order, "8.50", "4.25", "1.70")

    def test_shipping_is_not_in_the_base(self):
        order = self._create_order(lines=[(self.goods, 10, 100.0), (self._create_service("Courier"), 1, 25.0)])
        order.order_line[1].is_delivery = True
        order.action_confirm()
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")
        self._credit(self._invoice(order))
        self.assertEarned(order, "0", "0", "0")

    def test_refund_of_goods_and_shipping(self):
        order = self._create_order(lines=[(self.goods, 10, 100.0), (self._create_service("Courier"), 1, 25.0)])
        order.order_line[1].is_delivery = True
        order.action_confirm()
        self._deliver(order)
        tx = self._pay_online(order)
        self._refund_online(tx, 25)
        # Nobody says that it was the shipping: the goods bear it.
        self.assertEarned(order, "97.50", "48.75", "19.50")
        self._refund_online(tx, 1000)
        self.assertEarned(order, "0", "0", "0")

    def test_shipping_bears_its_part_of_a_loose_credit_line(self):
        order = self._create_order(lines=[(self.goods, 10, 100.0), (self._create_service("Courier"), 1, 25.0)])
        order.order_line[1].is_delivery = True
        order.action_confirm()
        self._deliver(order)
        invoice = self._invoice(order)
        invoice.button_draft()
        wrapping = {"name": "Wrapping", "quantity": 1, "price_unit": 225.0, "tax_ids": []}
        invoice.invoice_line_ids = [(0, 0, wrapping)]
        invoice.action_post()
        credit = self._credit(invoice, post=False)
        credit.invoice_line_ids[1:].unlink()
        credit.invoice_line_ids.write({"price_unit": 125.0, "sale_line_ids": [(5, 0, 0)], "quantity": 1})
        credit.action_post()
        # A tenth of 1,250.00, of which the goods are 1,000.00.
        self.assertEarned(order, "90", "45", "18")

    # === WAYS TO PAY === #

    def test_down_payment_is_no_sale(self):
        order = self._sell(10)
        down = self._pay_down(order, 30)
        self.assertEqual(down.amount_total, 300.0)
        self.assertEarned(order, "0", "0", "0")
        self._deliver(order, {self.goods: 4})
        self.assertEarned(order, "40", "20", "8")
        self._deliver(order)
        final = order._create_invoices(final=True)
        final.action_post()
        self.assertEqual(final.amount_total, 700.0)
        self.assertEarned(order, "100", "50", "20")

    def test_down_payment_given_back_takes_nothing(self):
        order = self._sell(10)
        tx = self._pay_online(order, 300)
        self._credit(self._pay_down(order, 30))
        self._refund_online(tx, 300)
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")

    def test_order_is_paid_by_down_payment_and_final_invoice(self):
        self.program.trigger = "paid"
        order = self._sell(10)
        self._pay_invoice(self._pay_down(order, 30))
        self.assertEarned(order, "0", "0", "0")
        final = order._create_invoices(final=True)
        final.action_post()
        self.assertEarned(order, "0", "0", "0")
        self._pay_invoice(final)
        self.assertEarned(order, "100", "50", "20")

    def _pay_by_card(self, order, program_type, points):
        vals = {
            "name": "Wallets",
            "program_type": program_type,
            "applies_on": "future",
            "trigger": "auto",
            "rule_ids": [(0, 0, {"reward_point_mode": "money", "reward_point_amount": 1})],
            "reward_ids": [
                (
                    0,
                    0,
                    {"reward_type": "discount", "discount_mode": "per_point", "discount": 1, "required_points": 1},
                )
            ],
        }
        program = self.env["loyalty.program"].create(vals)
        owner = order.partner_id.id if program_type == "ewallet" else False
        card = self.loyalty_card.create({"program_id": program.id, "points": points, "partner_id": owner})
        if program_type == "ewallet":
            order._apply_program_reward(program.reward_ids, card)
        else:
            for coupon, rewards in order._try_apply_code(card.code).items():
                order._apply_program_reward(rewards, coupon)

    def test_gift_card_and_ewallet_are_money(self):
        for program_type in ("gift_card", "ewallet"):
            order = self._create_order(lines=[(self.goods, 10, 100.0)])
            self._pay_by_card(order, program_type, 400)
            self.assertEqual(order.amount_total, 600.0)
            order.action_confirm()
            self._deliver(order)
            self.assertEarned(order, "100", "50", "20")
            invoice = self._invoice(order)
            self.assertEqual(invoice.amount_total, 600.0)
            self.assertEarned(order, "100", "50", "20")

    def test_gift_card_and_top_up_are_no_sale(self):
        """A card of 400.00 is sold with ten mugs; what it will buy earns commission then."""
        for program_type in ("gift_card", "ewallet"):
            card = self._create_service(f"Card {program_type}")
            self.env["loyalty.program"].create(
                {
                    "name": "Cards",
                    "program_type": program_type,
                    "rule_ids": [(0, 0, {"product_ids": [(6, 0, card.ids)]})],
                }
            )
            order = self._sell(lines=[(self.goods, 10, 100.0), (card, 1, 400.0)])
            self.assertEqual(order.commission_term_ids.line_id, order.order_line[0])
            self._deliver(order)
            self.assertEqual(self._invoice(order).amount_untaxed, 1400)
            self.assertEarned(order, "100", "50", "20")

    def test_order_paid_by_gift_card_alone_is_paid(self):
        self.program.trigger = "paid"
        order = self._create_order(lines=[(self.goods, 10, 100.0)])
        self._pay_by_card(order, "gift_card", 1000)
        self.assertEqual(order.amount_total, 0.0)
        order.action_confirm()
        self.assertEarned(order, "100", "50", "20")

    def test_refund_of_an_order_paid_in_part_by_gift_card(self):
        order = self._create_order(lines=[(self.goods, 10, 100.0)])
        self._pay_by_card(order, "gift_card", 400)
        order.action_confirm()
        self._deliver(order)
        self._refund_online(self._pay_online(order), 600)
        self.assertEarned(order, "40", "20", "8")
