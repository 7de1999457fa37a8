# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import formatLang

from .distribution_commission_rule import AUDIENCE_FIELDS, PAY_FIELDS, PRODUCT_FIELDS, TARGET_FIELDS


class DistributionCommissionRule(models.Model):
    """What a rule is called, and what lists say of it."""

    _inherit = "distribution.commission.rule"  # pylint: disable=consider-merging-classes-inherited

    pay_label = fields.Char(string="Pays", compute="_compute_labels")
    limit_label = fields.Char(string="Within", compute="_compute_labels")
    product_label = fields.Char(string="Which Products", compute="_compute_labels")
    audience_label = fields.Char(string="Which Distributors", compute="_compute_labels")
    target_label = fields.Char(string="For Whom and What", compute="_compute_labels")

    # === COMPUTE METHODS === #

    @api.depends("program_id.name", "level", "tier_ids", *PAY_FIELDS, *TARGET_FIELDS)
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = self.env._("%(rule)s: %(pay)s", rule=rule.target_label, pay=rule._get_pay_label())

    @api.depends("program_id.name", "level", "tier_ids.rate", "tier_ids.fixed_amount", *PAY_FIELDS, *TARGET_FIELDS)
    @api.depends_context("lang")
    def _compute_labels(self):
        for rule in self:
            rule.pay_label = rule._get_pay_label()
            rule.limit_label = rule._get_limit_label()
            rule.product_label = rule._get_product_label() or self.env._("All products")
            rule.audience_label = rule._get_audience_label() or self.env._("All distributors")
            rule.target_label = rule._get_target_label()

    # === BUSINESS METHODS === #

    def _get_target_label(self):
        self.ensure_one()
        limits = [self.program_id.name, self._get_product_label(), self._get_audience_label()]
        return self.env._("%(program)s, level %(level)s", program=", ".join(filter(None, limits)), level=self.level)

    def _get_changed_on(self):
        """Return when the rule or a tier of it was last changed, naive UTC.

        :rtype: datetime
        """
        self.ensure_one()
        return max([self.write_date, *self.tier_ids.mapped("write_date")])

    def _get_pay_label(self):
        self.ensure_one()
        if self.effect == "multiply":
            return f"× {self.factor:g}"
        label = " / ".join(self._get_tier_label(*row) for row in self._get_rows())
        return f"+ {label}" if self.effect == "add" else label

    def _get_tier_label(self, start, rate, amount):
        pay = self._get_one_pay_label(rate, amount)
        if not start:
            return pay
        sales = formatLang(self.env, start, currency_obj=self.currency_id)
        return self.env._("%(pay)s from %(sales)s", pay=pay, sales=sales)

    def _get_one_pay_label(self, rate, amount):
        if self.kind == "percent":
            label = f"{rate:g} %"
            # What is added is of the base of the rule it is added to.
            if self.base_kind == "untaxed" or self.effect == "add":
                return label
            kinds = dict(self._fields["base_kind"]._description_selection(self.env))
            return self.env._("%(rate)s of %(base)s", rate=label, base=kinds[self.base_kind].lower())
        money = formatLang(self.env, amount, currency_obj=self.currency_id)
        return self.env._("%s per unit", money) if self.kind == "fixed_unit" else self.env._("%s per order", money)

    def _get_limit_label(self):
        """Return the least and the most that the rule pays and for what; empty where it has no limits."""
        self.ensure_one()
        least, most = self.minimum_amount, self.maximum_amount
        if not (least or most):
            return ""
        scopes = dict(self._fields["limit_scope"]._description_selection(self.env))
        figures = {
            "least": formatLang(self.env, least, currency_obj=self.currency_id),
            "most": formatLang(self.env, most, currency_obj=self.currency_id),
            "scope": scopes[self.limit_scope].lower(),
        }
        if least and most:
            return self.env._("%(least)s to %(most)s for each %(scope)s", **figures)
        if least:
            return self.env._("at least %(least)s for each %(scope)s", **figures)
        return self.env._("at most %(most)s for each %(scope)s", **figures)

    def _get_product_label(self):
        """Return the name of what the rule is limited to; empty where it is for all products."""
        self.ensure_one()
        name = PRODUCT_FIELDS.get(self.product_scope)
        return self[name].display_name if name else ""

    def _get_audience_label(self):
        """Return the name of whom the rule is limited to; empty where it is for all distributors."""
        self.ensure_one()
        name = AUDIENCE_FIELDS.get(self.audience)
        return self[name].display_name if name else ""
