# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestCasesOrders(CommissionCommon):
    """Orders that change on their way; the numbers are those of readme/USAGE.md."""

    def _add(self, order, product, quantity, price):
        vals = {"product_id": product.id, "product_uom_qty": quantity, "price_unit": price, "tax_ids": [(5, 0, 0)]}
        order.order_line = [(0, 0, vals)]
        return order.order_line[-1]

    def _get_active_terms(self, order):
        return order.commission_term_ids.filtered(lambda term: term.state == "active")

    # === CANCELLATION === #

    def test_cancelled_before_delivery(self):
        order = self._sell(10)
        order._action_cancel()
        self.assertEarned(order, "0", "0", "0")
        self.assertFalse(self.entry_model.search([("order_id", "=", order.id)]))

    def test_cancelled_after_delivery(self):
        order = self._sell(10)
        self._deliver(order)
        order._action_cancel()
        self.assertEarned(order, "0", "0", "0")
        self.assertReplayAddsNothing(order)

    def test_cancelled_after_settlement(self):
        order = self._sell(10)
        self._deliver(order)
        self.entry_model.search([("order_id", "=", order.id)]).release_date = "2026-01-01"
        self._settle()
        self.assertAccount(self.cleo, available="100")
        order._action_cancel()
        self._settle()
        self.assertAccount(self.cleo)
        self.assertBooksAgree()

    # === COMPANY === #

    def test_company_of_a_confirmed_order_stays(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        order = self._sell(10)
        with self.assertRaisesRegex(UserError, "has commission terms: its company cannot change"):
            order.company_id = branch
        order.company_id = self.company
        self.assertEqual(len(self._get_active_terms(order)), 3)

    def test_company_of_what_earned_stays(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        order = self._sell(10)
        self._deliver(order)
        order._action_cancel()
        order.action_draft()
        with self.assertRaisesRegex(UserError, "has commission terms"):
            order.company_id = branch

    def test_quotation_leaves_its_unused_terms_behind_with_its_company(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        warehouse = self.env["stock.warehouse"].create({"name": "B", "code": "B", "company_id": branch.id})
        order = self._sell(10)
        order._action_cancel()
        order.action_draft()
        order.write({"company_id": branch.id, "warehouse_id": warehouse.id})
        self.assertFalse(order.commission_term_ids)
        order.action_confirm()
        self.assertEqual(self._get_active_terms(order).company_id, branch)

    # === LINES THAT GO TO ANOTHER ORDER === #

    def test_line_leaves_its_unused_terms_behind(self):
        """The website's shop moves the lines of an abandoned cart to the present one."""
        order = self._sell(lines=[(self.goods, 1, 100.0)])
        order._action_cancel()
        order.action_draft()
        cart = self._create_order(lines=[(self.goods_b, 1, 50.0)])
        line = order.order_line
        line.order_id = cart
        self.assertFalse(line.commission_term_ids | order.commission_term_ids)
        order.unlink()
        cart.action_confirm()
        self.assertEqual(line.commission_term_ids.order_id, cart)
        self.assertEqual(len(cart.commission_term_ids), 6)

    def test_line_comes_to_a_confirmed_order(self):
        order, other = self._sell(lines=[(self.goods, 1, 100.0)]), self._create_order(lines=[(self.goods_b, 1, 50.0)])
        other.order_line.order_id = order
        self.assertEqual(sum(self._get_active_terms(order).mapped("expected_amount")), 17.0 + 8.5)

    def test_line_that_has_earned_stays(self):
        order, other = self._sell(1), self._create_order()
        self._deliver(order)
        with self.assertRaisesRegex(UserError, "cannot go to another order"):
            order.order_line.order_id = other

    def test_line_that_was_delivered_stays_before_the_background_has_looked(self):
        self.company.is_commission_in_background = True
        order, other = self._sell(1), self._create_order()
        self._deliver(order)
        self.assertFalse(order.commission_term_ids.entry_ids)
        with self.assertRaisesRegex(UserError, "cannot go to another order"):
            order.order_line.order_id = other

    def test_line_that_leaves_a_confirmed_order_is_none_of_its_any_more(self):
        order = self._sell(lines=[(self.service, 1, 100.0), (self.service, 1, 50.0)])
        order.order_line[0].order_id = self._create_order()
        self.assertEqual(sum(self._get_active_terms(order).mapped("expected_amount")), 8.5)

    # === IMPORT === #

    def test_order_imported_as_confirmed_has_terms_and_earns(self):
        order = self._create_order(lines=[(self.goods, 10, 100)], state="sale")
        self.assertEqual(order.distribution_attribution, "binding")
        self.assertEqual(len(self._get_active_terms(order)), 3)
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")

    # === QUANTITIES === #

    def test_over_delivery_earns_what_was_ordered(self):
        self.goods.invoice_policy = "delivery"
        order = self._sell(10)
        picking = self._deliver(order, {self.goods: 12})
        self.assertEarned(order, "100", "50", "20")
        invoice = self._invoice(order)
        self.assertEqual(invoice.amount_untaxed, 1200.0)
        self.assertEarned(order, "100", "50", "20")
        # Two of the twelve come back: ten were ordered, ten stay.
        self._return(picking, 2)
        self.assertEarned(order, "100", "50", "20")
        self._return(picking, 1)
        self.assertEarned(order, "90", "45", "18")

    def test_rest_that_is_given_up_is_not_pending(self):
        order = self._sell(10)
        term = order.commission_term_ids.filtered(lambda term: term.level == 1)
        self._deliver(order, {self.goods: 4})
        self.assertEqual(term.pending_amount, 60.0)
        picking = order.picking_ids.filtered(lambda picking: picking.state != "done")
        picking.move_ids.write({"quantity": 2, "picked": True})
        picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=picking.ids).button_validate()
        term.invalidate_recordset()
        self.assertEqual((term.earned_amount, term.pending_amount), (60.0, 0.0))

    def test_price_reduction_after_over_delivery(self):
        order = self._sell(10)
        invoice = self._invoice(order)
        self._deliver(order, {self.goods: 12})
        self._credit(invoice, price=15)
        self.assertEarned(order, "85", "42.50", "17")

    def test_over_delivery_that_is_accepted(self):
        order = self._sell(10)
        self._deliver(order, {self.goods: 12})
        order.order_line.product_uom_qty = 12
        self.assertEarned(order, "120", "60", "24")

    def test_quantity_raised_and_lowered(self):
        order = self._sell(10)
        self._deliver(order)
        order.order_line.product_uom_qty = 12
        self.assertEarned(order, "100", "50", "20")
        picking = self._deliver(order)
        self.assertEarned(order, "120", "60", "24")
        self._return(picking, 2)
        order.order_line.product_uom_qty = 10
        self.assertEarned(order, "100", "50", "20")

    def test_backorders_from_two_warehouses(self):
        other = self.env["stock.warehouse"].create({"name": "North", "code": "NRTH", "company_id": self.company.id})
        self.env["stock.quant"]._update_available_quantity(self.goods_b, other.lot_stock_id, 100)
        other.delivery_route_id.sale_selectable = True
        order = self._create_order(lines=[(self.goods, 3, 33.33), (self.goods_b, 3, 33.33)])
        order.order_line[1].route_ids = other.delivery_route_id
        order.action_confirm()
        self.assertEqual(order.picking_ids.picking_type_id.warehouse_id, order.warehouse_id | other)
        earned = [("0", "0", "0")]
        for quantity in (2, 1):
            for picking in order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel")):
                for move in picking.move_ids:
                    move.quantity, move.picked = quantity, True
                picking.with_context(skip_backorder=True).button_validate()
                earned.append(tuple(str(self._earned(order, who)) for who in (self.cleo, self.ben, self.ada)))
        self.assertEqual(
            earned,
            [
                ("0", "0", "0"),
                ("6.67", "3.33", "1.33"),
                ("13.34", "6.66", "2.66"),
                ("16.67", "8.33", "3.33"),
                ("20.00", "10.00", "4.00"),
            ],
        )
        self.assertEqual(len(self.entry_model.search([("order_id", "=", order.id)]).delivery_id), 4)

    # === LINES === #

    def test_line_added_after_confirmation(self):
        order = self._sell(10)
        self._deliver(order)
        self.binding._end("moved")
        self._add(order, self.goods_b, 1, 50.0)
        self.assertEarned(order, "100", "50", "20")
        self._deliver(order)
        self.assertEarned(order, "105", "52.50", "21")

    def test_discount_added_after_delivery(self):
        order = self._sell(10)
        self._deliver(order)
        discount = self._add(order, self.service, 1, -100.0)
        self.assertEarned(order, "90", "45", "18")
        discount.product_uom_qty = 0
        self.assertEarned(order, "100", "50", "20")

    def test_free_line_earns_once_it_has_a_price(self):
        order = self._sell(lines=[(self.goods, 10, 100.0), (self.goods_b, 1, 0.0)])
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")
        order.order_line[1].price_unit = 50.0
        self.assertEarned(order, "105", "52.50", "21")

    def test_negative_line_that_becomes_goods(self):
        order = self._sell(lines=[(self.goods, 10, 100.0), (self.goods_b, 1, -50.0)])
        self._deliver(order)
        self.assertEarned(order, "95", "47.50", "19")
        order.order_line[1].price_unit = 50.0
        self.assertEarned(order, "105", "52.50", "21")

    def test_line_with_a_negative_quantity_is_a_discount(self):
        order = self._sell(lines=[(self.goods, 10, 100.0), (self.goods_b, -2, 50.0)])
        self._deliver(order, {self.goods: 10})
        self.assertEarned(order, "90", "45", "18")

    def test_order_of_discounts_only_earns_nothing(self):
        order = self._sell(lines=[(self.service, 1, -100.0)])
        self.assertFalse(order.commission_term_ids)

    def test_other_product_on_a_line_has_its_own_rule(self):
        self.env["distribution.commission.rule"].create(
            {
                "program_id": self.program.id,
                "level": 1,
                "rate": 20.0,
                "product_scope": "variant",
                "product_id": self.goods_b.id,
            }
        )
        order = self._sell(lines=[(self.service, 1, 100.0)])
        order.order_line.product_id = self.goods_b
        order.order_line.write({"price_unit": 100.0, "tax_ids": [(5, 0, 0)]})
        self.assertEqual(self._get_active_terms(order).sorted("level").mapped("rate"), [20.0, 5.0, 2.0])
        order.order_line.product_uom_qty = 2
        self._deliver(order)
        self.assertEarned(order, "40", "10", "4")

    # === CONFIRMED AGAIN === #

    def test_confirmed_again_at_other_rates(self):
        order = self._sell(10)
        order._action_cancel()
        order.action_draft()
        self.program.rule_ids.filtered(lambda rule: rule.level == 1).rate = 12.0
        order.action_confirm()
        self._deliver(order)
        self.assertEarned(order, "120", "50", "20")

    def test_confirmed_again_after_it_earned(self):
        order = self._sell(10)
        self._deliver(order, {self.goods: 4})
        order._action_cancel()
        self.assertEarned(order, "0", "0", "0")
        order.action_draft()
        self.program.rule_ids.filtered(lambda rule: rule.level == 1).rate = 12.0
        order.action_confirm()
        self.assertEarned(order, "40", "20", "8")
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")

    # === INVOICES THAT ARE UNDONE === #

    def test_invoice_reset_to_draft(self):
        order = self._sell(10)
        self._deliver(order)
        invoice = self._invoice(order)
        self._credit(invoice, quantity=4)
        self.assertEarned(order, "60", "30", "12")
        service = self._sell(lines=[(self.service, 1, 200.0)])
        invoice = self._invoice(service)
        self.assertEarned(service, "20", "10", "4")
        invoice.button_draft()
        self.assertEarned(service, "0", "0", "0")
        invoice.invoice_line_ids.price_unit = 150.0
        invoice.action_post()
        self.assertEarned(service, "15", "7.50", "3")

    def test_credit_note_cancelled_again(self):
        order = self._sell(10)
        self._deliver(order)
        credit = self._credit(self._invoice(order), quantity=4)
        self.assertEarned(order, "60", "30", "12")
        credit.button_draft()
        self.assertEarned(order, "100", "50", "20")
        credit.button_cancel()
        self.assertEarned(order, "100", "50", "20")
        self.assertReplayAddsNothing(order)
