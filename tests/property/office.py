# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Documents and money, told to Odoo and to the model: values by line and day."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from .documents import Invoice, to_item, value_of
from .order import Line, Product
from .pay import ZERO, to_fen


class Office:
    """What accountants do; part of `drive.Drive`."""

    def _do_invoice(self, pick, percent, with_coupons, posted):
        record, order = self._order(pick)
        if not record:
            return False
        # A down payment is deducted.
        fixed = {"coupon": with_coupons, "down": -with_coupons, "title": 0}
        pairs = self._lines(record, order)
        return self._charge(
            record,
            order,
            [fixed.get(line.role, -(-int(line.quantity) * percent // 100)) for _record, line in pairs],
            posted,
        )

    def _do_exchange(self, pick, percent, posted):
        """Invoice the last goods of an order and take the first back, on one document."""
        record, order = self._order(pick)
        pairs = self._lines(record, order) if record else []
        earning = [line for _record, line in pairs if line.earns]
        if len(earning) < 2:
            return False
        parts = {earning[0]: -percent, earning[-1]: 100}
        quantities = [int(line.quantity) * parts[line] // 100 if line in parts else 0 for _record, line in pairs]
        return self._charge(record, order, quantities, posted)

    def _charge(self, record, order, quantities, posted):
        """Invoice some of every line; what would come to less than nothing Odoo turns into a credit note."""
        vals_list, items = [], []
        for (line_record, line), quantity in zip(self._lines(record, order), quantities, strict=True):
            if quantity:
                vals_list.append((0, 0, line_record._prepare_invoice_line(quantity=quantity)))
                # Odoo gives the price of a down payment when its invoice is posted, and takes it when that is
                # credited; a part of an order it computes in binary.
                items.append(line.item(quantity, Fraction(round(Decimal(repr(line_record.price_unit)), 6))))
        taxed = sum(item.taxed for item in items)
        if not items or not taxed:
            return False
        move = self.env["account.move"].create(
            {**record._prepare_invoice(), "invoice_date": self.model.now.date(), "invoice_line_ids": vals_list}
        )
        invoice = Invoice(move.id, self.model.now.date(), items, is_credit=taxed < 0)
        if invoice.is_credit:
            move.action_switch_move_type()
            invoice.items = [
                replace(item, quantity=-item.quantity, value=-item.value, taxed=-item.taxed) for item in items
            ]
        order.invoices.append(invoice)
        return self._post(invoice) if posted else True

    def _do_down_payment(self, pick, percent, posted):
        """Invoice a part of an order in advance: of one without taxes, for each of which Odoo has a line of its own."""
        record, order = self._order(pick)
        if not record or order.total <= 0 or any(line.tax.rate for line in order.lines):
            return False
        before = record.order_line
        wizard = self.env["sale.advance.payment.inv"].create(
            {"advance_payment_method": "percentage", "amount": percent, "sale_order_ids": [(6, 0, record.ids)]}
        )
        move = wizard._create_invoices(record)
        move.invoice_date = self.model.now.date()
        for line_record in (record.order_line - before).sorted("id"):
            order.lines.append(Line(Product("title" if line_record.display_type else "down"), ZERO, ZERO))
        [line] = [line for line in order.lines if line.role == "down"][-1:]
        amount = Fraction(to_fen(order.total * percent / 100), 100)
        invoice = Invoice(move.id, self.model.now.date(), [line.item(1, amount)])
        order.invoices.append(invoice)
        return self._post(invoice) if posted else True

    def _post(self, invoice):
        self.env["account.move"].browse(invoice.number).action_post()
        invoice.state = "posted"
        return True

    def _document(self, pick, *states, only_invoices=False):
        found = [
            (order, invoice)
            for _record, order in self.orders
            for invoice in order.invoices
            if invoice.state in states and not (only_invoices and invoice.is_credit)
        ]
        return found[pick % len(found)] if found else (None, None)

    def _do_post(self, pick):
        _order, invoice = self._document(pick, "draft")
        return bool(invoice) and self._post(invoice)

    def _do_unpost(self, pick):
        _order, invoice = self._document(pick, "posted")
        if not invoice:
            return False
        self.env["account.move"].browse(invoice.number).button_draft()
        invoice.state = "draft"
        return True

    def _do_drop(self, pick):
        _order, invoice = self._document(pick, "draft")
        if not invoice:
            return False
        self.env["account.move"].browse(invoice.number).button_cancel()
        invoice.state = "cancel"
        return True

    def _do_credit(self, pick, kind, percent, posted):
        """Credit an invoice: 0 all of it, 1 a part of the quantities, 2 a part of the prices, 3 an amount by itself; 4
        and 5 as 1 and 2 with the same part of its coupons, 6 a part of the quantities with all coupons.
        """
        order, invoice = self._document(pick, "posted", only_invoices=True)
        if not invoice:
            return False
        source = self.env["account.move"].browse(invoice.number)
        vals = {"journal_id": source.journal_id.id, "date": self.model.now.date()}
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=source.ids)
        wizard = wizard.create(vals)
        wizard.reverse_moves()
        move = wizard.new_move_ids
        credit = Invoice(move.id, self.model.now.date(), [], reverses=invoice, is_credit=True)
        credit.items = self._reduce(move, invoice, kind, percent)
        order.invoices.append(credit)
        return self._post(credit) if posted else True

    def _reduce(self, move, invoice, kind, percent):
        """Change a credit note from the whole to what is credited, and return its items."""
        if kind == 0:
            return list(invoice.items)
        if kind == 3:
            amount = max(1, int(value_of(invoice.items) * percent))
            tax = invoice.items[0].line.tax
            move.invoice_line_ids[1:].unlink()
            vals = {"quantity": 1, "price_unit": amount / 100, "discount": 0, "sale_line_ids": [(5, 0, 0)]}
            move.invoice_line_ids.write(vals)
            return [to_item(None, 1, Fraction(amount, 100), tax)]
        items, records = [], move.invoice_line_ids.filtered(lambda each: each.display_type == "product").sorted("id")
        for record, item in zip(records, invoice.items, strict=True):
            line, quantity = item.line, item.quantity
            is_coupon = line.role == "coupon"
            if (is_coupon and kind < 4) or (quantity < 0 and not is_coupon and not line.earns):
                record.unlink()
                continue
            price = Fraction(Decimal(repr(record.price_unit)))
            if kind in (2, 5) or (kind == 4 and is_coupon):
                price = Fraction(int(price * percent), 100)
                record.price_unit = float(price)
            elif not is_coupon:
                quantity = Fraction(-(-int(quantity) * percent // 100))
                record.quantity = int(quantity)
            items.append(to_item(line, quantity, price, line.tax, item.discount))
        return items

    # === MONEY === #

    def _do_settle(self):
        self.env["distribution.settlement"]._create_from_due(self.stage.program).action_post()
        # What waited was looked at first.
        self._note_paid_invoices()
        self.model.converge()
        self.model.settle()
        return True

    def _do_pay(self):
        """Pay out all that is available, but nothing to who is suspended."""
        payees = {
            person: record
            for record, person in zip(self.stage.distributors, self.people, strict=True)
            if person.state != "suspended"
        }
        accounts = self.env["distribution.account"].search(
            [("distributor_id", "in", [record.id for record in payees.values()]), ("available", ">", 0)]
        )
        if not accounts:
            return False
        amounts = {account: Decimal(repr(account.available)) for account in accounts}
        run = self.env["distribution.payout.run"]._create_run(self.stage.company, self.stage.bank, amounts)
        run._confirm_paid(run.withdrawal_ids, self.model.today)
        for person, (_available, debt) in self.model.accounts.items():
            if person in payees:
                self.model.accounts[person] = (0, debt)
        return True
