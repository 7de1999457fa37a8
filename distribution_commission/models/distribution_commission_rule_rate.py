# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..engine.money import exact
from ..engine.pay import Pay
from ..engine.rule_index import ALL, Price, Rate, Tier
from .distribution_commission_rule import AUDIENCE_FIELDS, PRODUCT_FIELDS


class DistributionCommissionRule(models.Model):
    """A rule as the engine takes it."""

    _inherit = "distribution.commission.rule"  # pylint: disable=consider-merging-classes-inherited

    def _get_rate(self, is_priced=False):
        """Return the rule as the engine takes it.

        :param bool is_priced: with the price that the worst case needs, and resolving does not
        :rtype: Rate
        """
        self.ensure_one()
        return Rate(
            self._origin.id or 0,
            self.level,
            self._get_tiers(),
            self._get_key(self.product_scope, PRODUCT_FIELDS),
            self._get_key(self.audience, AUDIENCE_FIELDS),
            self.date_from or None,
            self.date_to or None,
            self.campaign_id.id or 0,
            self.effect or "",
            exact(self.factor),
            self._get_price() if is_priced else None,
        )

    def _get_tiers(self):
        """Return what the rule pays by sales of the period; one tier from 0 where it does not depend on them.

        :rtype: tuple of Tier
        """
        if self.effect == "multiply":
            return (Tier(exact(0), Pay()),)
        return tuple(Tier(exact(start), self._get_pay(rate, amount)) for start, rate, amount in self._get_rows())

    def _get_rows(self):
        """Return (sales from, rate, amount): what the rule itself pays, and its tiers."""
        self.ensure_one()
        tiers = [(tier.amount_from, tier.rate, tier.fixed_amount) for tier in self.tier_ids.sorted("amount_from")]
        return [(0.0, self.rate, self.fixed_amount), *tiers]

    def _get_pay(self, rate, amount):
        return Pay(
            rate=exact(rate if self.kind == "percent" else 0),
            base_kind=self.base_kind,
            per_unit=exact(amount if self.kind == "fixed_unit" else 0),
            per_order=exact(amount if self.kind == "fixed_order" else 0),
            scope=self.limit_scope,
            minimum=exact(self.minimum_amount),
            maximum=exact(self.maximum_amount) if self.maximum_amount else None,
        )

    def _get_price(self):
        """Return one unit of the rule's product, or a line that stands for any.

        :rtype: Price
        """
        product = (self.product_id or self.product_tmpl_id)._origin
        return Price(self.program_id._get_price_line(product), bool(product))

    def _get_key(self, kind, target_fields):
        # In a form that is not saved yet the target is a shadow of the record.
        return (kind, self[target_fields[kind]]._origin.id or 0) if kind in target_fields else ALL

    def _get_product_profile(self):
        """Return the keys of a product this rule is for, most specific first, as far as the rule fixes them.

        :rtype: list of (kind, id)
        """
        self.ensure_one()
        product = (self.product_id or self.product_tmpl_id)._origin
        if product:
            return product._get_commission_profile()
        return [*self.categ_id._origin._get_commission_keys(), ALL]
