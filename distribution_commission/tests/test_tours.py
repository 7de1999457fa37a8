# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import CommissionCommon

GROUPS = "distribution_core.group_distribution_manager,sales_team.group_sale_salesman_all_leads,stock.group_stock_user"


def is_news(record):
    """Drop one known warning: core's order form names a widget of partner_autocomplete, which is not installed here."""
    return "Missing widget: res_partner_many2one" not in record.getMessage()


@tagged("post_install", "-at_install")
class TestTours(HttpCase, CommissionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "tour_manager", GROUPS)

    def test_rates_above_the_cap_are_refused_and_corrected(self):
        with mute_logger("odoo.http"):  # the refusal, which is the point
            self.start_tour("/odoo/distribution-programs/new", "distribution_commission_cap_tour", login="tour_manager")
        program = self.env["distribution.program"].search([("name", "=", "Tour Program")])
        self.assertEqual(program.rule_ids.sorted("level").mapped("rate"), [20.0, 5.0])

    def test_an_order_is_confirmed_and_shipped_and_the_entry_says_why(self):
        browser = self._logger.getChild("browser")
        browser.addFilter(is_news)
        self.addCleanup(browser.removeFilter, is_news)
        order = self._create_order(lines=[(self.goods, 1, 100.0)])
        self.start_tour(f"/odoo/sales/{order.id}", "distribution_commission_sale_tour", login="tour_manager")
        self.assertEarned(order, "10", "5", "2")

    def test_a_category_gets_a_rule_and_the_simulator_shows_that_it_wins(self):
        tea = self.env["product.category"].create({"name": "Tour Tea"})
        self._create_goods("Tour Longjing", categ_id=tea.id)
        self.start_tour("/odoo/commission-rules", "distribution_commission_rule_tour", login="tour_manager")
        rule = self.program.rule_ids.filtered("categ_id")
        self.assertEqual((rule.categ_id, rule.rate, rule.product_scope), (tea, 15.0, "category"))

    def test_a_program_is_set_up_in_five_steps(self):
        shop = self.env["res.company"].create({"name": "Tour Shop"})
        shop.country_id = False
        new_test_user(
            self.env, "tour_founder", f"{GROUPS},base.group_partner_manager", company_id=shop.id, company_ids=shop.ids
        )
        self.env["res.partner"].create({"name": "Tour First"})
        self.start_tour("/odoo/distribution-programs", "distribution_setup_tour", login="tour_founder")
        program = self.env["distribution.program"].search([("company_id", "=", shop.id)])
        self.assertEqual((program.name, program.tz, program.join_policy), ("Tour Friends", "Asia/Shanghai", "open"))
        self.assertEqual(shop.country_id, self.env.ref("base.cn"))
        self.assertEqual(program.rule_ids.mapped("rate"), [12.0])
        self.assertEqual(program.agreement_id.version, 1)
        self.assertEqual(program.distributor_ids.state, "active")
        self.assertEqual(program.distributor_ids.acceptance_ids.agreement_id, program.agreement_id)
        self.assertTrue(shop.is_distribution_setup_closed)
