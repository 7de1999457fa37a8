# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.distribution_core.const import MAX_LEVELS

from ..const import AUDIENCES, BASE_KINDS, EFFECTS, LIMIT_SCOPES, PRODUCT_SCOPES, RULE_KINDS

# The field that names what a scope or an audience is limited to.
PRODUCT_FIELDS = {
    "variant": "product_id",
    "template": "product_tmpl_id",
    "category": "categ_id",
    "tag": "product_tag_id",
}
AUDIENCE_FIELDS = {"distributor": "distributor_id", "grade": "grade_id", "tag": "distribution_tag_id"}
TARGET_FIELDS = ("product_scope", "audience", *PRODUCT_FIELDS.values(), *AUDIENCE_FIELDS.values())
# What a rule is for: two rules that agree in all of it compete.
IDENTITY_FIELDS = ("program_id", "level", *TARGET_FIELDS)
# What a rule pays.
PAY_FIELDS = (
    "kind",
    "base_kind",
    "rate",
    "fixed_amount",
    "limit_scope",
    "minimum_amount",
    "maximum_amount",
    "effect",
    "factor",
)
# Between two kinds of products or distributors, for categories by their depth and tags by their sequence.
PLACES = 1000


class DistributionCommissionRule(models.Model):
    """What a level of the upline gets for some products, for some distributors, at some time."""

    _name = "distribution.commission.rule"
    _description = "Commission Rule"
    # Rules of campaigns stand among the others of their kind: they compete among themselves.
    _order = "program_id, level, product_priority, audience_priority, date_from, date_to, id"
    _check_company_auto = True

    program_id = fields.Many2one(
        comodel_name="distribution.program",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    active = fields.Boolean(default=True)
    campaign_id = fields.Many2one(
        comodel_name="distribution.commission.campaign",
        index="btree_not_null",
        ondelete="cascade",
        domain="[('program_id', '=', program_id)]",
        help="A campaign's rule counts on the campaign's days, on top of the rule that would pay without it.",
    )
    is_archived_with_campaign = fields.Boolean(readonly=True)
    effect = fields.Selection(
        selection=EFFECTS,
        compute="_compute_effect",
        store=True,
        readonly=False,
        help="What the campaign does to the rule that would pay without it. Nothing is added to a rule that pays "
        "nobody.",
    )
    factor = fields.Float(
        digits=(6, 2), default=1.0, aggregator=None, help="2 doubles the rate, and the amount per unit or order."
    )
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
        help="Per cent of what the order line brings, or an amount for each unit of the product, or an amount for all "
        "lines of an order that the rule pays, shared out by value.",
    )
    base_kind = fields.Selection(
        selection=BASE_KINDS,
        string="Of",
        required=True,
        default="untaxed",
        help="What the rate is taken of, as far as it was sent, kept and paid. List price and cost are those of the "
        "day of confirmation.",
    )
    rate = fields.Float(
        string="Rate (%)",
        digits=(7, 4),
        compute="_compute_pay",
        store=True,
        readonly=False,
        aggregator=None,
        help="Zero pays nobody: it excludes what the rule is for.",
    )
    fixed_amount = fields.Monetary(
        string="Amount",
        compute="_compute_pay",
        store=True,
        readonly=False,
        aggregator=None,
        help="For one unit, in the product's own unit of measure, or for the order. Together with the other levels it "
        "never exceeds the program's cap.",
    )
    tier_ids = fields.One2many(
        comodel_name="distribution.commission.tier",
        inverse_name="rule_id",
        copy=True,
        help="What it pays once the sales of the period on which the distributor has earned on this level, before the "
        "order, have reached an amount. Each tier counts up to the next.",
    )
    is_paying = fields.Boolean(compute="_compute_is_paying", store=True)
    level_count = fields.Integer(related="program_id.level_count", string="Levels Paid")
    limit_scope = fields.Selection(selection=LIMIT_SCOPES, string="Limits For Each", required=True, default="line")
    minimum_amount = fields.Monetary(
        string="At Least",
        compute="_compute_limits",
        store=True,
        readonly=False,
        aggregator=None,
        help="Empty: no minimum. For a period: what a distributor who has sold gets by this rule in the program's "
        "sales period; what is missing is added when it has ended. The program's cap holds all the same.",
    )
    maximum_amount = fields.Monetary(
        string="At Most",
        compute="_compute_limits",
        store=True,
        readonly=False,
        aggregator=None,
        help="Empty: no maximum. For a period: what a distributor gets by this rule in the program's sales period.",
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
        help="Among rules for the same product, the one for the distributor wins over the one for its grade, that over "
        "the one for a tag, and that over the one for all.",
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
    distribution_tag_id = fields.Many2one(
        comodel_name="distribution.tag",
        string="Distributor Tag",
        compute="_compute_audience_targets",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    date_from = fields.Date(
        string="Valid From",
        compute="_compute_dates",
        store=True,
        readonly=False,
        help="First day, in the program's time zone. Empty: from the start.",
    )
    date_to = fields.Date(
        string="Valid To",
        compute="_compute_dates",
        store=True,
        readonly=False,
        help="Last day, in the program's time zone. Empty: without an end.",
    )
    product_priority = fields.Integer(compute="_compute_priorities", store=True, aggregator=None)
    audience_priority = fields.Integer(compute="_compute_priorities", store=True, aggregator=None)

    _level_range = models.Constraint(
        f"CHECK(level BETWEEN 1 AND {MAX_LEVELS})", "Commission goes to levels 1 to 3: more is not lawful."
    )
    _rate_range = models.Constraint("CHECK(rate BETWEEN 0 AND 100)", "A rate lies between 0 and 100 per cent.")
    _fixed_amount_range = models.Constraint("CHECK(fixed_amount >= 0)", "An amount cannot be negative.")
    _factor_range = models.Constraint("CHECK(factor >= 0)", "A factor cannot be negative.")
    _limits_in_order = models.Constraint(
        "CHECK(minimum_amount >= 0 AND maximum_amount >= 0 "
        "AND (COALESCE(maximum_amount, 0) = 0 OR COALESCE(minimum_amount, 0) <= maximum_amount))",
        "The least a rule pays is not negative and not above the most.",
    )
    _campaign_has_effect = models.Constraint(
        "CHECK((campaign_id IS NULL) = (effect IS NULL))",
        "A campaign's rule says whether it replaces, adds or multiplies, and no other rule does.",
    )
    _dates_in_order = models.Constraint("CHECK(date_from <= date_to)", "A rule ends before it begins.")
    _always_uniq = models.UniqueIndex(
        "(program_id, level, product_scope, audience, "
        "COALESCE(product_id, product_tmpl_id, categ_id, product_tag_id, 0), "
        "COALESCE(distributor_id, grade_id, distribution_tag_id, 0)) "
        "WHERE active AND campaign_id IS NULL AND date_from IS NULL AND date_to IS NULL",
        "A program has one rule for the same level, product and distributors at a time.",
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "effect")
    def _compute_pay(self):
        """A rule pays in one way: what another kind left behind goes."""
        for rule in self:
            is_percent, is_paying = rule.kind == "percent", rule.effect != "multiply"
            rule.rate = rule.rate if is_paying and is_percent else 0.0
            rule.fixed_amount = rule.fixed_amount if is_paying and not is_percent else 0.0

    @api.depends("kind", "rate", "fixed_amount", "tier_ids.rate", "tier_ids.fixed_amount", "effect", "factor")
    def _compute_is_paying(self):
        for rule in self:
            rows = rule._get_rows()
            if rule.effect == "multiply":
                rule.is_paying = rule.factor > 0
            else:
                rule.is_paying = any((rate if rule.kind == "percent" else amount) > 0 for _start, rate, amount in rows)

    @api.depends("effect")
    def _compute_limits(self):
        """What is not asked for goes: no limits where those of another rule hold."""
        for rule in self:
            is_own = rule.effect not in ("add", "multiply")
            rule.minimum_amount = rule.minimum_amount if is_own else 0.0
            rule.maximum_amount = rule.maximum_amount if is_own else 0.0

    @api.depends("campaign_id")
    def _compute_effect(self):
        for rule in self:
            rule.effect = (rule.effect or "add") if rule.campaign_id else False

    @api.depends("campaign_id.date_from", "campaign_id.date_to")
    def _compute_dates(self):
        for rule in self:
            campaign = rule.campaign_id
            rule.date_from = campaign.date_from if campaign else rule.date_from
            rule.date_to = campaign.date_to if campaign else rule.date_to

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

    @api.depends(
        "product_scope",
        "categ_id.parent_path",
        "product_tag_id.sequence",
        "audience",
        "distribution_tag_id.sequence",
    )
    def _compute_priorities(self):
        """Number the rules in the order in which they win: a category before those above it, tags by sequence."""
        products = [scope for scope, _label in PRODUCT_SCOPES]
        audiences = [audience for audience, _label in AUDIENCES]
        for rule in self:
            depth = (rule.categ_id.parent_path or "").count("/")
            product = products.index(rule.product_scope or "all") * PLACES
            audience = audiences.index(rule.audience or "all") * PLACES
            rule.product_priority = product - depth + _get_place(rule.product_tag_id)
            rule.audience_priority = audience + _get_place(rule.distribution_tag_id)

    # === CONSTRAINT METHODS === #

    @api.constrains(*TARGET_FIELDS)
    def _check_targets(self):
        for rule in self:
            for kind, targets in ((rule.product_scope, PRODUCT_FIELDS), (rule.audience, AUDIENCE_FIELDS)):
                for scope, name in targets.items():
                    label = rule._fields[name]._description_string(self.env)
                    if scope == kind and not rule[name]:
                        raise ValidationError(self.env._("Say which it is: %s is empty.", label))
                    if scope != kind and rule[name]:
                        raise ValidationError(
                            self.env._("%s is filled in, but the rule is not for one: choose what it is for.", label)
                        )

    @api.constrains("program_id", "distributor_id", "grade_id", "campaign_id")
    def _check_same_program(self):
        for rule in self:
            for named in (rule.distributor_id, rule.grade_id, rule.campaign_id):
                if named and named.program_id != rule.program_id:
                    raise ValidationError(
                        self.env._("%(name)s belongs to another program than the rule.", name=named.display_name)
                    )

    @api.constrains("kind", "effect")
    def _check_effect(self):
        """What adds or multiplies works on the rule of each line; amounts per order belong to one rule."""
        for rule in self:
            if rule.kind == "fixed_order" and rule.effect == "add":
                raise ValidationError(
                    self.env._("A campaign adds a rate or an amount per unit. To pay an amount per order, replace.")
                )

    @api.constrains("minimum_amount", "effect", "maximum_amount")
    def _check_limits(self):
        for rule in self:
            if rule.effect in ("add", "multiply") and (rule.minimum_amount or rule.maximum_amount):
                raise ValidationError(
                    self.env._("The limits of the rule a campaign adds to or multiplies hold: give them there.")
                )

    @api.constrains("active", "campaign_id", "date_from", "date_to")
    def _check_campaign(self):
        for rule in self.filtered("campaign_id"):
            campaign = rule.campaign_id
            if (rule.date_from, rule.date_to) != (campaign.date_from, campaign.date_to):
                raise ValidationError(self.env._("The rules of %s are valid on its days.", campaign.display_name))
            if rule.active and not campaign.active:
                message = self.env._("%s is archived: unarchive it, and its rules come back.", campaign.display_name)
                raise ValidationError(message)

    @api.constrains("active", "campaign_id", "date_from", "date_to", *IDENTITY_FIELDS)
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
        # Named, since a caller's context may ask for archived records as well.
        domain &= fields.Domain("id", "!=", self.id) & fields.Domain("active", "=", True)
        # The rules of campaigns compete among themselves.
        domain &= fields.Domain("campaign_id", "!=" if self.campaign_id else "=", False)
        domain &= fields.Domain("date_from", "!=", False) | fields.Domain("date_to", "!=", False)
        if self.date_to:
            domain &= fields.Domain("date_from", "=", False) | fields.Domain("date_from", "<=", self.date_to)
        if self.date_from:
            domain &= fields.Domain("date_to", "=", False) | fields.Domain("date_to", ">=", self.date_from)
        return domain

    def _get_value(self, name):
        return self[name].id if self._fields[name].type == "many2one" else self[name]

    @api.constrains("active", "tier_ids", "date_from", "date_to", *PAY_FIELDS, *IDENTITY_FIELDS)
    def _check_cap(self):
        self.program_id._check_cap()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """Terms point at the rule they were made by: such a rule is archived, not deleted."""
        domain = fields.Domain("rule_id", "in", self.ids) | fields.Domain("campaign_rule_id", "in", self.ids)
        used = self.env["distribution.commission.term"].sudo().search(domain, limit=1)
        if used:
            rule = (used.rule_id | used.campaign_rule_id) & self
            raise UserError(self.env._("%s was applied to orders: archive it instead.", rule[0].display_name))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._lock()
        return rules

    def write(self, vals):
        self.check_access("write")
        if "campaign_id" in vals:
            self._check_campaign_stays(vals["campaign_id"])
        before = self.program_id
        before._lock_rules()
        result = super().write(vals)
        (self.program_id - before)._lock_rules()
        if self.program_id != before:
            before._check_cap()
        return result

    def _check_campaign_stays(self, campaign_id):
        """Keep a campaign's rules with it: its days are theirs, and would stay behind.

        :raise UserError: naming the rule
        """
        leaving = self.filtered(lambda rule: rule.campaign_id and rule.campaign_id.id != campaign_id)
        if leaving:
            message = self.env._("%s stays with its campaign, whose days it has: archive it.", leaving[0].display_name)
            raise UserError(message)

    def unlink(self):
        self.check_access("unlink")
        programs = self.program_id
        programs._lock_rules()
        result = super().unlink()
        # What it stood in the way of may cost more.
        programs._check_cap()
        return result

    def copy_data(self, default=None):
        """Override of Odoo: a campaign's rule takes its days from its campaign, which may be a copy with others."""
        vals_list = super().copy_data(default)
        return [
            {key: value for key, value in vals.items() if not rule.campaign_id or key not in ("date_from", "date_to")}
            for rule, vals in zip(self, vals_list, strict=True)
        ]

    # === BUSINESS METHODS === #

    def _lock(self):
        """Serialise changes of the rules' programs, see `DistributionProgram._lock_rules`."""
        self.program_id._lock_rules()


def _get_place(tag):
    return min(max(tag.sequence or 0, 0), PLACES - 1)
