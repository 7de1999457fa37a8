# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import date

from odoo.tests import freeze_time, tagged

from .guarantee_common import APRIL, GuaranteeCommon

MARCH, LAST = "2026-03-10", "2026-03-31"


@tagged("post_install", "-at_install")
class TestGuaranteeDue(GuaranteeCommon):
    """When what a rule guarantees becomes due; settlements and journal entries."""

    def test_hold_ends_with_the_last_of_the_sales(self):
        self._least(50)
        self._sell_on(LAST, 10)
        self._sell_on(MARCH, 5, deliver=False)
        self.program.hold_days = 20
        self._sell_on(MARCH, 10)
        self._look()
        self.assertEqual(self._get_entries().release_date, date(2026, 4, 20))

    def test_what_was_paid_before_it_is_sent_holds_the_rest_back(self):
        self.program.trigger = "paid"
        self._least(50)
        with freeze_time(MARCH):
            order = self._sell(10)
            self._pay_online(order)
        self._look()
        self.assertEqual([(entry.amount, entry.release_date) for entry in self._get_entries()], [(40, False)])
        with freeze_time("2026-05-06"):
            self._deliver(order)
        self.assertEqual(self._get_entries().release_date, date(2026, 5, 13))

    def test_unsent_goods_hold_nothing_back_where_others_were_sent(self):
        self.program.trigger = "paid"
        self._least(50)
        with freeze_time(MARCH):
            sent, unsent = self._sell(10), self._sell(15)
            for order in (sent, unsent):
                self._pay_online(order)
            self._deliver(sent)
        self._look()
        entries = [(it.amount, it.release_date and str(it.release_date)) for it in self._get_entries()]
        self.assertEqual(entries, [(40, "2026-04-07"), (-15, False)])
        self.assertIn("40.00 on 2026-04-07, -15.00 when all goods are delivered", self._get_entries()[0].why)

    def test_who_sells_more_owes_nothing_until_that_is_due(self):
        """What was added is paid out when the customer of a March order receives it."""
        self.program.trigger = "received"
        self._least(50)
        first, second = self._sell_on(MARCH, 10, 60)
        with freeze_time("2026-03-12"):
            first.action_confirm_receipt()
        self._look()
        with freeze_time("2026-04-09"):
            self._settle()
            self.assertAccount(self.cleo, available="50")
            second.action_confirm_receipt()
            self._settle()
            self.assertAccount(self.cleo, available="50")
        taken_back = self._get_entries()[-1]
        self.assertEqual((taken_back.amount, str(taken_back.release_date)), (-40, "2026-04-16"))
        with freeze_time("2026-04-17"):
            self._settle()
        self.assertAccount(self.cleo, available="70")
        self.assertBooksAgree()

    def test_ups_and_downs_while_something_is_unsent(self):
        """What comes and goes again adds nothing, however often, and what is unsent is not due."""
        self.program.trigger = "paid"
        self._least(50)
        with freeze_time(MARCH):
            sent, unsent, *others = (self._sell(quantity) for quantity in (10, 5, 60, 60))
            for order in (sent, unsent):
                self._pay_online(order)
            self._deliver(sent)
        self._look()
        for month, order in enumerate(others, start=4):
            with freeze_time(f"2026-0{month}-09"):
                self._settle()
                self.assertAccount(self.cleo, available="50")
                self._pay_online(order)
                picking = self._deliver(order)
            with freeze_time(f"2026-0{month}-10"):
                self._return(picking, 60)
        with freeze_time("2026-06-20"):
            self._settle()
            self.assertAccount(self.cleo, available="50")
            self._deliver(unsent)
        with freeze_time("2026-06-28"):
            self._settle()
        self.assertAccount(self.cleo, available="50")
        self.assertNotIn(False, self._get_entries().mapped("release_date"))
        self.assertBooksAgree()

    def test_nothing_is_due_for_what_was_never_sent(self):
        self.program.trigger = "paid"
        self._least(50)
        with freeze_time(MARCH):
            orders = self._sell(10), self._sell(5)
            for order in orders:
                self._pay_online(order)
        self._look()
        with freeze_time("2026-04-05"):
            orders[0]._action_cancel()
        with freeze_time("2026-04-20"):
            self._settle()
        self.assertAccount(self.cleo)
        self.assertEqual(self._get_added(), [45])

    def test_looking_again_writes_nothing(self):
        """Nothing was earned with what is unsent, and its caps leave something all the same."""
        self.program.trigger = "paid"
        self._least(50, rate=5, maximum_amount=80)
        with freeze_time(MARCH):
            first, second = self._sell(16), self._sell(10)
            for order in (first, second):
                self._pay_online(order)
            picking = self._deliver(first)
        self._look()
        with freeze_time("2026-04-02"):
            self._return(picking, 15)
        before = [(it.amount, it.release_date and str(it.release_date)) for it in self._get_entries()]
        self.assertEqual(before, [(18, "2026-04-07"), (27, False)])
        for moment in ("2026-04-02", "2026-04-03", "2026-05-02"):
            with freeze_time(moment):
                self.guarantees.search([])._converge()
        self.assertEqual(len(self._get_entries()), 2)
        with freeze_time("2026-05-06"):
            self._deliver(second)
        self.assertEqual([str(it.release_date) for it in self._get_entries()], ["2026-04-07", "2026-05-13"])

    def test_later_sales_with_a_longer_hold_delay_nothing(self):
        self._least(50)
        [first] = self._sell_on(MARCH, 10)
        self.program.hold_days = 90
        [second] = self._sell_on(MARCH, 5, deliver=False)
        self._look()
        with freeze_time("2026-04-09"):
            self._settle()
            self.assertAccount(self.cleo, available="50")
            self._deliver(second)
        with freeze_time("2026-04-10"):
            self._return(first.picking_ids, 10)
            self._settle()
        self.assertAccount(self.cleo)
        self.assertEqual(self._get_added(), [45])

    def test_nothing_is_debt_that_was_never_due(self):
        """Taken back on the day on which it would become due, before holds have ended."""
        self._least(50)
        [first] = self._sell_on(LAST, 10)
        self._look()
        with freeze_time("2026-04-07 02:00:00"):
            self._return(first.picking_ids, 10)
            self.env["distribution.settlement"]._create_from_due(self.program).action_post()
            self.assertAccount(self.cleo)
            self._settle()
        self.assertAccount(self.cleo)
        self.assertEqual(set(self._get_entries().mapped("state")), {"settled"})

    def test_minimum_of_what_is_unsent_is_not_due(self):
        self.program.trigger = "paid"
        rule = self._least(50)
        with freeze_time(MARCH):
            first = self._sell(10)
            self._pay_online(first)
            self._deliver(first)
            rule.minimum_amount = 150
            self._pay_online(self._sell(1))
        self._look()
        with freeze_time("2026-04-09"):
            self._settle()
        self.assertAccount(self.cleo, available="50")
        self.assertEqual(self._get_added(), [139])

    def test_caps_of_what_is_held_leave_nothing_for_what_is_due(self):
        self._least(50)
        self._sell_on(MARCH, 1)
        [second] = self._sell_on(MARCH, 20, deliver=False)
        self._look()
        with freeze_time("2026-04-06"):
            self._deliver(second)
        with freeze_time("2026-04-09"):
            self._settle()
        self.assertAccount(self.cleo, available="23")
        with freeze_time("2026-04-14"):
            self._settle()
        self.assertAccount(self.cleo, available="50")

    def test_caps_of_what_is_unsent_leave_nothing_for_what_is_due(self):
        self.program.trigger = "paid"
        self._least(50)
        with freeze_time(MARCH):
            sent, unsent = self._sell(1), self._sell(20)
            for order in (sent, unsent):
                self._pay_online(order)
            self._deliver(sent)
        self._look()
        entries = [(it.amount, it.release_date and str(it.release_date)) for it in self._get_entries()]
        self.assertEqual(entries, [(22, "2026-04-07"), (7, False)])

    def test_each_up_and_down_is_due_with_its_own_sales(self):
        self._least(50)
        first, second, third = self._sell_on(MARCH, 10, 60, 60, deliver=False)
        with freeze_time(MARCH):
            self._deliver(first)
        self._look()
        with freeze_time("2026-04-09"):
            self._settle()
            picking = self._deliver(second)
        with freeze_time("2026-04-10"):
            self._return(picking, 60)
        with freeze_time("2026-04-15"):
            self._deliver(third)
        for day, available in (("2026-04-17", "50"), ("2026-04-23", "70")):
            with freeze_time(day):
                self._settle()
                self.assertAccount(self.cleo, available=available)

    def test_lower_minimum_is_taken_back_at_once(self):
        """The order with the higher minimum comes back while later sales are held."""
        rule = self._least(50)
        [_first], [later] = self._sell_on(MARCH, 10), self._sell_on(MARCH, 5, deliver=False)
        rule.minimum_amount = 80
        [higher] = self._sell_on(MARCH, 10)
        self._look()
        with freeze_time("2026-04-09"):
            self._settle()
            self.assertAccount(self.cleo, available="80")
            self._deliver(later)
        with freeze_time("2026-04-10"):
            self._return(higher.picking_ids, 10)
            self._settle()
        self.assertAccount(self.cleo, available="50")

    def test_what_unsent_goods_replace_waits_for_them(self):
        self.program.trigger = "paid"
        self._least(50)
        with freeze_time(MARCH):
            first, second = self._sell(10), self._sell(60)
            self._pay_online(first)
            self._deliver(first)
        self._look()
        with freeze_time("2026-04-09"):
            self._settle()
            self._pay_online(second)
            self.assertEqual([(it.amount, it.release_date) for it in self._get_entries()][1], (-40, False))
        with freeze_time("2026-04-20"):
            self._deliver(second)
        self.assertEqual(str(self._get_entries()[-1].release_date), "2026-04-27")

    def test_settlement_on_its_day_adds_first(self):
        self._least(50)
        self.program.write({"hold_days": 0, "settlement_period": "monthly", "settlement_day": 1})
        self._sell_on(MARCH, 10)
        self.program.next_settlement_date = "2026-04-01"
        with freeze_time(APRIL):
            self.env["distribution.settlement"]._settle_if_its_day(self.program)
        self.assertEqual(self._get_entries().state, "settled")
        self.assertAccount(self.cleo, available="50")
        self.assertBooksAgree()

    def test_taken_back_after_settlement_is_debt(self):
        self._least(50)
        self.program.hold_days = 0
        [order] = self._sell_on(MARCH, 10)
        self._look()
        with freeze_time(APRIL):
            self._settle()
            self.assertAccount(self.cleo, available="50")
        with freeze_time("2026-04-05"):
            self._return(order.picking_ids, 10)
            self.assertEqual([(it.amount, it.state) for it in self._get_entries()], [(40, "settled"), (-40, "due")])
            self._settle()
        self.assertAccount(self.cleo)
        self.assertBooksAgree()

    def test_accrual_has_the_last_day_of_the_period(self):
        self._least(50)
        self._sell_on(MARCH, 10)
        self._look()
        self.entry_model._post_accruals_of(self.company)
        move = self._get_entries().accrual_move_id
        self.assertEqual(move.date, date(2026, 3, 31))
        balances = {line.account_id: line.balance for line in move.line_ids}
        self.assertEqual(
            balances, {self.company.commission_expense_account_id: 40, self.company.commission_accrued_account_id: -40}
        )
        self.assertBooksAgree()
