# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Plays a history on the real models, as merchants, warehouses and accountants do, and tells the model of it.

What happened is told in plain numbers: quantities that left, values on documents, days. What follows from it is the
model's own business.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from .model import Delivery, Distributor, Invoice, Line, Model, Order, Rule, business_date, to_value

START = datetime(2026, 3, 2, 2, 0)
NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn")
UPLINES = (None, 0, 1, 0, None, 2)
# Which distributor a customer is, and to which it is bound.
OWNERS = {3: 1, 4: 2}
BINDINGS = {0: 2, 1: 3, 3: 0, 4: 1}
ROLES = ("goods", "goods", "goods", "service")
DOZEN = 2
COUPON = 4


class Stage:
    """The records that every history begins with, made once."""

    def __init__(self, case):
        self.env = env = case.env
        self.company = case.company
        self.program = env["distribution.program"].create(
            {
                "name": "Property",
                "company_id": self.company.id,
                "tz": "Asia/Shanghai",
                "binding_days": 0,
                "protection_days": 0,
                "settlement_period": "manual",
            }
        )
        self.distributors = []
        for name, upline in zip(NAMES, UPLINES, strict=True):
            above = self.distributors[upline] if upline is not None else None
            self.distributors.append(case._create_distributor(name, above, self.program))
        self.customers = [
            self.distributors[OWNERS[number]].partner_id
            if number in OWNERS
            else env["res.partner"].create({"name": f"Customer {number}"})
            for number in range(5)
        ]
        for number, distributor in BINDINGS.items():
            env["distribution.binding"]._bind(self.customers[number], self.distributors[distributor])
        kitchen = env["product.category"].create({"name": "Kitchen"})
        bowls = env["product.category"].create({"name": "Bowls", "parent_id": kitchen.id})
        self.bowls = kitchen
        create = env["product.product"].create
        self.products = [
            case._create_goods("Mug"),
            case._create_goods("Bowl", categ_id=bowls.id),
            case._create_goods("Tea"),
            create({"name": "Engraving", "type": "service", "invoice_policy": "order", "taxes_id": False}),
            create({"name": "Coupon", "type": "service", "invoice_policy": "order", "taxes_id": False}),
        ]
        self.dozen = env.ref("uom.product_uom_dozen")
        self.foreign = env.ref("base.EUR") if self.company.currency_id.name != "EUR" else env.ref("base.USD")
        self.foreign.active = True
        self.pricelist = env["product.pricelist"].create({"name": "Abroad", "currency_id": self.foreign.id})
        self.bank = env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )


class Drive:
    """One history on Odoo and on the model. Every `_do_` method returns whether there was something to do."""

    def __init__(self, stage, world, clock):
        self.stage, self.env, self.clock = stage, stage.env, clock
        clock.move_to(START)
        self.model = Model(world.trigger, world.hold, world.levels, world.cap, START)
        self._set_up_people()
        stage.program.write(
            {"trigger": world.trigger, "hold_days": world.hold, "level_count": world.levels, "cap_rate": world.cap}
        )
        for level, rate in enumerate(world.rates, start=1):
            self._do_rule(level, 0, 0, 0, rate)
        if world.fixed:
            self._do_rule(1, 1, 0, 1, world.fixed)
        if world.campaign:
            self._create_campaign(world.campaign)
        self._do_currency(1373)
        self.orders = []
        """Pairs of the order's record and the model's order."""

    def _set_up_people(self):
        people = [Distributor(name) for name in NAMES]
        for person, upline in zip(people, UPLINES, strict=True):
            person.upline = people[upline] if upline is not None else None
        self.people = people
        self.model.owners = {number: people[distributor] for number, distributor in OWNERS.items()}
        self.model.bindings = {number: people[distributor] for number, distributor in BINDINGS.items()}

    def _create_campaign(self, rate):
        first = business_date(START)
        last = first + timedelta(days=2)
        self.env["distribution.commission.rule"].create(
            {**self._rule_vals(1, 1, 0, 0, rate), "date_from": first, "date_to": last}
        )
        self.model.rules.append(Rule(1, "percent", Fraction(rate, 100), "bowl", None, first, last))

    def play(self, event):
        """Do one thing, an hour after the last.

        :return: whether it was possible
        """
        self._pass_time(1)
        name, *arguments = event
        done = getattr(self, f"_do_{name}")(*arguments)
        if done:
            self.env.flush_all()
            self.model.converge()
        return done

    def _pass_time(self, hours):
        self.model.now += timedelta(hours=hours)
        self.clock.move_to(self.model.now)

    def _do_wait(self, hours):
        """Time passes, and the nightly work is done: receipts that nobody confirmed, holds that ended."""
        self._pass_time(hours)
        pickings = self.env["stock.picking"]
        pickings.search(pickings._get_overdue_receipt_domain(self.stage.program))._confirm_receipt()
        for _record, order in self.orders:
            for delivery in order.deliveries:
                if delivery.shipped <= self.model.now - timedelta(days=self.model.receipt_days):
                    self._note_receipt(order, delivery)
        # What a receipt earns is due in the same night if there is no hold.
        self.model.converge()
        self.env["distribution.commission.entry"]._release(self.stage.program)
        self.model.release()
        return True

    # === WHO SELLS BY WHICH RULES === #

    def _rule_vals(self, level, for_bowls, distributor, fixed, value):
        return {
            "program_id": self.stage.program.id,
            "level": level,
            "kind": "fixed_unit" if fixed else "percent",
            "rate": 0 if fixed else value / 100,
            "fixed_amount": value / 100 if fixed else 0,
            "product_scope": "category" if for_bowls else "all",
            "categ_id": self.stage.bowls.id if for_bowls else False,
            "audience": "distributor" if distributor else "all",
            "distributor_id": self.stage.distributors[distributor - 1].id if distributor else False,
        }

    def _do_rule(self, level, for_bowls, distributor, fixed, value):
        vals = self._rule_vals(level, for_bowls, distributor, fixed, value)
        same = ("program_id", "level", "product_scope", "audience", "categ_id", "distributor_id")
        domain = [(name, "=", vals[name]) for name in same] + [("date_from", "=", False)]
        rule = self.env["distribution.commission.rule"].search(domain)
        pay = {name: vals[name] for name in ("kind", "rate", "fixed_amount")}
        rule.write(pay) if rule else rule.create(vals)
        person = self.people[distributor - 1] if distributor else None
        changed = Rule(level, vals["kind"], Fraction(value, 100), "bowl" if for_bowls else None, person)
        self.model.rules = [
            each
            for each in self.model.rules
            if each.first or (each.level, each.category, each.distributor) != (level, changed.category, person)
        ]
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
        elif self.stage.distributors[number - 1].partner_id == partner:
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
        _record, _order, line_record, line = self._pick_line(pick)
        # Odoo itself refuses less than was delivered.
        if not line or line_record.qty_delivered > quantity:
            return False
        # Odoo looks up the price of another quantity by itself, unless it is told.
        kept = {"price_unit": line_record.price_unit, "discount": line_record.discount}
        line_record.write({"product_uom_qty": quantity, **kept})
        line.quantity = Fraction(quantity)
        return True

    def _do_price(self, pick, price):
        _record, _order, line_record, line = self._pick_line(pick)
        if not line:
            return False
        line_record.price_unit = price / 100
        line.price = Fraction(price, 100)
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
        self.model.freeze(order, line)
        return True

    # === THE WAREHOUSE === #

    def _do_ship(self, pick, percent, others, how):
        """Ship a part of what is open, the first product in one part and the others in another.

        :param int how: 0 gives up what is left, the rest leaves a backorder
        """
        open_pickings = [
            (record, order, picking)
            for record, order in self.orders
            for picking in record.picking_ids.sorted("id")
            if picking.state not in ("done", "cancel") and self._is_to_customer(picking)
        ]
        if not open_pickings:
            return False
        record, order, picking = open_pickings[pick % len(open_pickings)]
        lines = dict(self._lines(record, order))
        moves = picking.move_ids.filtered(lambda move: move.state != "cancel").sorted("id")
        sent = {}
        for move, part in zip(moves, [percent] + [others] * (len(moves) - 1), strict=True):
            quantity = -(-int(move.product_uom_qty) * part // 100)
            move.write({"quantity": quantity, "picked": quantity > 0})
            if quantity:
                line = lines[move.sale_line_id]
                sent[line] = sent.get(line, 0) + Fraction(quantity, line.pieces)
        if not sent:
            return False
        context = {"skip_backorder": True} if how else {"skip_backorder": True, "picking_ids_not_to_backorder": picking.ids}
        picking.with_context(**context).button_validate()
        assert picking.state == "done", picking.state
        order.deliveries.append(Delivery(picking.id, self.model.now, sent))
        return True

    @staticmethod
    def _is_to_customer(picking):
        return picking.location_dest_id.usage == "customer"

    def _delivery(self, pick, is_wanted=bool):
        found = [
            (record, order, delivery)
            for record, order in self.orders
            for delivery in order.deliveries
            if is_wanted(delivery)
        ]
        return found[pick % len(found)] if found else (None, None, None)

    def _do_receive(self, pick):
        _record, order, delivery = self._delivery(pick)
        if not order:
            return False
        self.env["stock.picking"].browse(delivery.number)._confirm_receipt()
        self._note_receipt(order, delivery)
        return True

    def _note_receipt(self, order, delivery):
        """A receipt counts where somebody waits for it, and once."""
        waits = any(term.trigger == "received" for line in order.lines for term in line.terms)
        if waits and not delivery.received:
            delivery.received = self.model.now

    def _do_give_back(self, pick, percent, marked):
        record, order, delivery = self._delivery(pick, self._has_left)
        if not record:
            return False
        lines, picking = dict(self._lines(record, order)), self.env["stock.picking"].browse(delivery.number)
        quantities = {}
        for move in picking.move_ids.filtered(lambda move: move.state == "done"):
            quantities[move] = -(-self._get_left(move) * percent // 100)
        self._send_back(picking, quantities, marked)
        for move, quantity in quantities.items():
            line = lines[move.sale_line_id]
            if marked and quantity:
                back = Fraction(quantity, line.pieces)
                delivery.returned[line] = delivery.returned.get(line, 0) + back
        return True

    def _has_left(self, delivery):
        moves = self.env["stock.picking"].browse(delivery.number).move_ids
        return any(self._get_left(move) > 0 for move in moves if move.state == "done")

    @staticmethod
    def _get_left(move):
        """Return how much of a delivery the customer still has."""
        back = move.returned_move_ids.filtered(lambda back: back.state == "done")
        return int(move.quantity - sum(back.mapped("quantity")))

    def _send_back(self, picking, quantities, marked):
        """Move goods the other way than a transfer did, as the wizard for returns does it."""
        wizard = self.env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking")
        wizard = wizard.create({})
        for line in wizard.product_return_moves:
            line.write({"quantity": quantities.get(line.move_id, 0), "to_refund": bool(marked)})
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        for move in back.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        back.button_validate()
        assert back.state == "done", back.state
        return back

    def _do_send_again(self, pick):
        """Send again what came back: counted if the return was taken as one."""
        pickings = [(record, order, p) for record, order in self.orders for p in record.picking_ids.sorted("id")]
        returns = [
            (record, order, p)
            for record, order, p in pickings
            if p.state == "done" and not self._is_to_customer(p) and not p.move_ids.returned_move_ids
        ]
        if not returns:
            return False
        record, order, picking = returns[pick % len(returns)]
        lines, marked = dict(self._lines(record, order)), picking.move_ids[0].to_refund
        again = self._send_back(picking, {move: move.quantity for move in picking.move_ids}, marked)
        sent = {}
        for move in again.move_ids if marked else ():
            line = lines[move.sale_line_id]
            sent[line] = sent.get(line, 0) + Fraction(int(move.quantity), line.pieces)
        if marked:
            order.deliveries.append(Delivery(again.id, self.model.now, sent))
        return True

    def _do_correct(self, pick, percent):
        """Correct how much left on a delivery that is done."""
        record, order, delivery = self._delivery(pick)
        picking = self.env["stock.picking"].browse(delivery.number if delivery else [])
        moves = picking.move_ids.filtered(lambda move: move.state == "done" and len(move.move_line_ids) == 1)
        moves = moves.filtered(lambda move: not move.origin_returned_move_id and not move.returned_move_ids)
        if not moves:
            return False
        move, quantity = moves[0], int(moves[0].quantity) * percent // 100
        line = dict(self._lines(record, order))[move.sale_line_id]
        others = sum(each.quantity for each in picking.move_ids if each.sale_line_id == move.sale_line_id) - move.quantity
        picking.is_locked = False
        move.move_line_ids.quantity = quantity
        delivery.sent[line] = Fraction(int(others) + quantity, line.pieces)
        return True

    # === THE OFFICE === #

    def _do_invoice(self, pick, percent, with_coupons, posted):
        record, order = self._order(pick)
        if not record:
            return False
        vals_list, items = [], []
        for line_record, line in self._lines(record, order):
            quantity = 1 if line.role == "coupon" else -(-int(line.quantity) * percent // 100)
            if not quantity or (line.role == "coupon" and not with_coupons):
                continue
            vals_list.append((0, 0, line_record._prepare_invoice_line(quantity=quantity)))
            items.append((line, Fraction(quantity), to_value(quantity, line.price, line.discount)))
        if sum(value for _line, _quantity, value in items) <= 0:
            return False
        move = self.env["account.move"].create(
            {**record._prepare_invoice(), "invoice_date": self.model.now.date(), "invoice_line_ids": vals_list}
        )
        invoice = Invoice(move.id, self.model.now.date(), items)
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
            if invoice.state in states and not (only_invoices and invoice.reverses)
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
        """Credit an invoice: 0 all of it, 1 a part of the quantities, 2 a part of the prices, 3 an amount by itself."""
        order, invoice = self._document(pick, "posted", only_invoices=True)
        if not invoice:
            return False
        source = self.env["account.move"].browse(invoice.number)
        vals = {"journal_id": source.journal_id.id, "date": self.model.now.date()}
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=source.ids)
        wizard = wizard.create(vals)
        wizard.reverse_moves()
        move = wizard.new_move_ids
        credit = Invoice(move.id, self.model.now.date(), [], reverses=invoice)
        credit.items = self._reduce(move, invoice, kind, percent)
        order.invoices.append(credit)
        return self._post(credit) if posted else True

    def _reduce(self, move, invoice, kind, percent):
        """Change a credit note from the whole to what is credited, and return its items."""
        if kind == 0:
            return list(invoice.items)
        if kind == 3:
            amount = max(1, int(sum(value for _line, _quantity, value in invoice.items) * percent))
            move.invoice_line_ids[1:].unlink()
            vals = {"quantity": 1, "price_unit": amount / 100, "discount": 0, "sale_line_ids": [(5, 0, 0)]}
            move.invoice_line_ids.write(vals)
            return [(None, Fraction(1), Fraction(amount, 100))]
        items, records = [], move.invoice_line_ids.sorted("id")
        for record, (line, quantity, _value) in zip(records, invoice.items, strict=True):
            if line.role == "coupon":
                record.unlink()
                continue
            price = Fraction(Decimal(repr(record.price_unit)))
            if kind == 1:
                quantity = Fraction(-(-int(quantity) * percent // 100))
                record.quantity = int(quantity)
            else:
                price = Fraction(int(price * percent), 100)
                record.price_unit = float(price)
            items.append((line, quantity, to_value(quantity, price, line.discount)))
        return items

    # === MONEY === #

    def _do_settle(self):
        self.env["distribution.settlement"]._create_from_due(self.stage.program).action_post()
        self.model.settle()
        return True

    def _do_pay(self):
        """Pay out all that is available, whoever it is."""
        accounts = self.env["distribution.account"].search(
            [("distributor_id", "in", [record.id for record in self.stage.distributors]), ("available", ">", 0)]
        )
        if not accounts:
            return False
        amounts = {account: Decimal(repr(account.available)) for account in accounts}
        run = self.env["distribution.payout.run"]._create_run(self.stage.company, self.stage.bank, amounts)
        run._confirm_paid(run.withdrawal_ids, self.model.today)
        for person, (_available, debt) in self.model.accounts.items():
            self.model.accounts[person] = (0, debt)
        return True
