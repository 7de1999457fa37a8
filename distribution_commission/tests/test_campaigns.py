# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged

from .rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestCampaigns(RulesCommon):
    """Rules for some days that replace, raise or multiply."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls.env["distribution.commission.campaign"].create(
            {"name": "Singles", "program_id": cls.program.id, "date_from": "2026-11-10", "date_to": "2026-11-11"}
        )

    def _overlay(self, effect, rate=0, level=1, **vals):
        return self._rule(level, rate, campaign_id=self.campaign, effect=effect, **vals)

    def _earn(self, moment="2026-11-11", lines=None):
        with freeze_time(moment):
            order = self._sell(10, lines=lines)
            self._deliver(order)
        return order

    def test_campaign_adds_multiplies_or_replaces(self):
        for effect, vals, earned in (
            ("add", {"rate": 3}, "130"),
            ("add", {"kind": "fixed_unit", "fixed_amount": 2}, "120"),
            ("multiply", {"factor": 1.5}, "150"),
            ("replace", {"rate": 7}, "70"),
            ("replace", {"kind": "fixed_unit", "fixed_amount": 6}, "60"),
            ("replace", {"kind": "fixed_order", "fixed_amount": 6}, "6"),
        ):
            with self.subTest(effect, **vals), self.cr.savepoint() as savepoint:
                self._overlay(effect, **{"rate": 0, **vals})
                order = self._earn()
                self.assertEarned(order, earned, "50", "20")
                self.assertIn("Campaign Singles is counted in: ", self._get_why(order))
                self.assertNotIn("Campaign", self._get_why(order, 2))
                self.assertEarned(self._earn("2026-11-12"), "100", "50", "20")
                savepoint.rollback()

    def test_multiplied_amounts_are_not_rounded(self):
        self._fix(0.05, product_id=self.goods)
        self._overlay("multiply", factor=1.5)
        with freeze_time("2026-11-11"):
            order = self._sell(10000, 10)
            self._deliver(order)
        self.assertEqual(self._earned(order, self.cleo), 750)
        self.assertIn("0.075 USD for each of 10000 units", self._get_why(order))

    def test_campaign_that_excludes_a_person_lets_its_share_pass_up(self):
        self.program.unpaid_share = "upline"
        self._overlay("replace", 0, level=2, distributor_id=self.ben)
        self.assertEarned(self._earn(), "100", "0", "70")

    def test_nothing_is_added_to_a_tier_that_pays_nobody(self):
        self._rule(rate=0, product_id=self.goods, tier_ids=[(0, 0, {"amount_from": 5000, "rate": 10})])
        self._overlay("add", 3)
        self.assertEarned(self._earn(), "0", "50", "20")

    def test_campaign_counts_on_its_days_in_the_time_zone_of_the_program(self):
        self._overlay("add", 3)
        moments = ("2026-11-09 15:59", "2026-11-09 16:00", "2026-11-11 15:59", "2026-11-11 16:00")
        rates = []
        for moment in moments:
            with freeze_time(f"{moment}:00"):
                rates.append(self._get_term(self._sell(1)).rate)
        self.assertEqual(rates, [10, 13, 13, 10])

    def test_first_specific_match_of_the_campaigns_wins(self):
        self._overlay("add", 1)
        self._overlay("add", 2, product_id=self.goods)
        order = self._earn(lines=[(self.goods, 1, 100), (self.goods_b, 1, 100)])
        self.assertEqual(self._get_term(order).sorted("line_id").mapped("rate"), [12, 11])

    def test_nothing_is_added_to_a_rule_that_pays_nobody(self):
        self._rule(rate=0, product_id=self.goods)
        overlay = self._overlay("add", 3)
        self.assertEarned(self._earn(), "0", "50", "20")
        overlay.effect = "replace"
        self.assertEarned(self._earn(), "30", "50", "20")

    def test_campaign_pays_a_level_that_has_no_rule(self):
        self.program.rule_ids.filtered(lambda rule: rule.level == 1).active = False
        self._overlay("add", 3)
        self.assertEarned(self._earn(), "30", "50", "20")
        self.campaign.rule_ids.write({"effect": "multiply", "factor": 2})
        self.assertEarned(self._earn(), "0", "50", "20")

    def test_what_is_added_is_of_the_base_of_the_rule_and_within_its_limits(self):
        self.goods.standard_price = 60
        self._rule(rate=10, product_id=self.goods, base_kind="margin", maximum_amount=50)
        self._overlay("add", 5, product_id=self.goods)
        self.assertEarned(self._earn(), "50", "50", "20")
        self.goods.standard_price = 70
        self.assertEarned(self._earn(), "45", "50", "20")

    def test_campaign_changed_later_leaves_terms_alone(self):
        overlay = self._overlay("add", 3)
        with freeze_time("2026-11-11"):
            order = self._sell(10)
        overlay.rate = 1
        self.campaign.active = False
        self._deliver(order)
        self.assertEarned(order, "130", "50", "20")
        self.assertEqual((self.campaign.term_count, self.campaign.expected_amount), (1, 130))

    @freeze_time("2026-11-01")
    def test_cap_holds_on_the_days_of_the_campaign(self):
        with self.assertRefused(r"24 % \+ 5 % \+ 2 % = 31 %.*\n.*Singles.*11/10/2026"):
            self._overlay("add", 14)
        with self.assertRefused(r"30 % \+ 5 % \+ 2 % = 37 %"):
            self._overlay("multiply", factor=3)
        with self.assertRefused(r"25 % \+ 5 % \+ 2 % = 32 %"):
            self._overlay("replace", 25)
        self._overlay("add", 13)
        with self.assertRefused(r"24 % \+ 5 % \+ 2 % = 31 %"):
            self._rule(rate=11, product_id=self.goods)

    @freeze_time("2026-11-01")
    def test_most_for_a_unit_keeps_campaigns_within_the_cap(self):
        """A mug at 100.00: 10 % of it, at most 20.00, threefold or with 50 % more, is 20 % at most."""
        self.program.rule_ids.filtered(lambda rule: rule.level == 1).active = False
        rule = self._rule(rate=10, product_id=self.goods, limit_scope="unit", maximum_amount=20)
        for effect, vals in (("multiply", {"factor": 3}), ("add", {"rate": 50})):
            with self.subTest(effect), self.cr.savepoint() as savepoint:
                self._overlay(effect, **{"rate": 0, **vals}, product_id=self.goods)
                self.assertEqual(self.program.total_rate, 27)
                with self.assertRefused(
                    r"30 % \+ 5 % \+ 2 % = 37 %" if effect == "multiply" else r"60 % \+ 5 % \+ 2 %"
                ):
                    rule.maximum_amount = 0
                # Half a mug may be sold: a maximum for the line is none for the rate.
                with self.assertRefused("above its cap"):
                    rule.limit_scope = "line"
                savepoint.rollback()

    @freeze_time("2026-11-01")
    def test_worst_case_multiplies_the_rule_that_is_not_limited(self):
        """The dearest rule by itself is limited; the other costs more with the campaign."""
        self._rule(rate=20, product_id=self.goods, grade_id=self.gold, limit_scope="unit", maximum_amount=20)
        self._rule(rate=12, product_id=self.goods)
        with self.assertRefused(r"24 % \+ 5 % \+ 2 % = 31 %"):
            self._overlay("multiply", factor=2)
        self._overlay("multiply", factor=1.9)

    def test_resolving_asks_for_no_prices(self):
        self._rule(product_id=self.goods)
        self._overlay("add", 3)
        self.program._lock_rules()
        index, today = self.program._get_rule_index(), self.program._get_business_date()
        rates = index.compare(1, self.goods._get_commission_keys(), self.cleo._get_commission_keys(), today)
        self.assertEqual([rate.price for rate, _verdict in rates], [None] * 3)

    def test_rules_of_a_campaign_follow_its_days(self):
        overlay = self._overlay("add", 3)
        self.assertEarned(self._earn("2026-11-20"), "100", "50", "20")
        self.campaign.date_to = "2026-11-20"
        self.assertEqual(str(overlay.date_to), "2026-11-20")
        self.assertEarned(self._earn("2026-11-20"), "130", "50", "20")
        self.campaign.active = False
        self.assertEarned(self._earn("2026-11-20"), "100", "50", "20")
        self.assertFalse(overlay.active)
        self.campaign.active = True
        self.assertTrue(overlay.active)

    def test_campaign_brings_back_the_rules_that_went_with_it(self):
        kept, dropped = self._overlay("add", 3), self._overlay("add", 1, level=2)
        dropped.active = False
        self.campaign.active = False
        self.campaign.active = False
        self.campaign.active = True
        self.assertEqual((kept.active, dropped.active), (True, False))
        kept.active = False
        self.campaign.active = False
        self.campaign.active = True
        self.assertFalse(kept.active)
        dropped.active = True
        copy = self.campaign.copy({"date_from": "2026-12-01", "date_to": "2026-12-02"})
        copy.active = True
        self.assertEqual(copy.rule_ids.mapped("level"), [2])

    def test_rule_stays_with_its_campaign(self):
        overlay = self._overlay("add", 3)
        other = self.campaign.copy({"date_from": "2026-12-01", "date_to": "2026-12-02", "rule_ids": False})
        for campaign in (False, other.id):
            with self.assertRaisesRegex(UserError, "stays with its campaign"), self.cr.savepoint():
                overlay.write({"campaign_id": campaign})
        overlay.write({"campaign_id": self.campaign.id, "rate": 2})
        self.assertEqual((str(overlay.date_from), overlay.rate), ("2026-11-10", 2))

    def test_campaign_that_was_applied_is_archived_not_deleted(self):
        self._overlay("add", 3)
        self._earn()
        with self.assertRaisesRegex(UserError, "archive it instead"), self.cr.savepoint():
            self.campaign.unlink()
        other = self.campaign.copy({"name": "Other", "date_from": "2026-12-01", "date_to": "2026-12-02"})
        rules = other.rule_ids
        other.unlink()
        self.assertFalse(rules.exists())

    def test_two_campaigns_for_the_same_on_a_day_are_refused(self):
        self._overlay("add", 1)
        other = self.campaign.copy(
            {"name": "Other", "rule_ids": False, "date_from": "2026-11-12", "date_to": "2026-11-12", "active": True}
        )
        self._rule(rate=2, campaign_id=other, effect="multiply", factor=2)
        with self.assertRefused("Change the dates"):
            other.date_from = "2026-11-11"

    def test_campaign_rules_say_what_they_do(self):
        with self.assertRefused("A campaign adds a rate or an amount per unit"):
            self._overlay("add", kind="fixed_order", fixed_amount=5)
        with self.assertRefused("give them there"):
            self._overlay("multiply", factor=2, maximum_amount=5)
        self.assertEqual(self._overlay("add", 3).pay_label, "+ 3 %")
        self.assertEqual(self._overlay("multiply", level=2, factor=2).pay_label, "× 2")

    def test_campaign_is_made_in_its_form(self):
        with Form(self.env["distribution.commission.campaign"]) as form:
            form.name = "New Year"
            form.program_id = self.program
            form.date_from, form.date_to = "2027-01-01", "2027-01-03"
            with form.rule_ids.new() as rule:
                rule.level = 1
                rule.rate = 2
        rule = form.record.rule_ids
        self.assertEqual((rule.effect, str(rule.date_from), rule.program_id), ("add", "2027-01-01", self.program))

    def test_campaigns_are_found_by_state(self):
        search = self.env["distribution.commission.campaign"].search
        for day, state in (("2026-11-01", "coming"), ("2026-11-10", "running"), ("2026-11-20", "over")):
            with freeze_time(day):
                self.campaign.invalidate_recordset(["state"])
                self.assertEqual(self.campaign.state, state)
                self.assertIn(self.campaign, search([("state", "=", state)]))
                self.assertNotIn(self.campaign, search([("state", "!=", state)]))

    def test_simulator_shows_what_the_campaign_does(self):
        overlay = self._overlay("add", 3)
        on = {"date": "2026-11-11"}
        self.assertEqual(self._simulate(**on)[1][:2], [(1, "adds", 0), (1, "wins", 13)])
        self.assertEqual(self._simulate(date="2026-11-12")[1][:2], [(1, "date", 0), (1, "wins", 10)])
        overlay.effect = "replace"
        self.assertEqual(self._simulate(**on)[1][:2], [(1, "replaces", 3), (1, "campaign", 0)])
        overlay.rate = 0
        self.assertEqual(self._simulate(**on)[1][:2], [(1, "excluded", 0), (1, "campaign", 0)])
        overlay.write({"effect": "multiply", "factor": 2})
        self.assertEqual(self._simulate(**on)[1][:2], [(1, "multiplies", 0), (1, "wins", 20)])
        self._rule(rate=0, product_id=self.goods)
        self.assertEqual(self._simulate(**on)[1][:2], [(1, "idle", 0), (1, "excluded", 0)])
