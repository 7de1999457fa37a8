# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import formatLang

from odoo.addons.distribution_core.const import MAX_LEVELS

from ..const import AUDIENCES, PRODUCT_SCOPES, RULE_KINDS
from ..engine.amount import Pay
from ..engine.money import exact
from ..engine.rule_index import ALL, Rate

# The field that names what a scope or an audience is limited to.
PRODUCT_FIELDS = {
    "variant": "product_id",
    "template": "product_tmpl_id",
    "category": "categ_id",
    "tag": "product_tag_id",
}
AUDIENCE_FIELDS = {"distributor": "distributor_id", "grade": "grade_id"}
LIMIT_FIELDS = ("product_scope", "audience", *PRODUCT_FIELDS.values(), *AUDIENCE_FIELDS.values())
# What a rule is for: two rules that agree in all of it compete.
IDENTITY_FIELDS = ("program_id", "level", *LIMIT_FIELDS)


class DistributionCommissionRule(models.Model):
    """What a level of the upline gets for some products, for some distributors, at some time."""

    _name = "distribution.commission.rule"
    _description = "Commission Rule"
    _order = "program_id, level, product_priority, audience_priority, date_from, id"
    _check_company_auto = True

    program_id = fields.Many2one(
        comodel_name="distribution.program",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    active = fields.Boolean(default=True)
    level = fields.Integer(
        required=True,
        default=1,
        aggregator=None,
        help="1 is the distributor who referred the buyer, 2 its upline, 3 the next one up.",
    )
    kind = fields.Selection(
        selection=RULE_KINDS,
        required=True,
        default="percent",
        help="Per cent of what the order line brings, or an amount for each unit of the product.",
    )
    rate = fields.Float(
        string="Rate (%)",
        digits=(7, 4),
        compute="_compute_pay",
        store=True,
        readonly=False,
        aggregator=None,
        help="Per cent of the untaxed value of the order line. Zero pays nobody: it excludes what the rule is for.",
    )
    fixed_amount = fields.Monetary(
        string="Amount per Unit",
        compute="_compute_pay",
        store=True,
        readonly=False,
        aggregator=None,
        help="For one unit, in the product's own unit of measure, that was sent, kept and paid. Together with the "
        "other levels it never exceeds the program's cap.",
    )
    currency_id = fields.Many2one(related="program_id.currency_id")
    product_scope = fields.Selection(
        selection=PRODUCT_SCOPES,
        string="Products",
        required=True,
        default="all",
        help="The rule for the most specific product wins: variant, product, category and its parents, tag, all.",
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        string="Product Variant",
        compute="_compute_product_targets",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    product_tmpl_id = fields.Many2one(
        comodel_name="product.template",
        string="Product",
        compute="_compute_product_targets",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    categ_id = fields.Many2one(
        comodel_name="product.category",
        string="Product Category",
        compute="_compute_product_targets",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The rule counts for the categories below as well, where they have none of their own.",
    )
    product_tag_id = fields.Many2one(
        comodel_name="product.tag",
        compute="_compute_product_targets",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    audience = fields.Selection(
        selection=AUDIENCES,
        string="Distributors",
        required=True,
        default="all",
        help="Among rules for the same product, the one for the distributor wins over the one for its grade, and that "
        "over the one for all.",
    )
    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        compute="_compute_audience_targets",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('program_id', '=', program_id)]",
    )
    grade_id = fields.Many2one(
        comodel_name="distribution.grade",
        compute="_compute_audience_targets",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('program_id', '=', program_id)]",
    )
    date_from = fields.Date(string="Valid From", help="First day, in the program's time zone. Empty: from the start.")
    date_to = fields.Date(string="Valid To", help="Last day, in the program's time zone. Empty: without an end.")
    pay_label = fields.Char(string="Pays", compute="_compute_labels")
    product_label = fields.Char(string="Which Products", compute="_compute_labels")
    audience_label = fields.Char(string="Which Distributors", compute="_compute_labels")
    product_priority = fields.Integer(compute="_compute_priorities", store=True, aggregator=None)
    audience_priority = fields.Integer(compute="_compute_priorities", store=True, aggregator=None)

    _level_range = models.Constraint(
        f"CHECK(level BETWEEN 1 AND {MAX_LEVELS})", "Commission goes to levels 1 to 3: more is not lawful."
    )
    _rate_range = models.Constraint("CHECK(rate BETWEEN 0 AND 100)", "A rate lies between 0 and 100 per cent.")
    _fixed_amount_range = models.Constraint("CHECK(fixed_amount >= 0)", "An amount per unit cannot be negative.")
    _dates_in_order = models.Constraint("CHECK(date_from <= date_to)", "A rule ends before it begins.")
    _always_uniq = models.UniqueIndex(
        "(program_id, level, product_scope, audience, "
        "COALESCE(product_id, product_tmpl_id, categ_id, product_tag_id, 0), "
        "COALESCE(distributor_id, grade_id, 0)) WHERE active AND date_from IS NULL AND date_to IS NULL",
        "A program has one rule for the same level, product and distributors at a time.",
    )

    # === COMPUTE METHODS === #

    @api.depends("program_id.name", "level", "kind", "rate", "fixed_amount", *LIMIT_FIELDS)
    def _compute_display_name(self):
        for rule in self:
            limits = [rule._get_product_label(), rule._get_audience_label()]
            rule.display_name = self.env._(
                "%(program)s, level %(level)s: %(pay)s",
                program=", ".join([rule.program_id.name or "", *filter(None, limits)]),
                level=rule.level,
                pay=rule._get_pay_label(),
            )

    @api.depends("kind")
    def _compute_pay(self):
        """A rule pays in one way: what another kind left behind goes."""
        for rule in self:
            rule.rate = rule.rate if rule.kind == "percent" else 0.0
            rule.fixed_amount = rule.fixed_amount if rule.kind == "fixed_unit" else 0.0

    @api.depends("product_scope")
    def _compute_product_targets(self):
        self._clear_targets("product_scope", PRODUCT_FIELDS)

    @api.depends("audience")
    def _compute_audience_targets(self):
        self._clear_targets("audience", AUDIENCE_FIELDS)

    def _clear_targets(self, kind_field, target_fields):
        """A rule names one product or audience: what another choice left behind goes."""
        for rule in self:
            for kind, name in target_fields.items():
                rule[name] = rule[name] if rule[kind_field] == kind else False

    @api.depends("kind", "rate", "fixed_amount", *LIMIT_FIELDS)
    @api.depends_context("lang")
    def _compute_labels(self):
        for rule in self:
            rule.pay_label = rule._get_pay_label()
            rule.product_label = rule._get_product_label() or self.env._("All products")
            rule.audience_label = rule._get_audience_label() or self.env._("All distributors")

    @api.depends("product_scope", "audience")
    def _compute_priorities(self):
        products = [scope for scope, _label in PRODUCT_SCOPES]
        audiences = [audience for audience, _label in AUDIENCES]
        for rule in self:
            rule.product_priority = products.index(rule.product_scope or "all")
            rule.audience_priority = audiences.index(rule.audience or "all")

    # === CONSTRAINT METHODS === #

    @api.constrains(*LIMIT_FIELDS)
    def _check_targets(self):
        for rule in self:
            for kind, targets in ((rule.product_scope, PRODUCT_FIELDS), (rule.audience, AUDIENCE_FIELDS)):
                if kind in targets and not rule[targets[kind]]:
                    label = rule._fields[targets[kind]]._description_string(self.env)
                    raise ValidationError(self.env._("Say which it is: %s is empty.", label))

    @api.constrains("program_id", "distributor_id", "grade_id")
    def _check_same_program(self):
        for rule in self:
            audience = rule.distributor_id or rule.grade_id
            if audience and audience.program_id != rule.program_id:
                raise ValidationError(
                    self.env._("%(audience)s belongs to another program than the rule.", audience=audience.display_name)
                )

    @api.constrains("active", "date_from", "date_to", *IDENTITY_FIELDS)
    def _check_overlap(self):
        """Two rules for the same that are valid for a time must not share a day: one of them would never win."""
        for rule in self.filtered(lambda rule: rule.active and (rule.date_from or rule.date_to)):
            other = self.search(rule._get_overlap_domain(), limit=1)
            if other:
                raise ValidationError(
                    self.env._(
                        "%(rule)s is valid on days on which %(other)s is valid for the same products and distributors. "
                        "Change the dates of one of them.",
                        rule=rule.display_name,
                        other=other.display_name,
                    )
                )

    def _get_overlap_domain(self):
        self.ensure_one()
        domain = fields.Domain.AND([(name, "=", self._get_value(name))] for name in IDENTITY_FIELDS)
        domain &= fields.Domain("id", "!=", self.id)
        domain &= fields.Domain("date_from", "!=", False) | fields.Domain("date_to", "!=", False)
        if self.date_to:
            domain &= fields.Domain("date_from", "=", False) | fields.Domain("date_from", "<=", self.date_to)
        if self.date_from:
            domain &= fields.Domain("date_to", "=", False) | fields.Domain("date_to", ">=", self.date_from)
        return domain

    def _get_value(self, name):
        return self[name].id if self._fields[name].type == "many2one" else self[name]

    @api.constrains("active", "kind", "rate", "fixed_amount", "date_from", "date_to", *IDENTITY_FIELDS)
    def _check_cap(self):
        self.program_id._check_cap()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """Terms point at the rule they were made by: such a rule is archived, not deleted."""
        used = self.env["distribution.commission.term"].sudo().search([("rule_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(self.env._("%s was applied to orders: archive it instead.", used.rule_id.display_name))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        self.env["distribution.program"].browse(
            {vals["program_id"] for vals in vals_list if vals.get("program_id")}
        )._lock_rules()
        return super().create(vals_list)

    def write(self, vals):
        self.check_access("write")
        (self.program_id | self.program_id.browse(vals.get("program_id") or []))._lock_rules()
        return super().write(vals)

    def unlink(self):
        self.check_access("unlink")
        self.program_id._lock_rules()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _get_rate(self):
        """Return the rule as the engine takes it.

        :rtype: Rate
        """
        self.ensure_one()
        pay = Pay(self.kind, exact(self.rate), exact(self.fixed_amount))
        return Rate(
            self._origin.id or 0,
            self.level,
            pay,
            self._get_cost(pay),
            self._get_key(self.product_scope, PRODUCT_FIELDS),
            self._get_key(self.audience, AUDIENCE_FIELDS),
            self.date_from or None,
            self.date_to or None,
        )

    def _get_cost(self, pay):
        """Return what the rule costs of the product's price in per cent; 0 where no price is known.

        :param pay: `engine.amount.Pay`
        """
        if pay.kind == "percent":
            return pay.rate
        product = (self.product_id or self.product_tmpl_id)._origin
        if not product:
            return exact(0)
        price = exact(self.program_id._get_untaxed_price(product))
        return pay.fixed / price * 100 if price > 0 else exact(0)

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

    def _get_pay_label(self):
        self.ensure_one()
        if self.kind == "percent":
            return f"{self.rate:g} %"
        return self.env._("%s per unit", formatLang(self.env, self.fixed_amount, currency_obj=self.currency_id))

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
