# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..exceptions import JoiningRefused
from .common import DistributionCommon


class ProgramCommon(DistributionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "boss", groups="distribution_core.group_distribution_manager", company_id=cls.company.id
        )

    def _publish(self, text="<p>Be honest</p>", program=None):
        agreement = self.env["distribution.agreement"].create({"program_id": (program or self.program).id})
        agreement.text = text
        agreement.action_publish()
        return agreement

    def _confirm(self, partner=None, **vals):
        order = self._create_order(partner, **vals)
        order.action_confirm()
        return order

    def _get_attribution(self, order):
        return order.distribution_distributor_id, order.distribution_attribution


@tagged("post_install", "-at_install")
class TestJoining(ProgramCommon):
    """Who may join, and that it is free."""

    def _assert_refused(self, reason, partner, **kwargs):
        with self.assertRaises(JoiningRefused) as refused:
            self.program._apply(partner, **kwargs)
        self.assertEqual(refused.exception.reason, reason)
        self.assertFalse(self.program._get_membership(partner))

    def test_application_waits_for_the_review(self):
        membership = self.program._apply(self.stranger)
        self.assertEqual((membership.state, membership.parent_id.id), ("draft", False))
        self.assertEqual(self.program._apply(self.stranger), membership, "Applying again changes nothing")

    def test_everyone_who_accepts_is_active_at_once(self):
        self.program.join_policy = "open"
        membership = self.program._apply(self.stranger, self.ben)
        self.assertEqual((membership.state, membership.parent_id), ("active", self.ben))

    def test_refused_application_is_reviewed_again_although_everyone_may_join(self):
        self.program.join_policy = "open"
        membership = self.env["distribution.distributor"].create(
            {"partner_id": self.stranger.id, "program_id": self.program.id}
        )
        membership.action_refuse("Sells forgeries")
        self.assertEqual(self.program._apply(self.stranger).state, "draft")

    def test_without_an_invitation_nobody_applies_where_it_is_needed(self):
        self.program.join_policy = "invitation"
        self._assert_refused("invitation_required", self.stranger)
        closed = self._create_distributor("Closed")
        closed.action_close("Gone")
        self._assert_refused("invitation_required", self.stranger, inviter=closed)
        elsewhere = self.env["distribution.program"].create({"name": "Elsewhere", "company_id": self.company.id})
        other = self._create_distributor("Other", program=elsewhere)
        self._assert_refused("invitation_required", self.stranger, inviter=other)
        membership = self.program._apply(self.stranger, self.cleo)
        self.assertEqual((membership.state, membership.parent_id), ("draft", self.cleo))

    def test_invited_applicant_who_was_asked_for_more_needs_no_second_invitation(self):
        self.program.join_policy = "invitation"
        membership = self.program._apply(self.stranger, self.cleo)
        membership.action_ask("Papers, please")
        with self.assertRaises(JoiningRefused) as refused:
            self.program._apply(self.stranger)
        self.assertEqual((refused.exception.reason, membership.state), ("answer_required", "incomplete"))
        self.assertEqual(self.program._apply(self.stranger, message="Here they are").state, "draft")

    def test_archived_program_takes_nobody(self):
        self.program.active = False
        self._assert_refused("program_closed", self.stranger)

    def test_bound_customer_applies_below_who_recommended_it(self):
        self.assertEqual(self.program._apply(self.customer).parent_id, self.cleo)

    def test_customer_who_does_not_count_has_no_recommender(self):
        self.program.write(
            {"customer_scope": "tags", "scope_tag_ids": [(0, 0, {"name": "Clubs"})], "join_policy": "open"}
        )
        membership = self.program._apply(self.customer)
        self.assertEqual((membership.state, membership.parent_id.id), ("active", False))

    # === NO PURCHASE IS THE WAY IN === #

    def test_offer_beside_invitations_only_is_refused(self):
        for first, second in (("join_policy", "is_offered_after_order"), ("is_offered_after_order", "join_policy")):
            vals = {"join_policy": "invitation", "is_offered_after_order": True}
            program = self.program.copy({first: vals[first]})
            with self.assertRaisesRegex(ValidationError, "would make buying the way in"):
                program[second] = vals[second]

    def test_every_program_has_a_way_in_that_is_free(self):
        """Whatever the policy: somebody who never bought anything becomes a distributor."""
        for policy, _label in self.env["distribution.program"]._fields["join_policy"].selection:
            self.program.join_policy = policy
            person = self.env["res.partner"].create({"name": f"Never bought ({policy})"})
            self.assertTrue(self.program._apply(person, self.cleo))
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self.program.join_policy = False
            self.program.flush_recordset()

    def test_offer_follows_an_order_and_is_no_condition(self):
        self.assertFalse(self.program._is_offered_to(self.customer))
        self.program.is_offered_after_order = True
        self.assertFalse(self.program._is_offered_to(self.customer), "Nothing was bought yet")
        order = self._create_order()
        self.assertFalse(self.program._is_offered_to(self.customer), "A quotation is no order")
        order.action_confirm()
        self.assertTrue(self.program._is_offered_to(self.customer))
        self.assertFalse(self.program._is_offered_to(self.stranger))
        self.assertTrue(self.program._apply(self.stranger), "Who has bought nothing joins as freely")
        self.program._apply(self.customer)
        self.assertFalse(self.program._is_offered_to(self.customer), "Applied already")


@tagged("post_install", "-at_install")
class TestAgreement(ProgramCommon):
    """Versions that never change, and who accepted which."""

    def test_published_version_never_changes(self):
        first = self._publish()
        french = self.env["res.lang"]._activate_lang("fr_FR")
        for change in (
            lambda: first.write({"text": "<p>Be bold</p>"}),
            lambda: first.with_context(lang=french.code).write({"text": "<p>Soyez audacieux</p>"}),
            lambda: first.update_field_translations("text", {"fr_FR": {"Be honest": "Soyez audacieux"}}),
            lambda: first.write({"program_id": self.program.copy().id}),
            first.unlink,
        ):
            with self.assertRaisesRegex(UserError, "was published and never changes"):
                change()
        for vals in ({"version": 7}, {"state": "draft"}, {"date": False}):
            with self.assertRaisesRegex(UserError, "by itself"):
                first.write(vals)
        self.assertEqual((first.version, first.text), (1, "<p>Be honest</p>"))

    def test_versions_count_up_and_the_latest_published_one_is_in_force(self):
        first = self._publish()
        action = self.program.with_user(self.manager).action_write_agreement()
        second = self.env["distribution.agreement"].browse(action["res_id"])
        self.assertEqual((second.version, second.text, second.state), (2, "<p>Be honest</p>", "draft"))
        self.assertEqual(self.program.action_write_agreement()["res_id"], second.id, "The draft is gone on with")
        self.assertEqual(self.program.agreement_id, first)
        second.with_user(self.manager).action_publish()
        second.action_publish()
        self.assertEqual(self.program.agreement_id, second)

    def test_nothing_is_published_without_a_text(self):
        with self.assertRaisesRegex(UserError, "no text"):
            self._publish("<p><br></p>")

    def test_caller_cannot_publish_by_creating(self):
        agreement = self.env["distribution.agreement"].create(
            {"program_id": self.program.id, "state": "published", "version": 9, "date": datetime(2026, 1, 1)}
        )
        self.assertEqual((agreement.state, agreement.version, agreement.date), ("draft", 1, False))

    def test_application_needs_the_current_version(self):
        first = self._publish()
        second = self._publish("<p>Be honest and kind</p>")
        for agreement in (None, first):
            with self.assertRaises(JoiningRefused) as refused:
                self.program._apply(self.stranger, agreement=agreement)
            self.assertEqual(refused.exception.reason, "agreement_required")
        membership = self.program._apply(self.stranger, agreement=second, door="mini_program")
        self.assertRecordValues(membership.acceptance_ids, [{"agreement_id": second.id, "door": "mini_program"}])
        self.assertFalse(membership.is_agreement_due)

    def test_new_version_asks_members_again_and_they_stay_active(self):
        membership = self.program._apply(self.stranger, agreement=self._publish())
        membership.action_activate()
        second = self._publish("<p>New</p>")
        self.assertEqual((membership.state, membership.is_agreement_due), ("active", True))
        due = self.env["distribution.distributor"].search([("is_agreement_due", "=", True)])
        self.assertEqual(due & (membership | self.ada), membership | self.ada)
        membership._accept_agreement(second, "mini_program")
        membership._accept_agreement(second, "mini_program")
        self.assertEqual(sorted(membership.acceptance_ids.agreement_id.mapped("version")), [1, 2])
        is_due = self.env["distribution.distributor"].search([("is_agreement_due", "=", True)])
        isnt_due = self.env["distribution.distributor"].search([("is_agreement_due", "=", False)])
        self.assertNotIn(membership, is_due)
        self.assertIn(membership, isnt_due)
        with self.assertRaisesRegex(UserError, "not the current version"):
            self.ada._accept_agreement(membership.acceptance_ids.agreement_id - second, "staff")

    def test_who_was_closed_or_merged_owes_no_acceptance(self):
        members = self.ada | self.ben | self.cleo
        self._publish()
        self.ben.action_close("Gone")
        self.cleo._merge_into(self.ada, "Joined twice")
        found = self.env["distribution.distributor"].search([("is_agreement_due", "=", True)])
        self.assertEqual(found & members, self.ada)
        self.assertEqual(members.filtered("is_agreement_due"), self.ada)
        rest = self.env["distribution.distributor"].search([("is_agreement_due", "=", False)])
        self.assertEqual(rest & members, self.ben | self.cleo)
        self.ben.action_activate()
        self.assertTrue(self.ben.is_agreement_due, "Who comes back is asked again")

    def test_form_of_a_manager_keeps_to_the_agreement_as_well(self):
        self._publish()
        with Form(self.env["distribution.distributor"].with_user(self.manager)) as form:
            form.partner_id = self.stranger
            form.program_id = self.program
        membership = form.record
        with self.assertRaisesRegex(UserError, "has not accepted version 1"):
            membership.action_activate()
        membership.action_accept_agreement()
        membership.action_activate()
        self.assertEqual((membership.state, membership.acceptance_ids.door), ("active", "staff"))

    def test_acceptances_are_not_written_by_anybody(self):
        membership = self.program._apply(self.stranger, agreement=self._publish())
        acceptance = membership.acceptance_ids
        with self.assertRaises(UserError):
            acceptance.with_user(self.manager).write({"door": "mini_program"})
        with self.assertRaises(AccessError):
            acceptance.with_user(self.manager).unlink()
        with self.assertRaises(AccessError):
            acceptance.with_user(self.manager).create(
                {"distributor_id": self.ada.id, "agreement_id": acceptance.agreement_id.id, "door": "staff"}
            )
        with self.assertRaisesRegex(UserError, "stays as it was recorded"):
            acceptance.date = datetime(2026, 1, 1)
        with self.assertRaisesRegex(UserError, "not deleted"):
            acceptance.unlink()


@tagged("post_install", "-at_install")
class TestCustomerScope(ProgramCommon):
    """Which customers count; the order says where one did not."""

    def test_new_customers_only(self):
        self.program.customer_scope = "new"
        self.assertEqual(self._get_attribution(self._confirm()), (self.cleo, "binding"))
        self.assertEqual(
            self._get_attribution(self._confirm()), (self.cleo, "binding"), "What follows the binding counts too"
        )
        old = self._confirm(self.stranger)
        old.date_order = datetime(2026, 1, 1)
        self.env["distribution.binding"]._bind(self.stranger, self.cleo)
        order = self._confirm(self.stranger)
        self.assertEqual(self._get_attribution(order), (self.env["distribution.distributor"], "scope"))
        self.assertFalse(order.distribution_program_id)

    def test_colleague_makes_an_old_customer(self):
        self.program.customer_scope = "new"
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        buyers = self.env["res.partner"].create([{"name": name, "parent_id": firm.id} for name in ("Al", "Bo")])
        self._confirm(buyers[0]).date_order = datetime(2026, 1, 1)
        self.env["distribution.binding"]._bind(buyers[1], self.cleo)
        self.assertEqual(self._confirm(buyers[1]).distribution_attribution, "scope")

    def test_order_of_another_company_makes_no_old_customer(self):
        self.program.customer_scope = "new"
        other = self.env["res.company"].create({"name": "Another"})
        self._confirm(self.stranger, company_id=other.id).date_order = datetime(2026, 1, 1)
        self.env["distribution.binding"]._bind(self.stranger, self.cleo)
        self.assertEqual(self._confirm(self.stranger).distribution_attribution, "binding")

    def test_customers_with_a_tag(self):
        with self.assertRaisesRegex(ValidationError, "Say which tags"):
            self.program.customer_scope = "tags"
        tag = self.env["res.partner.category"].create({"name": "Clubs"})
        self.program.write({"customer_scope": "tags", "scope_tag_ids": [(6, 0, tag.ids)]})
        self.assertEqual(self._confirm().distribution_attribution, "scope")
        self.customer.category_id = tag
        self.assertEqual(self._get_attribution(self._confirm()), (self.cleo, "binding"))

    def test_choice_on_the_quotation_keeps_to_the_scope(self):
        self.program.customer_scope = "new"
        first = self._confirm(self.stranger, distribution_distributor_id=self.ada.id)
        self.assertEqual(self._get_attribution(first), (self.ada, "manual"))
        first.date_order = datetime(2026, 1, 1)
        second = self._confirm(self.stranger, distribution_distributor_id=self.ada.id)
        self.assertEqual(second.distribution_attribution, "scope")

    def test_next_program_takes_whom_the_first_does_not(self):
        program = self.env["distribution.program"].create(
            {"name": "Second", "sequence": 20, "company_id": self.company.id, "binding_days": 0}
        )
        dora = self._create_distributor("Dora", program=program)
        self.env["distribution.binding"]._bind(self.customer, dora, date_from=datetime(2026, 1, 1))
        self.assertEqual(self._get_attribution(self._confirm()), (self.cleo, "binding"))
        self.program.write({"customer_scope": "tags", "scope_tag_ids": [(0, 0, {"name": "Clubs"})]})
        self.assertEqual(self._get_attribution(self._confirm()), (dora, "binding"))


@tagged("post_install", "-at_install")
class TestSelfPurchase(ProgramCommon):
    """For whom counts what a distributor buys."""

    def test_nobody_by_default(self):
        self.assertEqual(self._get_attribution(self._confirm(self.cleo.partner_id))[1], "self")
        self.assertFalse(self._confirm(self.cleo.partner_id).distribution_program_id)

    def test_buyer(self):
        self.program.self_purchase = "buyer"
        order = self._confirm(self.cleo.partner_id)
        self.assertEqual(self._get_attribution(order), (self.cleo, "self"))
        self.assertEqual(order.distribution_program_id, self.program)

    def test_upline(self):
        self.program.self_purchase = "upline"
        self.assertEqual(self._get_attribution(self._confirm(self.cleo.partner_id)), (self.ben, "self"))
        nobody = self.env["distribution.distributor"]
        self.assertEqual(self._get_attribution(self._confirm(self.ada.partner_id)), (nobody, "self"), "No upline")
        self.ben.action_suspend("Looked into")
        self.assertEqual(self._get_attribution(self._confirm(self.cleo.partner_id)), (self.ben, "self"))
        self.ben.action_close("Gone")
        self.assertEqual(self._get_attribution(self._confirm(self.cleo.partner_id)), (nobody, "self"))

    def test_applicant_buys_as_a_customer(self):
        self.program.self_purchase = "buyer"
        self.program._apply(self.customer)
        self.assertEqual(self._get_attribution(self._confirm()), (self.cleo, "binding"))

    def test_first_program_that_pays_takes_the_order(self):
        """A customer may be a distributor of several programs; those that pay nobody are passed over."""
        second = self.env["distribution.program"].create(
            {"name": "Second", "sequence": 20, "company_id": self.company.id, "self_purchase": "buyer"}
        )
        member = self.env["distribution.distributor"].create(
            {"partner_id": self.cleo.partner_id.id, "program_id": second.id}
        )
        member.action_activate()
        self.assertEqual(self._get_attribution(self._confirm(self.cleo.partner_id)), (member, "self"))
        self.program.self_purchase = "upline"
        self.assertEqual(self._get_attribution(self._confirm(self.cleo.partner_id)), (self.ben, "self"))


@tagged("post_install", "-at_install")
class TestSetup(ProgramCommon):
    """The panel reads what is done from the records."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.new_company = cls.env["res.company"].create({"name": "New Shop"})
        cls.new_company.country_id = False
        cls.manager.write({"company_ids": [(4, cls.new_company.id)], "company_id": cls.new_company.id})
        cls.panel = cls.env["distribution.setup"].with_user(cls.manager)

    def _get_done(self):
        return [step["name"] for step in self.panel.get_panel()["steps"] if step["is_done"]]

    def test_steps_follow_the_records(self):
        self.assertEqual(self._get_done(), [])
        action = self.panel.open_step("company")
        wizard = self.env[action["res_model"]].with_user(self.manager)
        wizard.create({"country_id": self.env.ref("base.cn").id, "tz": "Asia/Shanghai"}).action_confirm()
        self.assertEqual(self._get_done(), ["company"])
        program = self.env["distribution.program"].with_user(self.manager).create({"name": "Friends"})
        self.assertEqual(program.company_id, self.new_company)
        self.assertEqual(self._get_done(), ["company", "program"])
        self.assertEqual(self.panel.open_step("agreement")["res_id"], program.id)
        agreement = self._publish(program=program)
        program.introduction = "<p>Recommend what you like</p>"
        self.assertEqual(self._get_done(), ["company", "program", "agreement"])
        self.assertEqual(self.panel.open_step("distributor")["context"], {"default_program_id": program.id})
        program._apply(self.stranger, agreement=agreement).action_activate()
        self.assertEqual(self._get_done(), ["company", "program", "agreement", "distributor"])

    def test_country_that_is_set_stays(self):
        self.new_company.country_id = self.env.ref("base.de")
        wizard = self.env["distribution.setup.company"].with_user(self.manager)
        wizard.create({"country_id": self.env.ref("base.cn").id, "tz": "Europe/Berlin"}).action_confirm()
        self.assertEqual(self.new_company.country_id, self.env.ref("base.de"))
        self.assertEqual(self.new_company.partner_id.tz, "Europe/Berlin")

    def test_closed_panel_comes_back_where_it_was(self):
        self.panel.close()
        self.assertFalse(self.panel.get_panel())
        self.assertEqual(self.panel.action_reopen()["res_model"], "distribution.program")
        self.assertEqual(self._get_done(), [])

    def test_unknown_step_opens_nothing(self):
        self.assertFalse(self.panel.open_step("sudo"))

    def test_users_set_nothing_up(self):
        user = new_test_user(
            self.env, "reader", groups="distribution_core.group_distribution_user", company_id=self.company.id
        )
        panel = self.panel.with_user(user)
        self.assertFalse(panel.get_panel())
        for refused in (panel.close, panel.action_reopen, lambda: panel.open_step("company")):
            with self.assertRaises(AccessError):
                refused()
