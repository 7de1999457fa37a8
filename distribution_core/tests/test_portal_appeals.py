# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError
from odoo.tests import tagged

from .portal_common import PortalCommon


@tagged("post_install", "-at_install")
class TestAppealsInThePortal(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._create_user("Ben", cls.ben.partner_id)
        cls.ben.action_suspend("Somebody complained.")
        cls.url = f"/my/distribution/{cls.ben.id}"

    def appeal(self, text):
        return self.send(f"{self.url}/appeal", page="/my/account", text=text)

    def test_suspended_one_appeals_once_and_reads_the_answer(self):
        self.log_in(self.user)
        page = self.open(self.url)
        self.assertIn("Somebody complained.", page)
        self.assertIn('name="appeal"', page)
        page = self.appeal("It was\nsomebody <b>else</b>")
        appeal = self.ben.appeal_ids
        self.assertEqual((appeal.text, appeal.state), ("It was\nsomebody <b>else</b>", "open"))
        self.assertEqual((appeal.create_uid, appeal.suspension_reason), (self.user, "Somebody complained."))
        self.assertEqual(appeal.activity_user_id, self.ben._get_responsible(), "On one list of things to do")
        self.assertTrue(appeal.activity_ids)
        self.assertIn("We are looking at it", page)
        self.assertIn("somebody <b>else</b>", page)
        self.assertNotIn('name="appeal"', page)
        self.appeal("It was\nsomebody <b>else</b>")
        page = self.appeal("And another thing")
        self.assertIn("being looked at", page)
        self.assertIn("And another thing", page)
        self.assertEqual(self.ben.appeal_ids, appeal)
        appeal.decision_reason = "We have seen it."
        appeal.action_reject()
        self.assertFalse(appeal.activity_ids)
        page = self.open(self.url)
        self.assertIn("We have seen it.", page)
        self.assertIn('name="appeal"', page)
        self.appeal("Look again")
        second = self.ben.appeal_ids - appeal
        second.decision_reason = "You are right."
        second.action_grant()
        self.assertEqual(self.ben.state, "active")
        self.assertIn("D0", self.open(self.url))

    def test_nothing_typed_is_lost_and_nonsense_is_refused(self):
        self.log_in(self.user)
        self.assertIn("Say why", self.appeal(" \0 "))
        page = self.appeal("y" * 2001)
        self.assertIn("At most 2000 characters", page)
        self.assertIn("y" * 2001, page)
        self.assertFalse(self.ben.appeal_ids)

    def test_what_is_wrong_with_an_appeal_stands_beside_it_only(self):
        self._publish_agreement()
        self.log_in(self.user)
        page = self.open(self.url)
        self.assertIn('name="accept_agreement"', page)
        self.appeal("One")
        page = self.appeal("Two")
        self.assertEqual(page.count("being looked at"), 1)

    def test_who_is_not_suspended_has_nothing_to_appeal(self):
        self.ben.action_activate()
        self.log_in(self.user)
        self.assertNotIn('name="appeal"', self.open(self.url))
        self.appeal("Why not?")
        self.assertFalse(self.ben.appeal_ids)
        with self.assertRaises(UserError):
            self.env["distribution.distributor.appeal"]._make(self.ben, "Why not?")

    def test_nobody_appeals_for_somebody_else(self):
        self.log_in(self.carl)
        token = self.url_open("/my/account").text.split('name="csrf_token" value="')[1].split('"')[0]
        answer = self.url_open(f"{self.url}/appeal", data={"csrf_token": token, "text": "x"})
        self.assertEqual(answer.status_code, 404)
        self.assertFalse(self.ben.appeal_ids)
