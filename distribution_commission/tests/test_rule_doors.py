# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from .rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestRuleDoors(RulesCommon):
    """Whatever door a rule comes through, it keeps to the cap and means what it says."""

    def _get_rate(self, product=None):
        return float(self.program._resolve_rule(1, product or self.goods, self.cleo).get_pay(0).rate)

    # === THE CAP === #

    def test_what_a_deleted_rule_stood_in_the_way_of_is_checked(self):
        low = self._rule(rate=5, categ_id=self.tea)
        self._rule(rate=23, level=2, categ_id=self.tea)
        with self.assertRefused(r"10 % \+ 23 % \+ 2 % = 35 %"):
            low.unlink()

    def test_program_a_rule_leaves_is_checked_too(self):
        other = self.env["distribution.program"].create({"name": "Other"})
        low = self._rule(rate=5, categ_id=self.tea)
        self._rule(rate=23, level=2, categ_id=self.tea)
        with self.assertRefused("= 35 %"):
            low.program_id = other

    def test_list_price_of_any_product_counts(self):
        with self.assertRefused(r"90 % \+ 5 % \+ 2 % = 97 %"):
            self._rule(rate=90, base_kind="list", categ_id=self.tea)

    def test_what_a_campaign_adds_is_of_the_base_of_the_rule(self):
        campaign = self.env["distribution.commission.campaign"].create(
            {"name": "Now", "program_id": self.program.id, "date_from": "2020-01-01", "date_to": "2099-12-31"}
        )
        self.goods.taxes_id = self.env["account.tax"].create(
            {"name": "25 %", "amount": 25, "company_id": self.company.id}
        )
        self._rule(rate=10, base_kind="taxed", product_id=self.goods)
        with self.assertRefused(r"25 % \+ 5 % \+ 2 % = 32 %"):
            self._rule(rate=10, campaign_id=campaign, effect="add")
        self._rule(rate=8, campaign_id=campaign, effect="add", base_kind="margin")

    # === WHAT IT IS FOR === #

    def test_target_without_its_scope_is_refused(self):
        with self.assertRefused("Product Variant is filled in"):
            self.env["distribution.commission.rule"].create(
                {"program_id": self.program.id, "rate": 1, "level": 1, "product_id": self.goods.id}
            )
        with self.assertRefused("Distributor is filled in"):
            self._rule(rate=1, categ_id=self.tea).distributor_id = self.cleo

    def test_rule_created_without_naming_its_program_counts_at_once(self):
        self.assertEqual(self._get_rate(), 10)
        rules = self.env["distribution.commission.rule"].with_context(default_program_id=self.program.id)
        rules.create({"rate": 12, "product_scope": "variant", "product_id": self.goods.id})
        self.assertEqual(self._get_rate(), 12)

    def test_rule_whose_kind_was_changed_says_that_it_pays_nobody(self):
        rule = self._rule(rate=8, product_id=self.goods, tier_ids=[(0, 0, {"amount_from": 1000, "rate": 10})])
        self.assertTrue(rule.is_paying)
        rule.kind = "fixed_unit"
        self.assertFalse(rule.is_paying)

    def test_limits_that_are_not_asked_for_go(self):
        campaign = self.env["distribution.commission.campaign"].create(
            {"name": "June", "program_id": self.program.id, "date_from": "2026-06-01", "date_to": "2026-06-30"}
        )
        limits = {"minimum_amount": 5, "maximum_amount": 9}
        rule = self._rule(rate=8, product_id=self.goods, campaign_id=campaign, effect="replace", **limits)
        with Form(rule) as form:
            form.effect = "add"
        self.assertEqual((rule.minimum_amount, rule.maximum_amount), (0, 0))

    def test_copied_program_keeps_rules_for_tags(self):
        tag = self.env["distribution.tag"].create({"name": "Star"})
        self._rule(rate=12, distribution_tag_id=tag)
        self.assertEqual(self.program.copy({"name": "Copy"}).rule_ids.distribution_tag_id, tag)

    # === CAMPAIGNS === #

    def _campaign(self, **vals):
        values = {"name": "Days", "program_id": self.program.id, "date_from": "2099-01-01", "date_to": "2099-01-02"}
        return self.env["distribution.commission.campaign"].create({**values, **vals})

    def test_campaign_rules_are_valid_on_its_days_only(self):
        rule = self._rule(rate=1, campaign_id=self._campaign(), effect="add")
        for dates in ({"date_from": "2020-01-01"}, {"date_from": False, "date_to": False}):
            with self.subTest(**dates), self.assertRefused("valid on its days"):
                rule.write(dates)

    def test_rule_of_an_archived_campaign_stays_archived(self):
        campaign = self._campaign()
        rule = self._rule(rate=1, campaign_id=campaign, effect="add")
        campaign.active = False
        with self.assertRefused("unarchive it"):
            rule.active = True
        with self.assertRefused("unarchive it"):
            self._rule(rate=1, level=2, campaign_id=campaign, effect="add")

    def test_campaign_stays_with_the_program_of_its_rules(self):
        campaign = self._campaign()
        self._rule(rate=1, campaign_id=campaign, effect="add")
        with self.assertRefused("rules of another program"):
            campaign.program_id = self.env["distribution.program"].create({"name": "Other"})

    def test_archived_double_does_not_stand_in_the_way(self):
        first, second = self._campaign(), self._campaign(name="Again")
        self._rule(rate=1, campaign_id=first, effect="add")
        first.active = False
        self._rule(rate=2, campaign_id=second, effect="add")
        second.active = False
        first.active = True
        self.assertTrue(first.rule_ids.active)

    def test_copied_campaign_waits_for_its_days(self):
        campaign = self._campaign()
        self._rule(rate=1, campaign_id=campaign, effect="add")
        copy = campaign.copy()
        self.assertEqual((copy.active, copy.name), (False, "Days (copy)"))
        copy.write({"date_from": "2099-02-01", "date_to": "2099-02-02", "active": True})
        self.assertEqual(str(copy.rule_ids.date_from), "2099-02-01")

    def test_unknown_state_finds_no_campaign(self):
        self.assertNotIn(self._campaign(), self.env["distribution.commission.campaign"].search([("state", "=", "x")]))

    # === RIGHTS === #

    def test_manager_without_rights_on_coupons_copies_a_program(self):
        user = new_test_user(
            self.env, "boss", groups="distribution_core.group_distribution_manager", company_id=self.company.id
        )
        self.program.with_user(user).copy({"name": "Copy"})
        self.program.with_user(user).read()

    def test_nobody_writes_why_an_order_brings_no_commission(self):
        groups = "distribution_core.group_distribution_manager,sales_team.group_sale_manager"
        user = new_test_user(self.env, "boss", groups=groups, company_id=self.company.id)
        order = self._sell().with_user(user)
        with self.assertRaises(AccessError):
            order.commission_exclusion = "customer"
