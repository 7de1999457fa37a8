# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestBackground(CommissionCommon):
    """A company as it is set up: what happens is noted, the ledger follows soon after."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.is_commission_in_background = True
        cls.event_model = cls.env["distribution.commission.event"]

    def _get_events(self, order):
        return self.event_model.search([("order_id", "=", order.id)])

    def _get_entries(self, order):
        return self.entry_model.search([("order_id", "=", order.id)])

    def _work_off(self):
        self.event_model._work_off(self.event_model._get_waiting([]))

    def test_delivery_is_noted_and_earns_when_its_turn_comes(self):
        order = self._sell()
        self._deliver(order)
        self.assertFalse(self._get_entries(order))
        self.assertTrue(self._get_events(order))
        self._work_off()
        self.assertEqual(self._get_entries(order).sorted("level").mapped("amount"), [100.0, 50.0, 20.0])
        self.assertFalse(self._get_events(order))
        self._work_off()
        self.assertEqual(len(self._get_entries(order)), 3)

    def test_entry_has_the_date_of_what_happened_not_of_the_look(self):
        with freeze_time("2026-10-31 15:59:50"):
            order = self._sell()
            picking = self._deliver(order)
        with freeze_time("2026-10-31 16:00:30"):  # November in Shanghai
            self._work_off()
        self.assertEqual(set(self._get_entries(order).mapped("date")), {date(2026, 10, 31)})
        with freeze_time("2026-11-01 08:00:00"):
            self._return(picking, 1)
        with freeze_time("2026-11-02 08:00:00"):
            self._work_off()
        self.assertEqual(self._get_clawbacks(order).mapped("date"), [date(2026, 11, 1)] * 3)

    def test_no_entry_is_dated_before_its_cause_however_long_its_order_has_waited(self):
        with freeze_time("2026-10-31 08:00:00"):
            order, other = self._sell(), self._sell()
            picking = self._deliver(other)
            self._work_off()
            order.order_line.price_unit = 90.0
            other.order_line.price_unit = 90.0
        with freeze_time("2026-11-20 08:00:00"):
            self._deliver(order)
            self._return(picking, 10)
        with freeze_time("2026-11-25 08:00:00"):
            self._work_off()
        self.assertEqual(set(self._get_entries(order).mapped("date")), {date(2026, 11, 20)})
        self.assertEqual(set(self._get_clawbacks(other).mapped("date")), {date(2026, 11, 20)})

    def test_goods_of_the_old_month_and_of_the_new_one_are_dated_each_by_itself(self):
        with freeze_time("2026-10-31 15:59:50"):
            order = self._sell()
            self._deliver(order, {self.goods: 4})
        with freeze_time("2026-10-31 16:00:10"):
            self._deliver(order)
            self._work_off()
        entries = self._get_entries(order).filtered(lambda entry: entry.level == 1).sorted("date")
        self.assertEqual(entries.mapped("date"), [date(2026, 10, 31), date(2026, 11, 1)])
        self.assertEqual(entries.mapped("amount"), [40.0, 60.0])

    def test_sweep_dates_what_waits_alike_and_leaves_nothing_waiting(self):
        with freeze_time("2026-10-31 15:59:50"):
            order = self._sell()
            self._deliver(order)
        crons = type(self.env["ir.cron"])
        with (
            freeze_time("2026-10-31 16:00:10"),
            patch.object(crons, "_run_for_each", lambda cron, orders, work: [work(order) for order in orders]),
        ):
            self.env["sale.order"]._cron_sweep_commission()
        self.assertEqual(set(self._get_entries(order).mapped("date")), {date(2026, 10, 31)})
        self.assertFalse(self._get_events(order))

    def _get_clawbacks(self, order):
        return self._get_entries(order).filtered(lambda entry: entry.kind == "clawback")

    def test_company_follows_in_the_background_unless_it_wants_otherwise(self):
        self.env["ir.default"].search([("field_id.name", "=", "is_commission_in_background")]).unlink()
        self.assertTrue(self.env["res.company"].create({"name": "New"}).is_commission_in_background)

    def test_branch_follows_as_its_parent_does(self):
        for is_in_background in (False, True):
            self.company.is_commission_in_background = is_in_background
            branch = self.env["res.company"].create(
                {"name": f"Branch {is_in_background}", "parent_id": self.company.id}
            )
            self.assertEqual(branch.is_commission_in_background, is_in_background)

    def test_preview_of_a_settlement_says_how_many_orders_wait(self):
        wizard = self.env["distribution.settlement.wizard"].create({"program_id": self.program.id})
        self.assertEqual(wizard.waiting_count, 0)
        order = self._sell()
        self._return(self._deliver(order), 1)
        wizard.invalidate_recordset()
        self.assertEqual(wizard.waiting_count, 1)

    def test_order_says_that_the_ledger_has_not_followed_yet(self):
        order, other = self._sell(), self._sell()
        self._deliver(order)
        self.assertRecordValues(order + other, [{"is_commission_waiting": True}, {"is_commission_waiting": False}])
        self._work_off()
        order.invalidate_recordset(["is_commission_waiting"])
        self.assertFalse(order.is_commission_waiting)

    def test_delivery_and_return_before_the_turn_earn_what_was_kept(self):
        order = self._sell()
        self._return(self._deliver(order), 4)
        self._work_off()
        entries = self._get_entries(order)
        self.assertEqual(entries.sorted("level").mapped("amount"), [60.0, 30.0, 12.0])
        self.assertEqual(set(entries.mapped("kind")), {"earning"})

    def test_invoice_credit_and_cancellation_are_noted_too(self):
        order = self._sell(lines=[(self.service, 1, 100.0)])
        invoice = self._invoice(order)
        self._work_off()
        self.assertEqual(sum(self._get_entries(order).mapped("amount")), 17.0)
        self._credit(invoice)
        self._work_off()
        self.assertEqual(sum(self._get_entries(order).mapped("amount")), 0.0)
        order = self._sell()
        self._deliver(order)
        self._work_off()
        order._action_cancel()
        self._work_off()
        self.assertEqual(sum(self._get_entries(order).mapped("amount")), 0.0)

    def test_nothing_is_settled_before_what_waits_was_looked_at(self):
        self.program.hold_days = 0
        order = self._sell()
        picking = self._deliver(order)
        self._work_off()
        self.entry_model._release(self.program)
        self._return(picking, 10)
        settlement = self.env["distribution.settlement"]._create_from_due(self.program)
        self.assertEqual(sum(settlement.mapped("amount_total")), 0.0)
        self.assertFalse(self._get_events(order))

    def test_order_that_counts_for_nobody_leaves_no_row(self):
        order = self._sell(partner=self.stranger)
        self._deliver(order)
        self.assertFalse(self._get_events(order))

    def test_confirming_freezes_terms_at_once(self):
        order = self._sell()
        self.assertEqual(sum(order.commission_term_ids.mapped("expected_amount")), 170.0)

    def test_deleted_order_waits_no_longer(self):
        order = self._sell()
        order.order_line.product_uom_qty = 5
        self.assertTrue(self._get_events(order))
        order._action_cancel()
        order.unlink()
        self.assertFalse(self.event_model.search([]))

    def test_order_cancelled_before_the_look_keeps_its_attribution(self):
        order = self._sell()
        self._deliver(order)
        order._action_cancel()
        order.action_draft()
        dora = self._create_distributor("Dora", None)
        with self.assertRaises(UserError):
            order.distribution_distributor_id = dora
        self._work_off()
        self.assertEqual(sum(self._get_entries(order).mapped("amount")), 0.0)
        self.assertEqual(order.distribution_distributor_id, self.cleo)

    def test_other_product_on_a_line_that_was_paid(self):
        self.program.trigger = "paid"
        order = self._sell(lines=[(self.service, 1, 1000.0)])
        self._pay_online(order)
        self.program.rule_ids.filtered(lambda rule: rule.level == 1).rate = 1.0
        order.order_line.write({"product_id": self.service.copy().id, "price_unit": 1000.0})
        self._work_off()
        self.assertEqual(order.order_line.commission_term_ids.mapped("state"), ["active"] * 3)
        self.assertEqual(sum(self._get_entries(order).filtered(lambda e: e.level == 1).mapped("amount")), 100.0)

    def test_what_waits_when_the_background_is_taken_off_decides_which_terms_stay(self):
        order = self._sell()
        self._deliver(order)
        self.company.is_commission_in_background = False
        self.program.rule_ids.filtered(lambda rule: rule.level == 1).rate = 1.0
        order._action_cancel()
        order.action_draft()
        order.action_confirm()
        self.assertEqual(sum(self._get_entries(order).filtered(lambda e: e.level == 1).mapped("amount")), 100.0)

    def test_settlement_names_the_order_that_cannot_be_looked_at(self):
        order = self._sell()
        self._deliver(order)
        terms = type(self.env["distribution.commission.term"])
        with (
            patch.object(terms, "_converge_now", side_effect=UserError("No rate")),
            self.assertRaises(UserError) as caught,
        ):
            self.env["distribution.settlement"]._create_from_due(self.program)
        self.assertRegex(str(caught.exception), f"{order.name}.*No rate")
        self.assertTrue(self._get_events(order))

    def test_salesperson_without_a_role_opens_orders(self):
        order = self._sell()
        self._deliver(order)
        user = new_test_user(self.env, "seller", groups="sales_team.group_sale_salesman_all_leads")
        arch = self.env["sale.order"].with_user(user).get_view(view_type="form")["arch"]
        self.assertNotIn("is_commission_waiting", arch)
        role = new_test_user(self.env, "reader", groups="distribution_core.group_distribution_salesperson")
        role.group_ids |= self.env.ref("sales_team.group_sale_salesman_all_leads")
        self.assertIn(
            "is_commission_waiting", self.env["sale.order"].with_user(role).get_view(view_type="form")["arch"]
        )

    def test_only_finance_looks_at_once(self):
        order = self._sell()
        self._deliver(order)
        events = self._get_events(order)
        user = new_test_user(self.env, "looker", groups="distribution_core.group_distribution_user")
        with self.assertRaises(AccessError):
            events.with_user(user).action_work_off()
        self.assertTrue(self._get_events(order))
        finance = new_test_user(self.env, "finance", groups="distribution_core.group_distribution_finance")
        events.with_user(finance).action_work_off()
        self.assertEqual(len(self._get_entries(order)), 3)

    def test_failure_says_what_a_person_can_mend(self):
        orders = self._sell() | self._sell()
        for order in orders:
            self._deliver(order)
        self.event_model._note_failure(orders[0], UserError("No journal"))
        events = self._get_events(orders[0])
        self.assertEqual(set(events.mapped("error")), {"No journal"})
        self.assertEqual(self.event_model._get_waiting([]).ids, orders[::-1].ids)
        # Something new may have mended it: it has its turn as if it had never failed.
        self.event_model._note(orders[0])
        self.assertEqual(self.event_model._get_waiting([]).ids, orders.ids)
        self.event_model._work_off(orders)
        self.assertFalse(self.event_model.search([]))

    def test_delivery_costs_the_same_statements_whether_or_not_somebody_earns(self):
        counts = []
        for partner in (self.customer, self.stranger, self.customer, self.stranger):
            picking = self._sell(partner=partner).picking_ids
            picking.move_ids.write({"quantity": 10, "picked": True})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            picking.button_validate()
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        # Both are noted by the same statement, which takes only those of a program.
        self.assertEqual(counts[2], counts[3])
