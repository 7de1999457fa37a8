# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .portal_common import PortalCommon


@tagged("post_install", "-at_install")
class TestRecommendationsInThePortal(PortalCommon):
    """A customer whom a second distributor recommends is asked, and answers yes or no."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.binding_policy = "ask"
        cls.partner = cls.carl.partner_id
        cls.bindings = cls.env["distribution.binding"]
        moment = fields.Datetime.now() - timedelta(days=20)
        cls.bindings._bind(cls.partner, cls.ben, date_from=moment)
        outcome, _binding = cls.bindings._recommend(cls.partner, cls.ada, "link")
        assert outcome == "asked", outcome
        cls.question = cls.env["distribution.binding.request"].search([("partner_id", "=", cls.partner.id)])
        cls.url = "/my/recommendations"

    def count(self):
        answer = self.make_jsonrpc_request("/my/counters", {"counters": ["distribution_question_count"]})
        return answer["distribution_question_count"]

    def answer(self, answer, question=None):
        return self.send(f"{self.url}/{(question or self.question).id}", page="/my/account", answer=answer)

    def current(self):
        return self.bindings._get_current(self.partner, self.program).distributor_id

    def test_question_is_shown_without_names_and_yes_changes(self):
        self.log_in(self.carl)
        self.assertEqual(self.count(), 1)
        page = self.open(self.url)
        self.assertIn("A** has recommended us to you", page)
        self.assertIn("Up to now B** looks after you", page)
        for name in ("Ada", "Ben"):
            self.assertNotIn(name, page)
        page = self.answer("yes")
        self.assertEqual((self.current(), self.question.state), (self.ada, "approved"))
        self.assertEqual(self.question.decided_by_id, self.carl)
        self.assertIn("There is nothing to answer", page)
        self.assertIn("A**", page)
        self.answer("yes")
        self.assertEqual(self.current(), self.ada)
        self.assertIn("settled already", self.answer("no"))
        self.assertEqual((self.current(), self.count()), (self.ada, 0))

    def test_no_stays_and_is_not_asked_again(self):
        self.log_in(self.carl)
        self.answer("no")
        self.assertEqual((self.current(), self.question.state), (self.ben, "refused"))
        self.assertEqual(self.bindings._recommend(self.partner, self.ada, "link")[0], "kept")
        self.assertEqual(self.count(), 0)
        self.assertIn("settled already", self.answer("yes"))

    def test_only_the_customer_answers(self):
        self.log_in(self._create_user("Emil"))
        self.assertEqual(self.count(), 0)
        self.assertIn("There is nothing to answer", self.open(self.url))
        token = self.url_open("/my/account").text.split('name="csrf_token" value="')[1].split('"')[0]
        for user, number, answer in (("Emil", self.question.id, "yes"), ("Emil", 2**40, "yes")):
            sent = self.url_open(f"{self.url}/{number}", data={"csrf_token": token, "answer": answer})
            self.assertEqual(sent.status_code, 404, user)
        self.assertEqual((self.current(), self.question.state), (self.ben, "draft"))

    def test_change_that_a_manager_wants_is_not_the_customers_to_decide(self):
        change = self.env["distribution.binding.request"].create(
            {"partner_id": self.partner.id, "distributor_id": self.cleo.id, "reason": "Moved", "kind": "change"}
        )
        self.log_in(self.carl)
        self.assertEqual(self.count(), 1)
        token = self.url_open("/my/account").text.split('name="csrf_token" value="')[1].split('"')[0]
        for question, answer in ((change, "yes"), (self.question, "maybe")):
            sent = self.url_open(f"{self.url}/{question.id}", data={"csrf_token": token, "answer": answer})
            self.assertEqual(sent.status_code, 404)
        self.assertEqual((change.state, self.question.state), ("draft", "draft"))

    def test_what_cannot_be_any_more_is_not_asked(self):
        questions = self.env["distribution.binding.request"]

        def asked():
            return questions._get_questions(self.partner, self.program)

        self.assertEqual(asked(), self.question)
        self.program.binding_policy = "first"
        self.assertFalse(asked())
        self.program.binding_policy = "last"
        self.assertEqual(asked(), self.question)
        binding = self.bindings._get_current(self.partner, self.program)
        binding.protected_until = fields.Datetime.now() + timedelta(days=1)
        self.assertFalse(asked())
        self.log_in(self.carl)
        self.assertIn("settled already", self.answer("yes"))
        self.assertEqual(self.current(), self.ben)
        binding.protected_until = fields.Datetime.now()
        self.ada.action_close()
        self.assertFalse(asked())

    def test_who_has_become_a_distributor_is_not_asked_whose_customer_it_is(self):
        questions = self.env["distribution.binding.request"]
        membership = self.program._apply(self.partner)
        self.assertEqual(questions._get_questions(self.partner, self.program), self.question)
        membership.action_activate()
        self.assertFalse(questions._get_questions(self.partner, self.program))

    def test_customer_of_nobody_by_now_is_asked_plainly(self):
        self.bindings._get_current(self.partner, self.program).action_end()
        self.log_in(self.carl)
        self.assertIn("Shall A** look after you from now on?", self.open(self.url))
        self.answer("yes")
        self.assertEqual(self.current(), self.ada)
