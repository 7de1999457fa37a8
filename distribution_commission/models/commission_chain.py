# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who stands above an order, and what each gets of a line."""

from dataclasses import dataclass

from ..engine.rule_index import Found


@dataclass(frozen=True, slots=True)
class Share:
    """What a level gets of an order line.

    :param distributor: who stands on the level
    :param receiver: who gets its share: it, or the one above to whom it passes
    """

    level: int
    distributor: object
    receiver: object
    found: Found

    @property
    def key(self):
        """What is the same for lines of an order that the same rules pay to the same distributors."""
        overlay = self.found.overlay
        return self.level, self.receiver.id, self.found.rule.rule_id, overlay and overlay.rule_id


@dataclass(frozen=True, slots=True)
class Link:
    """A level of the upline of an order.

    :param distributor: who stands on the level
    :param list keys: of the distributor, for `engine.rule_index`
    :param bool is_earning: False for whoever is closed
    :param above: the next distributor up who earns, where shares pass up; else empty
    """

    level: int
    distributor: object
    keys: list
    is_earning: bool
    above: object

    def get_share(self, index, products, day):
        """Return who gets what by the rules, None where nobody does.

        :param index: `engine.rule_index.RuleIndex` of the program
        :param products: keys of the product
        :param date day: business date
        :rtype: Share
        """
        found = index.resolve(self.level, products, self.keys, day)
        if found and self.is_earning:
            return Share(self.level, self.distributor, self.distributor, found)
        if self.above:
            found = found or index.resolve_share(self.level, products, self.keys, day)
            return Share(self.level, self.distributor, self.above, found) if found else None
        return None
