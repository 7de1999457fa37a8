# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime, timedelta

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import DistributionCommon


@tagged("post_install", "-at_install")
class MergeCommon(DistributionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            "boss",
            groups="distribution_core.group_distribution_manager,base.group_partner_manager",
            company_id=cls.company.id,
        )
        cls.eve = cls._create_distributor("Eve")

    def _merge(self, distributor, survivor, **vals):
        """Merge as a manager does, through the button and its wizard."""
        action = distributor.with_user(self.manager).action_merge()
        wizard = self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"])
        return wizard.create({"survivor_id": survivor.id, "reason": "Joined twice", **vals})

    def _merge_contacts(self, *partners, user=None):
        """Merge contacts by Odoo's own wizard into the first."""
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(user or self.env.user).create({})
        wizard._merge([partner.id for partner in partners], partners[0])

    def _bind(self, customer, distributor, days=1, **vals):
        """Bind a customer some days ago, whatever is protected."""
        start = fields.Datetime.now() - timedelta(days=days)
        return self.env["distribution.binding"].create(
            {"partner_id": customer.id, "distributor_id": distributor.id, "date_from": start, **vals}
        )


@tagged("post_install", "-at_install")
class TestMerge(MergeCommon):
    """Two memberships become one."""

    def test_team_customers_and_quotations_go_to_the_survivor(self):
        self.binding.write({"date_to": datetime(2099, 1, 1), "protected_until": datetime(2098, 1, 1)})
        dora = self._create_distributor("Dora", self.cleo)
        quotation = self._create_order(self.stranger, distribution_distributor_id=self.cleo.id)
        confirmed = self._create_order()
        confirmed.action_confirm()
        wizard = self._merge(self.cleo, self.eve)
        self.assertEqual(
            (wizard.child_count, wizard.customer_count, wizard.quotation_count, wizard.order_count), (1, 1, 1, 1)
        )
        self.assertFalse(self.cleo.merged_into_id, "Nothing is done yet")
        wizard.action_confirm()
        self.assertEqual((self.cleo.state, self.cleo.merged_into_id), ("closed", self.eve))
        self.assertEqual(dora.parent_id, self.eve)
        current = self.env["distribution.binding"]._get_current(self.customer, self.program)
        self.assertEqual(
            (current.distributor_id, current.date_to, current.protected_until),
            (self.eve, datetime(2099, 1, 1), datetime(2098, 1, 1)),
        )
        self.assertEqual((self.binding.state, self.binding.distributor_id), ("ended", self.cleo), "History is kept")
        self.assertEqual(quotation.distribution_distributor_id, self.eve)
        self.assertEqual(confirmed.distribution_distributor_id, self.cleo)
        for distributor in (self.cleo, self.eve):
            self.assertTrue(any("Joined twice" in body for body in distributor.message_ids.mapped("body")))

    def test_quotations_follow_to_an_application_once_it_is_accepted(self):
        quotation = self._create_order(self.stranger, distribution_distributor_id=self.cleo.id)
        self.cleo.action_close("Moved")
        application = self.env["distribution.distributor"].create(
            {"partner_id": self.env["res.partner"].create({"name": "Cleo"}).id, "program_id": self.program.id}
        )
        self._merge(self.cleo, application).action_confirm()
        self.assertEqual(quotation.distribution_distributor_id, self.cleo)
        application.action_activate()
        quotation.action_confirm()
        self.assertEqual(
            (quotation.distribution_distributor_id, quotation.distribution_attribution), (application, "manual")
        )

    def test_survivor_keeps_its_upline_and_gets_one_where_it_has_none(self):
        self._merge(self.cleo, self.eve).action_confirm()
        self.assertEqual(self.eve.parent_id, self.ben)
        gil = self._create_distributor("Gil", self.ada)
        self._merge(self.eve, gil).action_confirm()
        self.assertEqual(gil.parent_id, self.ada)

    def test_upline_is_merged_into_its_downline_and_the_other_way_round(self):
        self._merge(self.ben, self.cleo).action_confirm()
        self.assertEqual(self.cleo.parent_id, self.ada)
        dora = self._create_distributor("Dora", self.cleo)
        self._merge(self.cleo, self.ada).action_confirm()
        self.assertEqual((dora.parent_id, self.ada.parent_id.id), (self.ada, False))
        self.assertEqual(self.ben.merged_into_id, self.ada, "Nobody has to follow a chain")
        self.assertFalse(self.env["distribution.distributor"]._find_wrong_paths(self.program))

    def test_merge_of_the_top_into_the_bottom_makes_no_cycle(self):
        self._merge(self.ada, self.cleo).action_confirm()
        self.assertEqual((self.cleo.parent_id.id, self.ben.parent_id), (False, self.cleo))
        self.assertFalse(self.ben._has_cycle())

    def test_merging_twice_changes_nothing(self):
        self.cleo._merge_into(self.eve, "Once")
        count = len(self.cleo.message_ids)
        self.cleo._merge_into(self.eve, "Twice")
        self.assertEqual((len(self.cleo.message_ids), self.cleo.state_reason), (count, "Once"))

    def test_customer_who_is_the_survivor_is_bound_to_nobody(self):
        self._bind(self.eve.partner_id, self.cleo)
        self.cleo._merge_into(self.eve, "One person")
        self.assertFalse(self.env["distribution.binding"]._get_current(self.eve.partner_id, self.program))

    def test_impossible_merges_say_why(self):
        other = self.env["distribution.program"].create({**self._prepare_program_vals(), "name": "Other"})
        foreign = self._create_distributor("Foreign", program=other)
        closed = self._create_distributor("Gone")
        closed.action_close()
        self.eve.action_suspend("Looked into")
        for survivor, problem in (
            (self.cleo, "of its own"),
            (foreign, "different programs"),
            (closed, "cannot take a team over"),
            (self.eve, "is suspended"),
        ):
            wizard = self._merge(self.cleo, survivor)
            self.assertRegex(wizard.problem, problem)
            with self.assertRaisesRegex(UserError, problem):
                wizard.action_confirm()
            with self.assertRaisesRegex(UserError, problem):
                self.cleo._merge_into(survivor, "x")

    def test_merged_one_stays_closed_and_gets_nobody(self):
        self.cleo._merge_into(self.eve, "One person")
        with self.assertRaisesRegex(UserError, "stays closed"):
            self.cleo.with_user(self.manager).action_activate()
        with self.assertRaisesRegex(ValidationError, "was merged into"):
            self._create_distributor("Gil").parent_id = self.cleo
        with self.assertRaisesRegex(ValidationError, "was merged into"):
            self._create_distributor("New", self.cleo)
        with self.assertRaisesRegex(UserError, "not merged yet"):
            self.eve._merge_into(self.cleo, "And back")

    def test_binding_to_a_merged_one_goes_to_the_survivor(self):
        self.cleo._merge_into(self.eve, "One person")
        self.assertEqual(self.env["distribution.binding"]._bind(self.stranger, self.cleo).distributor_id, self.eve)

    def test_order_of_the_merged_ones_contact_is_an_own_purchase(self):
        """The two are one person, whichever of its contacts buys."""
        self.ben._merge_into(self.cleo, "One person")
        order = self._create_order(partner=self.ben.partner_id, distribution_code=self.cleo.code)
        order.action_confirm()
        self.assertEqual((order.distribution_attribution, order.distribution_distributor_id.ids), ("self", []))

    def test_survivor_closed_meanwhile_gets_nobody(self):
        self.ben._merge_into(self.cleo, "One person")
        customer = self.env["res.partner"].create({"name": "Late"})
        binding = self.env["distribution.binding"]._bind(customer, self.cleo)
        # As written by a transaction that did not see the merge.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE distribution_binding SET distributor_id = %s WHERE id = %s", [self.ben.id, binding.id]
        )
        self.env.invalidate_all()
        self.cleo.action_close("Gone")
        self.env["distribution.distributor"]._finish_merges(self.program)
        self.assertEqual(binding.state, "ended")
        self.assertFalse(binding._get_current(customer, self.program))

    def test_merge_has_no_other_door(self):
        cleo = self.cleo.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "by the button"):
            cleo.write({"merged_into_id": self.eve.id, "state": "closed"})
        with self.assertRaisesRegex(UserError, "by the button"):
            cleo.with_context(distribution_merge=True).write({"merged_into_id": self.eve.id})
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation), self.cr.savepoint():
            self.cr.execute(
                "UPDATE distribution_distributor SET merged_into_id = %s WHERE id = %s", [self.eve.id, self.cleo.id]
            )
        user = new_test_user(self.env, "reader", groups="distribution_core.group_distribution_user")
        with self.assertRaises(AccessError):
            self.env["distribution.distributor.merge"].with_user(user).create({})

    def test_wizard_in_the_form_says_what_is_wrong(self):
        self.eve.action_suspend("x")
        action = self.cleo.action_merge()
        wizard = self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"])
        with Form(wizard) as form:
            form.survivor_id = self.eve
            self.assertIn("is suspended", form.problem)
            form.survivor_id = self.ada
            self.assertFalse(form.problem)
            form.reason = "x"

    def test_who_was_merged_is_not_counted_in_the_team_its_upline_sees(self):
        twin = self._create_distributor("Cleo again", self.ben)
        self._merge(twin, self.cleo).action_confirm()
        self.assertEqual(self.ben._get_paid_levels(), [(1, 1), (2, 0), (3, 0)])
        self.assertEqual(self.env["distribution.distributor"].search(self.ben._get_team_domain([1])), self.cleo)
        shown = self.env["distribution.masked.member"].search([("distributor_id", "=", self.ben.id)])
        self.assertEqual(shown.mapped("level"), [1])

    def test_customer_who_was_new_stays_new_for_the_survivor(self):
        self.program.customer_scope = "new"
        earlier = self._create_order()
        earlier.action_confirm()
        earlier.date_order = fields.Datetime.now() - timedelta(hours=1)
        gil = self._create_distributor("Gil")
        self._merge(self.cleo, self.eve).action_confirm()
        self._merge(self.eve, gil).action_confirm()
        order = self._create_order()
        order.action_confirm()
        self.assertEqual((order.distribution_attribution, order.distribution_distributor_id), ("binding", gil))

    def test_old_customer_becomes_no_new_one_by_a_merge(self):
        self.program.customer_scope = "new"
        earlier = self._create_order(self.stranger)
        earlier.action_confirm()
        earlier.date_order = datetime(2025, 1, 1)
        self._bind(self.stranger, self.cleo)
        self._merge(self.cleo, self.eve).action_confirm()
        order = self._create_order(self.stranger)
        order.action_confirm()
        self.assertEqual(order.distribution_attribution, "scope")


@tagged("post_install", "-at_install")
class TestMergeContacts(MergeCommon):
    """Odoo's own merge of contacts."""

    def test_two_distributors_of_a_program_are_merged_first(self):
        contact = self.eve.partner_id
        self._merge_contacts(contact, self.cleo.partner_id, user=self.env.ref("base.user_admin"))
        self.assertEqual((self.cleo.merged_into_id, self.cleo.partner_id), (self.eve, contact))
        self.assertEqual((self.eve.partner_id, self.eve.parent_id), (contact, self.ben))
        self.assertEqual(contact.distributor_ids.filtered(lambda d: not d.merged_into_id), self.eve)
        self.assertEqual(self.binding.distributor_id, self.cleo)
        current = self.env["distribution.binding"]._get_current(self.customer, self.program)
        self.assertEqual(current.distributor_id, self.eve)

    def test_active_membership_survives_whichever_contact_stays(self):
        application = self.env["distribution.distributor"].create(
            {"partner_id": self.stranger.id, "program_id": self.program.id}
        )
        self._merge_contacts(self.stranger, self.cleo.partner_id)
        self.assertEqual((application.merged_into_id, self.cleo.partner_id), (self.cleo, self.stranger))
        self.assertEqual(self.cleo.state, "active")

    def test_suspended_one_is_not_merged_away(self):
        self.cleo.action_suspend("Looked into")
        with self.assertRaisesRegex(UserError, "is suspended"):
            self._merge_contacts(self.eve.partner_id, self.cleo.partner_id)

    def test_memberships_are_merged_by_managers_only(self):
        clerk = new_test_user(self.env, "clerk", groups="base.group_partner_manager,sales_team.group_sale_salesman")
        (self.eve | self.cleo).partner_id.email = "same@example.com"
        with self.assertRaisesRegex(AccessError, "role"):
            self._merge_contacts(self.eve.partner_id, self.cleo.partner_id, user=clerk)

    def test_earlier_protected_binding_stays(self):
        again = self.env["res.partner"].create({"name": "Customer again"})
        future = fields.Datetime.now() + timedelta(days=30)
        self.binding.write({"date_from": fields.Datetime.now() - timedelta(days=9), "protected_until": future})
        later = self._bind(again, self.eve, protected_until=future)
        self._merge_contacts(again, self.customer)
        self.assertEqual((self.binding.state, self.binding.partner_id), ("active", again))
        self.assertEqual((later.state, later.partner_id), ("ended", again), "History is kept")
        self.assertEqual(later.end_reason, "The contacts were merged.")

    def test_later_binding_takes_an_unprotected_customer_over(self):
        again = self.env["res.partner"].create({"name": "Customer again"})
        past = fields.Datetime.now() - timedelta(days=5)
        self.binding.write({"date_from": fields.Datetime.now() - timedelta(days=9), "protected_until": past})
        later = self._bind(again, self.eve)
        self._merge_contacts(self.customer, again)
        self.assertEqual((self.binding.state, later.state, later.partner_id), ("ended", "active", self.customer))

    def test_binding_that_has_run_out_yields(self):
        again = self.env["res.partner"].create({"name": "Customer again"})
        past = fields.Datetime.now() - timedelta(hours=1)
        self.binding.write({"date_from": past - timedelta(days=9), "date_to": past, "protected_until": past})
        later = self._bind(again, self.eve, days=2)
        self._merge_contacts(self.customer, again)
        self.assertEqual((self.binding.state, later.state), ("ended", "active"))

    def test_bindings_of_two_programs_both_stay(self):
        other = self.env["distribution.program"].create({**self._prepare_program_vals(), "name": "Other"})
        foreign = self._create_distributor("Foreign", program=other)
        second = self._bind(self.stranger, foreign)
        self._merge_contacts(self.customer, self.stranger)
        self.assertEqual((self.binding.state, second.state, second.partner_id), ("active", "active", self.customer))

    def test_distributor_and_its_own_customer(self):
        self._merge_contacts(self.cleo.partner_id, self.customer)
        self.assertEqual((self.binding.state, self.binding.partner_id), ("ended", self.cleo.partner_id))
        order = self._create_order(self.cleo.partner_id)
        order.action_confirm()
        self.assertEqual(order.distribution_attribution, "self")

    def test_contacts_without_memberships_are_merged_by_anybody(self):
        # What Odoo asks of who merges contacts with the accounting modules there.
        groups = "base.group_partner_manager,base.group_erp_manager,account.group_account_invoice"
        clerk = new_test_user(self.env, "clerk", groups=groups)
        (self.customer | self.stranger).email = "same@example.com"
        self._merge_contacts(self.stranger, self.customer, user=clerk)
        self.assertEqual((self.binding.partner_id, self.binding.state), (self.stranger, "active"))

    def test_first_distributor_keeps_the_customer_where_the_policy_says_so(self):
        self.program.binding_policy = "first"
        again = self.env["res.partner"].create({"name": "Customer again"})
        start = fields.Datetime.now() - timedelta(days=9)
        self.binding.write({"date_from": start, "date_to": False, "protected_until": start})
        later = self._bind(again, self.eve, days=2)
        self._merge_contacts(again, self.customer)
        self.assertEqual((self.binding.state, later.state), ("active", "ended"))

    def test_same_request_for_both_contacts_is_one(self):
        requests = self.env["distribution.binding.request"].create(
            [
                {"partner_id": partner.id, "distributor_id": distributor.id, "reason": "Moved"}
                for partner, distributor in (
                    (self.customer, self.eve),
                    (self.stranger, self.eve),
                    (self.stranger, self.ada),
                )
            ]
        )
        self._merge_contacts(self.customer, self.stranger)
        self.assertEqual(requests.mapped("state"), ["draft", "refused", "draft"])
        self.assertEqual(requests.partner_id, self.customer)
        self.assertEqual(requests[1].decision_reason, "The contacts were merged.")

    def test_request_to_give_a_customer_to_itself_is_refused(self):
        request = self.env["distribution.binding.request"].create(
            {"partner_id": self.customer.id, "distributor_id": self.eve.id, "reason": "Moved"}
        )
        self._merge_contacts(self.customer, self.eve.partner_id)
        self.assertEqual(request.state, "refused")

    def test_visits_of_both_contacts_stay(self):
        visits = self.env["distribution.visit"]
        for partner, distributor in ((self.customer, self.eve), (self.stranger, self.eve), (self.stranger, self.ada)):
            visits._note_visit(distributor, partner=partner)
        self._merge_contacts(self.customer, self.stranger)
        self.assertEqual(visits._find_provisional(partner=self.customer).distributor_id, self.eve | self.ada)
