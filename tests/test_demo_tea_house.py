# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The demo's tea house: made once, for sale in its mini-program, and connected anew at every start."""

import sys
from pathlib import Path

from wechat_simulator import Simulator

from odoo.fields import Domain
from odoo.tests import TransactionCase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "setup"))

from demo import tea_house  # noqa: E402


class TestTeaHouse(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = tea_house.main(cls.env)
        cls.env = tea_house.company_env(cls.env, cls.company, tea_house.TZ)

    def connect(self, shop_url="http://localhost:8069"):
        with Simulator(seed=5) as simulator:
            simulator.app()
            tea_house.connect(self.env, shop_url, simulator.credentials())
            account = self.find_account()
            self.assertEqual((account.pay_url, account.mini_program_url), (simulator.url, simulator.url))
            self.assertTrue(account.is_payment_active)
            self.assertEqual(account.wallet_journal_id.company_id, self.company)
        return account

    def find_account(self):
        return self.env["distribution.wechat.account"].search([("company_id", "=", self.company.id)])

    def test_made_once(self):
        self.assertEqual(tea_house.main(self.env), self.company)
        self.assertEqual(self.company.currency_id.name, "CNY")
        self.assertIn(self.company, self.env.ref("base.user_admin").company_ids)
        self.assertNotEqual(self.env.ref("base.user_admin").company_id, self.company)

    def test_goods_are_for_sale(self):
        account = self.connect()
        templates = self.env["product.template"]
        own = Domain("company_id", "=", self.company.id)
        templates = templates.search(templates._get_shop_domain(self.company) & own)
        self.assertEqual(len(templates), len(tea_house.TEAS))
        dragon_well = templates.filtered(lambda template: template.name == "Dragon Well").product_variant_ids
        prices = dragon_well._get_shop_prices(self.env.user.partner_id, self.company)
        self.assertEqual([prices[variant.id].total for variant in dragon_well], [88.0, 168.0, 380.0])
        self.assertEqual(dragon_well._get_shop_available(account), dict.fromkeys(dragon_well.ids, 200))
        self.assertEqual(dragon_well[0].with_context(lang="zh_CN").name, "西湖龙井")

    def test_connected_again_under_other_addresses(self):
        first = self.connect()
        wallet = first.wallet_journal_id
        self.assertEqual(self.connect("http://localhost:8099"), first)
        self.assertEqual(first.wallet_journal_id, wallet)
        self.assertTrue(first.notification_url.startswith("http://localhost:8099/"))

    def test_real_account_is_left_alone(self):
        account = self.connect()
        account.pay_url = "https://api.mch.weixin.qq.com"
        tea_house.connect(self.env, "http://localhost:8099", {})
        self.assertEqual(account.pay_url, "https://api.mch.weixin.qq.com")
        self.assertTrue(account.notification_url.startswith("http://localhost:8069/"))

    def test_hold_ends_at_once(self):
        """The demo's action makes a held entry due, and touches nothing of other companies."""
        program = self.env["distribution.program"].search([("company_id", "=", self.company.id)])
        partners = self.env["res.partner"].create([{"name": "Anna"}, {"name": "Bert"}])
        anna = self.env["distribution.distributor"].create({"program_id": program.id, "partner_id": partners[0].id})
        anna.action_activate()
        self.env["distribution.binding"]._bind(partners[1], anna)
        product = self.env["product.product"].search([("company_id", "=", self.company.id)], limit=1)
        line = {"product_id": product.id, "product_uom_qty": 1, "price_unit": 100.0}
        order = self.env["sale.order"].create({"partner_id": partners[1].id, "order_line": [(0, 0, line)]})
        order.action_confirm()
        order.picking_ids.button_validate()
        order.action_confirm_receipt()
        entry = order.commission_term_ids.entry_ids
        self.assertEqual((entry.amount, entry.state), (10.0, "held"))
        action = self.env["ir.actions.server"].search([("binding_model_id.model", "=", entry._name)])
        context = {"active_model": entry._name, "active_ids": entry.ids, "active_id": entry.id}
        action.with_user(self.env.ref("base.user_admin")).with_context(**context).run()
        self.assertEqual(entry.state, "due")
