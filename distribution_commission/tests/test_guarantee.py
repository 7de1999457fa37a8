# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .guarantee_common import APRIL, GuaranteeCommon

MARCH, LAST, MAY = "2026-03-10", "2026-03-31", "2026-05-02"


@tagged("post_install", "-at_install")
class TestGuarantee(GuaranteeCommon):
    """What a distributor who has sold gets at least in a period."""

    # === THE END OF A PERIOD === #

    def test_what_is_missing_is_added_when_the_month_has_ended(self):
        self._least(50)
        orders = self._sell_on(MARCH, 10, 10, 5)
        self._look("2026-03-31 15:59:59")  # still March in Shanghai
        self.assertEqual(self._get_added(), [0])
        self._look("2026-03-31 16:00:00")
        self.assertEqual(self._get_added(), [25])
        self.assertEqual([self._earned(order, self.cleo) for order in orders], [10, 10, 5], "Orders have their own")
        entry = self._get_entries()
        self.assertEqual((entry.amount, entry.kind, entry.state, entry.level), (25, "earning", "held", 1))
        self.assertEqual((entry.date, entry.release_date), (date(2026, 3, 31), date(2026, 4, 7)))
        self.assertEqual((entry.distributor_id, entry.program_id), (self.cleo, self.program))
        self.assertEqual(
            entry.why,
            f"The rule guarantees {self.cleo.code} at least 50.00 {self.company.currency_id.name} for the sales of "
            "2026-03-01 to 2026-03-31 on level 1. They have brought 25.00.\n"
            "Added so far: 25.00. Before, the ledger had 0.00: it changes by 25.00.",
        )
        guarantee = self.guarantees.search([])
        self.assertEqual((guarantee.minimum_amount, guarantee.earned_amount, guarantee.state), (50, 25, "ended"))
        for moment in (APRIL, APRIL, MAY):
            self._look(moment)
        self.assertEqual(len(self._get_entries()), 1)

    def test_nothing_is_added_where_it_is_reached_or_nothing_was_sold(self):
        self._least(50)
        self._sell_on(MARCH, 40, 10)
        with freeze_time("2026-04-10"):
            cancelled, returned = self._sell(1), self._sell(2)
            cancelled._action_cancel()
            self._return(self._deliver(returned), 2)
        self._look()
        self._look(MAY)
        self.assertEqual(self._get_added(), [0, 0])

    def test_each_month_distributor_level_and_rule_has_its_own(self):
        self._least(50)
        self._least(30, level=2)
        self._sell_on(MARCH, 10)
        self._sell_on("2026-04-10", 20)
        self._look()
        self.assertEqual(self._get_added(), [40, 20, 0, 0], "April goes on")
        self._look(MAY)
        self.assertEqual(self._get_added(), [40, 20, 30, 10])
        self.assertEqual(self._get_added(distributor_id=self.ben), [20, 10])

    def test_order_that_waited_is_looked_at_with_its_own_date_first(self):
        self.company.is_commission_in_background = True
        self._least(50)
        [order] = self._sell_on(MARCH, 10)
        self._look()
        self.assertEqual([str(entry.date) for entry in self._get_term(order).entry_ids], ["2026-03-10"])
        self.assertEqual(self._get_dated(), [(40, "2026-03-31")])

    def test_order_that_comes_late_counts_when_the_period_is_looked_at_again(self):
        """A transaction of the last second that was committed after the first look: its own look saw March."""
        self._least(50)
        self._sell_on(MARCH, 10)
        self._look()
        with patch.object(type(self.guarantees), "_follow", lambda *args: None):
            self._sell_on(LAST, 25)
        self._look("2026-04-02 02:00:00")
        self.assertEqual(self._get_dated(), [(40, "2026-03-31"), (-25, "2026-03-31")])

    def test_costs_of_a_month_are_its_own_whoever_looks_first(self):
        """An order of March that is sent in the first night of April, before the look at night."""
        self._least(50)
        for in_background in (False, True):
            with self.subTest(in_background=in_background), self.cr.savepoint() as savepoint:
                self.company.is_commission_in_background = in_background
                self._sell_on(MARCH, 10)
                [late] = self._sell_on(MARCH, 5, deliver=False)
                with freeze_time("2026-03-31 16:30:00"):
                    self._deliver(late)
                self._look()
                self.assertEqual(self._get_dated(), [(40, "2026-03-31"), (-5, "2026-04-01")])
                savepoint.rollback()
                self.env.invalidate_all()

    def test_order_that_cannot_be_looked_at_keeps_nothing_from_the_others(self):
        self.company.is_commission_in_background = True
        self._least(50)
        broken, _other = self._sell_on(MARCH, 10, 10)
        events = self.env["distribution.commission.event"]
        events._note_failure(broken, UserError("Broken"))
        self._look()
        self.assertEqual(self._get_added(), [40])
        events._work_off(broken)
        self.assertEqual(self._get_added(), [30])

    # === WHAT HAPPENS AFTERWARDS === #

    def test_what_comes_back_later_is_made_up_for_until_nothing_is_left(self):
        self._least(50)
        with freeze_time(MARCH):
            orders = [self._sell(10), self._sell(10)]
            pickings = [self._deliver(order) for order in orders]
        self._look()
        with freeze_time("2026-04-03"):
            self._return(pickings[0], 4)
            self.assertEqual(self._get_added(), [34])
            self._return(pickings[1], 10)
            self.assertEqual(self._get_added(), [44])
        with freeze_time("2026-04-05"):
            self._return(pickings[0], 6)
        self.assertEqual(self._get_added(), [0])
        self.assertEqual(
            self._get_dated(),
            [(30, "2026-03-31"), (4, "2026-04-03"), (10, "2026-04-03"), *((-n, "2026-04-05") for n in (10, 4, 30))],
        )
        last = self._get_entries()[-1]
        self.assertEqual((last.kind, last.reverses_id), ("clawback", self._get_entries()[0]))
        self.assertIn("at least 50.00", last.why)
        self.assertIn("Nothing was sold and kept: nothing is added.", last.why)
        self.assertEqual(last._get_clawback_reason_text(), "What the sales of the period have brought has changed.")

    def test_goods_that_are_sent_later_count_for_their_month(self):
        self._least(50)
        [order] = self._sell_on(MARCH, 20, deliver=False)
        self._look()
        self.assertEqual(self._get_added(), [0], "Nothing was earned yet")
        with freeze_time("2026-04-05"):
            self._deliver(order, {self.goods: 4})
        with freeze_time("2026-04-06"):
            self._deliver(order)
        self.assertEqual(self._get_dated(), [(46, "2026-04-05"), (-16, "2026-04-06")])
        self.assertEqual(self._get_entries().mapped("release_date"), [date(2026, 4, 12), date(2026, 4, 13)])

    def test_order_cancelled_after_the_end_and_confirmed_again(self):
        self._least(50)
        orders = self._sell_on(MARCH, 10, 10)
        self._look()
        with freeze_time("2026-04-03"):
            orders[0]._action_cancel()
            self.assertEqual(self._get_added(), [40])
            orders[0].action_draft()
            orders[0].action_confirm()
        self.assertEqual(self._get_added(), [30])

    def test_line_added_later_belongs_to_the_month_of_its_order(self):
        self._least(50)
        [order] = self._sell_on(MARCH, 10)
        self._look()
        with freeze_time("2026-04-03"):
            order.write({"order_line": [(0, 0, {"product_id": self.goods.id, "product_uom_qty": 5})]})
            order.order_line[1].write({"price_unit": 100.0})
            self._deliver(order)
        self.assertEqual(self._get_added(), [35])
        self.assertEqual(len(self.guarantees.search([])), 1)

    def test_price_reduced_on_a_margin_pays_no_more_than_was_agreed(self):
        self.goods.standard_price = 90
        self._least(50, rate=5, base_kind="margin")
        with freeze_time(MARCH):
            order = self._sell(20)
            self._deliver(order)
            invoice = self._invoice(order)
        self._look()
        self.assertEqual(self._get_added(), [40])
        with freeze_time("2026-04-03"):
            self._credit(invoice, price=5)
        self.assertEqual(self._earned(order, self.cleo) + round(self._get_entries()[0].amount), 45)
        self.assertEqual(self._get_added(), [45])

    def test_nothing_is_taken_back_before_it_was_added(self):
        """Two orders wait, and the one to which something happened later is looked at first."""
        self.company.is_commission_in_background = True
        self._fix(1, product_id=self.goods, limit_scope="period", minimum_amount=50, date_from="2020-01-01")
        early, late = self._sell_on(MARCH, 1, 1)
        self._look()
        before = self._get_added()
        with freeze_time("2026-04-05 15:59:00"):
            early.order_line.product_uom_qty = 2
            self._deliver(early)
        with freeze_time("2026-04-05 16:01:00"):
            late.order_line.price_unit = 120
            events = self.env["distribution.commission.event"]
            events._work_off(late)
            self.assertNotEqual(self._get_added(), before)
            events._work_off(early)
        dates = self._get_entries().mapped("date")
        self.assertEqual(dates, sorted(dates))

    # === CAP AND LIMITS === #

    def test_caps_of_the_sales_hold(self):
        """Of one mug of 100.00 all levels get 30.00 at most: 1 %, 5 % and 2 % leave 22.00."""
        self._least(50)
        [order] = self._sell_on(MARCH, 1)
        self._look()
        self.assertEqual(self._get_added(), [22])
        self.assertIn("The caps of these sales leave 22.00 for it.", self._get_entries().why)
        self.assertEarned(order, "1", "5", "2")

    def test_what_others_have_earned_is_never_taken(self):
        """Levels that are guaranteed something have each the same part of what the caps leave, used or not."""
        self._least(50)
        self._least(30, level=2)
        self._least(3, rate=2, level=3)
        [order] = self._sell_on(MARCH, 1)
        self._look()
        self.assertEqual(self._get_added(), [8.66, 8.66, 1])
        self.assertEarned(order, "1", "1", "2")

    def test_minimum_and_maximum_of_one_period(self):
        self._least(50, rate=5, maximum_amount=80)
        self._sell_on(MARCH, 4)
        self._sell_on("2026-04-10", 10, 10)
        self._look(MAY)
        figures = [(each.earned_amount, each.added_amount) for each in self.guarantees.search([])]
        self.assertEqual(figures, [(80, 0), (20, 30)])

    def test_currency_without_cents(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env.cr.execute("UPDATE res_company SET currency_id = %s WHERE id = %s", [yen.id, self.company.id])
        self.env.invalidate_all()
        self._least(50)
        self._sell_on(MARCH, 1, price=105)
        self._look()
        self.assertEqual(self._get_added(), [23], "31.50, less 1, 5 and 2")
        self.assertIn("at least 50 JPY", self._get_entries().why)

    def test_order_in_another_currency_counts_at_its_rate(self):
        self._least(50)
        foreign = self.env.ref("base.EUR") if self.company.currency_id.name != "EUR" else self.env.ref("base.USD")
        foreign.active = True
        foreign.rate_ids = [(5, 0, 0), (0, 0, {"name": "2026-01-01", "rate": 0.5, "company_id": self.company.id})]
        pricelist = self.env["product.pricelist"].create({"name": "Abroad", "currency_id": foreign.id})
        [order] = self._sell_on(MARCH, 1, pricelist_id=pricelist.id)
        self.assertEqual(self._earned(order, self.cleo), 2)
        self._look()
        self.assertEqual(self._get_added(), [44], "200.00 at 30 %, less what 1 %, 5 % and 2 % are")

    # === WHAT IS GUARANTEED === #

    def test_highest_minimum_that_was_agreed_on_and_kept_counts(self):
        rule = self._least(50)
        self._sell_on(MARCH, 10)
        rule.minimum_amount = 80
        with freeze_time(MARCH):
            higher = self._sell(10)
            picking = self._deliver(higher)
        rule.minimum_amount = 20
        self._sell_on(MARCH, 10)
        self._look()
        self.assertEqual(self._get_added(), [50])
        self._return(picking, 10)
        self.assertEqual(self._get_added(), [30])

    def test_sales_without_a_minimum_count_too(self):
        """Those before the rule had one, and those since it has none."""
        rule = self._rule(rate=1, product_id=self.goods, date_from="2020-01-01")
        [before] = self._sell_on(MARCH, 15)
        rule.write({"limit_scope": "period", "minimum_amount": 50})
        self._sell_on(MARCH, 3)
        rule.write({"minimum_amount": 0, "limit_scope": "line"})
        self._sell_on(MARCH, 12)
        self._look()
        self.assertEqual(self._get_added(), [20])
        with freeze_time("2026-04-03"):
            self._return(before.picking_ids, 15)
        self.assertEqual(self._get_added(), [35])

    def test_rule_that_is_archived_keeps_its_promise(self):
        rule = self._least(50)
        self._sell_on(MARCH, 10)
        rule.active = False
        self._look()
        self.assertEqual(self._get_added(), [40])

    def test_period_stays_what_it_was_when_it_was_promised(self):
        self._least(50)
        self._sell_on(MARCH, 10)
        self._sell_on("2026-05-02", 10)
        self.program.sales_period = "quarter"
        self._sell_on("2026-05-20", 10)
        self._sell_on("2026-06-10", 10)
        self.program.sales_period = "year"
        self._sell_on("2026-07-10", 10)
        self._look("2027-01-02")
        periods = [(str(it.date_start), str(it.date_end), it.added_amount) for it in self.guarantees.search([])]
        self.assertEqual(
            periods,
            [
                ("2026-07-01", "2026-12-31", 40),
                ("2026-06-01", "2026-06-30", 40),
                ("2026-05-01", "2026-05-31", 30),
                ("2026-03-01", "2026-03-31", 40),
            ],
        )

    def test_own_purchase_is_no_sale(self):
        self.program.self_purchase = "buyer"
        self._least(50)
        self._sell_on(MARCH, 10, partner=self.cleo.partner_id)
        self.assertFalse(self.guarantees.search([]))
        self._sell_on(MARCH, 5)
        self._look()
        self.assertEqual(self._get_added(), [45])

    def test_simulator_and_cap_know_sales_by_themselves(self):
        self._least(500)
        simulation, lines = self._simulate(date=MARCH)
        self.assertEqual(lines[0], (1, "wins", 1.0))
        self.assertIn("at least", simulation.line_ids[0].limit_label)
        self.assertEqual(self.program.total_rate, 17, "10 % of other products")
        [order] = self._sell_on(MARCH, 10)
        self.assertEqual(self._get_term(order).expected_amount, 10)

    def test_nothing_of_it_is_pending_with_an_order(self):
        self._least(50)
        self._sell_on(MARCH, 10)
        self.assertEqual(self.cleo._get_open_term_ids(), [])

    def test_rule_that_guaranteed_nothing_in_the_end_can_be_deleted(self):
        rule = self._least(50)
        [order] = self._sell_on(MARCH, 10, deliver=False)
        order._action_cancel()
        order.unlink()
        rule.unlink()
        self.assertFalse(self.guarantees.search([]))

    # === WHO READS IT === #

    def test_salespeople_read_their_own_and_nobody_writes(self):
        self._least(50)
        self._least(30, level=2)
        self._sell_on(MARCH, 10)
        self._look()
        seller = new_test_user(self.env, "seller", "distribution_core.group_distribution_salesperson")
        self.cleo.user_id = seller
        own = self.guarantees.with_user(seller).search([])
        self.assertEqual(own.distributor_id, self.cleo.with_user(seller))
        self.assertEqual((own.added_amount, own.entry_ids.mapped("amount")), (40, [40]))
        with self.assertRaises(AccessError):
            own.write({"date_end": "2026-04-30"})

    def test_search_by_state(self):
        self._least(50)
        self._sell_on(MARCH, 10)
        self._sell_on("2026-04-10", 10)
        with freeze_time("2026-04-11"):
            for states, months in ((["running"], [4]), (["ended"], [3]), (["running", "ended"], [4, 3])):
                found = self.guarantees.search([("state", "in", states)])
                self.assertEqual([it.date_end.month for it in found], months)

    def test_groups_say_what_was_added(self):
        self._least(50)
        self._least(30, level=2)
        self._sell_on(MARCH, 10)
        self._sell_on("2026-04-10", 20)
        self._look("2026-05-01 02:00:00")
        self.assertEqual(self.guarantees.fields_get(["added_amount"])["added_amount"]["aggregator"], "sum")
        groups = self.guarantees._read_group([], ["level"], ["added_amount:sum"])
        self.assertEqual(groups, [(1, 40 + 30), (2, 20 + 10)])
        ordered = self.guarantees.search([], order="added_amount")
        self.assertEqual(ordered.mapped("added_amount"), [10, 20, 30, 40])
