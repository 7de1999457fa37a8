# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from psycopg2.errors import RestrictViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import DistributionCommon


@tagged("post_install", "-at_install")
class TestGuards(DistributionCommon):
    """What nobody writes past the buttons, whoever may write on the record."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("manager")
        cls.members = cls.env["distribution.distributor"].with_user(cls.manager)

    @classmethod
    def _create_user(cls, role):
        group = f"distribution_core.group_distribution_{role}"
        return new_test_user(cls.env, role, groups=group, company_id=cls.company.id)

    def _prepare_vals(self, **vals):
        return {"partner_id": self.stranger.id, "program_id": self.program.id, **vals}

    def _publish_agreement(self):
        agreement = self.env["distribution.agreement"].create({"program_id": self.program.id, "text": "<p>Be fair</p>"})
        agreement.action_publish()

    # === DISTRIBUTORS === #

    def test_state_is_changed_by_the_buttons(self):
        application = self.members.create(self._prepare_vals())
        for distributor, vals in (
            (application, {"state": "active"}),
            (self.cleo, {"state": "closed"}),
            (self.cleo, {"state_reason": "Spam"}),
            (self.cleo, {"state": "suspended", "state_reason": "Spam"}),
        ):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "by the buttons, with a reason"):
                distributor.with_user(self.manager).write(vals)
        with self.assertRaisesRegex(UserError, "by the buttons, with a reason"):
            self.ben.with_user(self.manager).write({"child_ids": [(1, self.cleo.id, {"state": "closed"})]})
        application.with_user(self.manager).action_activate()
        self.cleo.with_user(self.manager).action_suspend("Spam")
        self.assertEqual((application.state, self.cleo.state, self.cleo.state_reason), ("active", "suspended", "Spam"))

    def test_member_lasts_for_sql_too(self):
        """Orders and terms point at members without a foreign key."""
        application = self.members.create(self._prepare_vals())
        former = self.members.create({**self._prepare_vals(), "partner_id": self.customer.id})
        former.action_close("Moved")
        self.env.flush_all()
        for statement in (
            "DELETE FROM distribution_distributor WHERE id = %s",
            "UPDATE distribution_distributor SET state = 'draft' WHERE id = %s",
            "UPDATE distribution_distributor SET program_id = program_id + 1 WHERE id = %s",
        ):
            for member in (self.cleo, former):
                refused = self.assertRaisesRegex(RestrictViolation, f"Distributor {member.code} is a member, or was")
                with self.subTest(statement), mute_logger("odoo.sql_db"), refused, self.cr.savepoint():
                    self.cr.execute(statement, [member.id])
        self.cr.execute("DELETE FROM distribution_distributor WHERE id = %s", [application.id])
        self.assertFalse(application.exists())

    def test_membership_stays_with_its_contact(self):
        """By RPC, from the contact's side, by import, and for an application as well."""
        application, cleo = self.members.create(self._prepare_vals()), self.cleo.with_user(self.manager)
        self.manager.group_ids += self.env.ref("base.group_partner_manager")
        for write in (
            lambda: cleo.write({"partner_id": self.customer.id}),
            lambda: application.write({"partner_id": self.customer.id}),
            lambda: self.customer.with_user(self.manager).write({"distributor_ids": [(4, cleo.id)]}),
        ):
            with self.assertRaisesRegex(UserError, "button Merge"):
                write()
        result = self.members.load([".id", "partner_id/.id"], [[str(cleo.id), str(self.customer.id)]])
        self.assertIn("button Merge", result["messages"][0]["message"])
        cleo.write({"partner_id": cleo.partner_id.id, "tag_ids": []})
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([self.customer.id, cleo.partner_id.id], self.customer)
        self.assertEqual(cleo.partner_id, self.customer, "Who merges contacts takes the membership along")

    def test_what_stays_the_same_may_be_written(self):
        cleo = self.cleo.with_user(self.manager)
        cleo.write({"state": "active", "state_reason": False, "parent_id": self.ben.id, "tag_ids": []})
        self.assertEqual((cleo.state, cleo.parent_id), ("active", self.ben))

    def test_upline_of_members_is_changed_by_the_button(self):
        for write in (
            lambda: self.cleo.with_user(self.manager).write({"parent_id": self.ada.id}),
            lambda: self.cleo.with_user(self.manager).write({"parent_id": False}),
            lambda: self.ada.with_user(self.manager).write({"child_ids": [(4, self.cleo.id)]}),
        ):
            with self.assertRaisesRegex(UserError, "moved in the tree by its button"):
                write()
        application = self.members.create(self._prepare_vals(parent_id=self.ada.id))
        application.parent_id = self.ben.id
        self.assertEqual(application.parent_id, self.ben)

    def test_distributors_begin_as_applications_or_active(self):
        for vals in ({"state": "suspended"}, {"state": "closed"}, {"state": "refused"}, {"state_reason": "Spam"}):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "begins as"), self.cr.savepoint():
                self.members.create(self._prepare_vals(**vals))
            context = {f"default_{name}": value for name, value in vals.items()}
            with self.subTest(context=context), self.assertRaisesRegex(UserError, "begins as"), self.cr.savepoint():
                self.members.with_context(**context).create(self._prepare_vals())

    def test_imported_member_passes_what_an_applicant_does(self):
        imported = self.members.create(self._prepare_vals(partner_id=self.customer.id, state="active"))
        self.assertEqual((imported.state, imported.parent_id), ("active", self.cleo))
        self.assertEqual(self.binding.state, "ended")

    def test_imported_member_has_to_accept_the_agreement(self):
        self._publish_agreement()
        with self.assertRaisesRegex(UserError, "has not accepted version"):
            self.members.create(self._prepare_vals(state="active"))

    # === REQUESTS === #

    def test_control_roles_ask_for_nothing(self):
        vals = {"partner_id": self.customer.id, "distributor_id": self.ben.id, "reason": "Met at the fair"}
        requests = self.env["distribution.binding.request"]
        for role in ("compliance", "auditor"):
            user = self._create_user(role)
            with self.assertRaisesRegex(AccessError, "make none"):
                requests.with_user(user).create(vals)
            with self.assertRaises(AccessError):
                self.binding.with_user(user).action_request()
            views = requests.with_user(user).get_views([(False, "list")])
            self.assertIn('create="False"', views["views"]["list"]["arch"])
        self.assertTrue(requests.with_user(self._create_user("user")).create(vals))

    def test_salesperson_asks_for_its_own(self):
        user = self._create_user("salesperson")
        self.ben.user_id = user
        vals = {"partner_id": self.customer.id, "distributor_id": self.ben.id, "reason": "Met at the fair"}
        requests = self.env["distribution.binding.request"].with_user(user)
        request = requests.create(vals)
        self.assertEqual(request.sudo().from_distributor_id, self.cleo)
        with self.assertRaises(AccessError):
            request.action_approve()
        with self.assertRaises(AccessError), self.cr.savepoint():
            requests.create({**vals, "distributor_id": self.ada.id})

    def test_salesperson_reads_who_asks_for_its_customer(self):
        user = self._create_user("salesperson")
        self.cleo.user_id = user
        vals = {"partner_id": self.customer.id, "distributor_id": self.ben.id, "reason": "Met at the fair"}
        request = self.env["distribution.binding.request"].create(vals)
        self.env.invalidate_all()
        specification = {"display_name": {}, "distributor_id": {"fields": {"display_name": {}}}}
        shown = request.with_user(user).web_read(specification)
        self.assertIn("Ben", shown[0]["display_name"])
