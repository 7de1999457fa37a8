# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import ast
from datetime import datetime

from lxml import etree

from odoo import fields
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .common import DistributionCommon

FIGURES = [
    *("team_count", "team_level_1", "team_level_2", "team_level_3", "team_deeper", "customer_count"),
    *("order_count", "depth", "sales_today", "sales_month", "sales_last_month", "sales_total"),
]


@tagged("post_install", "-at_install")
class TestFigures(DistributionCommon):
    """Teams, customers, orders and sales."""

    def _sell(self, moment, price=100.0, **vals):
        with freeze_time(moment):
            order = self._create_order(lines=[(self.product, 1, price)], **vals)
            order.action_confirm()
        return order

    def test_team_by_level(self):
        dora = self._create_distributor("Dora", self.cleo)
        self._create_distributor("Eve", dora)
        self._create_distributor("Fay", self._create_distributor("Gil", dora))
        self._create_distributor("Hal", self.ben)
        levels = [self.ada[name] for name in ("team_level_1", "team_level_2", "team_level_3", "team_deeper")]
        self.assertEqual((levels, self.ada.team_count), ([1, 2, 1, 3], 7))
        self.assertEqual((self.cleo.team_level_1, self.cleo.team_count), (1, 4))

    def test_team_of_12_has_nobody_of_112(self):
        """Paths are compared by whole ids."""
        self.env.flush_all()
        low, high = self.ada.id, int(f"{self.ada.id}0")
        self.cr.execute(
            "UPDATE distribution_distributor SET parent_path = %s WHERE id = %s", [f"{high}/", self.cleo.id]
        )
        self.assertEqual(str(high)[: len(str(low))], str(low))
        self.assertEqual(self.ada._get_team_sizes()[low], {1: 1})

    def test_merged_one_is_not_counted_twice(self):
        eve = self._create_distributor("Eve", self.ada)
        self.cleo._merge_into(eve, "One person")
        self.assertEqual((self.ada.team_count, self.ben.team_count), (2, 0))

    def test_team_has_members_only(self):
        """Active and suspended ones, at their true distance below somebody who left."""
        gone = self._create_distributor("Gone", self.ada)
        self._create_distributor("Fay", gone)
        for name, action in (("Asked", "action_ask"), ("Refused", "action_refuse")):
            applicant = self.env["distribution.distributor"].create(
                {
                    "partner_id": self.env["res.partner"].create({"name": name}).id,
                    "program_id": self.program.id,
                    "parent_id": self.ada.id,
                }
            )
            getattr(applicant, action)("x")
        gone.action_close("Left")
        self.ben.action_suspend("Why?")
        self.assertEqual(self.ada._get_paid_levels(), [(1, 1), (2, 2), (3, 0)])
        self.program.level_count = 1
        self.assertEqual((self.ada._get_paid_levels(), self.ada.team_count), ([(1, 1)], 3))
        self.assertEqual(self.env["distribution.distributor"].search_count(self.ada.action_view_team()["domain"]), 3)

    def test_customers_are_bound_now(self):
        late = self.env["distribution.binding"]._bind(self.stranger, self.cleo)
        self.assertEqual(self.cleo.customer_count, 2)
        late.date_to = fields.Datetime.now()
        self.env.invalidate_all()
        self.assertEqual((late.state, self.cleo.customer_count), ("active", 1))
        action = self.cleo.action_view_customers()
        view = self.env.ref("distribution_core.distribution_binding_view_search")
        (shown,) = etree.fromstring(view.arch).xpath("//filter[@name='valid']/@domain")
        self.assertEqual(action["context"]["search_default_valid"], 1)
        self.assertEqual(late.search([*action["domain"], *ast.literal_eval(shown)]), self.binding)

    def test_salesperson_reads_the_sums_of_what_others_sell(self):
        self._sell(datetime(2026, 3, 1))
        user = new_test_user(self.env, "sam", groups="distribution_core.group_distribution_salesperson")
        self.cleo.user_id = user
        own = self.cleo.with_user(user)
        self.assertEqual((own.order_count, own.sales_total, own.customer_count), (1, 100, 1))

    def test_cancelled_orders_do_not_count(self):
        self._sell(datetime(2026, 3, 1))._action_cancel()
        self._sell(datetime(2026, 3, 1), 30)
        self.assertEqual((self.cleo.order_count, self.cleo.sales_total), (1, 30))

    def test_sales_by_period_are_in_the_time_zone_of_the_program(self):
        # 2026-03-31 16:30 UTC is 1 April in Shanghai, 15:30 is still March.
        self._sell(datetime(2026, 3, 31, 15, 30), 7)
        self._sell(datetime(2026, 3, 31, 16, 30), 10)
        self._sell(datetime(2026, 2, 28, 15, 0), 200)
        self._sell(datetime(2026, 4, 14, 16, 0), 1000)
        self._create_order(distribution_distributor_id=self.cleo.id)
        with freeze_time("2026-04-15 03:00:00"):
            self.assertEqual(
                [self.cleo[f"sales_{period}"] for period in ("today", "month", "last_month", "total")],
                [1000, 1010, 7, 1217],
            )
        self.assertEqual(self.ben.sales_total, 0)

    def test_sales_are_in_the_currency_of_the_company(self):
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("id", "!=", self.company.currency_id.id)], limit=1)
        )
        currency.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "company_id": self.company.id, "name": "2020-01-01", "rate": 4.0}
        )
        pricelist = self.env["product.pricelist"].create({"name": "Abroad", "currency_id": currency.id})
        self._sell(datetime(2026, 3, 1), 100, pricelist_id=pricelist.id)
        self.assertEqual(self.cleo.sales_total, 25)

    def test_form_without_a_program_has_figures_as_well(self):
        """There is no currency to round to."""
        form = Form(self.env["distribution.distributor"].with_context(default_program_id=False))
        self.assertEqual((form.program_id.id, form.sales_month, form.customer_count), (False, 0, 0))

    def test_statements_are_as_many_for_80_as_for_3(self):
        few = self.ada | self.ben | self.cleo
        partners = self.env["res.partner"].create([{"name": f"Member {number}"} for number in range(77)])
        many = few | self.env["distribution.distributor"].create(
            [{"partner_id": p.id, "program_id": self.program.id, "parent_id": self.cleo.id} for p in partners]
        )
        many[-1].action_activate()
        for partner in partners[:20]:
            self.env["distribution.binding"]._bind(self.env["res.partner"].create({"name": "C"}), many[-1])
            self._create_order(partner)
        many.action_activate()
        counts = []
        for distributors in (few, few, many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            distributors.read(FIGURES)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLess(counts[2], 12)
