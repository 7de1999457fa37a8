# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import new_test_user, tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestSelfPurchase(CommissionCommon):
    """What distributors buy themselves: who earns, and where it is booked. Rates are 10 / 5 / 2 per cent."""

    def _buy(self, policy, distributor=None, **kwargs):
        """Sell 10 mugs of 100 to a distributor and ship them."""
        self.program.self_purchase = policy
        order = self._sell(partner=(distributor or self.cleo).partner_id, **kwargs)
        return order, self._deliver(order)

    def _get_earnings(self, order):
        """Return what each has on the order: (distributor, level) → amount."""
        entries = self.entry_model.search([("order_id", "=", order.id)])
        groups = entries.grouped(lambda entry: (entry.distributor_id, entry.level))
        return {key: sum(found.mapped("amount")) for key, found in groups.items()}

    def _get_items(self, moves):
        """Return what was posted: (distributor, account) → balance."""
        names = {
            self.company.commission_expense_account_id: "expense",
            self.company.commission_contra_account_id: "contra",
            self.company.commission_accrued_account_id: "accrued",
        }
        return {(item.distribution_distributor_id, names[item.account_id]): item.balance for item in moves.line_ids}

    # === WHO EARNS === #

    def test_nobody_earns_by_default(self):
        order, _picking = self._buy("nobody")
        self.assertFalse(order.commission_term_ids)
        self.assertEarned(order, "0", "0", "0")

    def test_buyer_is_level_one_and_its_upline_level_two(self):
        order, _picking = self._buy("buyer")
        self.assertEqual(self._get_earnings(order), {(self.cleo, 1): 100.0, (self.ben, 2): 50.0, (self.ada, 3): 20.0})

    def test_upline_earns_as_if_it_had_referred_the_order(self):
        order, _picking = self._buy("upline")
        self.assertEqual(self._get_earnings(order), {(self.ben, 1): 100.0, (self.ada, 2): 50.0})

    def test_upline_of_three_is_paid_in_full(self):
        """The buyer stands below three who are paid: its own level is none of theirs."""
        dora = self._create_distributor("Dora", self.cleo)
        order, _picking = self._buy("upline", dora)
        self.assertEqual(self._get_earnings(order), {(self.cleo, 1): 100.0, (self.ben, 2): 50.0, (self.ada, 3): 20.0})

    def test_program_with_one_level_pays_the_buyer_only(self):
        self.program.level_count = 1
        order, _picking = self._buy("buyer")
        self.assertEqual(self._get_earnings(order), {(self.cleo, 1): 100.0})

    def test_employee_of_a_distributor_buys_for_it(self):
        employee = self.env["res.partner"].create({"name": "Employee", "parent_id": self.cleo.partner_id.id})
        self.cleo.partner_id.is_company = True
        self.program.self_purchase = "buyer"
        order = self._sell(partner=employee)
        self._deliver(order)
        own = order.commission_term_ids.filtered("is_own_purchase")
        self.assertEqual((own.distributor_id, own.level), (self.cleo, 1))

    def test_line_added_later_keeps_to_what_was_frozen(self):
        order, _picking = self._buy("buyer")
        self.program.self_purchase = "nobody"
        order.order_line = [(0, 0, {"product_id": self.goods_b.id, "product_uom_qty": 1, "price_unit": 100.0})]
        terms = order.order_line[-1:].commission_term_ids.sorted("level")
        self.assertEqual(terms.distributor_id, self.cleo | self.ben | self.ada)
        self.assertEqual(terms.mapped("is_own_purchase"), [True, False, False])

    def test_share_of_a_buyer_without_one_passes_up_as_an_expense(self):
        self.env["distribution.commission.rule"].create(
            {
                "program_id": self.program.id,
                "level": 1,
                "rate": 0.0,
                "audience": "distributor",
                "distributor_id": self.cleo.id,
            }
        )
        self.program.unpaid_share = "upline"
        order, _picking = self._buy("buyer")
        first = order.commission_term_ids.filtered(lambda term: term.level == 1)
        self.assertEqual((first.distributor_id, first.is_own_purchase), (self.ben, False))

    # === WHERE IT IS BOOKED === #

    def test_accounts_are_made_with_the_others(self):
        account = self.company.commission_contra_account_id
        self.assertEqual((account.account_type, account.internal_group), ("income", "income"))
        self.company.commission_contra_account_id = False
        self.company._create_commission_accounts()
        self.assertTrue(self.company.commission_contra_account_id)

    def test_what_the_buyer_gets_lowers_revenue_and_the_rest_is_an_expense(self):
        order, _picking = self._buy("buyer")
        moves = self.entry_model.search([("order_id", "=", order.id)])._post_accruals()
        self.assertEqual(
            self._get_items(moves),
            {
                (self.cleo, "contra"): 100.0,
                (self.cleo, "accrued"): -100.0,
                (self.ben, "expense"): 50.0,
                (self.ben, "accrued"): -50.0,
                (self.ada, "expense"): 20.0,
                (self.ada, "accrued"): -20.0,
            },
        )

    def test_uplines_commission_on_a_purchase_below_is_an_expense(self):
        order, _picking = self._buy("upline")
        moves = self.entry_model.search([("order_id", "=", order.id)])._post_accruals()
        self.assertEqual(self._get_items(moves)[self.ben, "expense"], 100.0)
        self.assertNotIn("contra", {name for _distributor, name in self._get_items(moves)})

    def test_own_purchase_and_sale_of_a_day_share_the_accrued_item(self):
        orders = self._buy("buyer")[0]
        sale = self._sell(5)
        self._deliver(sale)
        orders |= sale
        moves = self.entry_model.search([("order_id", "in", orders.ids)])._post_accruals()
        items = self._get_items(moves)
        self.assertEqual(
            [items[self.cleo, name] for name in ("expense", "contra", "accrued")],
            [50.0, 100.0, -150.0],
        )
        own = self.entry_model.search([("order_id", "in", orders.ids), ("distributor_id", "=", self.cleo.id)])
        self.assertEqual(len(own.accrual_line_id), 1)
        self.assertEqual(own.accrual_line_id.account_id, self.company.commission_accrued_account_id)

    def test_return_of_an_own_purchase_gives_revenue_back(self):
        order, picking = self._buy("buyer")
        entries = self.entry_model.search([("order_id", "=", order.id)])
        entries._post_accruals()
        self._return(picking, 4)
        back = self.entry_model.search([("order_id", "=", order.id)]) - entries
        self.assertEqual(back.filtered("is_own_purchase").distributor_id, self.cleo)
        items = self._get_items(back._post_accruals())
        self.assertEqual((items[self.cleo, "contra"], items[self.cleo, "accrued"]), (-40.0, 40.0))
        self.assertEqual(items[self.ben, "expense"], -20.0)

    def test_own_purchase_is_settled_like_any_other(self):
        order, _picking = self._buy("buyer")
        entries = self.entry_model.search([("order_id", "=", order.id)])
        entries._post_accruals()
        self.entry_model.flush_model()
        entries.release_date = "2026-01-01"
        self.entry_model._release(self.program)
        settlement = self.env["distribution.settlement"]._settle_due(self.program)
        line = settlement.line_ids.filtered(lambda line: line.distributor_id == self.cleo)
        self.assertRecordValues(line, [{"amount": 100.0, "state": "posted"}])

    # === WHY === #

    def test_entry_says_that_it_lowers_revenue(self):
        order, _picking = self._buy("buyer")
        entries = self.entry_model.search([("order_id", "=", order.id)]).grouped("level")
        self.assertIn("lowers revenue", entries[1].why)
        self.assertNotIn("lowers revenue", entries[2].why)
        self.assertIn("A distributor below bought this itself", entries[2].why)
        sale = self._sell()
        self._deliver(sale)
        self.assertNotIn("bought this itself", self.entry_model.search([("order_id", "=", sale.id)])[:1].why)

    # === SETTING UP === #

    def test_rule_is_a_step_of_the_setup(self):
        manager = new_test_user(
            self.env, "boss", groups="distribution_core.group_distribution_manager", company_id=self.company.id
        )
        panel = self.env["distribution.setup"].with_user(manager)

        def get_steps():
            return {step["name"]: step["is_done"] for step in panel.get_panel()["steps"]}

        self.assertEqual(list(get_steps()), ["company", "program", "rule", "agreement", "distributor"])
        self.assertEqual(panel._get_program(), self.program)
        self.assertTrue(get_steps()["rule"])
        self.program.rule_ids.active = False
        self.assertFalse(get_steps()["rule"])
        action = panel.open_step("rule")
        self.assertEqual(action["res_model"], "distribution.commission.rule")
        self.assertEqual(action["domain"], [("program_id", "=", self.program.id)])
