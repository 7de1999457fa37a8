# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Bugs that real distribution systems shipped: each has a number, each is a test that this suite passes."""

from decimal import Decimal

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.distribution_payout.tests.common import PayoutCommon


@tagged("post_install", "-at_install")
class TestKnownBugs(PayoutCommon):
    def _entries(self, order, level=1):
        return self.entry_model.search([("order_id", "=", order.id), ("level", "=", level)], order="id")

    def _rule(self, level):
        return self.program.rule_ids.filtered(lambda rule: rule.level == level)

    def test_bug_06_refund_after_settlement_is_clawed_back(self):
        order, _picking = self._earn_and_settle()
        self._credit(self._invoice(order))
        self.assertEarned(order, "0", "0", "0")
        self._settle()
        self.assertAccount(self.cleo)
        self.assertBooksAgree()

    def test_bug_07_partial_refund_is_not_a_full_one(self):
        order, picking = self._earn_and_settle()
        self._return(picking, 1)
        self.assertEarned(order, "90", "45", "18")

    def test_bug_08_repeated_refunds_take_back_each_piece_once(self):
        order, picking = self._earn_and_settle()
        invoice = self._invoice(order)
        for taken_back, earned in ((2, "80"), (5, "50"), (6, "40")):
            already = sum(
                move.quantity for move in picking.move_ids.returned_move_ids.filtered(lambda m: m.state == "done")
            )
            self._return(picking, taken_back - already)
            self.assertEqual(self._earned(order, self.cleo), Decimal(earned))
            self._credit(invoice, quantity=taken_back - already)
            self.assertEqual(self._earned(order, self.cleo), Decimal(earned))
            self.assertReplayAddsNothing(order)

    def test_bug_09_clawback_beyond_the_balance_becomes_debt(self):
        _order, picking = self._earn_and_settle()
        self._pay(self._create_run())
        self._return(picking, 10)
        self._settle()
        self.assertAccount(self.cleo, debt="100")
        self.assertAccount(self.ben, debt="50")
        self.assertBooksAgree()

    def test_bug_10_upper_levels_are_reversed_with_the_first(self):
        order, picking = self._earn_and_settle()
        self._return(picking, 10)
        self.assertEarned(order, "0", "0", "0")
        for level in (1, 2, 3):
            earning, clawback = self._entries(order, level)
            self.assertEqual((clawback.reverses_id, clawback.amount), (earning, -earning.amount))

    def test_bug_12_refunds_have_the_right_sign(self):
        order, picking = self._earn_and_settle()
        self._return(picking, 3)
        self.assertRecordValues(
            self._entries(order),
            [
                {"amount": 100.0, "base": 1000.0, "kind": "earning"},
                {"amount": -30.0, "base": -300.0, "kind": "clawback"},
            ],
        )
        settlement = self._settle()
        item = settlement.line_ids.filtered(lambda line: line.distributor_id == self.cleo).move_line_id
        self.assertEqual((item.account_id, item.balance), (self.payable, 30.0))

    def test_bug_13_shipping_and_discounts_are_not_in_the_base(self):
        shipping = self.env["product.product"].create({"name": "Delivery", "type": "service", "taxes_id": False})
        coupon = self.env["product.product"].create({"name": "Coupon", "type": "service", "taxes_id": False})
        order = self._create_order(
            lines=[(self.goods, 3, 100.0), (self.goods_b, 1, 100.0), (shipping, 1, 25.0), (coupon, 1, -40.0)]
        )
        order.order_line.filtered(lambda line: line.product_id == shipping).is_delivery = True
        order.action_confirm()
        self._deliver(order)
        self.assertEarned(order, "36", "18", "7.20")
        self._invoice(order)
        self.assertEarned(order, "36", "18", "7.20")
        bases = {entry.line_id.product_id: entry.base for entry in self._entries(order)}
        self.assertEqual(bases, {self.goods: 270.0, self.goods_b: 90.0})

    def test_bug_13_loyalty_discounts_are_not_in_the_base(self):
        program = self.env["loyalty.program"].create(
            {
                "name": "Ten off",
                "program_type": "promotion",
                "trigger": "auto",
                "applies_on": "current",
                "rule_ids": [(0, 0, {"minimum_amount": 1})],
                "reward_ids": [
                    (
                        0,
                        0,
                        {
                            "reward_type": "discount",
                            "discount": 10,
                            "discount_mode": "percent",
                            "discount_applicability": "order",
                        },
                    )
                ],
            }
        )
        order = self._create_order(lines=[(self.goods, 10, 100.0)])
        order._update_programs_and_rewards()
        if not order.order_line.filtered("is_reward_line"):
            coupon = order._get_claimable_rewards()
            for card, rewards in coupon.items():
                order._apply_program_reward(rewards[0], card)
        self.assertTrue(order.order_line.filtered("is_reward_line"), program.name)
        order.action_confirm()
        self._deliver(order)
        self.assertEarned(order, "90", "45", "18")

    def test_bug_13_payment_by_gift_card_is_money_not_a_discount(self):
        reward = {"reward_type": "discount", "discount_mode": "per_point", "discount": 1, "required_points": 1}
        program = self.env["loyalty.program"].create(
            {
                "name": "Gift Cards",
                "program_type": "gift_card",
                "applies_on": "future",
                "trigger": "auto",
                "rule_ids": [(0, 0, {"reward_point_mode": "money", "reward_point_amount": 1})],
                "reward_ids": [(0, 0, reward)],
            }
        )
        card = self.env["loyalty.card"].create({"program_id": program.id, "points": 400})
        order = self._create_order(lines=[(self.goods, 10, 100.0)])
        for coupon, rewards in order._try_apply_code(card.code).items():
            order._apply_program_reward(rewards, coupon)
        self.assertEqual(order.amount_untaxed, 600.0)
        order.action_confirm()
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")
        self._invoice(order)
        self.assertEarned(order, "100", "50", "20")

    def test_bug_14_order_pays_the_distributor_it_was_attributed_to(self):
        order = self._sell(10)
        self.binding._end("moved")
        self.env["distribution.binding"]._bind(self.customer, self.ada)
        self.cleo.parent_id = self.ada
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")

    def test_bug_15_long_cycles_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "cannot be above itself"):
            self.ada.parent_id = self.cleo

    def test_bug_16_paths_are_rebuilt_by_position_not_by_text(self):
        """A path is corrupted when an id is replaced as text inside a longer one (12 inside 112)."""
        top = self._create_distributor("Top")
        upper = self._create_distributor("Upper")
        # The next id ends in the digits of this one, as 112 ends in 12.
        self.cr.execute("SELECT setval('distribution_distributor_id_seq', %s, false)", [int(f"1{upper.id}")])
        lower = self._create_distributor("Lower", upper)
        lowest = self._create_distributor("Lowest", lower)
        self.assertEqual(lower.id, int(f"1{upper.id}"))
        upper.parent_id = top
        self.assertEqual(lowest.parent_path, f"{top.id}/{upper.id}/{lower.id}/{lowest.id}/")
        upper.parent_id = False
        self.assertEqual(lowest.parent_path, f"{upper.id}/{lower.id}/{lowest.id}/")

    def test_bug_19_rates_and_shares_are_rounded_once_per_line_and_level(self):
        self._rule(1).rate = 12.5
        self._rule(2).rate = 3.33
        order = self._sell(lines=[(self.goods, 3, 33.33)])
        self._deliver(order)
        # 99.99 x 12.5 % = 12.49875; per unit it would be 3 x 4.17 = 12.51; truncated to 12 % it would be 12.00
        self.assertEarned(order, "12.50", "3.33", "2")

    def test_bug_20_same_event_twice_commissions_once(self):
        order = self._sell(10)
        picking = self._deliver(order)
        picking.move_ids._converge_commission()
        order._converge_commission()
        self.env["distribution.commission.term"]._converge(order)
        self.assertEqual(len(self._entries(order)), 1)

    def test_bug_31_order_ledger_and_settlement_say_the_same(self):
        self.program.hold_days = 0
        order = self._sell(lines=[(self.goods, 1, 0.35)] * 4)
        expected = order.commission_term_ids.filtered(lambda term: term.distributor_id == self.cleo)
        self.assertEqual(sum(Decimal(repr(amount)) for amount in expected.mapped("expected_amount")), Decimal("0.16"))
        self._deliver(order)
        self.assertEqual(self._earned(order, self.cleo), Decimal("0.16"))
        settled = self._settle().line_ids.filtered(lambda line: line.distributor_id == self.cleo)
        self.assertEqual(Decimal(repr(settled.amount)), Decimal("0.16"))

    @mute_logger("odoo.sql_db")
    def test_bug_35_settled_sources_are_not_deleted(self):
        order, picking = self._earn_and_settle()
        move = self._entries(order).accrual_line_id.move_id
        order._action_cancel()
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            order.unlink()
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            order.order_line.unlink()
        with self.assertRaises(UserError):
            move.unlink()
        sources = {"sale_order_line": order.order_line, "stock_picking": picking, "account_move": move}
        for table, record in sources.items():
            with self.assertRaises(IntegrityError), self.cr.savepoint():
                self.cr.execute(f"DELETE FROM {table} WHERE id = %s", [record.id])  # pylint: disable=sql-injection

    @mute_logger("odoo.sql_db")
    def test_bug_37_impossible_rates_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "above its cap"):
            self.program.write({"rule_ids": [(1, self._rule(1).id, {"rate": 60}), (1, self._rule(2).id, {"rate": 70})]})
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self._rule(1).rate = -5
            self.env.flush_all()

    def test_bug_38_cancelled_order_shows_no_commission(self):
        order = self._sell(10)
        self.assertEqual(order.commission_expected, 170.0)
        self._deliver(order, {self.goods: 5})
        order._action_cancel()
        self.assertEqual((order.commission_expected, order.commission_earned), (0.0, 0.0))
        self.assertEqual(set(order.commission_term_ids.mapped("pending_amount")), {0.0})
