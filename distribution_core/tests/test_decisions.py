# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import DistributionCommon


@tagged("post_install", "-at_install")
class TestDecisions(DistributionCommon):
    """Applications, reasons, and what becomes of a team."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "boss", groups="distribution_core.group_distribution_manager", company_id=cls.company.id
        )

    def _apply(self, name="Dora", **vals):
        partner = self.env["res.partner"].create({"name": name})
        return self.env["distribution.distributor"].create(
            {"partner_id": partner.id, "program_id": self.program.id, **vals}
        )

    def _decide(self, distributors, decision, reason="Because", **vals):
        """Decide as a manager does, through the button and its wizard."""
        action = distributors.with_user(self.manager).with_context(decision=decision).action_decide()
        wizard = self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"])
        return wizard.create({"reason": reason, **vals}).action_confirm()

    def _move(self, distributor, upline, **vals):
        action = distributor.with_user(self.manager).action_move()
        wizard = self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"])
        return wizard.create({"upline_id": upline.id, "reason": "Asked for it", **vals})

    # === REVIEW === #

    def test_application_is_asked_for_more_refused_and_accepted_in_the_end(self):
        dora = self._apply()
        self._decide(dora, "ask", "Send your papers")
        self.assertEqual((dora.state, dora.state_reason), ("incomplete", "Send your papers"))
        dora._apply_again()
        self.assertEqual((dora.state, dora.state_reason), ("draft", False))
        self._decide(dora, "refuse", "Lives too far away")
        self.assertEqual(dora.state, "refused")
        self.assertFalse(dora._is_earning())
        dora.action_activate()
        self.assertEqual((dora.state, dora.state_reason), ("active", False))

    def test_decisions_are_refused_from_other_states(self):
        dora = self._apply()
        with self.assertRaisesRegex(UserError, "cannot become Suspended"):
            self._decide(dora, "suspend")
        for decision in ("ask", "refuse"):
            with self.assertRaisesRegex(UserError, "is Active and cannot become"):
                self._decide(self.ben, decision)

    def test_only_managers_decide_and_move(self):
        user = new_test_user(
            self.env, "reader", groups="distribution_core.group_distribution_user", company_id=self.company.id
        )
        for refused in (
            lambda: self.ben.with_user(user).action_suspend("x"),
            lambda: self.ben.with_user(user).action_close("x"),
            lambda: self.env["distribution.distributor.move"].with_user(user).create({}),
            lambda: self.env["distribution.distributor.decision"].with_user(user).create({}),
        ):
            with self.assertRaises(AccessError):
                refused()

    def test_bound_customer_becomes_a_distributor_below_who_recommended(self):
        dora = self.env["distribution.distributor"].create(
            {"partner_id": self.customer.id, "program_id": self.program.id}
        )
        dora.action_activate()
        self.assertEqual(dora.parent_id, self.cleo)
        self.assertEqual(self.binding.state, "ended")
        named = self._apply("Eve", parent_id=self.ada.id)
        self.env["distribution.binding"]._bind(named.partner_id, self.cleo, date_from=datetime(2026, 1, 1))
        named.action_activate()
        self.assertEqual(named.parent_id, self.ada, "Who was named stays")

    # === COMING BACK === #

    def _bind_closed(self, distributor, owner):
        """Close a distributor and bind it as the customer it is now."""
        distributor.action_close("Moved abroad")
        return self.env["distribution.binding"]._bind(distributor.partner_id, owner)

    def test_customer_who_comes_back_stands_below_whose_customer_it_was(self):
        eve = self._create_distributor("Eve")
        binding = self._bind_closed(self.cleo, eve)
        self.cleo.with_user(self.manager).action_activate()
        self.assertEqual((self.cleo.state, self.cleo.parent_id, binding.state), ("active", eve, "ended"))
        self.assertIn("The customer became a distributor", self.cleo.message_ids[0].body)
        self.assertFalse(self.env["distribution.binding"]._get_current(self.cleo.partner_id, self.program))

    def test_who_comes_back_without_a_binding_that_counts_stands_where_it_stood(self):
        self.cleo.action_close("Moved abroad")
        self.cleo.action_activate()
        self.assertEqual(self.cleo.parent_id, self.ben)
        eve = self._create_distributor("Eve")
        binding = self._bind_closed(self.cleo, eve)
        eve.action_close("Gone")
        self.cleo.action_activate()
        self.assertEqual((self.cleo.parent_id, binding.state), (self.ben, "ended"))

    def test_who_comes_back_never_stands_below_its_own_team(self):
        binding = self._bind_closed(self.ben, self.cleo)
        self.ben.action_activate()
        self.assertEqual((self.ben.parent_id, self.cleo.parent_id, binding.state), (self.ada, self.ben, "ended"))
        binding = self._bind_closed(self.ada, self.cleo)
        self.ada.action_activate()
        self.assertEqual((self.ada.state, self.ada.parent_id, binding.state), ("active", self.ada.browse(), "ended"))

    def test_end_of_a_suspension_moves_nobody(self):
        self.cleo.action_suspend("Looked into")
        self.env["distribution.binding"]._bind(self.cleo.partner_id, self.ada)
        self.cleo.action_activate()
        self.assertEqual(self.cleo.parent_id, self.ben)

    # === MOVING === #

    def test_move_with_the_team_is_shown_first_and_keeps_its_reason(self):
        eve = self._create_distributor("Eve")
        wizard = self._move(self.ben, eve)
        self.assertEqual(
            [(line.before_id, line.after_id, line.team_count) for line in wizard.line_ids], [(self.ada, eve, 1)]
        )
        self.assertEqual(self.ben.parent_id, self.ada, "Nothing is done yet")
        wizard.action_confirm()
        self.assertEqual(self.cleo.parent_path, f"{eve.id}/{self.ben.id}/{self.cleo.id}/")
        self.assertIn("Asked for it", self.ben.message_ids[0].body)

    def test_move_without_the_team_leaves_it_to_the_old_upline(self):
        eve = self._create_distributor("Eve")
        wizard = self._move(self.ben, eve, with_team=False)
        self.assertEqual(
            [(line.distributor_id, line.after_id) for line in wizard.line_ids], [(self.ben, eve), (self.cleo, self.ada)]
        )
        wizard.action_confirm()
        self.assertEqual((self.ben.parent_id, self.cleo.parent_id), (eve, self.ada))
        self.assertIn("Asked for it", self.cleo.message_ids[0].body)

    def test_move_below_the_own_team_needs_to_leave_it(self):
        wizard = self._move(self.ben, self.cleo)
        self.assertIn("stands below", wizard.problem)
        with self.assertRaisesRegex(UserError, "stands below"):
            wizard.action_confirm()
        self._move(self.ben, self.cleo, with_team=False).action_confirm()
        self.assertEqual(self.ben.parent_path, f"{self.ada.id}/{self.cleo.id}/{self.ben.id}/")

    def test_move_in_the_form_says_what_is_wrong(self):
        action = self.ben.action_move()
        wizard = self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"])
        with Form(wizard) as form:
            form.upline_id = self.ada
            self.assertIn("the upline it has", form.problem)
            form.upline_id = self.env["distribution.distributor"]
            self.assertFalse(form.problem)
            form.reason = "To the top"

    # === CLOSING === #

    def _close_ben(self, **vals):
        self._decide(self.ben, "close", "Moved abroad", **vals)
        self.assertEqual((self.ben.state, self.ben.state_reason), ("closed", "Moved abroad"))

    def _bind_to_ben(self):
        return self.env["distribution.binding"]._bind(self.stranger, self.ben)

    def _get_bound_to(self):
        return self.env["distribution.binding"]._get_current(self.stranger, self.program).distributor_id

    def test_team_and_customers_go_to_the_upline(self):
        binding = self._bind_to_ben()
        self._close_ben()
        self.assertEqual(self.cleo.parent_id, self.ada)
        self.assertEqual((binding.state, binding.end_reason), ("ended", "Moved abroad"))
        self.assertEqual(self._get_bound_to(), self.ada)

    def test_team_goes_to_somebody_named_and_customers_are_free(self):
        self._bind_to_ben()
        eve = self._create_distributor("Eve")
        self._close_ben(receiver="named", receiver_id=eve.id, with_customers=False)
        self.assertEqual(self.cleo.parent_id, eve)
        self.assertFalse(self._get_bound_to())

    def test_team_goes_to_one_of_its_own(self):
        dora = self._create_distributor("Dora", self.ben)
        self._close_ben(receiver="named", receiver_id=self.cleo.id)
        self.assertEqual((self.cleo.parent_id, dora.parent_id), (self.ada, self.cleo))

    def test_team_goes_to_the_company(self):
        self._bind_to_ben()
        self._close_ben(receiver="company")
        self.assertFalse(self.cleo.parent_id)
        self.assertFalse(self._get_bound_to())

    def test_upline_that_is_closed_as_well_is_passed_over(self):
        dora = self._create_distributor("Dora", self.cleo)
        self._decide(self.ben | self.cleo, "close")
        self.assertEqual((dora.parent_id, dora.state), (self.ada, "active"))

    def test_receiver_who_is_not_active_is_refused(self):
        eve = self._apply("Eve")
        with self.assertRaisesRegex(UserError, "cannot take a team over"):
            self._close_ben(receiver="named", receiver_id=eve.id)
        with self.assertRaisesRegex(UserError, "Say who takes"):
            self._close_ben(receiver="named")
        self.assertEqual(self.ben.state, "active")
