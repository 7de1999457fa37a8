# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which rule pays: rules compile to a dictionary, resolving one is a handful of look-ups.

A rule names a product scope, an audience and a level. Of the rules that fit, the one for the most specific product
wins; among those for the same product, the one for the most specific audience; among these, one that is valid for a
time goes before one that always is. A rule of rate zero wins like any other, and pays nobody: that is how a product is
excluded.

Rules of campaigns compete among themselves in the same way. The one that wins replaces the rule, or adds to it, or
multiplies it; nothing is added to a rule that pays nobody.

Keys are pairs (kind, id), given most specific first:

product   ("variant", id), ("template", id), ("category", id) and its ancestors, ("tag", id) by sequence, ("all", 0)
audience  ("distributor", id), ("grade", id), ("tag", id) by sequence, ("all", 0)
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .pay import ZERO, Line, Pay, get_amount

ALL = ("all", 0)


@dataclass(frozen=True, slots=True)
class Tier:
    """What a rule pays from an amount of sales in the period on.

    :param Fraction start: sales before the order, in the company's currency
    """

    start: Fraction
    pay: Pay


@dataclass(frozen=True, slots=True)
class Price:
    """What the worst case of a rule is reckoned with: one unit of its product at the list price.

    :param bool is_known: else the line stands for any product, and only rates say something about it
    """

    line: Line
    is_known: bool

    def get_cost(self, pay):
        """Return what a pay costs at most of the price in per cent.

        An amount costs nothing where no price is known: it is scaled to the cap when it is earned. Limits for one unit
        count; those for a line or an order do not, since half a unit may be sold.

        :rtype: Fraction
        """
        line = self.line
        if line.worth <= 0:
            return ZERO
        if not self.is_known:
            pay = Pay(rate=pay.rate, base_kind=pay.base_kind)
        amount = get_amount(pay, line.whole, line)
        if self.is_known and pay.scope == "unit":
            amount = pay.limit(amount, 1)
        return amount / line.worth * 100


@dataclass(frozen=True, slots=True)
class Rate:
    """A rule as the index keeps it.

    :param tuple tiers: `Tier` by start, the first from 0
    :param date_from: first day, None where it is open; `date_to` the last
    :param str effect: of a campaign's rule: `replace`, `add` or `multiply`; empty for a rule that always stands
    :param Fraction factor: by how much a campaign multiplies
    :param Price price: for the worst case; None in an index that only resolves
    """

    rule_id: int
    level: int
    tiers: tuple
    product: tuple = ALL
    audience: tuple = ALL
    date_from: date | None = None
    date_to: date | None = None
    campaign_id: int = 0
    effect: str = ""
    factor: Fraction = Fraction(1)
    price: Price | None = None

    @property
    def is_dated(self):
        return bool(self.date_from or self.date_to)

    @property
    def is_paying(self):
        return any(tier.pay.is_paying for tier in self.tiers)

    @property
    def is_excluding(self):
        return not self.is_paying and self.effect != "multiply"

    @property
    def is_tiered(self):
        return len(self.tiers) > 1

    @property
    def pays(self):
        return [tier.pay for tier in self.tiers]

    def get_cost(self, pays, price):
        """Return what pays of this rule cost at most, in per cent.

        :param list pays: with what a campaign makes of them
        :param Price price: of the product for which it is asked, None where it is not known
        :rtype: Fraction
        """
        # A rule for many products may pay an amount that is much for this one.
        return max((price or self.price).get_cost(pay) for pay in pays)

    def is_valid(self, day):
        """Tell whether the rule is valid on a date."""
        return (self.date_from or day) <= day <= (self.date_to or day)

    def get_pay(self, sales):
        """Return what the rule pays after an amount of sales in the period.

        :rtype: Pay
        """
        return next(tier.pay for tier in reversed(self.tiers) if tier.start <= max(sales, ZERO))


@dataclass(frozen=True, slots=True)
class Found:
    """What pays a level: a rule, and the rule of a campaign that adds to it or multiplies it.

    A campaign that replaces stands in the rule's place.
    """

    rule: Rate
    overlay: Rate | None = None

    @property
    def is_by_sales(self):
        """Tell whether the sales of the period must be known."""
        return self.rule.is_tiered or bool(self.overlay and self.overlay.is_tiered)

    def get_pay(self, sales):
        """Return how the level is paid, see `Rate.get_pay`."""
        pay = self.rule.get_pay(sales)
        if not self.overlay:
            return pay
        if self.overlay.effect == "multiply":
            return pay.times(self.overlay.factor)
        return pay.plus(self.overlay.get_pay(sales))


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The most that one order line can cost: its total in per cent, by level what it costs and the rules that make it,
    and when."""

    total: Fraction
    levels: tuple
    day: date

    @property
    def rates(self):
        return [rate for _cost, rates in self.levels for rate in rates]


class RuleIndex:
    """The rules of one program."""

    def __init__(self, rates):
        self._rules, self._overlays = _Table(), _Table()
        for rate in sorted(rates, key=lambda rate: (not rate.is_dated, rate.rule_id)):
            (self._overlays if rate.effect else self._rules).add(rate)
        self.has_product_tags = any(kind == "tag" for kind, _id in self.get_products())
        self.has_distributor_tags = any(rate.audience[0] == "tag" for rate in rates)

    def resolve(self, level, products, audiences, day):
        """Return what pays a level, None where nobody is paid.

        A level without a rule or with one that pays nothing does not silence those above it.

        :param products: keys of the product, most specific first
        :param audiences: keys of the distributor, most specific first
        :param date day: business date of the confirmation
        :rtype: Found
        """
        keys = level, products, audiences, day
        return self._combine(self._rules.find(*keys), self._overlays.find(*keys))

    def resolve_share(self, level, products, audiences, day):
        """Return what would pay a level if rules for certain people excluded nobody: what may pass up.

        :rtype: Found
        """
        keys = level, products, audiences, day
        rule, overlay = (
            next((rate for rate in table.rank(*keys) if not rate.is_excluding or rate.audience == ALL), None)
            for table in (self._rules, self._overlays)
        )
        return self._combine(rule, overlay)

    def _combine(self, rule, overlay):
        if overlay and _is_replacing(rule, overlay):
            rule, overlay = overlay, None
        if not rule or not rule.is_paying:
            return None
        return Found(rule, overlay)

    def compare(self, level, products, audiences, day):
        """Return every rule for a product and a distributor, the campaigns' rules first, those that win before those
        that lose, and why each does: `wins`; `replaces`, `adds`, `multiplies` (of a campaign); `campaign` (is
        replaced by one); `idle` (there is nothing to add to or multiply); `product` or `audience` (loses to a more
        specific one); `always` (loses to one for a time); `date` (not valid on the day).

        :rtype: list of (Rate, str)
        """
        rule = self._rules.find(level, products, audiences, day)
        overlay = self._overlays.find(level, products, audiences, day)
        verdict = "wins"
        if overlay and _is_replacing(rule, overlay):
            verdict, effect = "campaign", "replaces"
        elif overlay:
            effect = {"add": "adds", "multiply": "multiplies"}[overlay.effect] if rule and rule.is_paying else "idle"
        return [
            *self._overlays.compare(level, products, audiences, day, overlay, effect if overlay else ""),
            *self._rules.compare(level, products, audiences, day, rule, verdict),
        ]

    def get_products(self):
        """Return the product keys for which there are rules."""
        return self._rules.products | self._overlays.products

    def get_worst_case(self, level_count, profiles, today):
        """Return the combination of product, day and audiences in which the levels cost most.

        The distributors of a chain may have any grades and tags, and a product any tags: what is found is never too
        little.

        :param int level_count: how many levels are paid
        :param profiles: the keys of each kind of product there are rules for, most specific first
        :param date today: what was valid before does not count
        :rtype: WorstCase
        """
        cases = []
        numbers = range(1, level_count + 1)
        for profile in profiles:
            price = self._get_price(profile, numbers)
            # Other days are like one of these for this kind of product.
            for day in sorted({today, *(day for day in self._get_days(profile) if day > today)}):
                found = [self._get_worst_level(level, profile, day, price) for level in numbers]
                levels = tuple((cost, rates) for cost, rates in found if cost > 0)
                cases.append(WorstCase(sum((cost for cost, _rates in levels), ZERO), levels, day))
        return max(cases, key=lambda case: case.total)

    def _get_days(self, profile):
        """Return the days on which what may pay for a kind of product changes."""
        return self._rules.get_days(profile) | self._overlays.get_days(profile)

    def _get_price(self, profile, levels):
        """Return the price of the product that a profile is of, None where no rule is for it alone."""
        rates = (
            rate
            for product in profile
            for table in (self._rules, self._overlays)
            for level in levels
            for rate in table.get_rates(level, product)
        )
        return next((rate.price for rate in rates if rate.price.is_known), None)

    def _get_worst_level(self, level, profile, day, price):
        """Return the most a level may cost for a kind of product, and the rules that make it."""
        rules = self._rules.reach(level, profile, day)
        cases = [(ZERO, ()), *((rule.get_cost(rule.pays, price), (rule,)) for rule in rules)]
        has_always_rule = any(rule.audience == ALL and rule.product[0] != "tag" for rule in rules)
        for overlay in self._overlays.reach(level, profile, day):
            if overlay.effect == "replace" or (overlay.effect == "add" and not has_always_rule):
                cases.append((overlay.get_cost(overlay.pays, price), (overlay,)))
            if overlay.effect != "replace":
                cases += [(_get_cost_with(rule, overlay, price), (rule, overlay)) for rule in rules if rule.is_paying]
        return max(cases, key=lambda case: case[0])


class _Table:
    """Rules that compete with each other: level and product → audience → rules, those for a time first."""

    def __init__(self):
        self._rates = defaultdict(lambda: defaultdict(list))
        self._days = defaultdict(set)

    @property
    def products(self):
        return {product for _level, product in self._rates}

    def add(self, rate):
        self._rates[rate.level, rate.product][rate.audience].append(rate)
        self._days[rate.product] |= _get_turning_points(rate)

    def get_rates(self, level, product):
        return [rate for rates in self._rates.get((level, product), {}).values() for rate in rates]

    def get_days(self, products):
        return {day for product in products for day in self._days.get(product, ())}

    def find(self, level, products, audiences, day):
        # Of campaigns there are mostly none.
        return next(self.rank(level, products, audiences, day), None) if self._rates else None

    def rank(self, level, products, audiences, day):
        """Yield the rules that fit, in the order in which they win."""
        return (rate for rate in self._fit(level, products, audiences) if rate.is_valid(day))

    def compare(self, level, products, audiences, day, winner, verdict):
        return [
            (rate, verdict if rate is winner else _get_defeat(rate, winner, day))
            for rate in self._fit(level, products, audiences)
        ]

    def _fit(self, level, products, audiences):
        for product in products:
            if by_audience := self._rates.get((level, product)):
                for audience in audiences:
                    yield from by_audience.get(audience, ())

    def reach(self, level, products, day):
        """Return the rules by which somebody may earn on a level for a kind of product."""
        reachable, shadowed = [], set()
        for product in products:
            valid = [
                next((rate for rate in rates if rate.is_valid(day)), None)
                for rates in self._rates.get((level, product), {}).values()
            ]
            found = {rate.audience: rate for rate in valid if rate}
            reachable += [rate for audience, rate in found.items() if audience not in shadowed]
            if product[0] != "tag":
                # A product may or may not have a tag; the other keys it has for certain.
                shadowed |= found.keys()
            if ALL in shadowed:
                break
        return reachable


def _is_replacing(rule, overlay):
    """Tell whether a campaign stands in a rule's place: it replaces it, or adds where there is none."""
    return overlay.effect == "replace" or (overlay.effect == "add" and not rule)


def _get_cost_with(rule, overlay, price):
    """Return what a rule costs at most together with a campaign's that adds to it or multiplies it.

    The rule's limits hold for both.

    :param Price price: see `Rate.get_cost`
    """
    if overlay.effect == "multiply":
        pays = [pay.times(overlay.factor) for pay in rule.pays]
    else:
        pays = [pay.plus(added) for pay in rule.pays for added in overlay.pays]
    return rule.get_cost(pays, price)


def _get_defeat(rate, winner, day):
    if not rate.is_valid(day):
        return "date"
    if rate.product != winner.product:
        return "product"
    return "audience" if rate.audience != winner.audience else "always"


def _get_turning_points(rate):
    """Return the days on which the set of valid rules may change because of a rule."""
    points = set()
    if rate.date_from:
        points.add(rate.date_from)
    if rate.date_to and rate.date_to != date.max:
        points.add(date.fromordinal(rate.date_to.toordinal() + 1))
    return points
