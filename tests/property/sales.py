# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Selling: people, rules and orders, told to Odoo and to the model."""

from fractions import Fraction

from .model import Line, Order
from .pay import Limit, Rule
from .stage import COUPON, DOZEN, KINDS, LIMITS, ROLES


class Sales:
    """What managers and salespeople do; part of `drive.Drive`."""

    # === WHO SELLS BY WHICH RULES === #

    def _rule_vals(self, level, for_bowls, distributor, kind, value, limit):
        scope, least, most = LIMITS[limit]
        return {
            "program_id": self.stage.program.id,
            "level": level,
            "kind": KINDS[kind],
            "rate": 0 if kind else value / 100,
            "fixed_amount": value / 100 if kind else 0,
            "limit_scope": scope,
            "minimum_amount": least / 100,
            "maximum_amount": most / 100,
            "product_scope": "category" if for_bowls else "all",
            "categ_id": self.stage.bowls.id if for_bowls else False,
            "audience": "distributor" if distributor else "all",
            "distributor_id": self.stage.distributors[distributor - 1].id if distributor else False,
        }

    def _do_rule(self, level, for_bowls, distributor, kind, value, limit):
        vals = self._rule_vals(level, for_bowls, distributor, kind, value, limit)
        same = ("program_id", "level", "product_scope", "audience", "categ_id", "distributor_id")
        domain = [(name, "=", vals[name]) for name in same] + [("date_from", "=", False)]
        rule = self.env["distribution.commission.rule"].search(domain)
        pay = {name: value for name, value in vals.items() if name not in same}
        rule.write(pay) if rule else rule.create(vals)
        person = self.people[distributor - 1] if distributor else None
        changed = Rule(level, KINDS[kind], Fraction(value, 100), "bowl" if for_bowls else None, person)
        scope, least, most = LIMITS[limit]
        changed.limit = Limit(scope, Fraction(least, 100), Fraction(most, 100) if most else None)
        self.model.rules = [each for each in self.model.rules if each.what_for != changed.what_for]
        self.model.rules.append(changed)
        return True

    def _do_cap(self, cap):
        self.stage.program.cap_rate = cap
        self.model.cap = Fraction(cap)
        return True

    def _do_program(self, trigger, hold, levels):
        self.stage.program.write({"trigger": trigger, "hold_days": hold, "level_count": levels})
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

    # === ORDERS === #

    def _do_sell(self, customer, chosen, lines, coupon, abroad):
        vals_list = [self._line_vals(*line) for line in lines]
        if coupon:
            vals_list.append(self._line_vals(COUPON, 1, -coupon, 0))
        record = self.env["sale.order"].create(
            {
                "partner_id": self.stage.customers[customer].id,
                "distribution_distributor_id": self.stage.distributors[chosen - 1].id if chosen else False,
                "order_line": [(0, 0, vals) for vals in vals_list],
                **({"pricelist_id": self.stage.pricelist.id} if abroad else {}),
            }
        )
        order = Order(customer, self.people[chosen - 1] if chosen else None)
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

    def _line_vals(self, product, quantity, price, discount):
        vals = {
            "product_id": self.stage.products[product].id,
            "product_uom_qty": quantity,
            "price_unit": price / 100,
            "discount": discount,
            "tax_ids": [(5, 0, 0)],
        }
        return {**vals, "product_uom_id": self.stage.dozen.id} if product == DOZEN else vals

    def _line(self, product, quantity, price, discount):
        role = "coupon" if product == COUPON else ROLES[product]
        category = "bowl" if product == 1 else None
        pieces = 12 if product == DOZEN else 1
        return Line(role, category, Fraction(quantity), Fraction(price, 100), Fraction(discount), pieces)

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
