# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import tagged

from .rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestExclusions(RulesCommon):
    """Orders that bring no commission, and shares nobody earns."""

    # === ORDERS === #

    def test_customers_with_a_tag_bring_no_commission(self):
        staff = self.env["res.partner.category"].create({"name": "Staff"})
        self.program.excluded_partner_tag_ids = staff
        self.customer.category_id = staff
        order = self._sell()
        self.assertEqual(order.commission_exclusion, "customer")
        self.assertFalse(order.commission_term_ids)
        self.assertEqual(order.distribution_distributor_id, self.cleo, "The order still counts for its distributor")
        self.customer.category_id = False
        order.order_line = [(0, 0, {"product_id": self.goods_b.id, "product_uom_qty": 1, "price_unit": 300})]
        self.assertFalse(order.commission_term_ids, "Settled when the order was confirmed")

    def test_a_coupon_may_exclude_the_order(self):
        coupons = self.env["loyalty.program"].create(
            {
                "name": "Influencer 10",
                "program_type": "promo_code",
                "rule_ids": [(0, 0, {"mode": "with_code", "code": "INFLU10"})],
                "reward_ids": [(0, 0, {"reward_type": "discount", "discount": 10, "discount_mode": "percent"})],
            }
        )
        for excluded, earned in ((False, "90"), (coupons, "0")):
            self.program.excluded_loyalty_program_ids = excluded
            order = self._create_order(None, [(self.goods, 10, 100)])
            status = order._try_apply_code("INFLU10")
            order._apply_program_reward(next(iter(status.values())), next(iter(status)))
            order.action_confirm()
            self._deliver(order)
            self.assertEarned(order, earned, *(["45", "18"] if not excluded else []))
        self.assertEqual(order.commission_exclusion, "coupon")

    def test_orders_at_a_grade_price_bring_no_commission(self):
        self.gold.pricelist_id = self.env["product.pricelist"].create({"name": "Gold prices"})
        order = self._sell(pricelist_id=self.gold.pricelist_id.id)
        self.assertEqual(order.commission_exclusion, "grade_price")
        self.assertFalse(order.commission_term_ids)
        self.program.is_grade_price_excluded = False
        order = self._sell(pricelist_id=self.gold.pricelist_id.id)
        self.assertFalse(order.commission_exclusion)
        self.assertTrue(order.commission_term_ids)

    def test_grade_that_was_archived_still_has_its_prices(self):
        self.gold.pricelist_id = self.env["product.pricelist"].create({"name": "Gold prices"})
        self.gold.active = False
        order = self._sell(pricelist_id=self.gold.pricelist_id.id)
        self.assertEqual(order.commission_exclusion, "grade_price")

    def test_order_that_has_earned_is_not_excluded_any_more(self):
        staff = self.env["res.partner.category"].create({"name": "Staff"})
        self.program.excluded_partner_tag_ids = staff
        order = self._sell(10)
        self._deliver(order, {self.goods: 4})
        order._action_cancel()
        self.customer.category_id = staff
        order.action_draft()
        order.action_confirm()
        self.assertFalse(order.commission_exclusion)

    # === DISTRIBUTOR TAGS === #

    def test_rules_for_distributors_with_a_tag(self):
        star, shop = self.env["distribution.tag"].create(
            [{"name": "Star", "sequence": 2}, {"name": "Shop", "sequence": 1}]
        )
        self._rule(rate=12, distribution_tag_id=star)
        self._rule(rate=11, distribution_tag_id=shop)
        rate = lambda: float(self.program._resolve_rule(1, self.goods, self.cleo).get_pay(0).rate)  # noqa: E731
        self.assertEqual(rate(), 10)
        self.cleo.tag_ids = star
        self.assertEqual(rate(), 12)
        self.cleo.tag_ids += shop
        self.assertEqual(rate(), 11, "The first tag by sequence counts")
        self.cleo.grade_id = self.gold
        self._rule(rate=13, grade_id=self.gold)
        self.assertEqual(rate(), 13)

    # === SHARES NOBODY EARNS === #

    def test_share_of_a_closed_distributor_stays_with_the_company(self):
        self.ben.action_close()
        order = self._sell()
        self._deliver(order)
        self.assertEarned(order, "100", "0", "20")

    def test_share_passes_up_within_the_levels_by_true_distance(self):
        self.program.unpaid_share = "upline"
        self.ben.action_close()
        order = self._sell()
        self._deliver(order)
        self.assertEarned(order, "100", "0", "70")  # Ada has her own 2 % and Ben's 5 %
        term = self._get_term(order, 2)
        self.assertEqual((term.distributor_id, term.passed_from_id), (self.ada, self.ben))
        self.assertIn(f"share of {self.ben.code} on level 2", term.entry_ids.why)

    def test_share_never_passes_beyond_the_levels(self):
        self.program.write({"unpaid_share": "upline", "level_count": 2})
        self.ben.action_close()
        order = self._sell()
        self._deliver(order)
        self.assertEarned(order, "100", "0", "0")

    def test_share_of_someone_excluded_by_a_rule_passes_up(self):
        self._rule(rate=0, level=2, distributor_id=self.ben)
        order = self._sell()
        self._deliver(order)
        self.assertEarned(order, "100", "0", "20")
        self.program.unpaid_share = "upline"
        order = self._sell()
        self._deliver(order)
        self.assertEarned(order, "100", "0", "70")
        self._rule(rate=0, level=2, product_id=self.goods)
        order = self._sell()
        self._deliver(order)
        self.assertEarned(order, "100", "0", "20")

    def test_simulator_shows_whom_a_share_passes_to(self):
        self.program.unpaid_share = "upline"
        self.ben.action_close()
        simulation, lines = self._simulate()
        self.assertEqual(lines, [(1, "wins", 10), (2, "passes", 5), (3, "wins", 2)])
        self.assertEqual(simulation.line_ids[1].distributor_id, self.ada)
