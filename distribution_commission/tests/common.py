# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import fields

from odoo.addons.distribution_core.tests.common import DistributionCommon


class CommissionCommon(DistributionCommon):
    """The tiny world with rules, goods on hand and a chart of accounts."""

    rates = {1: 10.0, 2: 5.0, 3: 2.0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.company.chart_template:
            cls.env["account.chart.template"].try_loading("generic_coa", cls.company, install_demo=False)
        cls.env["distribution.commission.rule"].create(
            [{"program_id": cls.program.id, "level": level, "rate": rate} for level, rate in cls.rates.items()]
        )
        cls.goods = cls._create_goods("Mug")
        cls.goods_b = cls._create_goods("Bowl")
        cls.service = cls.product
        # Tests look at the ledger where they stand, of branches too; `test_background` and the journey wait for it.
        cls.env["ir.default"].set("res.company", "is_commission_in_background", False)
        cls.company.is_commission_in_background = False
        cls.entry_model = cls.env["distribution.commission.entry"]
        cls.term_model = cls.env["distribution.commission.term"]

    @classmethod
    def _prepare_program_vals(cls):
        return {**super()._prepare_program_vals(), "trigger": "shipped", "hold_days": 7, "settlement_period": "manual"}

    @classmethod
    def _create_goods(cls, name, **vals):
        product = cls.env["product.product"].create(
            {
                "name": name,
                "type": "consu",
                "is_storable": True,
                "list_price": 100.0,
                "taxes_id": False,
                "invoice_policy": "order",
                **vals,
            }
        )
        location = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1).lot_stock_id
        cls.env["stock.quant"]._update_available_quantity(product, location, 1_000_000)
        return product

    # === WHAT MERCHANTS DO === #

    def _sell(self, quantity=10, price=100.0, lines=None, partner=None, **vals):
        """Confirm an order of the goods."""
        order = self._create_order(partner, lines or [(self.goods, quantity, price)], **vals)
        order.action_confirm()
        return order

    def _deliver(self, order, quantities=None):
        """Ship what is open, or some quantities by product, leaving a backorder."""
        picking = order.picking_ids.filtered(
            lambda p: p.state not in ("done", "cancel") and p.location_dest_id.usage == "customer"
        )[:1]
        for move in picking.move_ids:
            move.quantity = quantities.get(move.product_id, 0) if quantities is not None else move.product_uom_qty
            move.picked = True
        picking.with_context(skip_backorder=True).button_validate()
        return picking

    def _return(self, picking, quantity, product=None, to_refund=True):
        """Take goods back."""
        wizard = (
            self.env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking").create({})
        )
        for line in wizard.product_return_moves:
            line.quantity = quantity if line.product_id == (product or self.goods) else 0
            line.to_refund = to_refund
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        for move in back.move_ids:
            move.quantity = move.product_uom_qty
            move.picked = True
        back.button_validate()
        return back

    def _invoice(self, order, post=True):
        invoice = order._create_invoices()
        if post:
            invoice.action_post()
        return invoice

    def _invoice_part(self, order, quantity, day=None):
        """Post an invoice for some of each line."""
        invoice = self._invoice(order, post=False)
        invoice.invoice_line_ids.quantity = quantity
        invoice.invoice_date = day
        invoice.action_post()
        return invoice

    def _credit(self, invoice, quantity=None, price=None, post=True):
        """Post a credit note for an invoice, whole, of a quantity or at another price of each line."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "date": fields.Date.context_today(invoice)})
        )
        wizard.reverse_moves()
        credit = wizard.new_move_ids
        for line in credit.invoice_line_ids:
            if quantity is not None:
                line.quantity = quantity
            if price is not None:
                line.price_unit = price
        if post:
            credit.action_post()
        return credit

    def _pay_online(self, order, amount=None, state="done"):
        """Pay an order, or a part of it, by a payment transaction."""
        provider = self.env["payment.provider"].search([("code", "=", "none")], limit=1)
        provider = provider or self.env["payment.provider"].create({"name": "Wallet", "code": "none"})
        provider.write({"state": "test", "company_id": self.company.id})
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_wechat_pay").id,
                "reference": self.env["payment.transaction"]._compute_reference("none", prefix=order.name),
                "amount": order.amount_total if amount is None else amount,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "operation": "online_direct",
                "sale_order_ids": [(6, 0, order.ids)],
            }
        )
        if state != "draft":
            getattr(tx, f"_set_{state}")()
        return tx

    def _refund_online(self, tx, amount):
        """Give money back by the way it was paid, without a credit note."""
        refund = tx._create_child_transaction(amount, is_refund=True)
        refund._set_done()
        return refund

    def _pay_invoice(self, invoice, date=None):
        """Register the payment of an invoice by bank."""
        context = {"active_model": "account.move", "active_ids": invoice.ids}
        vals = {"payment_date": date} if date else {}
        return self.env["account.payment.register"].with_context(**context).create(vals)._create_payments()

    def _pay_down(self, order, percent):
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": "percentage", "amount": percent})
        )
        invoice = wizard._create_invoices(order)
        invoice.action_post()
        return invoice

    def _pay_invoice_online(self, invoice, order, amount=None):
        tx = self._pay_online(order, amount or invoice.amount_total, state="draft")
        tx.write({"sale_order_ids": [(5, 0, 0)], "invoice_ids": [(6, 0, invoice.ids)]})
        tx._set_done()
        return tx

    def _settle(self):
        """End holds, settle and post."""
        self.entry_model._release(self.program)
        settlement = self.env["distribution.settlement"]._create_from_due(self.program)
        settlement.action_post()
        return settlement

    # === WHAT ACCOUNTANTS LOOK AT === #

    def _earned(self, order, distributor=None):
        """Return the exact sum of an order's entries, of one distributor if given.

        :rtype: Decimal
        """
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT COALESCE(SUM(amount), 0)::text FROM distribution_commission_entry "
            "WHERE order_id = %s AND (%s IS NULL OR distributor_id = %s)",
            [order.id, distributor and distributor.id, distributor and distributor.id],
        )
        return Decimal(self.env.cr.fetchone()[0])

    def _account(self, distributor):
        return self.env["distribution.account"]._get_or_create(distributor, self.company)

    def assertEarned(self, order, *amounts):
        """Compare what levels 1, 2, 3 earned on an order with decimal strings."""
        earned = [self._earned(order, distributor) for distributor in (self.cleo, self.ben, self.ada)]
        expected = [Decimal(amount) for amount in amounts] + [Decimal(0)] * (3 - len(amounts))
        self.assertEqual(earned, expected)

    def _get_releases(self, order, level=1):
        """Return the release dates of an order's earnings on a level, in order of time; False while a hold waits."""
        domain = [("order_id", "=", order.id), ("level", "=", level), ("kind", "=", "earning")]
        return self.entry_model.search(domain, order="id").mapped("release_date")

    def assertAccount(self, distributor, available="0", reserved="0", debt="0"):
        account = self._account(distributor)
        figures = [Decimal(str(account[name])) for name in ("available", "reserved", "debt")]
        self.assertEqual(figures, [Decimal(available), Decimal(reserved), Decimal(debt)])

    def assertBooksAgree(self):
        """The ledger and the general ledger say the same of every distributor."""
        self.entry_model.search([("accrual_line_id", "=", False)])._post_accruals()
        self.assertEqual(self.env["distribution.account"]._get_book_differences(self.company), [])

    def assertReplayAddsNothing(self, order):
        before = self.entry_model.search_count([("order_id", "=", order.id)])
        order._converge_commission()
        self.assertEqual(self.entry_model.search_count([("order_id", "=", order.id)]), before)
