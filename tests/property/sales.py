# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Selling: people, products and orders, told to Odoo and to the model."""

from fractions import Fraction

from .order import Line, Order, Product
from .pay import ZERO
from .stage import COUPON, DOZEN, FREIGHT, TAXES


class Sales:
    """What managers and salespeople do; part of `drive.Drive`."""

    # === PEOPLE AND PROGRAM === #

    def _do_cap(self, cap):
        if not self._is_lawful(lambda: self.stage.program.write({"cap_rate": cap})):
            return False
        self.model.cap = Fraction(cap)
        return True

    def _do_program(self, trigger, hold, levels):
        vals = {"trigger": trigger, "hold_days": hold, "level_count": levels}
        if not self._is_lawful(lambda: self.stage.program.write(vals)):
            return False
        self.model.trigger, self.model.hold, self.model.levels = trigger, hold, levels
        return True

    def _do_distributor(self, number, state):
        person, record = self.people[number], self.stage.distributors[number]
        if person.state == "closed" and state == "suspended":
            return False
        {"active": record.action_activate, "suspended": record.action_suspend, "closed": record.action_close}[state]()
        person.state = state
        return True

    def _do_move(self, number, upline):
        person, above = self.people[number], self.people[upline - 1] if upline else None
        each = above
        while each:
            if each is person:
                return False
            each = each.upline
        self.stage.distributors[number].parent_id = self.stage.distributors[upline - 1] if upline else False
        person.upline = above
        return True

    def _do_grade(self, number, grade):
        """Give a distributor a grade, or none (0)."""
        self.stage.distributors[number].grade_id = self.stage.grades[grade - 1] if grade else False
        person, grades = self.people[number], self.grades
        person.audiences = [each for each in person.audiences if each not in grades]
        person.audiences += [grades[grade - 1]] if grade else []
        return True

    def _do_tag(self, number, tag, is_given):
        person, audience = self.people[number], self.tags[tag]
        self.stage.distributors[number].tag_ids = [(4 if is_given else 3, self.stage.tags[tag].id)]
        person.audiences = [each for each in person.audiences if each is not audience]
        person.audiences += [audience] if is_given else []
        return True

    def _do_exclude(self, customer, is_excluded):
        """A customer's orders bring no commission from now on, or do again."""
        self.stage.customers[customer].category_id = [(4 if is_excluded else 3, self.stage.excluding_tag.id)]
        self.model.excluded = self.model.excluded - {customer} | ({customer} if is_excluded else set())
        return True

    def _do_bind(self, customer, number):
        """Bind a customer to another distributor, or to nobody (0)."""
        partner, bindings = self.stage.customers[customer], self.env["distribution.binding"]
        if not number:
            bindings._get_current(partner, self.stage.program)._end("Left.")
            self.model.bindings.pop(customer, None)
        elif self.stage.distributors[number - 1].partner_id == partner or self.people[number - 1].state == "closed":
            return False
        else:
            bindings._bind(partner, self.stage.distributors[number - 1])
            self.model.bindings[customer] = self.people[number - 1]
        return True

    def _do_currency(self, rate):
        """Set units of the foreign currency for 10,000 of the company's, from today."""
        rates, day = self.env["res.currency.rate"], self.model.now.date()
        key = [("name", "=", day), ("currency_id", "=", self.stage.foreign.id)]
        found = rates.search([*key, ("company_id", "=", self.stage.company.id)])
        vals = {"name": day, "currency_id": self.stage.foreign.id, "company_id": self.stage.company.id}
        found.write({"rate": rate / 10000}) if found else rates.create({**vals, "rate": rate / 10000})
        self.currency_rate = Fraction(rate, 10000)
        return True

    def _do_cost(self, product, fen):
        self.stage.products[product].standard_price = fen / 100
        self.model.products[product].cost = Fraction(fen, 100)
        return True

    def _do_list_price(self, product, fen):
        self.stage.products[product].list_price = fen / 100
        self.model.products[product].set_list_price(fen)
        return True

    # === ORDERS === #

    def _do_sell(self, customer, chosen, lines, coupon, price_list):
        """Sell at no price list, the foreign one (1), or that of a grade (2)."""
        vals_list = [self._line_vals(*line) for line in lines]
        if coupon:
            vals_list.append(self._line_vals(COUPON, 1, -coupon, 0))
        record = self.env["sale.order"].create(
            {
                "partner_id": self.stage.customers[customer].id,
                "distribution_distributor_id": self.stage.distributors[chosen - 1].id if chosen else False,
                "order_line": [(0, 0, vals) for vals in vals_list],
                **({"pricelist_id": self.stage.pricelists[price_list].id} if price_list else {}),
            }
        )
        order = Order(customer, self.people[chosen - 1] if chosen else None)
        order.has_grade_price = record.pricelist_id == self.stage.pricelists[2]
        order.lines = [self._line(*line) for line in lines]
        if coupon:
            order.lines.append(self._line(COUPON, 1, -coupon, 0))
        self.orders.append((record, order))
        self.model.orders.append(order)
        self._confirm(record, order)
        return True

    def _confirm(self, record, order):
        record.action_confirm()
        order.currency_rate = self.currency_rate if record.currency_id == self.stage.foreign else Fraction(1)
        self.model.confirm(order)

    def _line_vals(self, product, quantity, price, discount, tax=0):
        vals = {
            "product_id": self.stage.products[product].id,
            "product_uom_qty": quantity,
            "price_unit": price / 100,
            "discount": discount,
            "tax_ids": [(6, 0, self.stage.taxes[tax].ids)],
        }
        return {**vals, "product_uom_id": self.stage.dozen.id} if product == DOZEN else vals

    def _line(self, product, quantity, price, discount, tax=0):
        product = self.model.products[product]
        return Line(product, Fraction(quantity), Fraction(price, 100), Fraction(discount), TAXES[tax])

    def _order(self, pick, *states):
        found = [pair for pair in self.orders if pair[1].state in (states or ("sale",))]
        return found[pick % len(found)] if found else (None, None)

    def _lines(self, record, order):
        return list(zip(record.order_line.sorted("id"), order.lines, strict=True))

    def _pick_line(self, pick):
        """Return an order and one of its lines that earn."""
        record, order = self._order(pick)
        earning = [pair for pair in self._lines(record, order) if pair[1].earns] if record else []
        return (record, order, *earning[pick % len(earning)]) if earning else (None,) * 4

    def _do_cancel(self, pick):
        record, order = self._order(pick)
        if not record:
            return False
        # The ledger looks at what waits of it first.
        self._note_paid_invoices()
        self.model.converge([order])
        record.action_cancel()
        order.state = "cancel"
        for invoice in order.invoices:
            invoice.state = "cancel" if invoice.state == "draft" else invoice.state
        return True

    def _do_reopen(self, pick):
        record, order = self._order(pick, "cancel")
        if not record:
            return False
        record.action_draft()
        self._confirm(record, order)
        return True

    def _do_quantity(self, pick, quantity):
        _record, order, line_record, line = self._pick_line(pick)
        # Odoo itself refuses less than was delivered.
        if not line or line_record.qty_delivered > quantity:
            return False
        # Odoo looks up the price of another quantity by itself, unless it is told.
        kept = {"price_unit": line_record.price_unit, "discount": line_record.discount}
        line_record.write({"product_uom_qty": quantity, **kept})
        line.quantity = Fraction(quantity)
        self.model.expect(order)
        return True

    def _do_price(self, pick, price):
        _record, order, line_record, line = self._pick_line(pick)
        if not line:
            return False
        line_record.price_unit = price / 100
        line.price = Fraction(price, 100)
        self.model.expect(order)
        return True

    def _do_discount(self, pick, percent):
        _record, order, line_record, line = self._pick_line(pick)
        if not line:
            return False
        line_record.write({"discount": percent, "price_unit": line_record.price_unit})
        line.discount = Fraction(percent)
        self.model.expect(order)
        return True

    def _do_extra(self, pick, price):
        """Add what earns nobody anything: shipping at some fen, or a note (0)."""
        record, order = self._order(pick)
        if not record:
            return False
        vals = {"display_type": "line_note", "name": "Ring twice"}
        if price:
            vals = {**self._line_vals(FREIGHT, 1, price, 0), "is_delivery": True}
        self.env["sale.order.line"].create({"order_id": record.id, **vals})
        order.lines.append(self._line(FREIGHT, 1, price, 0) if price else Line(Product("title"), ZERO, ZERO))
        return True

    def _do_add(self, pick, what):
        """Add a line to a confirmed order, or a coupon of some fen."""
        record, order = self._order(pick)
        if not record:
            return False
        arguments = what if isinstance(what, tuple) else (COUPON, 1, -what, 0)
        self.env["sale.order.line"].create({"order_id": record.id, **self._line_vals(*arguments)})
        line = self._line(*arguments)
        order.lines.append(line)
        # At the rate of the order's own day.
        self.model.freeze(order, [line])
        return True
