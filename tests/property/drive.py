# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Plays a history on the real models, as merchants, warehouses and accountants do, and tells the model of it.

What happened is told in plain numbers: quantities that left, values on documents, days. What follows from it is the
model's own business.
"""

from datetime import datetime, time, timedelta
from fractions import Fraction

from odoo.addons.distribution_commission.models.distribution_commission_guarantee_ledger import LOOK_AGAIN

from .cash import Cash
from .model import Model
from .office import Office
from .order import Distributor, Product, business_date
from .rulebook import Rulebook
from .rules import Audience
from .sales import Sales
from .stage import BINDINGS, GRADES, NAMES, OWNERS, PRODUCTS, START, TAGS, TAXES, UPLINES
from .warehouse import Warehouse


class Drive(Rulebook, Sales, Warehouse, Office, Cash):
    """One history on Odoo and on the model. Every `_do_` method returns whether there was something to do."""

    def __init__(self, stage, world, clock):
        self.stage, self.env, self.clock = stage, stage.env, clock
        self.events = self.env["distribution.commission.event"]
        stage.company.is_commission_in_background = self.is_in_background = world.background
        clock.move_to(START)
        self.model = Model(world.trigger, world.hold, world.levels, world.cap, START, world.passes_up)
        self._set_up_people()
        self._set_up_products()
        stage.program.write(
            {
                "trigger": world.trigger,
                "hold_days": world.hold,
                "level_count": world.levels,
                "cap_rate": world.cap,
                "unpaid_share": "upline" if world.passes_up else "company",
            }
        )
        for level, rate in enumerate(world.rates, start=1):
            self._do_rule(level, 0, 0, 0, rate)
        if world.rule:
            self._do_rule(*world.rule)
        if world.dated:
            self._create_dated_rule(world.dated)
        self._do_currency(1373)
        self.orders = []
        """Pairs of the order's record and the model's order."""
        self.transactions, self.payments = [], []

    def _set_up_people(self):
        people = [Distributor(name) for name in NAMES]
        for person, upline in zip(people, UPLINES, strict=True):
            person.upline = people[upline] if upline is not None else None
        self.grades = [Audience("Silver", 1), Audience("Gold", 1)]
        self.tags = [Audience("Teacher", 2), Audience("Neighbour", 3)]
        for number, person in enumerate(people):
            person.audiences = [self.grades[GRADES[number]]] if number in GRADES else []
            person.audiences += [self.tags[tag] for tag in TAGS.get(number, ())]
        self.people = people
        self.model.owners = {number: people[distributor] for number, distributor in OWNERS.items()}
        self.model.bindings = {number: people[distributor] for number, distributor in BINDINGS.items()}

    def _set_up_products(self):
        for role, category, pieces, list_price, cost, tax in PRODUCTS:
            product = Product(role, category, pieces, TAXES[tax], cost=Fraction(cost, 100))
            product.set_list_price(list_price)
            self.model.products.append(product)

    def _create_dated_rule(self, rate):
        first = business_date(START)
        dates = {"date_from": first, "date_to": first + timedelta(days=2)}
        vals = {**self._target_vals(1, 1, 0), **self._pay_vals(0, rate, 0, 0), **dates}
        rules = self.env["distribution.commission.rule"]
        # With tiers of another level it may be more than the cap.
        if not self._is_lawful(lambda: rules.create(vals)):
            return
        record = rules.search([], order="id desc", limit=1)
        days = {"first": dates["date_from"], "last": dates["date_to"]}
        self.model.rules.append(self._rule(record, 0, rate, 0, 0, level=1, category="bowl", **days))

    def play(self, event):
        """Do one thing, a minute after the last: days pass by waiting only, so that no event is kept for its time.

        :return: whether it was possible
        """
        self._pass_time(1 / 60)
        name, *arguments = event
        done = getattr(self, f"_do_{name}")(*arguments)
        if done:
            self.env.flush_all()
            self._note_paid_invoices()
            self._note_open_lines()
            if not self.is_waiting():
                self.model.converge()
        return done

    def is_waiting(self):
        """Tell whether something happened that the ledger has not looked at."""
        return self.is_in_background and bool(self.events._get_waiting([]))

    def _do_look(self):
        """The ledger looks at what has waited."""
        if not self.is_in_background:
            return False
        self.look()
        return True

    def look(self):
        self.events._work_off(self.events._get_waiting([]))

    def _pass_time(self, hours):
        self.model.now += timedelta(hours=hours)
        self.clock.move_to(self.model.now)

    def _do_end_month(self):
        """The first night of the next month."""
        first = (self.model.today.replace(day=1) + timedelta(days=32)).replace(day=1)
        midnight = datetime.combine(first, time()) - timedelta(hours=8)
        return self._do_wait((midnight - self.model.now) / timedelta(hours=1))

    def _look_at_guarantees(self):
        """What rules guarantee for a month that has ended is added, once the ledger has looked at what waits."""
        ended = self.env["distribution.commission.guarantee"]._get_unseen(self.stage.program, LOOK_AGAIN)
        if ended:
            self.look()
            for guarantee in ended:
                ended._look(guarantee)
            self.model.converge()

    def _do_wait(self, hours):
        """Time passes, and the nightly work is done: receipts that nobody confirmed, holds that ended."""
        self._pass_time(hours)
        self._look_at_guarantees()
        pickings = self.env["stock.picking"]
        pickings.search(pickings._get_overdue_receipt_domain(self.stage.program))._confirm_receipt()
        for _record, order in self.orders:
            for delivery in order.deliveries:
                if delivery.shipped <= self.model.now - timedelta(days=self.model.receipt_days):
                    self._note_receipt(order, delivery)
        # What a receipt earns is due in the same night if there is no hold.
        if not self.is_waiting():
            self.model.converge()
        self.env["distribution.commission.entry"]._release(self.stage.program)
        self.model.release()
        return True
