# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import date
from unittest.mock import patch

from odoo.tests import freeze_time, tagged

from .rules_common import RulesCommon

MARCH, APRIL, MAY = "2026-03-10", "2026-04-01 02:00:00", "2026-05-02"


@tagged("post_install", "-at_install")
class TestPeriodMinimum(RulesCommon):
    """What a distributor who has sold gets at least in a period, settled when it has ended."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term_model = cls.env["distribution.commission.term"]

    def _least(self, amount, rate=1, **vals):
        vals = {"product_id": self.goods, "limit_scope": "period", "date_from": "2020-01-01", **vals}
        return self._rule(rate=rate, minimum_amount=amount, **vals)

    def _sell_in_march(self, *quantities, deliver=True, **vals):
        with freeze_time(MARCH):
            orders = [self._sell(quantity, **vals) for quantity in quantities]
            if deliver:
                for order in orders:
                    self._deliver(order)
        return orders

    def _close(self, moment=APRIL):
        with freeze_time(moment):
            self.term_model._get_open_periods(self.program)._close_periods()

    def _get_earned(self, orders, level=1):
        entries = self.entry_model.search([("order_id", "in", [order.id for order in orders]), ("level", "=", level)])
        by_order = entries.grouped("order_id")
        return [round(sum(by_order.get(order, entries.browse()).mapped("amount")), 2) for order in orders]

    def test_orders_of_the_month_bear_what_is_missing_in_proportion(self):
        self._least(50)
        orders = self._sell_in_march(10, 10, 5)
        self.assertEqual(self._get_earned(orders), [10, 10, 5])
        self._close("2026-03-31 15:59:59")  # still March in Shanghai
        self.assertEqual(self._get_earned(orders), [10, 10, 5])
        self._close("2026-03-31 16:00:00")
        self.assertEqual(self._get_earned(orders), [20, 20, 10])
        self.assertEqual(self._get_earned(orders, 2), [50, 50, 25], "Others have their own rules")
        self.assertEqual([self._get_term(order).expected_amount for order in orders], [20, 20, 10])
        entry = self._get_term(orders[0]).entry_ids.sorted("id")[-1]
        self.assertEqual((entry.amount, entry.date), (10, date(2026, 3, 31)))
        self.assertIn("at least 50.00 in a period: at its end this order came to bear 20.00", entry.why)
        self._close()
        self._close(MAY)
        self.assertEqual(self._get_earned(orders), [20, 20, 10])

    def test_fen_that_do_not_go_round_are_shared_out(self):
        self._least(50)
        orders = self._sell_in_march(10, 10, 10)
        self._close()
        self.assertEqual(self._get_earned(orders), [16.67, 16.67, 16.66])

    def test_nothing_is_added_where_the_minimum_is_reached_or_nothing_was_sold(self):
        self._least(50)
        orders = self._sell_in_march(40, 10)
        self._close()
        self.assertEqual(self._get_earned(orders), [40, 10])
        with freeze_time("2026-04-10"):
            april = [self._sell(1), self._sell(2)]
            april[0]._action_cancel()
            self._return(self._deliver(april[1]), 2)
        self._close(MAY)
        self.assertEqual(self._get_earned(april), [0, 0])

    def test_each_month_distributor_level_and_rule_has_its_own_minimum(self):
        self._least(50)
        self._least(30, level=2)
        march = self._sell_in_march(10)
        with freeze_time("2026-04-10"):
            april = self._sell(20)
            self._deliver(april)
        self._close()
        self.assertEqual((self._get_earned(march), self._get_earned(march, 2)), ([50], [30]))
        self.assertEqual(self._get_earned([april]), [20], "April goes on")
        self._close(MAY)
        self.assertEqual((self._get_earned([april]), self._get_earned([april], 2)), ([50], [30]))

    def test_what_comes_back_later_takes_its_part_along(self):
        self._least(50)
        with freeze_time(MARCH):
            orders = [self._sell(10), self._sell(10)]
            pickings = [self._deliver(order) for order in orders]
        self._close()
        self.assertEqual(self._get_earned(orders), [25, 25])
        self._return(pickings[0], 4)
        self.assertEqual(self._get_earned(orders), [15, 25])
        orders[1].with_context(disable_cancel_warning=True).action_cancel()
        self._return(pickings[1], 10)
        self.assertEqual(self._get_earned(orders), [15, 0])

    def test_what_came_back_before_the_end_does_not_count(self):
        self._least(50)
        with freeze_time(MARCH):
            orders = [self._sell(10), self._sell(10), self._sell(10)]
            pickings = [self._deliver(order) for order in orders]
            self._return(pickings[0], 10)
            self._return(pickings[1], 5)
        self._close()
        self.assertEqual(self._get_earned(orders), [0, 16.67, 33.33])

    def test_part_is_earned_as_the_goods_are_sent(self):
        self._least(50)
        orders = self._sell_in_march(10, 10, deliver=False)
        self._close()
        self.assertEqual(self._get_earned(orders), [0, 0])
        self.assertEqual([self._get_term(order).expected_amount for order in orders], [25, 25])
        with freeze_time("2026-04-05"):
            self._deliver(orders[0], {self.goods: 4})
        self.assertEqual(self._get_earned(orders), [10, 0])

    def test_cap_holds(self):
        """One mug of 100.00: level 1 has what 30 % leave beside 5 % and 2 %, shared out by what each would get."""
        self._least(50)
        orders = self._sell_in_march(1)
        self._close()
        self.assertEqual(sum(self._get_earned(orders, level)[0] for level in (1, 2, 3)), 30)
        self.assertIn("scaled to the cap", self._get_why(orders[0]))

    def test_highest_minimum_that_was_agreed_on_in_the_period_counts(self):
        rule = self._least(50)
        orders = self._sell_in_march(10)
        rule.minimum_amount = 20
        orders += self._sell_in_march(10)
        self._close()
        self.assertEqual(self._get_earned(orders), [25, 25])

    def test_what_the_rule_paid_without_a_minimum_counts(self):
        rule = self._rule(rate=1, product_id=self.goods, date_from="2020-01-01")
        orders = self._sell_in_march(60)
        rule.write({"limit_scope": "period", "minimum_amount": 50})
        orders += self._sell_in_march(3)
        self._close()
        self.assertEqual(self._get_earned(orders), [60, 3])

    def test_what_the_rule_pays_once_its_minimum_is_gone_counts(self):
        rule = self._least(50)
        orders = self._sell_in_march(10)
        rule.write({"minimum_amount": 0, "limit_scope": "line"})
        orders += self._sell_in_march(60)
        self._close()
        self.assertEqual(self._get_earned(orders), [10, 60])

    def test_raise_of_goods_sent_later_has_their_date(self):
        self._least(50)
        [order] = self._sell_in_march(10, deliver=False)
        with freeze_time("2026-04-03"):
            self._deliver(order)
        self._close("2026-04-04")
        self.assertEqual(self._get_term(order).entry_ids.sorted("id").mapped("amount"), [10, 40])
        self.assertEqual(set(self._get_term(order).entry_ids.mapped("date")), {date(2026, 4, 3)})

    def test_order_confirmed_again_after_the_end_has_what_others_left(self):
        self._least(50)
        orders = self._sell_in_march(10, 10)
        orders[0]._action_cancel()
        self._return(orders[0].picking_ids, 4)
        self._close()
        self.assertEqual(self._get_earned(orders), [0, 50])
        with freeze_time("2026-04-03"):
            orders[0].action_draft()
            orders[0].action_confirm()
        self._close("2026-04-04")
        self.assertEqual(self._get_earned(orders), [6, 50])

    def test_line_added_later_shares_the_part_of_its_order(self):
        self._least(50)
        orders = self._sell_in_march(10)
        self._close()
        with freeze_time("2026-04-03"):
            orders[0].write({"order_line": [(0, 0, {"product_id": self.goods.id, "product_uom_qty": 5})]})
            orders[0].order_line[1].write({"price_unit": 100.0})
            self._deliver(orders[0])
        self.assertEqual(self._get_earned(orders), [50])
        self._close(MAY)
        self.assertEqual(self._get_earned(orders), [50])

    def test_minimum_and_maximum_of_one_period(self):
        self._least(50, rate=5, maximum_amount=80)
        orders = self._sell_in_march(4)
        self._close()
        self.assertEqual(self._get_earned(orders), [50])
        with freeze_time("2026-04-10"):
            april = [self._sell(10), self._sell(10)]
            for order in april:
                self._deliver(order)
        self._close(MAY)
        self.assertEqual(self._get_earned(april), [50, 30])

    def test_cron_settles_ended_periods_and_so_does_a_settlement(self):
        self._least(50)
        self.program.hold_days = 0
        orders = self._sell_in_march(10)
        with freeze_time(APRIL):
            self.entry_model._release(self.program)
            settlements = self.env["distribution.settlement"]._create_from_due(self.program)
        self.assertEqual(self._get_earned(orders), [50])
        self.assertEqual(sum(settlements.mapped("amount_total")), 80, "What was added is released next")
        with freeze_time("2026-04-10"):
            april = self._sell(10)
            self._deliver(april)
        crons = type(self.env["ir.cron"])
        with (
            freeze_time(MAY),
            patch.object(crons, "_run_for_each", lambda cron, people, work: [work(one) for one in people]),
        ):
            self.term_model._cron_close_periods()
        self.assertEqual(self._get_earned([april]), [50])

    def test_what_waits_is_looked_at_with_its_own_date_first(self):
        self.company.is_commission_in_background = True
        self._least(50)
        orders = self._sell_in_march(10, 10)
        self._close()
        entries = self._get_term(orders[0]).entry_ids.sorted("id")
        self.assertEqual(entries.mapped("amount"), [10, 15])
        self.assertEqual(entries.mapped("date"), [date(2026, 3, 10), date(2026, 3, 31)])

    def test_simulator_and_cap_know_orders_by_themselves(self):
        rule = self._least(500)
        self.assertEqual(self._simulate(date=MARCH)[1][0], (1, "wins", 1.0))
        self.assertEqual(self.program.total_rate, 17, "10 % of other products")
        self.assertEqual(rule.minimum_amount, 500)
