# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import DistributionCommon

NOW = "2026-02-01 02:00:00"


class BindingCommon(DistributionCommon):
    """The customer is Cleo's, protected until 2026-01-16; the tests play on 2026-02-01."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bindings, cls.requests = cls.env["distribution.binding"], cls.env["distribution.binding.request"]
        cls.visits = cls.env["distribution.visit"]
        cls.manager = cls._create_user("boss", "distribution_core.group_distribution_manager")
        cls.user = cls._create_user("clerk", "distribution_core.group_distribution_user")
        cls.startClassPatcher(freeze_time(NOW))

    @classmethod
    def _create_user(cls, login, group):
        groups = f"{group},base.group_partner_manager"
        return new_test_user(cls.env, login, groups=groups, company_id=cls.company.id)

    def _owner(self, partner=None):
        return self.bindings._get_current(partner or self.customer, self.program).distributor_id

    def _protect(self):
        self.binding.protected_until = fields.Datetime.now() + timedelta(days=1)

    def _request(self, distributor=None, user=None, **vals):
        """Ask for a change as somebody of the merchant does."""
        values = {
            "partner_id": self.customer.id,
            "distributor_id": (distributor or self.ben).id,
            "reason": "Ben's shop",
        }
        return self.requests.with_user(user or self.user).create({**values, **vals})


@tagged("post_install", "-at_install")
class TestPolicies(BindingCommon):
    """What becomes of a customer whom a second distributor recommends."""

    def test_protection_holds_under_every_policy(self):
        self._protect()
        for policy in ("first", "last", "ask"):
            self.program.binding_policy = policy
            with self.subTest(policy=policy):
                self.assertEqual(self.bindings._recommend(self.customer, self.ben, "qr"), ("protected", self.binding))
                with self.assertRaisesRegex(UserError, "until 2026-02-02.*request one"):
                    self.bindings._bind(self.customer, self.ben)
        self.assertFalse(self.requests.search([("partner_id", "=", self.customer.id)]))

    def test_last_takes_over_after_protection(self):
        outcome, binding = self.bindings._recommend(self.customer, self.ben, "qr")
        self.assertEqual((outcome, binding.distributor_id, binding.source), ("bound", self.ben, "qr"))
        self.assertEqual((self.binding.state, self.binding.date_to), ("ended", fields.Datetime.now()))
        self.assertEqual(self.bindings._recommend(self.customer, self.ben, "link"), ("already", binding))

    def test_first_keeps_the_customer_while_the_binding_is_valid(self):
        self.program.binding_policy = "first"
        self.assertEqual(self.bindings._recommend(self.customer, self.ben, "qr"), ("kept", self.binding))
        with self.assertRaisesRegex(UserError, "the first keeps"):
            self.bindings._bind(self.customer, self.ben)
        self.binding.date_to = fields.Datetime.now()
        self.assertEqual(self.bindings._recommend(self.customer, self.ben, "qr")[0], "bound")
        self.assertEqual(self.binding.end_reason, "Expired.")

    def test_distributor_is_nobodys_customer_in_its_program(self):
        bindings = self.env["distribution.binding"]
        self.assertEqual(bindings._recommend(self.ben.partner_id, self.ada, "qr"), ("member", bindings))
        self.ben.action_suspend("Somebody complained.")
        self.assertEqual(bindings._recommend(self.ben.partner_id, self.ada, "qr"), ("member", bindings))
        self.ben.action_close("Moved away.")
        self.assertEqual(bindings._recommend(self.ben.partner_id, self.ada, "qr")[0], "bound")

    def test_nobody_asks_by_hand_what_only_a_recommendation_does(self):
        seller = new_test_user(
            self.env, "seller_who_asks", groups="base.group_user,distribution_core.group_distribution_manager"
        )
        vals = {"partner_id": self.customer.id, "distributor_id": self.ben.id, "reason": "Please", "kind": "ask"}
        with self.assertRaisesRegex(UserError, "nobody asks by hand"):
            self.env["distribution.binding.request"].with_user(seller).create(vals)

    def test_ask_changes_nothing_until_the_customer_agrees(self):
        self.program.binding_policy = "ask"
        for _time in range(2):
            self.assertEqual(self.bindings._recommend(self.customer, self.ben, "qr"), ("asked", self.binding))
        request = self.requests.search([("partner_id", "=", self.customer.id)])
        self.assertRecordValues(
            request,
            [{"kind": "ask", "from_distributor_id": self.cleo.id, "distributor_id": self.ben.id, "state": "draft"}],
        )
        self.assertEqual(self._owner(), self.cleo)
        with self.assertRaisesRegex(UserError, "has to agree"):
            self.bindings._bind(self.customer, self.ben)
        for _time in range(2):
            request._accept()
        self.assertEqual((self._owner(), request.binding_id.source), (self.ben, "qr"))
        self.assertEqual(self.bindings.search_count([("partner_id", "=", self.customer.id)]), 2)

    def test_customer_who_was_asked_at_once_agrees_at_once(self):
        self.program.binding_policy = "ask"
        outcome, binding = self.bindings._recommend(self.customer, self.ben, "qr", is_agreed=True)
        self.assertEqual((outcome, binding.distributor_id), ("bound", self.ben))
        self.assertEqual(self.requests.search([("binding_id", "=", binding.id)]).state, "approved")

    def test_customer_who_said_no_is_not_asked_again(self):
        self.program.binding_policy = "ask"
        self.bindings._recommend(self.customer, self.ben, "qr")
        self.requests.search([("partner_id", "=", self.customer.id)])._decline()
        self.assertEqual(self.bindings._recommend(self.customer, self.ben, "qr"), ("kept", self.binding))
        self.assertEqual(self.bindings._recommend(self.customer, self.ada, "qr")[0], "asked")
        self.assertEqual(self.bindings._recommend(self.customer, self.ben, "qr", is_agreed=True)[0], "bound")

    def test_customer_agrees_to_no_more_than_the_program_allows(self):
        """Neither to an appeal, nor while the binding is protected."""
        self.program.binding_policy = "ask"
        self.bindings._recommend(self.customer, self.ben, "qr")
        asked, appeal = self.requests.search([("partner_id", "=", self.customer.id)]), self._request(self.ada)
        self._protect()
        for request in asked + appeal.sudo():
            with self.assertRaisesRegex(UserError, "belongs to another distributor until"):
                request._accept()
        self.binding.protected_until = False
        with self.assertRaisesRegex(UserError, "has to agree"):
            appeal.sudo()._accept()
        self.assertEqual(self._owner(), self.cleo)

    def test_nobody_is_bound_to_itself_or_to_who_earns_nothing(self):
        self.assertEqual(self.bindings._recommend(self.cleo.partner_id, self.cleo, "qr")[0], "own")
        self.ben.action_close()
        self.assertEqual(self.bindings._recommend(self.customer, self.ben, "qr")[0], "inactive")
        with self.assertRaisesRegex(UserError, "takes no customers"):
            self.bindings._bind(self.stranger, self.ben)

    def test_form_explains_what_the_policy_comes_to(self):
        self._protect()
        self.binding.date_to = datetime(2026, 2, 20, 16)
        for policy, text in (("first", "only when the binding is over"), ("last", "next"), ("ask", "customer agrees")):
            self.program.binding_policy = policy
            self.assertIn(text, self.binding.effect)
        self.assertIn("2/21/26", self.binding.with_context(tz="Asia/Shanghai").effect)
        self.assertIn("no other distributor", self.binding.effect)
        self.binding._end("Moved")
        self.assertIn("do not count", self.binding.effect)


@tagged("post_install", "-at_install")
class TestDoors(BindingCommon):
    """The rules hold in the form, by import and by RPC."""

    def _import(self, *rows, user=None):
        names = ["partner_id", "distributor_id", "date_from"]
        model = self.bindings.with_user(user or self.manager).with_context(import_file=True)
        # Odoo tries all rows together first, and rows that lack a customer, too: the database refuses them loudly.
        with mute_logger("odoo.sql_db"):
            return model.load(names, [list(row) for row in rows])

    def test_import_binds_customers(self):
        result = self._import(
            ["Stranger", self.ben.code, "2026-01-20 00:00:00"], [self.ada.partner_id.name, self.ben.code, "2026-01-21"]
        )
        self.assertFalse(result["messages"])
        self.assertRecordValues(
            self.bindings.browse(result["ids"]),
            [
                {"partner_id": self.stranger.id, "source": "import", "date_from": datetime(2026, 1, 20)},
                {"partner_id": self.ada.partner_id.id, "source": "import", "date_from": datetime(2026, 1, 21)},
            ],
        )

    def test_import_says_for_every_row_what_is_wrong(self):
        self._protect()
        eve = self._create_distributor("Eve")
        eve.action_close()
        result = self._import(
            ["Stranger", self.ben.code, "2026-01-20"],
            ["Customer", self.ben.code, "2026-01-20"],
            ["Customer", self.cleo.code, "2026-01-20"],
            ["Ben", self.ben.code, "2026-01-20"],
            ["Ada", self.ben.code, "2027-01-20"],
            ["Ada", eve.code, "2026-01-20"],
        )
        self.assertFalse(result["ids"])
        found = {message["rows"]["from"]: message["message"] for message in result["messages"]}
        expected = {
            1: "Customer belongs to another distributor until 2026-02-02",
            2: "Customer is bound to Cleo",
            3: "not bound to itself: Ben",
            4: "cannot begin in the future",
            5: "takes no customers",
        }
        self.assertEqual(found.keys(), expected.keys())
        for row, text in expected.items():
            self.assertIn(text, found[row])
        self.assertEqual((self._owner(), self._owner(self.stranger)), (self.cleo, self.ada.browse()))

    def test_import_binds_a_customer_once(self):
        result = self._import(["Stranger", self.ben.code, "2026-01-20"], ["Stranger", self.ada.code, "2026-01-20"])
        self.assertEqual([message["rows"]["from"] for message in result["messages"]], [1])
        self.assertIn("Stranger belongs to another distributor", result["messages"][0]["message"])
        self.assertFalse(self._owner(self.stranger))

    def test_import_takes_nothing_from_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        program = self.env["distribution.program"].create(
            {**self._prepare_program_vals(), "name": "Other", "company_id": other.id}
        )
        hal = self._create_distributor("Hal", program=program)
        self.assertIn(
            "No matching record", self._import(["Stranger", hal.code, "2026-01-20"])["messages"][0]["message"]
        )
        self.stranger.company_id = other
        message = self._import(["Stranger", self.ben.code, "2026-01-20"])["messages"][0]["message"]
        self.assertRegex(message, "No matching record|compan")

    def test_backdating_does_not_get_around_protection(self):
        self._protect()
        with self.assertRaisesRegex(UserError, "belongs to another distributor"):
            self.bindings._bind(self.customer, self.ben, date_from=datetime(2025, 1, 1))

    def test_program_of_a_binding_follows_from_the_distributor(self):
        other = self.env["distribution.program"].create({**self._prepare_program_vals(), "name": "Other"})
        model = self.bindings.with_user(self.manager).with_context(default_program_id=other.id)
        values = {"partner_id": self.stranger.id, "distributor_id": self.ben.id}
        self.assertEqual(model.create(values).program_id, self.program)
        with self.assertRaisesRegex(UserError, "is bound to"):
            model.create({**values, "program_id": other.id})

    def test_form_binds_by_hand(self):
        with Form(self.bindings.with_user(self.manager)) as form:
            form.partner_id = self.stranger
            form.distributor_id = self.ben
        self.assertRecordValues(form.record, [{"source": "staff", "state": "active"}])

    def test_what_a_binding_says_is_not_forged(self):
        binding = self.binding.with_user(self.manager)
        other = self.env["distribution.program"].create({**self._prepare_program_vals(), "name": "Other"})
        for vals in (
            {"distributor_id": self.ben.id},
            {"partner_id": self.stranger.id},
            {"source": "qr"},
            {"date_from": "2026-01-05 00:00:00"},
            {"program_id": other.id},
            {"state": "ended"},
            {"end_reason": "Forged"},
        ):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                binding.write(vals)
        binding.write({"distributor_id": self.cleo.id, "date_to": "2026-03-01 00:00:00"})
        binding.action_end()
        self.assertEqual((binding.state, binding.end_reason), ("ended", f"Ended by {self.manager.name}."))
        for vals in ({"state": "active"}, {"date_to": False}, {"protected_until": "2027-01-01 00:00:00"}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                binding.write(vals)

    def test_new_bindings_are_not_forged(self):
        values = {"partner_id": self.stranger.id, "distributor_id": self.ben.id}
        for vals in ({"state": "ended"}, {"end_reason": "Forged"}, {"source": "qr"}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                self.bindings.with_user(self.manager).create({**values, **vals})
        with self.assertRaises(AccessError):
            self.bindings.with_user(self.user).create(values)

    def test_history_shows_every_binding_of_the_customer(self):
        binding = self.bindings._bind(self.customer, self.ben)
        self.assertEqual(binding.history_count, 2)
        action = binding.action_view_history()
        self.assertEqual(self.bindings.search_count(action["domain"]), 2)


@tagged("post_install", "-at_install")
class TestRequests(BindingCommon):
    """Appeals and changes, decided by managers."""

    def test_manager_approves_past_protection(self):
        self._protect()
        self.program.user_id = self.manager
        request = self._request(kind="appeal")
        self.assertEqual((request.from_distributor_id, request.state), (self.cleo, "draft"))
        self.assertEqual(self.manager, request.activity_ids.user_id)
        self.assertEqual(self._owner(), self.cleo)
        for _time in range(2):
            request.with_user(self.manager).action_approve()
        self.assertEqual((self._owner(), self.binding.state), (self.ben, "ended"))
        self.assertIn("Ben's shop", self.binding.end_reason)
        self.assertEqual(self.bindings.search_count([("partner_id", "=", self.customer.id)]), 2)
        self.assertRecordValues(
            request,
            [
                {
                    "state": "approved",
                    "decided_by_id": self.manager.id,
                    "binding_id": self.bindings.search([], limit=1).id,
                }
            ],
        )
        self.assertEqual(request.decided_on, fields.Datetime.now())
        self.assertFalse(request.activity_ids)
        with self.assertRaisesRegex(UserError, "is decided: Approved"):
            request.with_user(self.manager).action_refuse()

    def test_refusal_needs_a_reason_and_changes_nothing(self):
        request = self._request().with_user(self.manager)
        with self.assertRaisesRegex(UserError, "say in the decision why"):
            request.action_refuse()
        request.decision_reason = "Cleo's poster"
        for _time in range(2):
            request.action_refuse()
        self.assertEqual((request.state, self._owner()), ("refused", self.cleo))
        with self.assertRaisesRegex(UserError, "is decided: Refused"):
            request.action_approve()
        self.assertEqual(self._request().state, "draft", "It may be asked for again")

    def test_only_managers_decide(self):
        request = self._request()
        for method in ("action_approve", "action_refuse"):
            with self.assertRaises(AccessError):
                getattr(request, method)()
        with self.assertRaises(AccessError):
            request.reason = "Mine"
        self.assertTrue(request.message_post(body="One may add something"))

    def test_requests_are_not_forged(self):
        for vals in ({"state": "approved"}, {"decided_by_id": self.manager.id}, {"decision_reason": "Yes"}):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "decided after"):
                self._request(**vals)
            defaults = {f"default_{name}": value for name, value in vals.items()}
            asked = {"partner_id": self.customer.id, "distributor_id": self.ben.id, "reason": "Ben's shop"}
            with self.subTest(defaults=defaults), self.assertRaisesRegex(UserError, "decided after"):
                self.requests.with_user(self.user).with_context(**defaults).create(asked)
        request = self._request(from_distributor_id=self.ada.id, source="qr")
        self.assertEqual((request.from_distributor_id, request.source), (self.cleo, "staff"))
        managed = request.with_user(self.manager)
        for vals in (
            {"state": "approved"},
            {"distributor_id": self.ada.id},
            {"partner_id": self.stranger.id},
            {"decided_on": NOW},
            {"binding_id": self.binding.id},
            {"kind": "ask"},
        ):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "decided by its buttons"):
                managed.write(vals)
        managed.reason = "Better said"
        managed.action_approve()
        with self.assertRaisesRegex(UserError, "stays as it was"):
            managed.reason = "Afterwards"
        with self.assertRaises(AccessError):
            managed.unlink()

    def test_what_cannot_be_is_not_asked_for(self):
        with self.assertRaisesRegex(UserError, "is bound to Cleo"):
            self._request(self.cleo)
        with self.assertRaisesRegex(UserError, "not bound to itself"):
            self._request(partner_id=self.ben.partner_id.id)
        request = self._request()
        self.ben.action_close()
        with self.assertRaisesRegex(UserError, "takes no customers"):
            request.with_user(self.manager).action_approve()
        self.assertEqual((request.state, self._owner()), ("draft", self.cleo))

    def test_customer_of_nobody_is_given_to_somebody(self):
        request = self._request(partner_id=self.stranger.id)
        self.assertFalse(request.from_distributor_id)
        request.with_user(self.manager).action_approve()
        self.assertEqual(self._owner(self.stranger), self.ben)

    def test_button_of_the_binding_opens_a_request(self):
        action = self.binding.with_user(self.user).action_request()
        model = self.env[action["res_model"]].with_user(self.user).with_context(**action["context"])
        with Form(model) as form:
            form.distributor_id = self.ben
            form.reason = "Asked for it"
        self.assertEqual(form.record.from_distributor_id, self.cleo)
        self.assertEqual(self.binding.request_count, 1)
        found = self.requests.search(self.binding.action_view_requests()["domain"])
        self.assertEqual(found, form.record.with_user(self.env.user))

    def test_companies_do_not_see_each_others_requests(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "other-boss",
            groups="distribution_core.group_distribution_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        request, visit = self._request(), self.visits._note_visit(self.ben, token="t")
        self.assertNotIn(stranger, request.activity_ids.user_id)
        for record in (request, visit):
            self.assertFalse(record.with_user(stranger).search([("id", "=", record.id)]))
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(["state"])
        with self.assertRaises(AccessError):
            request.with_user(stranger).action_approve()


@tagged("post_install", "-at_install")
class TestVisits(BindingCommon):
    """A distributor brings somebody, who is nobody yet."""

    def _visit(self, distributor, at, **vals):
        with freeze_time(at):
            return self.visits._note_visit(distributor, **vals)

    def test_visit_binds_nobody_until_it_is_confirmed(self):
        visit = self.visits._note_visit(self.ben, token="t", source="qr")
        self.assertFalse(self._owner(self.stranger))
        binding = self.visits._confirm_visits(self.stranger, token="t")
        self.assertRecordValues(
            binding, [{"partner_id": self.stranger.id, "distributor_id": self.ben.id, "source": "qr"}]
        )
        self.assertFalse(visit.exists(), "The browser's visit is the person's now")
        confirmed = self.visits.search([("partner_id", "=", self.stranger.id)])
        self.assertEqual((confirmed.state, confirmed.binding_id), ("confirmed", binding))
        self.assertFalse(self.visits._confirm_visits(self.stranger, token="t"), "Twice is once")

    def test_nothing_is_lost_at_login(self):
        self._visit(self.ben, "2026-01-20", token="t")
        self._visit(self.ben, "2026-01-25", partner=self.stranger)
        self._visit(self.ada, "2026-01-22", token="t")
        visits = self.visits._claim_visits("t", self.stranger)
        self.assertEqual(visits.distributor_id, self.ben + self.ada)
        ben = visits.filtered(lambda visit: visit.distributor_id == self.ben)
        self.assertEqual((ben.date_from, ben.date_last), (datetime(2026, 1, 20), datetime(2026, 1, 25)))
        self.assertEqual(set(visits.mapped("state")), {"provisional"})
        self.assertFalse(self.visits._find_provisional(token="t"))
        self.assertEqual(self.visits._claim_visits("t", self.stranger), visits)

    def test_another_person_at_the_same_browser_gets_only_what_came_later(self):
        self.visits._note_visit(self.ben, token="t")
        self.visits._claim_visits("t", self.stranger)
        self.visits._note_visit(self.ada, token="t")
        self.visits._confirm_visits(self.customer, token="t")
        self.assertEqual(self._owner(), self.ada)
        self.visits._confirm_visits(self.stranger, token="t")
        self.assertEqual(self._owner(self.stranger), self.ben)

    def test_policy_says_which_visit_counts(self):
        for policy, expected in (("first", self.ben), ("last", self.ada), ("ask", self.ada)):
            self.program.binding_policy = policy
            partner = self.env["res.partner"].create({"name": policy})
            self._visit(self.ben, "2026-01-20", partner=partner)
            self._visit(self.ada, "2026-01-21", partner=partner)
            with self.subTest(policy=policy):
                self.visits._confirm_visits(partner)
                self.assertEqual(self._owner(partner), expected)
        states = self.visits.search([("partner_id", "=", partner.id)]).mapped("state")
        self.assertEqual(sorted(states), ["confirmed", "passed"])

    def test_visit_takes_no_protected_customer(self):
        self._protect()
        visit = self.visits._note_visit(self.ben, partner=self.customer)
        self.assertFalse(self.visits._confirm_visits(self.customer))
        self.assertEqual((visit.state, self._owner()), ("passed", self.cleo))

    def test_visit_asks_where_the_customer_has_to_agree(self):
        self.program.binding_policy = "ask"
        self.visits._note_visit(self.ben, partner=self.customer)
        self.assertFalse(self.visits._confirm_visits(self.customer))
        self.assertEqual(self.requests.search([("partner_id", "=", self.customer.id)]).distributor_id, self.ben)
        self.visits._note_visit(self.ben, partner=self.customer)
        self.assertEqual(self.visits._confirm_visits(self.customer, is_agreed=True).distributor_id, self.ben)

    def test_who_is_closed_meanwhile_is_passed_over(self):
        self._visit(self.ben, "2026-01-20", token="t")
        self._visit(self.ada, "2026-01-21", token="t")
        self.ada.action_close()
        self.assertEqual(self.visits._confirm_visits(self.stranger, token="t").distributor_id, self.ben)

    def test_visits_that_are_nobodys_are_not_noted(self):
        self.assertFalse(self.visits._note_visit(self.ben))
        self.assertFalse(self.visits._note_visit(self.ben, partner=self.ben.partner_id))
        self.visits._note_visit(self.ben, token="t")
        self.assertFalse(self.visits._claim_visits("t", self.ben.partner_id))
        self.ben.action_close()
        self.assertFalse(self.visits._note_visit(self.ben, token="t"))

    def test_visits_that_are_over_are_forgotten_and_begin_anew(self):
        visit = self._visit(self.ben, "2026-01-01", token="t", days=7)
        self.assertFalse(self.visits._find_provisional(token="t"))
        self.assertEqual(self.visits._note_visit(self.ben, token="t"), visit)
        self.assertEqual(visit.date_from, fields.Datetime.now())
        self._visit(self.ada, "2026-01-01", token="t", days=7)
        self.visits._gc_visits()
        self.assertEqual(self.visits.search([]), visit)

    def test_visit_says_who_was_brought_by_whom(self):
        unknown = self.visits._note_visit(self.ben, token="t")
        known = self.visits._note_visit(self.ben, partner=self.stranger)
        self.assertEqual(unknown.display_name, f"Unknown visitor → {self.ben.display_name}")
        self.assertEqual(known.display_name, f"Stranger → {self.ben.display_name}")

    def test_token_is_not_to_be_read(self):
        visit = self.visits._note_visit(self.ben, token="secret")
        self.assertNotIn("secret", visit.visitor)
        self.assertEqual(visit.with_user(self.user).read(["source"])[0]["source"], "link")
        with self.assertRaises(AccessError):
            visit.with_user(self.user).read(["visitor"])
        with self.assertRaises(AccessError):
            visit.with_user(self.manager).state = "confirmed"


@tagged("post_install", "-at_install")
class TestKnownBugsOfBindings(BindingCommon):
    """Bugs that real distribution systems shipped, by number."""

    def test_bug_14_order_keeps_its_distributor_when_the_customer_is_given_away(self):
        order = self._create_order()
        order.action_confirm()
        self._request(self.ada).with_user(self.manager).action_approve()
        self.assertEqual(self._owner(), self.ada)
        self.assertEqual(order.distribution_distributor_id, self.cleo)

    def test_bug_18_the_customer_is_bound_to_who_recommends_not_to_whose_id_is_the_same(self):
        """A contact, a distributor and a binding with one number are three things."""
        self.cr.execute("SELECT GREATEST(MAX(id), %s) FROM res_partner", [self.ben.id])
        number = self.cr.fetchone()[0] + 1
        for table in ("res_partner", "distribution_distributor", "distribution_binding"):
            # pylint: disable-next=sql-injection
            self.cr.execute(f"SELECT setval('{table}_id_seq', %s, false)", [number])
        partner = self.env["res.partner"].create({"name": "Twin"})
        twin = self.env["distribution.distributor"].create(
            {"partner_id": self.stranger.id, "program_id": self.program.id}
        )
        twin.action_activate()
        binding = self.bindings._bind(partner, twin)
        self.assertEqual({partner.id, twin.id, binding.id}, {number})
        self.assertEqual(self._owner(partner), twin)
        self.assertEqual(self.bindings._recommend(self.stranger, twin, "qr")[0], "own")

    def test_bug_22_ending_a_binding_leaves_nothing_that_attributes(self):
        """Neither bindings that were ended before, nor visits and requests that are open."""
        for distributor in (self.ben, self.ada):
            self.bindings._rebind(self.customer, distributor, "staff", "Moved")
        self.visits._note_visit(self.ben, partner=self.customer)
        self._request(self.ben)
        self.bindings._get_current(self.customer, self.program).with_user(self.manager).action_end()
        self.assertFalse(self.bindings.search([("partner_id", "=", self.customer.id), ("state", "=", "active")]))
        order = self._create_order()
        order.action_confirm()
        self.assertFalse(order.distribution_distributor_id)
