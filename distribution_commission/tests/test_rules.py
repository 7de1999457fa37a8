# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import CommissionCommon
from .rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestRules(CommissionCommon):
    """What a rule set may be, and who earns by it."""

    def _rule(self, level):
        return self.program.rule_ids.filtered(lambda rule: rule.level == level)

    def test_rates_above_the_cap_are_refused_through_any_door(self):
        with self.assertRaisesRegex(ValidationError, r"25 % \+ 5 % \+ 2 % = 32 %, above its cap of 30 %"):
            self._rule(1).rate = 25.0
        with self.assertRaisesRegex(ValidationError, "above its cap"):
            self.program.cap_rate = 10.0
        with self.assertRaisesRegex(ValidationError, "above its cap"), Form(self.program) as form:
            form.cap_rate = 16.0

    def test_levels_that_are_not_paid_do_not_count_for_the_cap(self):
        self.program.level_count = 1
        self._rule(1).rate = 29.0
        with self.assertRaisesRegex(ValidationError, "above its cap"):
            self.program.level_count = 2

    @mute_logger("odoo.sql_db")
    def test_no_fourth_level_no_negative_rate_no_second_rule(self):
        for vals in (
            {"level": 4, "rate": 1},
            {"level": 0, "rate": 1},
            {"level": 3, "rate": -5},
            {"level": 1, "rate": 1},
        ):
            with self.assertRaises(IntegrityError), self.cr.savepoint():
                self.env["distribution.commission.rule"].create({"program_id": self.program.id, **vals})
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self.program.level_count = 4
            self.env.flush_all()

    def test_level_without_rate_does_not_silence_those_above(self):
        self._rule(1).active = False
        self._rule(2).rate = 0
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "0", "0", "20")

    def test_one_paid_level_is_the_default(self):
        self.program.level_count = self.env["distribution.program"].default_get(["level_count"])["level_count"]
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "100", "0", "0")

    def test_closed_distributor_earns_nothing_and_passes_nothing_on(self):
        self.ben.action_close()
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "100", "0", "20")

    def test_cap_below_zero_is_refused_for_what_it_is(self):
        with self.assertRaisesRegex(ValidationError, "between 0 and 100"), self.cr.savepoint():
            self.program.cap_rate = -5

    def test_used_rule_is_archived_not_deleted(self):
        self._sell(10)
        with self.assertRaisesRegex(UserError, "archive it instead"):
            self._rule(1).unlink()
        self._rule(1).active = False

    def test_settings_create_missing_accounts(self):
        self.company.commission_accrued_account_id = False
        self.env["res.config.settings"].create({}).action_create_commission_accounts()
        self.assertEqual(self.company.commission_accrued_account_id.account_type, "liability_current")

    def test_missing_accounts_are_named(self):
        self.company.commission_accrued_account_id = False
        order = self._sell(10)
        self._deliver(order)
        with self.assertRaisesRegex(UserError, "Commission Accrued Account"):
            self.entry_model.search([("order_id", "=", order.id)])._post_accruals()

    def test_branch_posts_where_its_parent_posts(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.cr.precommit.run()  # where Odoo gives a branch its chart
        self.assertEqual(branch.commission_payable_account_id, self.company.commission_payable_account_id)
        self.assertEqual(branch.commission_journal_id, self.company.commission_journal_id)


@tagged("post_install", "-at_install")
class TestRuleScopes(RulesCommon):
    """Which of several rules pays: see the readme's worked examples, whose numbers these are."""

    def _get_rate(self, product=None, distributor=None, day=None, level=1):
        found = self.program._resolve_rule(level, product or self.goods, distributor or self.cleo, day)
        return found and float(found.get_pay(0).rate)

    def test_the_most_specific_product_wins(self):
        self.goods.categ_id = self.tea
        self.assertEqual(self._get_rate(), 10)
        self.goods.product_tag_ids = self.new
        for rate, target in (
            (11, {"product_tag_id": self.new}),
            (12, {"categ_id": self.drinks}),
            (13, {"categ_id": self.tea}),
            (14, {"product_tmpl_id": self.goods.product_tmpl_id}),
            (15, {"product_id": self.goods}),
        ):
            self._rule(rate=rate, **target)
            self.assertEqual(self._get_rate(), rate)
        self.assertEqual(self._get_rate(self.goods_b), 10, "What the rules are not for is left alone")

    def test_the_most_specific_distributor_wins_for_the_same_product(self):
        self._rule(rate=12, grade_id=self.gold)
        self.assertEqual(self._get_rate(), 10)
        self.cleo.grade_id = self.gold
        self.assertEqual(self._get_rate(), 12)
        self._rule(rate=14, distributor_id=self.cleo)
        self.assertEqual(self._get_rate(), 14)
        self.assertEqual(self._get_rate(distributor=self.ben), 10)

    def test_list_has_the_order_in_which_rules_win(self):
        first, second = (
            self.env["product.tag"].create({"name": name, "sequence": place}) for name, place in (("B", 1), ("A", 2))
        )
        self.goods.write({"categ_id": self.tea.id, "product_tag_ids": [(6, 0, (first | second).ids)]})
        everything = self.program.rule_ids.filtered(lambda rule: rule.level == 1)
        made = [
            self._rule(rate=1, product_tag_id=second),
            self._rule(rate=2, product_tag_id=first),
            self._rule(rate=3, categ_id=self.drinks),
            self._rule(rate=4, categ_id=self.tea),
            self._rule(rate=5, categ_id=self.tea, date_to="2099-12-31"),
            self._rule(rate=6, product_id=self.goods),
        ]
        listed = self.env["distribution.commission.rule"].search(
            [("program_id", "=", self.program.id), ("level", "=", 1)]
        )
        self.assertEqual(list(listed), [*reversed(made), everything])
        for rule in listed:
            self.assertEqual(self._get_rate(), rule.rate)
            rule.unlink()

    def test_the_product_goes_before_the_distributor(self):
        self._rule(rate=14, distributor_id=self.cleo)
        self._rule(rate=11, product_id=self.goods)
        self.assertEqual(self._get_rate(), 11)
        self.assertEqual(self._get_rate(self.goods_b), 14)

    def test_each_level_finds_its_own_rule(self):
        self._rule(level=2, rate=8, product_id=self.goods)
        order = self._sell(lines=[(self.goods, 1, 100), (self.goods_b, 1, 100)])
        self._deliver(order)
        self.assertEarned(order, "20", "13", "4")

    def test_rate_of_zero_excludes_a_product_and_silences_nobody_above(self):
        self._rule(rate=0, product_id=self.goods)
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "0", "50", "20")
        self.assertFalse(order.commission_term_ids.filtered(lambda term: term.level == 1))

    def test_a_category_pays_more_in_its_launch_month(self):
        """Seed example: 15 % in the month in which the category starts, 10 % before and after."""
        self.goods.categ_id = self.tea
        self._rule(rate=15, categ_id=self.tea, date_from="2026-03-01", date_to="2026-03-31")
        earned = []
        for moment in ("2026-02-28 15:59", "2026-02-28 16:00", "2026-03-31 15:59", "2026-03-31 16:00"):
            with freeze_time(f"{moment}:00"):  # midnight in Shanghai is 16:00 UTC
                earned.append(
                    sum(self._sell(5).commission_term_ids.filtered_domain([("level", "=", 1)]).mapped("rate"))
                )
        self.assertEqual(earned, [10, 15, 15, 10])

    def test_the_launch_month_ends_at_midnight_in_the_time_zone_of_the_program(self):
        self.goods.categ_id = self.tea
        self._rule(rate=15, categ_id=self.tea, date_from="2026-03-01", date_to="2026-03-31")
        for moment, earned in (("2026-03-31 15:59:00", "75"), ("2026-03-31 16:00:00", "50")):
            with freeze_time(moment):
                order = self._sell(5)
                self._deliver(order)
            self.assertEarned(order, earned, "25", "10")

    def test_terms_keep_the_rule_of_their_confirmation(self):
        rule = self._rule(rate=15, product_id=self.goods)
        order = self._sell(5)
        rule.rate = 1
        self._deliver(order)
        self.assertEarned(order, "75", "25", "10")

    def test_seed_twenty_per_cent_of_five_hundred(self):
        self._rule(rate=20, product_id=self.goods)
        order = self._sell(1, 500)
        self._deliver(order)
        self.assertEqual(self._earned(order, self.cleo), Decimal("100"))

    def test_seed_fifteen_and_ten_per_cent_on_two_levels(self):
        self.program.level_count = 2
        self.program.rule_ids.filtered(lambda rule: rule.level < 3).unlink()
        self._rule(rate=15)
        self._rule(level=2, rate=10)
        order = self._sell(1, 500)
        self._deliver(order)
        self.assertEarned(order, "75", "50", "0")

    def test_worst_case_counts_rules_that_meet_and_no_others(self):
        self._rule(rate=22, categ_id=self.tea)
        self._rule(level=2, rate=18, product_id=self.goods)
        self.assertEqual(self.program.total_rate, 30, "10 + 18 + 2: the goods are no tea")
        self.goods_b.categ_id = self.tea
        with self.assertRefused(r"22 % \+ 9 % \+ 2 % = 33 %.*\n.*Drinks / Tea"):
            self._rule(level=2, rate=9, product_tmpl_id=self.goods_b.product_tmpl_id)

    def test_worst_case_takes_any_grade_any_tag_and_any_day(self):
        with self.assertRefused(r"24 % \+ 5 % \+ 2 % = 31 %.*\n.*Gold"):
            self._rule(rate=24, grade_id=self.gold)
        self._rule(rate=20, product_tag_id=self.new)
        with self.assertRefused(r"20 % \+ 9 % \+ 2 % = 31 %.*\n.*New"):
            self._rule(level=2, rate=9, grade_id=self.gold)
        with self.assertRefused(r"20 % \+ 9 % \+ 2 % = 31 %.*\n.*2099"):
            self._rule(level=2, rate=9, date_from="2099-01-01")
        self._rule(level=2, rate=9, date_from="2020-01-01", date_to="2020-01-31")

    def test_rules_for_the_same_at_the_same_time_are_refused(self):
        self._rule(rate=12, categ_id=self.tea, date_from="2026-03-01", date_to="2026-03-31")
        self._rule(rate=11, categ_id=self.tea)
        self._rule(rate=13, categ_id=self.tea, date_from="2026-04-01")
        for dates in (
            {"date_from": "2026-03-31", "date_to": "2026-03-31"},
            {"date_from": "2027-01-01"},
            {"date_to": "2026-03-01"},
        ):
            with self.subTest(**dates), self.assertRefused("Change the dates"):
                self._rule(rate=14, categ_id=self.tea, **dates)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self._rule(rate=14, categ_id=self.tea)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self._rule(level=3, rate=0, grade_id=self.gold, date_from="2026-04-02", date_to="2026-04-01")

    def test_a_rule_says_what_it_is_for(self):
        with self.assertRefused("Product Category is empty"):
            self._rule(product_scope="category")
        with self.assertRefused("Grade is empty"):
            self._rule(audience="grade")
        other = self.env["distribution.program"].create({"name": "Other"})
        grade = self.env["distribution.grade"].create({"name": "Gold", "program_id": other.id})
        with self.assertRefused("another program"):
            self._rule(grade_id=grade)

    def test_changing_the_scope_drops_the_old_target(self):
        rule = self._rule(rate=12, categ_id=self.tea)
        with Form(rule) as form:
            form.product_scope = "tag"
            form.product_tag_id = self.new
        self.assertFalse(rule.categ_id)
        self.assertEqual(rule._get_rate().product, ("tag", self.new.id))

    def test_duplicated_program_leaves_rules_for_people_behind(self):
        self._rule(rate=12, categ_id=self.tea)
        self._rule(rate=12, grade_id=self.gold)
        copy = self.program.copy({"name": "Copy"})
        self.assertEqual(sorted(copy.rule_ids.mapped("rate")), [2, 5, 10, 12])

    def test_estimate_is_by_product_and_distributor(self):
        self._rule(rate=12, product_id=self.goods)
        currency = self.program.currency_id
        estimate = self.program._estimate_commission
        self.assertEqual(estimate(self.goods, self.cleo, 50, currency), Decimal("6"))
        self.assertEqual(estimate(self.goods_b, self.cleo, 50, currency), Decimal("5"))
        self._rule(rate=0, product_id=self.goods_b)
        self.assertIsNone(estimate(self.goods_b, self.cleo, 50, currency))

    def test_estimate_knows_the_cap_of_all_levels(self):
        self.goods.product_tag_ids = self.new
        self._fix(5, product_tag_id=self.new)
        self._fix(4, level=2, product_tag_id=self.new)
        estimate = self.program._estimate_commission(self.goods, self.cleo, 9.99, self.program.currency_id)
        self.assertEqual(estimate, Decimal("1.63"))

    # === FIXED AMOUNTS AND THE CAP === #

    def test_seed_a_fixed_amount_per_item(self):
        self._fix(5, product_id=self.goods)
        order = self._sell(10)
        picking = self._deliver(order)
        self.assertEarned(order, "50", "50", "20")
        self._return(picking, 3)
        self.assertEarned(order, "35", "35", "14")
        self.assertReplayAddsNothing(order)

    def test_fixed_amount_counts_units_of_the_product(self):
        self._fix(5, product_id=self.goods)
        order = self._sell(lines=[(self.goods, 2, 1200)])
        dozen = self.env.ref("uom.product_uom_dozen")
        other = self._create_order(None, [(self.goods, 2, 1200)])
        other.order_line.product_uom_id = dozen
        other.order_line.price_unit = 1200
        other.action_confirm()
        self.assertEqual(order.commission_term_ids.filtered_domain([("level", "=", 1)]).expected_amount, 10)
        self.assertEqual(other.commission_term_ids.filtered_domain([("level", "=", 1)]).expected_amount, 120)

    def test_fixed_amount_follows_the_price_that_was_paid(self):
        self._fix(5, product_id=self.goods)
        order = self._sell(10)
        self._deliver(order)
        self._credit(self._invoice(order), price=20)
        self.assertEarned(order, "40", "40", "16")
        last = order.commission_term_ids.filtered_domain([("level", "=", 1)]).entry_ids.sorted("id")[-1]
        self.assertIn("5.00 USD for each of 8 units", last.why)

    def test_large_amounts_are_explained_to_the_fen(self):
        self.goods.product_tag_ids = self.new
        self._fix(12345.67, product_tag_id=self.new)
        order = self._sell(1, 100000)
        self._deliver(order)
        self.assertEarned(order, "12345.67", "5000", "2000")
        entry = order.commission_term_ids.filtered_domain([("level", "=", 1)]).entry_ids
        self.assertIn("12345.67 USD for each of 1 units", entry.why)

    def test_levels_are_scaled_to_the_cap_to_the_fen(self):
        """Price 9.99, cap 30 %: 3.00. By themselves the levels would get 5.00, 4.00 and 0.20."""
        self.goods.product_tag_ids = self.new
        self._fix(5, product_tag_id=self.new)
        self._fix(4, level=2, product_tag_id=self.new)
        order = self._sell(1, 9.99)
        terms = order.commission_term_ids.sorted("level")
        self.assertEqual(terms.mapped("expected_amount"), [1.63, 1.30, 0.07])
        self.assertEqual(terms.mapped("pending_amount"), [1.63, 1.30, 0.07])
        picking = self._deliver(order)
        self.assertEarned(order, "1.63", "1.30", "0.07")
        scaled = "would be 5.00: the levels of the line together are scaled to the cap of 30 %"
        self.assertIn(scaled, terms[0].entry_ids.why)
        self.assertEqual(terms.mapped("pending_amount"), [0, 0, 0])
        self._return(picking, 1)
        self.assertEarned(order, "0", "0", "0")

    def test_fixed_amount_above_the_cap_of_a_known_price_is_refused(self):
        with self.assertRefused(r"25 % \+ 5 % \+ 2 % = 32 %"):
            self._fix(25, product_id=self.goods)
        self._fix(23, product_id=self.goods)

    def test_amount_of_a_wide_rule_is_compared_with_a_price_that_is_known(self):
        """5.00 for whatever is in a category are 25 % of a mug at 20.00."""
        self.goods.write({"list_price": 20, "categ_id": self.tea.id})
        self._fix(5, categ_id=self.tea)
        with self.assertRefused(r"25 % \+ 10 % \+ 2 % = 37 %"):
            self._rule(level=2, rate=10, product_id=self.goods)
        self._rule(level=2, rate=3, product_id=self.goods)

    def test_price_that_includes_tax_is_compared_without_it(self):
        """100 with 25 % tax in it is 80 untaxed: 19 of it are 23.75 %."""
        self.goods.taxes_id = self.env["account.tax"].create(
            {
                "name": "25 % included",
                "amount": 25,
                "price_include_override": "tax_included",
                "company_id": self.company.id,
            }
        )
        with self.assertRefused(r"23\.75 % \+ 5 % \+ 2 % = 30\.75 %"):
            self._fix(19, product_id=self.goods)
        self._fix(18, product_id=self.goods)
        self.assertEqual(self._simulate()[0].price_unit, 80)

    def test_who_may_not_change_rules_locks_nothing(self):
        user = new_test_user(
            self.env, "reader", groups="distribution_core.group_distribution_user", company_id=self.company.id
        )
        rule = self.program.rule_ids[:1]

        def get_revision():
            self.cr.execute("SELECT rule_revision FROM distribution_program WHERE id = %s", [self.program.id])
            return self.cr.fetchone()

        before = get_revision()
        vals = {"program_id": self.program.id, "level": 2, "audience": "grade", "grade_id": self.gold.id}
        for refused in (
            lambda: rule.with_user(user).write({"rate": 1}),
            lambda: rule.with_user(user).unlink(),
            lambda: self.env["distribution.commission.rule"].with_user(user).create(vals),
            lambda: self.program.with_user(user).write({"cap_rate": 1}),
        ):
            with self.assertRaisesRegex(AccessError, "."):
                refused()
        self.assertEqual(get_revision(), before)

    def test_changing_the_kind_drops_the_old_pay(self):
        rule = self._fix(5, product_id=self.goods)
        with Form(rule) as form:
            form.kind = "percent"
            form.rate = 7
        self.assertEqual((rule.fixed_amount, rule.rate), (0, 7))

    # === SIMULATOR === #

    def test_simulator_shows_who_wins_who_loses_and_why(self):
        self.goods.categ_id = self.tea
        self.cleo.grade_id = self.gold
        self._rule(rate=15, categ_id=self.tea, date_from="2026-03-01", date_to="2026-03-31")
        self._rule(rate=12, categ_id=self.tea)
        self._rule(rate=13, grade_id=self.gold)
        self._rule(level=2, rate=0, product_id=self.goods)
        simulation, lines = self._simulate(quantity=2, date="2026-03-31")
        self.assertEqual(
            lines,
            [
                (1, "wins", 30),
                (1, "always", 0),
                (1, "product", 0),
                (1, "product", 0),
                (2, "excluded", 0),
                (2, "product", 0),
                (3, "wins", 4),
            ],
        )
        self.assertEqual((simulation.amount_total, simulation.amount_cap), (34, 60))
        lines = self._simulate(date="2026-04-01")[1]
        self.assertEqual(lines[:3], [(1, "date", 0), (1, "wins", 12), (1, "product", 0)])
        lines = self._simulate(product_id=self.goods_b.id)[1]
        self.assertEqual(lines[:2], [(1, "wins", 13), (1, "audience", 0)])

    def test_simulator_says_that_nobody_is_there(self):
        self.program.rule_ids.filtered(lambda rule: rule.level == 1).active = False
        self.ada.action_close()
        self.assertEqual(self._simulate()[1], [(1, "no_rule", 0), (2, "wins", 5), (3, "closed", 0)])
        self.assertEqual(self._simulate(distributor_id=self.ben.id)[1][-1], (3, "nobody", 0))
        self.assertFalse(self._simulate(product_id=False)[1])

    def test_simulator_opens_where_there_is_no_program(self):
        company = self.env["res.company"].create({"name": "Without Program"})
        simulations = self.env["distribution.commission.simulation"].with_company(company)
        with Form(simulations.with_context(allowed_company_ids=company.ids)) as form:
            self.assertFalse(form.program_id)
            form.product_id = self.goods
            self.assertFalse(form.price_unit)
            form.program_id = self.program

    def test_simulator_and_ledger_agree(self):
        self._fix(5, product_tag_id=self.new)
        self._fix(4, level=2, product_tag_id=self.new)
        self.goods.product_tag_ids = self.new
        simulation, lines = self._simulate(price_unit=9.99)
        order = self._sell(1, 9.99)
        self._deliver(order)
        won = [str(amount) for _level, verdict, amount in lines if verdict == "wins"]
        self.assertEarned(order, *won)
        self.assertEqual(simulation.amount_cap, 3)

    def test_simulator_in_the_form_follows_what_is_chosen(self):
        user = new_test_user(
            self.env, "sim", groups="distribution_core.group_distribution_user", company_id=self.company.id
        )
        with Form(self.env["distribution.commission.simulation"].with_user(user)) as form:
            form.program_id = self.program
            form.distributor_id = self.cleo
            form.product_id = self.goods
            self.assertEqual(form.price_unit, 100)
            form.quantity = 3
            self.assertEqual(form.amount_total, 51)
