# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import Counter
from datetime import datetime, timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import DistributionCommon


@tagged("post_install", "-at_install")
class TestTree(DistributionCommon):
    """The upline tree."""

    def test_upline_by_true_distance(self):
        self.assertEqual(
            [(level, d) for level, d in self.cleo._get_upline(3)], [(1, self.cleo), (2, self.ben), (3, self.ada)]
        )
        self.assertEqual([d for _level, d in self.cleo._get_upline(2)], [self.cleo, self.ben])

    def test_cycles_of_any_length_are_refused(self):
        dora = self._create_distributor("Dora", self.cleo)
        for distributor, upline in ((self.ada, self.ada), (self.ada, self.ben), (self.ada, dora), (self.ben, dora)):
            with self.assertRaisesRegex(ValidationError, "cannot be above itself"):
                distributor.parent_id = upline
        self.assertEqual(dora.parent_path, f"{self.ada.id}/{self.ben.id}/{self.cleo.id}/{dora.id}/")

    def test_moving_a_team_moves_its_paths(self):
        eve = self._create_distributor("Eve")
        self.ben.parent_id = eve
        self.assertEqual(self.cleo.parent_path, f"{eve.id}/{self.ben.id}/{self.cleo.id}/")
        self.assertEqual((eve.team_count, self.ada.team_count, self.cleo.depth), (2, 0, 3))

    def test_upline_of_another_program_is_refused(self):
        other = self.env["distribution.program"].create({**self._prepare_program_vals(), "name": "Other"})
        with self.assertRaisesRegex(ValidationError, "another program"):
            self._create_distributor("Fay", self.ada, other)
        with self.assertRaisesRegex(UserError, "stays in its program"):
            self.ada.program_id = other

    def test_values_used_twice_get_two_codes(self):
        vals = {"partner_id": self.stranger.id, "program_id": self.program.id}
        first = self.env["distribution.distributor"].create(vals)
        vals["partner_id"] = self.customer.id
        self.assertNotEqual(self.env["distribution.distributor"].create(vals).code, first.code)

    def test_states_are_guarded(self):
        gil = self.env["distribution.distributor"].create(
            {"partner_id": self.stranger.id, "program_id": self.program.id}
        )
        with self.assertRaisesRegex(UserError, "cannot become Suspended"):
            gil.action_suspend()
        gil.action_activate()
        gil.action_activate()
        with self.assertRaisesRegex(UserError, "Only applications can be deleted"):
            gil.unlink()
        gil.action_suspend()
        gil.action_close()
        self.assertEqual(gil.state, "closed")


@tagged("post_install", "-at_install")
class TestBinding(DistributionCommon):
    """Which distributor a customer belongs to."""

    def test_protected_binding_is_not_taken_over(self):
        with (
            freeze_time("2026-01-10"),
            self.assertRaisesRegex(UserError, "belongs to another distributor until 2026-01-16"),
        ):
            self.env["distribution.binding"]._bind(self.customer, self.ben)

    def test_binding_after_protection_ends_the_old_one(self):
        with freeze_time("2026-02-01"):
            binding = self.env["distribution.binding"]._bind(self.customer, self.ben)
        self.assertRecordValues(
            self.binding + binding,
            [{"state": "ended", "date_to": datetime(2026, 2, 1)}, {"state": "active", "date_to": False}],
        )

    def test_binding_again_to_the_same_changes_nothing(self):
        self.assertEqual(self.env["distribution.binding"]._bind(self.customer, self.cleo), self.binding)

    def test_validity_comes_from_the_program(self):
        self.program.binding_days = 30
        binding = self.env["distribution.binding"]._bind(self.stranger, self.cleo, date_from=datetime(2026, 1, 1))
        self.assertEqual(binding.date_to, datetime(2026, 1, 31))
        with freeze_time("2026-01-31 00:00:00"):
            self.env["distribution.binding"].search(
                [("state", "=", "active"), ("date_to", "<=", fields.Datetime.now())]
            )._end("Expired.")
        self.assertEqual(binding.state, "ended")

    def test_distributor_is_not_its_own_customer(self):
        with self.assertRaisesRegex(ValidationError, "not bound to itself"):
            self.env["distribution.binding"]._bind(self.cleo.partner_id, self.cleo)


@tagged("post_install", "-at_install")
class TestAttribution(DistributionCommon):
    """Which distributor an order counts for."""

    def _confirm(self, **vals):
        order = self._create_order(**vals)
        order.action_confirm()
        return order

    def assertAttribution(self, order, distributor, reason):
        self.assertEqual(
            (order.distribution_distributor_id, order.distribution_program_id, order.distribution_attribution),
            (distributor, distributor.program_id, reason),
        )

    def test_binding_attributes_and_freezes(self):
        order = self._confirm()
        self.assertAttribution(order, self.cleo, "binding")
        with self.assertRaisesRegex(UserError, "was frozen when it was confirmed"):
            order.distribution_distributor_id = self.ada
        order.write({"distribution_distributor_id": self.cleo.id, "note": "same value passes"})

    def test_manual_choice_goes_before_the_binding(self):
        self.assertAttribution(self._confirm(distribution_distributor_id=self.ada.id), self.ada, "manual")

    def test_expired_binding_attributes_nobody(self):
        self.binding.date_to = fields.Datetime.now() - timedelta(seconds=1)
        self.assertAttribution(self._confirm(), self.env["distribution.distributor"], "none")

    def test_binding_of_the_company_counts_for_its_people(self):
        company = self.env["res.partner"].create({"name": "Shop Ltd", "is_company": True})
        clerk = self.env["res.partner"].create({"name": "Clerk", "parent_id": company.id})
        self.env["distribution.binding"]._bind(company, self.ben)
        self.assertAttribution(self._confirm(partner=clerk), self.ben, "binding")
        self.env["distribution.binding"]._bind(clerk, self.ada)
        self.assertAttribution(self._confirm(partner=clerk), self.ada, "binding")

    def test_self_purchase_counts_for_nobody(self):
        empty = self.env["distribution.distributor"]
        self.env["distribution.binding"]._bind(self.cleo.partner_id, self.ben)
        self.assertAttribution(self._confirm(partner=self.cleo.partner_id), empty, "self")

    def test_exactly_one_program_by_sequence(self):
        first = self.env["distribution.program"].create(
            {**self._prepare_program_vals(), "name": "First", "sequence": 1}
        )
        hal = self._create_distributor("Hal", program=first)
        self.env["distribution.binding"]._bind(self.customer, hal)
        self.assertAttribution(self._confirm(), hal, "binding")
        first.sequence = 99
        self.assertAttribution(self._confirm(), self.cleo, "binding")

    def test_closed_distributor_attributes_nobody(self):
        self.cleo.action_close()
        self.assertAttribution(self._confirm(), self.env["distribution.distributor"], "none")

    def test_salesperson_without_distribution_rights_confirms(self):
        user = new_test_user(self.env, "seller", groups="sales_team.group_sale_salesman_all_leads")
        order = self._create_order()
        order.with_user(user).action_confirm()
        self.assertAttribution(order, self.cleo, "binding")
        with self.assertRaises(AccessError):
            self.program.with_user(user).name = "Mine"
        for record in (self.binding, self.cleo, self.program):
            with self.assertRaises(AccessError):
                record.with_user(user).read(["display_name"])
        with self.assertRaises(AccessError):
            order.with_user(user).read(["distribution_distributor_id"])
        order.with_user(user).copy()._action_cancel()

    def test_choice_on_an_order_confirmed_before_counts(self):
        order = self._confirm(partner=self.stranger)
        order._action_cancel()
        order.action_draft()
        order.distribution_distributor_id = self.ada
        order.action_confirm()
        self.assertAttribution(order, self.ada, "manual")

    def test_binding_left_over_from_an_earlier_confirmation_is_read_again(self):
        order = self._confirm()
        order._action_cancel()
        order.action_draft()
        self.binding._end("moved")
        order.action_confirm()
        self.assertAttribution(order, self.env["distribution.distributor"], "none")

    def test_customer_does_not_read_who_earns(self):
        portal = new_test_user(self.env, "portal", groups="base.group_portal")
        order = self._confirm(partner=portal.partner_id)
        self.assertEqual(order.with_user(portal).read(["name"])[0]["name"], order.name)
        for name in ("distribution_distributor_id", "distribution_program_id", "distribution_attribution"):
            with self.assertRaises(AccessError):
                order.with_user(portal).read([name])

    def test_only_managers_choose_the_distributor_of_a_quotation(self):
        seller = new_test_user(self.env, "seller", groups="sales_team.group_sale_salesman_all_leads")
        manager = new_test_user(
            self.env,
            "manager",
            groups="sales_team.group_sale_salesman_all_leads,distribution_core.group_distribution_manager",
        )
        order = self._create_order()
        with self.assertRaises(AccessError):
            order.with_user(seller).distribution_distributor_id = self.ada
        with self.assertRaises(AccessError):
            self._create_order().with_user(seller).copy({"distribution_distributor_id": self.ada.id})
        with self.assertRaises(AccessError):
            order.with_user(manager).distribution_attribution = "manual"
        order.with_user(manager).distribution_distributor_id = self.ada
        order.with_user(seller).action_confirm()
        self.assertAttribution(order, self.ada, "manual")

    def test_a_role_of_the_suite_takes_no_orders_away(self):
        """A rule for one group would restrict those who have other groups without a rule, such as accountants."""
        seller = new_test_user(
            self.env,
            "all-round",
            groups="sales_team.group_sale_salesman_all_leads,distribution_core.group_distribution_user",
        )
        attributed, other = self._confirm(), self._confirm(partner=self.stranger)
        found = self.env["sale.order"].with_user(seller).search([("id", "in", (attributed + other).ids)])
        self.assertEqual(found, attributed + other)

    def test_companies_do_not_see_each_other(self):
        other = self.env["res.company"].create({"name": "Other"})
        manager = new_test_user(
            self.env,
            "other-manager",
            groups="distribution_core.group_distribution_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        for record in (self.program, self.cleo, self.binding):
            self.assertFalse(record.with_user(manager).search([("id", "=", record.id)]))
            with self.assertRaises(AccessError):
                record.with_user(manager).read(["display_name"])

    def test_program_with_distributors_stays_in_its_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        with self.assertRaisesRegex(UserError, "stays in its company"):
            self.program.company_id = other


@tagged("post_install", "-at_install")
class TestNames(DistributionCommon):
    """Grades and tags have names in several languages."""

    def _assert_taken(self, model, **vals):
        """A name that was translated is refused a second time, in either language."""
        self.env["res.lang"]._activate_lang("zh_CN")
        record = self.env[model].create({"name": "Gold", **vals})
        record.with_context(lang="zh_CN").name = "金"
        for lang in ("en_US", "zh_CN"):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
                self.env[model].with_context(lang=lang).create({"name": "Gold", **vals})
        return self.env[model].create({"name": "Silver", **vals})

    def test_grades_of_a_program_have_names_of_their_own(self):
        self._assert_taken("distribution.grade", program_id=self.program.id)

    def test_tags_have_names_of_their_own(self):
        self._assert_taken("distribution.tag")

    def test_fields_of_a_record_have_labels_of_their_own(self):
        """Two with one label cannot be told apart in filters and exports; Odoo warns of them on every update."""
        models = [name for name in self.env.registry if name.startswith("distribution.")]
        labels = {name: Counter(field.string for field in self.env[name]._fields.values()) for name in models}
        twice = {name: [label for label, count in found.items() if count > 1] for name, found in labels.items()}
        self.assertFalse({name: found for name, found in twice.items() if found})
