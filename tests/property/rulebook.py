# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Rules and campaigns, told to Odoo and to the model."""

from datetime import timedelta
from fractions import Fraction

from odoo.exceptions import ValidationError

from .pay import Limit
from .rules import Rule
from .stage import EFFECTS, KINDS, LIMITS, NAMES, TIERS

# What a rule is for.
TARGETS = (
    "program_id",
    "level",
    "product_scope",
    "audience",
    "categ_id",
    "distributor_id",
    "grade_id",
    "distribution_tag_id",
)


class Rulebook:
    """What managers decide; part of `drive.Drive`.

    A rule is a level, 1 for bowls only, an audience (0 for all, then the distributors, the grades, the tags), and what
    it pays: see `stage.KINDS`, `LIMITS` and `TIERS`.
    """

    def _is_lawful(self, change):
        """Do what the guard may refuse, which is nobody's business here: then nothing has happened."""
        try:
            with self.env.cr.savepoint():
                change()
        except ValidationError:
            return False
        return True

    def _target_vals(self, level, for_bowls, audience):
        kind, record = self._audience(audience)[:2]
        names = {"distributor": "distributor_id", "grade": "grade_id", "tag": "distribution_tag_id"}
        return {
            "program_id": self.stage.program.id,
            "level": level,
            "product_scope": "category" if for_bowls else "all",
            "categ_id": self.stage.bowls.id if for_bowls else False,
            "audience": kind,
            **{name: record.id if kind == each else False for each, name in names.items()},
        }

    def _audience(self, number):
        """Return the kind of an audience, its record and what it is to the model."""
        if not number:
            return "all", None, None
        number -= 1
        if number < len(NAMES):
            return "distributor", self.stage.distributors[number], self.people[number]
        number -= len(NAMES)
        if number < len(self.grades):
            return "grade", self.stage.grades[number], self.grades[number]
        number -= len(self.grades)
        return "tag", self.stage.tags[number], self.tags[number]

    @staticmethod
    def _pay_vals(kind, value, limit, tier):
        scope, least, most = LIMITS[limit]
        is_rate = not KINDS[kind].startswith("fixed")
        tiers = [
            {"amount_from": start / 100, ("rate" if is_rate else "fixed_amount"): tier_value / 100}
            for start, tier_value in tier_values(tier, value)
        ]
        return {
            "kind": "percent" if is_rate else KINDS[kind],
            "base_kind": KINDS[kind] if is_rate else "untaxed",
            "rate": value / 100 if is_rate else 0,
            "fixed_amount": 0 if is_rate else value / 100,
            "limit_scope": scope,
            "minimum_amount": least / 100,
            "maximum_amount": most / 100,
            "tier_ids": [(5, 0, 0), *((0, 0, vals) for vals in tiers)],
        }

    def _rule(self, record, kind, value, limit, tier, **vals):
        """Return a rule as the model takes it."""
        scope, least, most = LIMITS[limit]
        limit = Limit(scope, Fraction(least, 100), Fraction(most, 100) if most else None)
        tiers = tuple((Fraction(start, 100), Fraction(each, 100)) for start, each in tier_values(tier, value))
        return Rule(record.id, kind=KINDS[kind], value=Fraction(value, 100), limit=limit, tiers=tiers, **vals)

    def _do_rule(self, level, for_bowls, audience, kind, value, limit=0, tier=0):
        """Write a rule that always stands, or what it pays if there is one for the same."""
        target, pay = self._target_vals(level, for_bowls, audience), self._pay_vals(kind, value, limit, tier)
        rules = self.env["distribution.commission.rule"]
        found = rules.search([(name, "=", target[name]) for name in TARGETS] + [("date_from", "=", False)])
        if not self._is_lawful(lambda: found.write(pay) if found else rules.create({**target, **pay})):
            return False
        found = found or rules.search([], order="id desc", limit=1)
        self.model.rules = [each for each in self.model.rules if each.number != found.id]
        named = {"category": "bowl" if for_bowls else None, "audience": self._audience(audience)[2]}
        self.model.rules.append(self._rule(found, kind, value, limit, tier, level=level, **named))
        return True

    def _do_campaign(self, effect, days, level, for_bowls, audience, kind, value, limit=0, tier=0):
        """Begin a campaign of one rule, today, for some days; one that adds or multiplies has no limits of its own."""
        effect, today = EFFECTS[effect], self.model.today
        target, last = self._target_vals(level, for_bowls, audience), today + timedelta(days=days)
        limit = limit if effect == "replace" else 0
        # A rate or an amount per unit can be added, no amount per order.
        kind = 1 if effect == "add" and KINDS[kind] == "fixed_order" else kind
        pay = self._pay_vals(kind, value, limit, tier)
        if effect == "multiply":
            kind, pay, tier = 0, {"factor": value / 100}, 0
        campaign = {"name": "Days", "program_id": self.stage.program.id, "date_from": today, "date_to": last}
        rule_vals = [(0, 0, {**target, **pay, "effect": effect})]
        campaigns = self.env["distribution.commission.campaign"]
        if not self._is_lawful(lambda: campaigns.create({**campaign, "rule_ids": rule_vals})):
            return False
        record = campaigns.search([], order="id desc", limit=1).rule_ids
        named = {"category": "bowl" if for_bowls else None, "audience": self._audience(audience)[2]}
        named |= {"level": level, "effect": effect, "first": today, "last": last}
        self.model.rules.append(self._rule(record, kind, value, limit, tier, **named))
        return True


def tier_values(tier, value):
    """Return (sales from, value) of a rule's tiers, in fen and the rule's own unit."""
    return [(start, value * percent // 100) for start, percent in TIERS[tier]]
