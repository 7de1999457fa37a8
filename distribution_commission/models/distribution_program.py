# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import SQL, format_date

from ..const import TRIGGERS
from ..engine.amount import Line, commissions
from ..engine.money import exact
from ..engine.rule_index import ALL, RuleIndex
from .distribution_commission_rule import IDENTITY_FIELDS

# What the index and the worst case depend on.
RULE_FIELDS = ("active", "kind", "rate", "fixed_amount", "date_from", "date_to", *IDENTITY_FIELDS)


class DistributionProgram(models.Model):
    _inherit = "distribution.program"

    cap_rate = fields.Float(
        string="Cap (%)",
        digits=(7, 4),
        default=30.0,
        required=True,
        tracking=True,
        help="What all levels together may cost at most, in per cent of the untaxed amount of an order line.",
    )
    trigger = fields.Selection(
        selection=TRIGGERS,
        required=True,
        default="received",
        tracking=True,
        help="Shipped: commission is earned when the goods leave. Received: when the customer confirms the receipt, or "
        "some days after shipping.",
    )
    receipt_days = fields.Integer(
        string="Automatic Receipt (Days)",
        default=10,
        tracking=True,
        help="A delivery the customer does not confirm counts as received this many days after shipping.",
    )
    hold_days = fields.Integer(
        string="Hold (Days)",
        default=7,
        tracking=True,
        help="How long a return still takes commission back before it is due, counted from the trigger of each "
        "delivery.",
    )
    settlement_period = fields.Selection(
        selection=[("daily", "Every day"), ("monthly", "Every month"), ("manual", "By hand")],
        required=True,
        default="monthly",
        tracking=True,
    )
    settlement_day = fields.Integer(default=1, help="Day of the month on which due commission is settled.")
    next_settlement_date = fields.Date(compute="_compute_next_settlement_date", store=True, readonly=False, copy=False)
    rule_ids = fields.One2many("distribution.commission.rule", "program_id")
    rule_count = fields.Integer(compute="_compute_rule_count")
    rule_revision = fields.Integer(readonly=True, copy=False)
    total_rate = fields.Float(
        string="Total (%)",
        compute="_compute_total_rate",
        digits=(7, 4),
        help="What all levels together cost in the worst case: for the product, day and grades that cost most.",
    )

    _days_not_negative = models.Constraint(
        "CHECK(receipt_days >= 0 AND hold_days >= 0)", "Receipt and hold days cannot be negative."
    )
    _cap_rate_range = models.Constraint(
        "CHECK(cap_rate BETWEEN 0 AND 100)", "The cap is a percentage between 0 and 100."
    )
    _settlement_day_range = models.Constraint(
        "CHECK(settlement_day BETWEEN 1 AND 28)", "The settlement day lies between the 1st and the 28th."
    )

    # === COMPUTE METHODS === #

    @api.depends("settlement_period", "settlement_day")
    def _compute_next_settlement_date(self):
        for program in self:
            program.next_settlement_date = program._get_settlement_date_after(program._get_business_date())

    def _compute_rule_count(self):
        groups = self.env["distribution.commission.rule"]._read_group(
            [("program_id", "in", self.ids)], ["program_id"], ["__count"]
        )
        counts = dict(groups)
        for program in self:
            program.rule_count = counts.get(program, 0)

    @api.depends(*(f"rule_ids.{name}" for name in RULE_FIELDS), "level_count")
    def _compute_total_rate(self):
        for program in self:
            program.total_rate = float(program._get_worst_case().total)

    # === CONSTRAINT METHODS === #

    @api.constrains("cap_rate", "level_count", "rule_ids")
    def _check_cap(self):
        """Refuse a rule set that costs more than the cap in the worst case, whichever door it comes through."""
        for program in self:
            worst = program._get_worst_case()
            if worst.total > exact(program.cap_rate):
                raise ValidationError(program._get_cap_message(worst))

    def _get_cap_message(self, worst):
        """Say which combination of rules costs more than the cap.

        :param worst: `engine.rule_index.WorstCase`
        """
        self.ensure_one()
        rules = self.env["distribution.commission.rule"].browse(rate.rule_id for rate in worst.rates)
        limits = [label for rule in rules for label in (rule._get_product_label(), rule._get_audience_label()) if label]
        if any(rate.is_dated for rate in worst.rates):
            limits.append(format_date(self.env, worst.day))
        message = self.env._(
            "The levels of %(program)s add up to %(parts)s = %(total)s, above its cap of %(cap)s. Lower a rate, pay "
            "fewer levels, or raise the cap.",
            program=self.name,
            parts=" + ".join(f"{float(rate.cost):g} %" for rate in worst.rates),
            total=f"{float(worst.total):g} %",
            cap=f"{self.cap_rate:g} %",
        )
        if not limits:
            return message
        where = self.env._("This happens with: %s.", ", ".join(dict.fromkeys(limits)))
        return f"{message}\n{where}"

    # === CRUD METHODS === #

    def write(self, vals):
        if not {"cap_rate", "level_count", "rule_ids"}.isdisjoint(vals):
            self.check_access("write")
            self._lock_rules()
        return super().write(vals)

    def copy_data(self, default=None):
        """Override of Odoo: rules for grades and distributors belong to the program they were made in."""
        vals_list = super().copy_data(default)
        for program, vals in zip(self, vals_list, strict=True):
            rules = program.rule_ids.filtered(lambda rule: rule.audience == "all")
            vals.setdefault("rule_ids", [fields.Command.create(rule_vals) for rule_vals in rules.copy_data()])
        return vals_list

    # === ACTION METHODS === #

    def action_view_rules(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_rule_action"
        )
        return {**action, "domain": [("program_id", "=", self.id)], "context": {"default_program_id": self.id}}

    # === BUSINESS METHODS === #

    def _lock_rules(self):
        """Serialise changes of the rules of a program: two that each keep to the cap could exceed it together.

        The later one fails with a serialization error and is tried again.
        """
        if self.ids:
            self.env.flush_all()
            self.env.cr.execute(
                SQL(
                    "UPDATE distribution_program SET rule_revision = COALESCE(rule_revision, 0) + 1 WHERE id IN %s",
                    tuple(sorted(self.ids)),
                ),
                # A collision is tried again: no error for the log.
                log_exceptions=False,
            )
            self.invalidate_recordset(["rule_revision"], flush=False)
            self.env.registry.clear_cache()

    def _get_rule_index(self):
        """Return the compiled rules, cached until one of them changes.

        :rtype: engine.rule_index.RuleIndex
        """
        self.ensure_one()
        # The revision keeps a transaction with an old snapshot from leaving its rules to younger ones.
        return self._compile_rules(self.id, self.rule_revision)

    @tools.ormcache("program_id", "revision")
    def _compile_rules(self, program_id, revision):
        # Named, since a caller's context may ask for archived records as well; all of them, whoever asks first.
        domain = [("program_id", "=", program_id), ("active", "=", True)]
        rules = self.env["distribution.commission.rule"].sudo().search(domain)
        return RuleIndex([rule._get_rate() for rule in rules])

    def _get_worst_case(self):
        """Return the most the levels can cost, see `RuleIndex.get_worst_case`."""
        self.ensure_one()
        # Read live: a form shows the total of rules that are not saved yet.
        rules = self.rule_ids.filtered("active")
        index = RuleIndex([rule._get_rate() for rule in rules])
        tags = [key for key in index.get_products() if key[0] == "tag"]
        profiles = {(*rule._get_product_profile()[:-1], *tags, ALL) for rule in rules} | {(*tags, ALL)}
        return index.get_worst_case(self.level_count, sorted(profiles), self._get_business_date())

    def _get_untaxed_price(self, product):
        """Return the list price of a product or variant without taxes, not rounded, in the program's currency.

        :param product: `product.product` or `product.template`
        :rtype: float
        """
        self.ensure_one()
        product = product.with_company(self.company_id)
        price = product.lst_price if product._name == "product.product" else product.list_price
        taxes = product.taxes_id._filter_taxes_by_company(self.company_id)
        # Tax-included prices are compared with an untaxed base: unrounded, as the rates are.
        untaxed = taxes.with_context(round=False, round_base=False).compute_all(
            price, product.currency_id, product=product if product._name == "product.product" else None
        )
        return product.currency_id._convert(
            untaxed["total_excluded"], self.currency_id, self.company_id, self._get_business_date(), round=False
        )

    def _estimate_commission(self, product, distributor, untaxed, currency):
        """Return what a distributor gets who recommends a product: "earn ¥x".

        :param product: `product.product`
        :param distributor: who recommends
        :param untaxed: value of one unit without taxes, in `currency`
        :param currency: `res.currency`
        :return: in the currency of the program's company; None where nothing is paid
        :rtype: Decimal or None
        """
        self.ensure_one()
        found = self._resolve_rule(1, product, distributor)
        if not found:
            return None
        own = self.currency_id
        rate = 1.0 if own == currency else own._get_conversion_rate(own, currency, self.company_id)
        line = Line(worth=exact(untaxed), units=exact(1), currency_rate=exact(rate))
        unit = Decimal(str(own.rounding))
        return commissions([found.pay], line.worth, line, exact(self.cap_rate), unit)[0]

    def _resolve_rule(self, level, product, distributor, day=None):
        """Return the rule that pays a distributor on a level for a product.

        :param date day: business date; today when omitted
        :return: `engine.rule_index.Rate`, None where nobody is paid
        """
        self.ensure_one()
        return self._get_rule_index().resolve(
            level,
            product._get_commission_keys(),
            distributor._get_commission_keys(),
            day or self._get_business_date(),
        )

    def _get_settlement_date_after(self, date):
        """Return the first settlement date after a date, False where settlement is by hand."""
        self.ensure_one()
        if self.settlement_period == "manual":
            return False
        if self.settlement_period == "daily":
            return date + relativedelta(days=1)
        this_month = date + relativedelta(day=self.settlement_day)
        return this_month if this_month > date else this_month + relativedelta(months=1)
