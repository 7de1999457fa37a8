# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..const import MAX_DEPTH
from .common import DistributionCommon


@tagged("post_install", "-at_install")
class TestSearch(DistributionCommon):
    """Team of, upline of, levels."""

    def _search(self, *domain):
        return self.env["distribution.distributor"].search([("program_id", "=", self.program.id), *domain])

    def test_depth_is_searched_by_every_operator(self):
        eve = self._create_distributor("Eve", self.ada)
        for domain, expected in (
            ([("depth", "=", 1)], self.ada),
            ([("depth", "=", 2)], self.ben | eve),
            ([("depth", "!=", 2)], self.ada | self.cleo),
            ([("depth", "in", [1, 3])], self.ada | self.cleo),
            ([("depth", "not in", [])], self.ada | self.ben | self.cleo | eve),
            ([("depth", ">", 2)], self.cleo),
            ([("depth", "<=", 1)], self.ada),
        ):
            self.assertEqual(self._search(*domain).sorted("id"), expected.sorted("id"), domain)

    def test_depth_follows_a_move(self):
        eve = self._create_distributor("Eve", self.cleo)
        self.ben.parent_id = False
        self.assertEqual(self._search(("depth", "=", 3)), eve)
        self.assertEqual(eve.depth, 3)

    def test_upline_and_team_of(self):
        self.assertEqual(
            self._search(("id", "parent_of", self.cleo.id), ("id", "!=", self.cleo.id)), self.ada | self.ben
        )
        team = self._search(("id", "child_of", self.ada.id), ("id", "!=", self.ada.id))
        self.assertEqual(team, self.ben | self.cleo)

    def test_upline_of_a_typed_name(self):
        self.assertIn(self.ada, self._search(("id", "parent_of", "Cleo"), ("id", "!=", "Cleo")))

    def test_level_is_shown_from_the_form(self):
        dora = self._create_distributor("Dora", self._create_distributor("Eve", self.cleo))
        for level, expected in ((1, self.ben), (2, self.cleo), (3, self.cleo.child_ids), (0, dora)):
            action = self.ada.with_context(team_level=level).action_view_level()
            # As the client gets it.
            domain = json.loads(json.dumps(action["domain"]))
            self.assertEqual(self.env["distribution.distributor"].search(domain), expected)


@tagged("post_install", "-at_install")
class TestDepth(DistributionCommon):
    """How deep a program lets its tree grow."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.max_depth = 3
        cls.eve = cls._create_distributor("Eve")

    def test_newcomers_are_not_too_deep(self):
        self._create_distributor("Gil", self.ben)
        with self.assertRaisesRegex(ValidationError, "4 deep; program Friends allows 3"):
            self._create_distributor("Gil", self.cleo)
        below = self.env["distribution.distributor"].with_context(default_parent_id=self.cleo.id)
        with self.assertRaisesRegex(ValidationError, "4 deep; program Friends allows 3"):
            below.create({"partner_id": self.stranger.id, "program_id": self.program.id})

    def test_import_is_refused_too(self):
        result = self.env["distribution.distributor"].load(
            ["partner_id/.id", "program_id/.id", "parent_id/.id"],
            [[str(self.stranger.id), str(self.program.id), str(self.cleo.id)]],
        )
        self.assertIn("allows 3", result["messages"][0]["message"])

    def test_no_program_goes_deeper_than_paths_can_be_indexed(self):
        self.program.max_depth = 0
        upline = self.cleo
        for _number in range(MAX_DEPTH - 3):
            upline = self.env["distribution.distributor"].create(
                {
                    "partner_id": self.env["res.partner"].create({"name": "Deep"}).id,
                    "program_id": self.program.id,
                    "parent_id": upline.id,
                }
            )
        self.assertEqual(upline.depth, MAX_DEPTH)
        with self.assertRaisesRegex(ValidationError, "allows 300"):
            self._create_distributor("Too deep", upline)

    def test_moved_team_counts_as_a_whole(self):
        with self.assertRaisesRegex(ValidationError, "4 deep"):
            self.ada.parent_id = self.eve
        self.ben.parent_id = self.eve
        with self.assertRaisesRegex(ValidationError, "4 deep"):
            self.eve._move(self.ada, True, "x")
        self.eve._move(self.ada, False, "Alone it may")
        self.assertEqual(self.eve.depth, 2)

    def test_who_stands_too_deep_already_stays_and_may_go_up(self):
        self.program.max_depth = 1
        self.cleo.partner_id.name = "Cleo B"
        self.cleo.parent_id = self.ada
        self.assertEqual(self.cleo.depth, 2)
        with self.assertRaisesRegex(ValidationError, "allows 1"):
            self.cleo.parent_id = self.ben
        self.ben._close(self.ada, True, "x")

    def test_customer_is_not_activated_too_deep(self):
        application = self.env["distribution.distributor"].create(
            {"partner_id": self.customer.id, "program_id": self.program.id}
        )
        with self.assertRaisesRegex(ValidationError, "allows 3"):
            application.action_activate()
        application.parent_id = self.ben
        application.action_activate()
        self.assertEqual(application.state, "active")

    def test_merge_is_refused_as_a_whole(self):
        dora = self._create_distributor("Dora", self.eve)
        with self.assertRaisesRegex(ValidationError, "allows 3"), self.cr.savepoint():
            self.eve._merge_into(self.cleo, "x")
        self.env.invalidate_all()
        self.assertEqual((dora.parent_id, self.eve.state), (self.eve, "active"))


@tagged("post_install", "-at_install")
class TestFinishing(DistributionCommon):
    """What another transaction wrote at the same time follows."""

    def test_wrong_path_is_written_again(self):
        gil = self._create_distributor("Gil", self.cleo)
        self.env.flush_all()
        self.cr.execute(
            "UPDATE distribution_distributor SET parent_path = 'x/' || id || '/' WHERE id = %s", [self.cleo.id]
        )
        self.cr.execute(
            "UPDATE distribution_distributor SET parent_path = 'x/' || %s || '/' || id || '/' WHERE id = %s",
            [self.cleo.id, gil.id],
        )
        self.assertEqual(self.env["distribution.distributor"]._repair_paths(self.program), 1)
        self.env.invalidate_all()
        self.assertEqual(gil.parent_path, f"{self.ada.id}/{self.ben.id}/{self.cleo.id}/{gil.id}/")
        self.assertEqual(self.env["distribution.distributor"]._repair_paths(self.program), 0)

    def test_customer_and_newcomer_of_a_merged_one_follow(self):
        eve = self._create_distributor("Eve")
        self.cleo._merge_into(eve, "One person")
        gil = self._create_distributor("Gil", self.ada)
        self.env.flush_all()
        self.cr.execute("UPDATE distribution_distributor SET parent_id = %s WHERE id = %s", [self.cleo.id, gil.id])
        self.env.invalidate_all()
        late = self.env["distribution.binding"]._bind(self.stranger, gil)
        self.env.flush_all()
        self.cr.execute("UPDATE distribution_binding SET distributor_id = %s WHERE id = %s", [self.cleo.id, late.id])
        self.env.invalidate_all()
        self.env["distribution.distributor"]._finish_merges(self.program)
        self.assertEqual(gil.parent_id, eve)
        self.assertEqual(late.state, "ended")
        self.assertEqual(self.env["distribution.binding"]._get_current(self.stranger, self.program).distributor_id, eve)


@tagged("post_install", "-at_install")
class TestPeople(DistributionCommon):
    """Salespeople and appeals."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "boss", groups="distribution_core.group_distribution_manager")
        cls.program.user_id = cls.manager

    def _apply(self, **vals):
        return self.env["distribution.distributor"].create(
            {"partner_id": self.stranger.id, "program_id": self.program.id, **vals}
        )

    def test_application_is_on_the_list_of_who_is_responsible(self):
        application = self._apply()
        self.assertEqual((application.user_id, application.activity_ids.user_id), (self.manager, self.manager))
        other = new_test_user(self.env, "other", groups="distribution_core.group_distribution_manager")
        application.user_id = other
        self.assertEqual(application.activity_ids.user_id, other)
        application.action_ask("Papers")
        self.assertFalse(application.activity_ids)
        application._apply_again()
        self.assertEqual(application.activity_ids.user_id, other)
        application.action_activate()
        self.assertFalse(application.activity_ids)

    def test_own_salesperson_goes_before_the_program(self):
        other = new_test_user(self.env, "other", groups="distribution_core.group_distribution_manager")
        self.assertEqual(self._apply(user_id=other.id).user_id, other)
        self.assertFalse(self.ada.user_id, "A new default is for newcomers")

    def _appeal(self, user=None):
        return (
            self.env["distribution.distributor.appeal"]
            .with_user(user or self.manager)
            .create({"distributor_id": self.cleo.id, "text": "It was not me"})
        )

    def test_granted_appeal_ends_the_suspension(self):
        self.cleo.action_suspend("Spam")
        appeal = self._appeal()
        self.assertEqual(appeal.suspension_reason, "Spam")
        with self.assertRaisesRegex(UserError, "reason"):
            appeal.action_grant()
        appeal.decision_reason = "It was somebody else"
        appeal.action_grant()
        appeal.action_grant()
        self.assertEqual((appeal.state, appeal.decided_by_id, self.cleo.state), ("granted", self.manager, "active"))
        self.assertIn("somebody else", self.cleo.message_ids[0].body)
        with self.assertRaisesRegex(UserError, "decided"):
            appeal.decision_reason = "Other"

    def test_rejected_appeal_leaves_it(self):
        self.cleo.action_suspend("Spam")
        appeal = self._appeal()
        appeal.decision_reason = "We have proof"
        appeal.action_reject()
        self.assertEqual((appeal.state, self.cleo.state), ("rejected", "suspended"))
        self.assertEqual(self._appeal().state, "open", "Another one may follow")

    def test_appeal_of_who_is_not_suspended(self):
        with self.assertRaisesRegex(UserError, "not suspended"):
            self._appeal()

    def test_distributor_appeals_and_reads_its_own(self):
        portal = new_test_user(self.env, "cleo", groups="base.group_portal")
        self.cleo.partner_id = portal.partner_id
        (self.cleo | self.ben).action_suspend("Spam")
        appeal = self._appeal(portal)
        self.assertEqual(appeal.read(["text", "state", "suspension_reason"])[0]["suspension_reason"], "Spam")
        appeals = self.env["distribution.distributor.appeal"]
        with self.assertRaises(AccessError), self.cr.savepoint():
            appeals.with_user(portal).create({"distributor_id": self.ben.id, "text": "x"})
        self.env.invalidate_all()
        foreign = appeals.create({"distributor_id": self.ben.id, "text": "x"})
        for refused in (
            lambda: foreign.with_user(portal).read(["text"]),
            lambda: appeal.write({"decision_reason": "Yes"}),
            lambda: appeal.action_grant(),
        ):
            with self.assertRaises(AccessError):
                refused()
        for vals in ({"state": "granted"}, {"text": "I did it"}):
            with self.assertRaisesRegex(UserError, "stays as it is"):
                appeal.with_user(self.manager).write(vals)
