# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .test_bindings import BindingCommon


class SuccessionCommon(BindingCommon):
    """The customer came by Cleo's QR code on 2026-01-01, and bought for the first time on 2026-01-10."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.customer_scope = "new"
        cls.binding._end("To begin with")
        with freeze_time("2026-01-01 01:00:00"):
            cls.binding = cls.bindings._bind(cls.customer, cls.cleo, "qr")
        cls._buy("2026-01-10")

    @classmethod
    def _buy(cls, at=None, partner=None):
        with freeze_time(at or fields.Datetime.now()):
            order = cls._create_order(partner)
            order.action_confirm()
        return order

    def _current(self):
        return self.bindings._get_current(self.customer, self.program)

    def _close(self, distributor, **vals):
        """Close as a manager does, by the wizard."""
        wizard = self.env["distribution.distributor.decision"].with_user(self.manager)
        vals = {"distributor_ids": distributor.ids, "decision": "close", "reason": "Moved abroad", **vals}
        wizard.create(vals).action_confirm()

    def _approve(self, distributor):
        request = self._request(distributor)
        request.with_user(self.manager).action_approve()
        return request

    def _merge(self, distributor, survivor):
        wizard = self.env["distribution.distributor.merge"].with_user(self.manager)
        vals = {"distributor_id": distributor.id, "survivor_id": survivor.id, "reason": "Joined twice"}
        wizard.create(vals).action_confirm()


@tagged("post_install", "-at_install")
class TestSuccession(SuccessionCommon):
    """A customer goes on with another distributor by no doing of its own: what it was, it stays."""

    def _give_in_turn(self):
        """Give the customer away through each door in turn; yield who has it then."""
        self._close(self.cleo)
        yield self.ben
        self._merge(self.ben, self.ada)
        yield self.ada
        eve = self._create_distributor("Eve")
        self._approve(eve)
        yield eve

    def test_new_customer_stays_new_whoever_takes_over(self):
        for distributor in self._give_in_turn():
            self.assertEqual(self._owner(), distributor)
            order = self._buy()
            self.assertEqual(
                (order.distribution_distributor_id, order.distribution_attribution), (distributor, "binding")
            )

    def test_old_customer_stays_old_whoever_takes_over(self):
        order = self._create_order()
        order.action_confirm()
        order.date_order = datetime(2025, 12, 1)
        for distributor in self._give_in_turn():
            self.assertEqual(self._owner(), distributor)
            self.assertEqual(self._buy().distribution_attribution, "scope")

    def test_closing_hands_over_validity_and_protection(self):
        ends, protected = fields.Datetime.now() + timedelta(days=7), fields.Datetime.now() + timedelta(days=2)
        self.program.write({"binding_days": 30, "protection_days": 15})
        self.binding.write({"date_to": ends, "protected_until": protected})
        self._close(self.cleo)
        self.assertRecordValues(
            self._current(),
            [{"distributor_id": self.ben.id, "date_to": ends, "protected_until": protected, "source": "qr"}],
        )
        self.assertEqual((self.binding.state, self.binding.end_reason), ("ended", "Moved abroad"))

    def test_closing_leaves_behind_who_was_moved_to_another_company(self):
        other = self.env["res.partner"].create({"name": "Dan"})
        self.bindings._bind(other, self.cleo)
        other.company_id = self.env["res.company"].create({"name": "Abroad"})
        # The manager may not read a contact of that company.
        self.env.flush_all()
        self.env.invalidate_all()
        self._close(self.cleo)
        self.assertEqual(self._owner(), self.ben)
        self.assertEqual(other.distribution_binding_ids.mapped("state"), ["ended"])

    def test_closing_hands_nothing_over_that_has_run_out(self):
        self.binding.date_to = fields.Datetime.now()
        self._close(self.cleo)
        self.assertFalse(self._current())

    def test_approval_begins_validity_and_protection_anew(self):
        self.program.write({"binding_days": 30, "protection_days": 15})
        self.binding.date_to = fields.Datetime.now() + timedelta(days=7)
        request, now = self._approve(self.ben), fields.Datetime.now()
        self.assertRecordValues(
            self._current(),
            [
                {
                    "id": request.binding_id.id,
                    "distributor_id": self.ben.id,
                    "date_from": now,
                    "date_to": now + timedelta(days=30),
                    "protected_until": now + timedelta(days=15),
                }
            ],
        )

    def test_customer_who_agreed_to_another_by_itself_is_handed_over_as_well(self):
        """A manager decides on what came through front ends; the source is not what the manager says."""
        self.program.binding_policy = "ask"
        self.bindings._recommend(self.customer, self.ben, "qr")
        request = self.requests.search([("partner_id", "=", self.customer.id)])
        request.with_user(self.manager).action_approve()
        self.assertEqual((request.binding_id.source, request.binding_id.distributor_id), ("qr", self.ben))
        self.assertEqual(self._buy().distribution_distributor_id, self.ben)

    def test_request_that_waits_makes_no_old_customer(self):
        """The binding runs out, and is ended, while nobody decides."""
        self.binding.date_to = fields.Datetime.now() + timedelta(days=1)
        request = self._request(self.ben)
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            self.binding._end_expired()
            self.assertEqual(self.binding.state, "ended")
            request.with_user(self.manager).action_approve()
            self.assertEqual(self._buy().distribution_distributor_id, self.ben)

    def test_customer_of_nobody_is_as_old_as_it_is(self):
        with freeze_time("2026-01-20"):
            self.binding._end("Free")
        self._approve(self.ben)
        self.assertEqual(self._buy().distribution_attribution, "scope")

    def test_next_recommendation_begins_anew(self):
        """Who takes over by recommending brings somebody who has bought before."""
        self.bindings._recommend(self.customer, self.ben, "qr")
        self.assertEqual(self._owner(), self.ben)
        self.assertEqual(self._buy().distribution_attribution, "scope")

    def test_customer_who_says_yes_to_another_is_no_new_customer_of_it(self):
        """As where the program takes the last recommendation without asking."""
        self.program.binding_policy = "ask"
        self.bindings._recommend(self.customer, self.ben, "qr")
        self.requests._get_questions(self.customer, self.program)._answer(True)
        self.assertEqual(self._owner(), self.ben)
        self.assertEqual(self._buy().distribution_attribution, "scope")

    def test_since_when_somebody_is_a_customer_is_not_forged(self):
        managed = self.bindings.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "Since when"):
            managed.create(
                {"partner_id": self.stranger.id, "distributor_id": self.ben.id, "customer_since": "2020-01-01"}
            )
        with self.assertRaisesRegex(UserError, "Since when"):
            managed.with_context(default_customer_since="2020-01-01").create(
                {"partner_id": self.stranger.id, "distributor_id": self.ben.id}
            )
        with self.assertRaisesRegex(UserError, "has the source staff"):
            managed.with_context(default_source="qr").create(
                {"partner_id": self.stranger.id, "distributor_id": self.ben.id}
            )
        with self.assertRaisesRegex(UserError, "says what was"):
            self.binding.with_user(self.manager).customer_since = "2020-01-01"
        self.assertEqual(self.binding.customer_since, self.binding.date_from)


@tagged("post_install", "-at_install")
class TestResponsible(SuccessionCommon):
    """What there is to decide is on one list, of somebody who may."""

    def setUp(self):
        super().setUp()
        group = "distribution_core.group_distribution_manager"
        self.boss2, self.boss3 = (self._create_user(login, group) for login in ("boss2", "boss3"))

    def _get_asked(self):
        """Return on whose lists an application and a request to give somebody to Ben are."""
        applicant = self._create_applicant(user_id=self.ben.user_id.id)
        asked = (applicant.activity_ids | self._request().activity_ids).mapped("user_id")
        self.requests.search([("state", "=", "draft")])._set_decided("refused", "Asked again")
        return asked

    def _create_applicant(self, **vals):
        partner = self.env["res.partner"].create({"name": "Applicant"})
        return self.env["distribution.distributor"].create(
            {"partner_id": partner.id, "program_id": self.program.id, **vals}
        )

    def test_creator_of_a_program_is_responsible(self):
        program = self.env["distribution.program"].with_user(self.boss2).create({"name": "Mine"})
        self.assertEqual(program.user_id, self.boss2)
        self.assertFalse(self.program.user_id, "The system is no person")

    def test_one_is_asked(self):
        self.program.user_id = self.boss3
        self.assertEqual(self._get_asked(), self.boss3)
        self.ben.user_id = self.boss2
        self.assertEqual(self._get_asked(), self.boss2)

    def test_salesperson_who_may_not_decide_is_not_asked(self):
        self.program.user_id = self.boss3
        self.ben.user_id = self._create_user("seller", "distribution_core.group_distribution_salesperson")
        self.assertEqual(self._get_asked(), self.boss3)

    def test_who_has_left_is_not_asked(self):
        self.program.user_id, self.ben.user_id = self.boss3, self.boss2
        (self.boss2 + self.boss3).active = False
        asked = self._get_asked()
        self.assertEqual(len(asked), 1, "Somebody is, where nobody is named")
        self.assertTrue(asked.has_group("distribution_core.group_distribution_manager"))

    def test_nothing_is_left_to_do_when_somebody_else_has_decided(self):
        self.program.user_id = self.boss3
        request, applicant = self._request(), self._create_applicant()
        self.assertEqual((request.activity_ids + applicant.activity_ids).user_id, self.boss3)
        request.with_user(self.boss2).action_approve()
        applicant.with_user(self.boss2).action_activate()
        self.assertFalse(request.activity_ids | applicant.activity_ids)
