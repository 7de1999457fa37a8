# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestCasesProducts(CommissionCommon):
    """Products that are not simply sent; the numbers are those of readme/USAGE.md."""

    def test_combo_earns_by_what_was_chosen(self):
        combos = self.env["product.combo"].create(
            [
                {"name": "Cup", "combo_item_ids": [(0, 0, {"product_id": self.goods.id, "extra_price": 0})]},
                {"name": "Plate", "combo_item_ids": [(0, 0, {"product_id": self.goods_b.id, "extra_price": 0})]},
            ]
        )
        self.goods.list_price, self.goods_b.list_price = 60.0, 40.0
        breakfast = self.env["product.product"].create(
            {
                "name": "Breakfast",
                "type": "combo",
                "list_price": 80.0,
                "taxes_id": False,
                "combo_ids": [(6, 0, combos.ids)],
            }
        )
        order = self._create_order(lines=[(breakfast, 2, 0.0)])
        parent = order.order_line
        order.order_line = [
            (
                0,
                0,
                {
                    "product_id": combo.combo_item_ids.product_id.id,
                    "product_uom_qty": 2,
                    "combo_item_id": combo.combo_item_ids.id,
                    "linked_line_id": parent.id,
                    "tax_ids": [(5, 0, 0)],
                },
            )
            for combo in combos
        ]
        self.assertEqual(order.order_line.mapped("price_subtotal"), [0.0, 96.0, 64.0])
        order.action_confirm()
        self.assertFalse(parent.commission_term_ids)
        picking = self._deliver(order)
        self.assertEarned(order, "16", "8", "3.20")
        self._return(picking, 1, self.goods_b)
        self.assertEarned(order, "12.80", "6.40", "2.56")
        self._invoice(order)
        self.assertEarned(order, "12.80", "6.40", "2.56")

    def test_combo_is_paid_by_its_invoice(self):
        self.program.trigger = "paid"
        combo = self.env["product.combo"].create(
            {"name": "Cup", "combo_item_ids": [(0, 0, {"product_id": self.goods.id, "extra_price": 0})]}
        )
        set_of_one = self.env["product.product"].create(
            {"name": "Set", "type": "combo", "list_price": 80.0, "taxes_id": False, "combo_ids": [(6, 0, combo.ids)]}
        )
        order = self._create_order(lines=[(set_of_one, 1, 0.0)])
        order.order_line = [
            (
                0,
                0,
                {
                    "product_id": self.goods.id,
                    "combo_item_id": combo.combo_item_ids.id,
                    "linked_line_id": order.order_line.id,
                    "tax_ids": [(5, 0, 0)],
                },
            )
        ]
        order.action_confirm()
        self._pay_invoice(self._invoice(order))
        self.assertEarned(order, "8", "4", "1.60")

    def test_service_earns_when_it_is_invoiced(self):
        order = self._sell(lines=[(self.service, 4, 50.0)])
        self.assertEarned(order, "0", "0", "0")
        invoice = self._invoice_part(order, 1)
        self.assertEarned(order, "5", "2.50", "1")
        self._invoice(order)
        self.assertEarned(order, "20", "10", "4")
        self._credit(invoice)
        self.assertEarned(order, "15", "7.50", "3")

    def test_service_delivered_by_hand_earns_by_its_invoice(self):
        self.service.invoice_policy = "delivery"
        order = self._sell(lines=[(self.service, 4, 50.0)])
        order.order_line.qty_delivered = 3
        self.assertEarned(order, "0", "0", "0")
        self._invoice(order)
        self.assertEarned(order, "15", "7.50", "3")

    def test_digital_goods_earn_when_paid(self):
        self.program.trigger = "paid"
        song = self.env["product.product"].create({"name": "Song", "type": "service", "taxes_id": False})
        order = self._sell(lines=[(song, 3, 9.99)])
        tx = self._pay_online(order)
        self.assertEarned(order, "3", "1.50", "0.60")
        self._refund_online(tx, 9.99)
        self.assertEarned(order, "2", "1", "0.40")

    def test_goods_and_service_of_one_order(self):
        order = self._sell(lines=[(self.goods, 1, 100.0), (self.service, 1, 50.0)])
        self._deliver(order)
        self.assertEarned(order, "10", "5", "2")
        self._invoice(order)
        self.assertEarned(order, "15", "7.50", "3")

    def test_goods_without_stock_are_sent_all_the_same(self):
        leaflet = self.env["product.product"].create({"name": "Leaflet", "type": "consu", "taxes_id": False})
        order = self._sell(lines=[(leaflet, 10, 1.0)])
        self._deliver(order)
        self.assertEarned(order, "1", "0.50", "0.20")
