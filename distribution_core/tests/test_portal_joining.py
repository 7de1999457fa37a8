# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import tagged

from .portal_common import PortalCommon


@tagged("post_install", "-at_install")
class TestJoiningInThePortal(PortalCommon):
    """Nothing but a portal login: people read, apply, answer, and see what became of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.introduction = "<p>Recommend what you like</p>"
        cls.join_url = cls.program._get_join_url()

    def membership(self, user=None):
        return self.program._get_membership((user or self.carl).partner_id)

    def test_everybody_reads_and_logs_in_to_apply(self):
        page = self.open(f"{self.join_url}?code={self.ada.code}")
        self.assertIn("Recommend what you like", page)
        self.assertIn("Anyone may apply. Joining is free", page)
        self.assertIn(f"/web/login?redirect=%2Fdistribution%2Fjoin%2F{self.program.id}%3Fcode%3D{self.ada.code}", page)
        self.assertNotIn('name="apply"', page)
        self.assertTrue(
            self.url_open("/distribution/join").url.endswith(self.join_url), "The only one is shown at once"
        )
        self.assertEqual(self.url_open("/distribution/join/999999999999999999999").status_code, 404)

    def test_invitation_goes_with_who_has_to_choose_a_program(self):
        other = self.program.copy({"name": "Another program"})
        page = self.open(f"/distribution/join?code={self.ada.code}")
        self.assertIn(f'href="{self.join_url}?code={self.ada.code}"', page)
        self.assertIn(f'href="{other._get_join_url()}"', page, "The code is not one of this program")

    def test_who_is_of_another_company_is_told_so(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.carl.write({"company_ids": [(6, 0, branch.ids)], "company_id": branch.id})
        self.carl.partner_id.company_id = branch
        self.log_in(self.carl)
        page = self.send(self.join_url, message="Me too")
        self.assertIn("You are with another company than this program. Tell us if that is wrong.", page)
        self.assertIn("Me too", page)
        self.assertFalse(self.membership())

    def test_application_is_made_once_and_its_state_is_shown(self):
        self.log_in(self.carl)
        self.assertIn('name="apply"', self.open("/my/distribution"), "Who is no member finds the way in")
        page = self.send(self.join_url, code=self.ada.code.lower(), message="I love lamps & <b>shades</b>\nreally")
        membership = self.membership()
        self.assertEqual((membership.state, membership.parent_id), ("draft", self.ada))
        self.assertTrue(self.shown.endswith(f"/my/distribution/{membership.id}"))
        self.assertIn("under review", page)
        self.assertNotIn('name="figures"', page)
        said = membership.message_ids.filtered(lambda message: "I love lamps" in message.body)
        self.assertIn("&amp; &lt;b&gt;shades", said.body)
        self.assertEqual(said.author_id, self.carl.partner_id)
        count = len(membership.message_ids)
        self.assertTrue(self.url_open(self.join_url).url.endswith(f"/my/distribution/{membership.id}"))
        self.send(self.join_url, page="/my/account", message="again")
        self.assertEqual((self.membership(), len(membership.message_ids)), (membership, count))

    def test_who_accepts_is_active_at_once_where_everybody_may_join(self):
        self.program.join_policy = "open"
        self._publish_agreement()
        self.log_in(self.carl)
        self.assertIn("you can begin at once", self.open(self.join_url))
        version = self.program.agreement_id.version
        page = self.send(self.join_url, agreement_version=version, agreement="1")
        membership = self.membership()
        self.assertEqual(membership.state, "active")
        self.assertEqual(membership.acceptance_ids.mapped("door"), ["portal"])
        self.assertIn(membership.code, page)
        self.assertIn(f"{self.join_url}?code={membership.code}", page, "The address that brings recruits")

    def test_nothing_typed_is_lost_when_something_is_wrong(self):
        self._publish_agreement()
        self.log_in(self.carl)
        version = self.program.agreement_id.version
        typed = {"message": "My story", "agreement": "1", "agreement_version": version}
        for code, wrong in (("NOPE", "There is no such code"), ("x\0y", "There is no such code")):
            page = self.send(self.join_url, code=code, **typed)
            self.assertIn(wrong, page)
            self.assertIn("My story", page)
            self.assertIn(f'value="{code}"'.replace("\0", "�"), page.replace("\0", "�"))
        page = self.send(
            self.join_url, code=self.ada.code, message="y" * 2001, agreement="1", agreement_version=version
        )
        self.assertIn("At most 2000 characters", page)
        self.assertIn("y" * 2001, page)
        page = self.send(self.join_url, code=self.ada.code, message="My story")
        self.assertIn(f"Read and accept version {version} of the agreement", page)
        self.assertIn("My story", page)
        self.assertIn(f'value="{self.ada.code}"', page)
        self.assertFalse(self.membership())
        for number in ("", "x", "9" * 30, "²"):
            page = self.send(self.join_url, agreement="1", agreement_version=number)
            self.assertIn("Read and accept version", page)

    def test_file_where_a_text_is_wanted_is_no_text(self):
        self.log_in(self.carl)
        token = self.url_open(self.join_url).text.split('name="csrf_token" value="')[1].split('"')[0]
        files = {name: ("code.txt", b"abc") for name in ("code", "message", "agreement_version")}
        answer = self.url_open(self.join_url, data={"csrf_token": token, "agreement": "1"}, files=files)
        self.assertEqual((answer.status_code, self.membership().state), (200, "draft"))

    def test_version_that_came_out_meanwhile_is_read_first(self):
        self._publish_agreement()
        self.log_in(self.carl)
        typed = {"agreement": "1", "agreement_version": self.program.agreement_id.version}
        self._publish_agreement("<p>Be honest and kind</p>")
        page = self.send(self.join_url, **typed, message="My story")
        self.assertIn("Be honest and kind", page)
        self.assertIn("My story", page)
        self.assertFalse(self.membership())

    def test_invitation_is_needed_where_the_program_says_so(self):
        self.program.join_policy = "invitation"
        self.log_in(self.carl)
        page = self.send(self.join_url, message="My story")
        self.assertIn("only those who are invited", page)
        self.assertIn("My story", page)
        self.ben.action_close()
        self.assertIn("no longer in use", self.send(self.join_url, code=self.ben.code))
        self.assertFalse(self.membership())
        link = self.env["distribution.link"].create({"distributor_id": self.ada.id, "purpose": "recruit"})
        self.send(self.join_url, code=link.code)
        self.assertEqual(self.membership().parent_id, self.ada)

    def test_link_for_recruiting_leads_here_and_is_remembered(self):
        self.program.join_policy = "invitation"
        link = self.env["distribution.link"].create({"distributor_id": self.ada.id, "purpose": "recruit"})
        self.log_in(self.carl)
        self.opener.headers["User-Agent"] = "Mozilla/5.0 (iPhone)"
        answer = self.url_open(f"/d/{link.code}")
        self.assertTrue(answer.url.endswith(f"{self.join_url}?code={self.ada.code}"), answer.url)
        self.assertIn(f'value="{self.ada.code}"', self.open(self.join_url), "Also for who comes another way")
        link.active = False
        self.assertNotIn(f'value="{self.ada.code}"', self.open(self.join_url))
        self.assertTrue(self.url_open(f"/d/{link.code}").url.endswith(self.join_url))

    def test_applicant_answers_what_was_asked(self):
        membership = self.program._apply(self.carl.partner_id)
        membership.action_ask("Where do you recommend?")
        self._publish_agreement()
        self.log_in(self.carl)
        url = f"/my/distribution/{membership.id}"
        self.assertIn("Where do you recommend?", self.open(url))
        typed = {"agreement": "1", "agreement_version": self.program.agreement_id.version}
        self.assertIn("Answer what you were asked for", self.send(f"{url}/apply", page=url, message=" ", **typed))
        page = self.send(f"{url}/apply", page=url, message="In my shop")
        self.assertIn("Read and accept", page)
        self.assertIn("In my shop", page)
        self.assertEqual(membership.state, "incomplete")
        page = self.send(f"{url}/apply", page=url, message="In my shop", **typed)
        self.assertIn("under review", page)
        self.assertEqual(membership.state, "draft")
        self.assertIn("In my shop", "".join(membership.message_ids.mapped("body")))
        self.assertTrue(membership.activity_ids, "Somebody is to look at it again")

    def test_applicant_who_has_accepted_the_agreement_is_not_asked_for_it_again(self):
        agreement = self._publish_agreement()
        membership = self.program._apply(self.carl.partner_id, agreement=agreement, door="portal")
        self.log_in(self.carl)
        url = f"/my/distribution/{membership.id}"
        for decide, answer in ((membership.action_ask, "In my shop"), (membership.action_refuse, "")):
            decide("Where do you recommend?")
            self.assertNotIn('name="agreement"', self.open(url))
            self.assertIn("under review", self.send(f"{url}/apply", page=url, message=answer))
            self.assertEqual(membership.state, "draft")
        self.assertEqual(len(membership.acceptance_ids), 1)

    def test_who_was_refused_reads_why_and_applies_again(self):
        self.program.join_policy = "invitation"
        membership = self.program._apply(self.carl.partner_id, self.ada)
        membership.action_refuse("Only people we know.")
        self.log_in(self.carl)
        url = f"/my/distribution/{membership.id}"
        page = self.open("/my/distribution")
        self.assertIn("Only people we know.", page)
        self.send(f"{url}/apply", page=url, message="")
        self.assertEqual(membership.state, "draft")

    def test_member_accepts_a_new_version_of_the_agreement(self):
        user = self._create_user("Ada", self.ada.partner_id)
        self._publish_agreement()
        self.log_in(user)
        url, version = f"/my/distribution/{self.ada.id}", self.program.agreement_id.version
        self.assertIn("new version of the agreement", self.open(url))
        page = self.send(f"{url}/agreement", page=url, agreement_version=version)
        self.assertIn(f"Read and accept version {version}", page)
        page = self.send(f"{url}/agreement", page=url, agreement_version=version, agreement="1")
        self.assertNotIn("new version of the agreement", page)
        self.assertEqual((self.ada.state, self.ada.is_agreement_due), ("active", False))

    def test_page_that_shows_an_older_version_does_no_harm(self):
        user = self._create_user("Ada", self.ada.partner_id)
        first, second = self._publish_agreement(), self._publish_agreement("<p>Be kind</p>")
        self.ada._accept_agreement(second, "portal")
        self.log_in(user)
        url = f"/my/distribution/{self.ada.id}"
        self.send(f"{url}/agreement", page="/my/account", agreement_version=first.version, agreement="1")
        self.assertEqual(self.ada.acceptance_ids.agreement_id, second)

    def test_membership_of_somebody_else_is_nobodys_business(self):
        self.ada.action_suspend("Spam")
        self.log_in(self.carl)
        for topic in ("apply", "agreement"):
            page = self.url_open("/my/account").text
            token = page.split('name="csrf_token" value="')[1].split('"')[0]
            answer = self.url_open(f"/my/distribution/{self.ada.id}/{topic}", data={"csrf_token": token, "text": "x"})
            self.assertEqual(answer.status_code, 404)

    def test_programs_of_other_companies_and_closed_ones(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.env["distribution.program"].create({"name": "Foreign", "company_id": elsewhere.id})
        self.log_in(self.carl)
        self.assertEqual(self.url_open(f"/distribution/join/{foreign.id}").status_code, 404)
        self.program.active = False
        self.assertIn("No applications are taken", self.open(self.join_url))
        self.assertIn("no program to join", self.open("/distribution/join"))

    def test_several_programs_are_chosen_from(self):
        second = self.program.copy({"name": "Second Friends"})
        self.log_in(self.carl)
        page = self.open("/distribution/join")
        self.assertIn("Second Friends", page)
        self.assertIn(second._get_join_url(), page)

    def test_merchants_people_read_and_do_not_apply(self):
        staff = self.env.ref("base.user_admin")
        staff.password = staff.login
        self.log_in(staff)
        page = self.open(self.join_url)
        self.assertIn("This is what applicants see", page)
        self.assertNotIn('name="apply"', page)

    def test_portal_home_shows_the_way_in_to_who_is_no_member(self):
        counters = ["distribution_count", "distribution_offer_count"]

        def count():
            return self.make_jsonrpc_request("/my/counters", {"counters": counters})

        self.log_in(self.carl)
        self.assertEqual(count(), {"distribution_count": 0, "distribution_offer_count": 1})
        self.program.join_policy = "invitation"
        self.assertEqual(count()["distribution_offer_count"], 0)
        self.program.join_policy = "open"
        self.program._apply(self.carl.partner_id)
        self.assertEqual(count(), {"distribution_count": 1, "distribution_offer_count": 0})

    def test_offer_stands_on_the_order_where_the_program_makes_one(self):
        order = self._create_order(self.carl.partner_id)
        self.log_in(self.carl)
        url = f"/my/orders/{order.id}"
        self.program.is_offered_after_order = True
        self.assertNotIn("o_distribution_offer", self.url_open(url).text, "Nothing is ordered yet")
        order.action_confirm()
        page = self.url_open(url).text
        self.assertIn("o_distribution_offer", page)
        self.assertIn(f'href="{self.join_url}"', page)
        self.program.is_offered_after_order = False
        self.assertNotIn("o_distribution_offer", self.url_open(url).text)
        self.program.is_offered_after_order = True
        self.program._apply(self.carl.partner_id)
        self.assertNotIn("o_distribution_offer", self.url_open(url).text)

    def test_membership_that_was_merged_into_the_persons_other_one_is_not_shown(self):
        other = self._create_distributor("Ada Again")
        user = self._create_user("Ada", self.ada.partner_id)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.ada.partner_id + other.partner_id).ids, self.ada.partner_id)
        self.assertEqual((other.merged_into_id, other.partner_id), (self.ada, self.ada.partner_id))
        self.log_in(user)
        self.assertNotIn(f'href="/my/distribution/{other.id}"', self.open("/my/distribution"))
        self.assertEqual(self.url_open(f"/my/distribution/{other.id}").status_code, 404)

    def test_lists_say_show_all_where_there_is_more(self):
        user = self._create_user("Ada", self.ada.partner_id)
        self.log_in(user)
        url = f"/my/distribution/{self.ada.id}"
        page = self.open(url)
        self.assertIn("Nobody yet. Whoever orders with your code", page)
        self.assertNotIn("Show all", page)
        for number in range(5):
            customer = self.env["res.partner"].create({"name": f"Customer {number}"})
            self.env["distribution.binding"]._bind(customer, self.ada)
        self.assertNotIn("Show all", self.open(url))
        self.env["distribution.binding"]._bind(self.stranger, self.ada)
        page = self.open(url)
        self.assertEqual(page.count("Show all"), 1)
        self.assertIn(f'{url}/customers"', page)
