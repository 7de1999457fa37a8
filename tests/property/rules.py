# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which rule pays: the most specific by product, distributor and day, and what a campaign makes of it."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .pay import ZERO, Limit, Pays


@dataclass(eq=False)
class Audience:
    """Several distributors: those of a grade, or those with a tag; the lower the rank, the more specific."""

    name: str
    rank: int


@dataclass(eq=False)
class Rule:
    """What a level gets, for a category and an audience or for all.

    `kind` is what a rate is taken of, `untaxed`, `taxed`, `list` or `margin`, or `fixed_unit` or `fixed_order`.
    Tiers are (sales from, value); a campaign's rule has an effect, and `value` is the factor of one that multiplies.
    """

    number: int
    level: int
    kind: str
    value: Fraction
    category: str | None = None
    audience: object = None
    first: date | None = None
    last: date | None = None
    limit: Limit = Limit()
    tiers: tuple = ()
    effect: str = ""

    def fits(self, product, distributor, day):
        return (
            self.category in (None, product.category)
            and (self.audience in (None, distributor) or self.audience in distributor.audiences)
            and (self.first is None or self.first <= day <= self.last)
        )

    def rank(self):
        """Most specific first: product, then distributor, grade, tag, then dates."""
        audience = 9 if self.audience is None else getattr(self.audience, "rank", 0)
        return (self.category is None, audience, self.first is None)

    @property
    def pays_somebody(self):
        return self.value > 0 or any(value > 0 for _start, value in self.tiers)

    def pays(self, sales):
        """Return what it pays after some sales of the period."""
        reached = [value for start, value in self.tiers if start <= sales]
        return Pays.by_kind(self.kind, reached[-1] if reached else self.value)


@dataclass(frozen=True)
class Found:
    """The rule that pays a level, and the campaign's rule that adds to it or multiplies it."""

    rule: Rule
    campaign: Rule | None = None

    @property
    def needs_sales(self):
        return bool(self.rule.tiers or (self.campaign and self.campaign.tiers))

    def pays(self, sales=ZERO):
        pays = self.rule.pays(sales)
        if not self.campaign:
            return pays
        if self.campaign.effect == "multiply":
            return pays.times(self.campaign.value)
        return pays.plus(self.campaign.pays(sales))


def resolve(rules, level, product, distributor, day, is_for_another=False):
    """Return what pays a level, None where nobody is paid.

    :param bool is_for_another: what passes up: rules that pay certain people nothing are theirs alone
    """
    fitting = [rule for rule in rules if rule.level == level and rule.fits(product, distributor, day)]
    if is_for_another:
        fitting = [rule for rule in fitting if rule.audience is None or rule.pays_somebody or rule.effect == "multiply"]
    rule = min((each for each in fitting if not each.effect), key=Rule.rank, default=None)
    campaign = min((each for each in fitting if each.effect), key=Rule.rank, default=None)
    if campaign and (campaign.effect == "replace" or (campaign.effect == "add" and not rule)):
        rule, campaign = campaign, None
    return Found(rule, campaign) if rule and rule.pays_somebody else None
