# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from fractions import Fraction
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import SQL, format_date

from ..const import TRIGGERS
from ..engine.amount import get_line_amounts
from ..engine.money import exact, get_unit, round_half_up
from ..engine.pay import Line
from ..engine.rule_index import ALL, RuleIndex
from .commission_chain import Link
from .distribution_commission_rule import IDENTITY_FIELDS, PAY_FIELDS
from .sales_period import SalesPeriod

PERIOD_MONTHS = {"month": 1, "quarter": 3, "year": 12}

# What the cap and what is kept in memory depend on.
EXCLUSION_FIELDS = {"excluded_partner_tag_ids", "excluded_loyalty_program_ids", "is_grade_price_excluded"}
CACHED_FIELDS = EXCLUSION_FIELDS | {"cap_rate", "level_count", "rule_ids"}

# What the index and the worst case depend on.
RULE_FIELDS = (
    "active",
    "date_from",
    "date_to",
    "tier_ids.amount_from",
    "tier_ids.rate",
    "tier_ids.fixed_amount",
    *PAY_FIELDS,
    *IDENTITY_FIELDS,
)


class Exclusions(NamedTuple):
    """Which orders bring no commission: ids."""

    partner_tags: frozenset
    loyalty_programs: frozenset
    pricelists: frozenset


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
        help="When commission is earned.\n"
        "Paid: when payments less refunds reach the order's total, or all of it is invoiced and paid.\n"
        "Shipped: when the goods leave.\n"
        "Received: when the customer confirms the receipt, or some days after shipping.\n"
        "Invoiced: when an invoice is posted, for what is on it.\n"
        "Invoice Paid: when an invoice is paid, for what is on it.\n"
        "Services count when they are invoiced, or paid.",
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
        help="How long a return still takes commission back before it is due, counted from the trigger or from the "
        "delivery, whichever is later.",
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
    campaign_ids = fields.One2many("distribution.commission.campaign", "program_id")
    sales_period = fields.Selection(
        selection=[("month", "Calendar month"), ("quarter", "Quarter"), ("year", "Year")],
        required=True,
        default="month",
        help="Over which sales tiers go up and limits for a period are counted, in the program's time zone.",
    )
    unpaid_share = fields.Selection(
        selection=[("company", "Stays with the company"), ("upline", "Passes up the tree")],
        string="Share Nobody Earns",
        required=True,
        default="company",
        tracking=True,
        help="What becomes of the share of a distributor who is closed, or excluded by a rule of its own. Passing up, "
        "it goes to the next one above who earns, never further than the program's levels.",
    )
    excluded_partner_tag_ids = fields.Many2many(
        comodel_name="res.partner.category",
        string="Customers Without Commission",
        help="Orders of customers with one of these tags bring no commission.",
    )
    excluded_loyalty_program_ids = fields.Many2many(
        comodel_name="loyalty.program",
        string="Coupons Without Commission",
        domain="[('company_id', 'in', (False, company_id))]",
        help="Orders on which a reward of one of these programs was used bring no commission.",
    )
    is_grade_price_excluded = fields.Boolean(
        string="No Commission at Grade Prices",
        default=True,
        tracking=True,
        help="Orders at the price list of a grade bring no commission: the distributor has its advantage in the price.",
    )
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
            if program.cap_rate < 0:
                raise ValidationError(self.env._("The cap is a percentage between 0 and 100."))
            worst = program._get_worst_case()
            if worst.total > exact(program.cap_rate):
                raise ValidationError(program._get_cap_message(worst))

    def _get_cap_message(self, worst):
        """Say which combination of rules costs more than the cap.

        :param worst: `engine.rule_index.WorstCase`
        """
        self.ensure_one()
        rules = self.env["distribution.commission.rule"].browse(rate.rule_id for rate in worst.rates)
        labels = [(rule.campaign_id.name, rule._get_product_label(), rule._get_audience_label()) for rule in rules]
        limits = [label for parts in labels for label in parts if label]
        if any(rate.is_dated for rate in worst.rates):
            limits.append(format_date(self.env, worst.day))
        message = self.env._(
            "The levels of %(program)s add up to %(parts)s = %(total)s, above its cap of %(cap)s. Lower a rate, pay "
            "fewer levels, or raise the cap.",
            program=self.name,
            parts=" + ".join(f"{float(cost):g} %" for cost, _rates in worst.levels),
            total=f"{float(worst.total):g} %",
            cap=f"{self.cap_rate:g} %",
        )
        if not limits:
            return message
        where = self.env._("This happens with: %s.", ", ".join(dict.fromkeys(limits)))
        return f"{message}\n{where}"

    # === CRUD METHODS === #

    def write(self, vals):
        if not CACHED_FIELDS.isdisjoint(vals):
            self.check_access("write")
            self._lock_rules()
        return super().write(vals)

    def copy_data(self, default=None):
        """Override of Odoo: rules for grades and distributors belong to the program they were made in."""
        vals_list = super().copy_data(default)
        for program, vals in zip(self, vals_list, strict=True):
            rules = program.rule_ids.filtered(lambda rule: rule.audience in ("all", "tag") and not rule.campaign_id)
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

    @api.model
    def _get_attribution_fields(self):
        """Override of `distribution_core`: what terms are frozen by."""
        frozen = ("trigger", "hold_days", "cap_rate", "unpaid_share", "sales_period", "rule_revision")
        return (*super()._get_attribution_fields(), *frozen)

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

    def _get_exclusions(self):
        """Return which orders bring no commission, cached until it changes.

        :rtype: Exclusions
        """
        self.ensure_one()
        return self._read_exclusions(self.id, self.rule_revision)

    @tools.ormcache("program_id", "revision")
    def _read_exclusions(self, program_id, revision):
        program = self.sudo().browse(program_id).with_context(active_test=False)
        # Those at which distributors buy for themselves, of archived grades too.
        grades = program.env["distribution.grade"].search([("program_id", "=", program_id)])
        return Exclusions(
            partner_tags=frozenset(program.excluded_partner_tag_ids.ids),
            loyalty_programs=frozenset(program.excluded_loyalty_program_ids.ids),
            pricelists=frozenset(grades.pricelist_id.ids if program.is_grade_price_excluded else ()),
        )

    def _get_worst_case(self):
        """Return the most the levels can cost, see `RuleIndex.get_worst_case`."""
        self.ensure_one()
        # Read live: a form shows the total of rules that are not saved yet.
        rules = self.rule_ids.filtered("active")
        index = RuleIndex([rule._get_rate(is_priced=True) for rule in rules])
        tags = [key for key in index.get_products() if key[0] == "tag"]
        profiles = {(*rule._get_product_profile()[:-1], *tags, ALL) for rule in rules} | {(*tags, ALL)}
        return index.get_worst_case(self.level_count, sorted(profiles), self._get_business_date())

    def _get_price_line(self, product):
        """Return one unit of a product at its list price, as the engine takes it.

        :param product: `product.product` or `product.template`; empty for a line that stands for any product
        :rtype: engine.pay.Line
        """
        self.ensure_one()
        taxes = self._get_taxes(product).with_context(round=False, round_base=False)
        if not product:
            figures = taxes.compute_all(100.0, self.currency_id)
            worth, taxed = exact(figures["total_excluded"]), exact(figures["total_included"])
            return Line(worth, exact(1), taxed=taxed, list_price=worth)
        product = product.with_company(self.company_id)
        is_variant = product._name == "product.product"
        figures = taxes.compute_all(
            product.lst_price if is_variant else product.list_price,
            product.currency_id,
            product=product if is_variant else None,
        )
        untaxed = exact(self._convert_price(product, figures["total_excluded"]))
        taxed = exact(self._convert_price(product, figures["total_included"]))
        return Line(untaxed, exact(1), taxed=taxed, list_price=untaxed, cost=exact(product.standard_price))

    def _get_taxes(self, product):
        if not product:
            return self.company_id.account_sale_tax_id
        return product.taxes_id._filter_taxes_by_company(self.company_id)

    def _convert_price(self, product, amount):
        # Compared with what is untaxed and exact: not rounded.
        return product.currency_id._convert(
            amount, self.currency_id, self.company_id, self._get_business_date(), round=False
        )

    def _get_list_price(self, product):
        """Return the list price of one unit, untaxed, rounded to the smallest unit of the program's currency.

        :param product: `product.product`
        :rtype: Decimal
        """
        return round_half_up(self._get_price_line(product).list_price, get_unit(self.currency_id.rounding))

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
        day = self._get_business_date()
        period, index, products = SalesPeriod(self, day), self._get_rule_index(), product._get_commission_keys()
        chain = self._get_chain(distributor, self.env["res.partner"])
        # The others too: together they keep to the cap.
        shares = list(filter(None, (link.get_share(index, products, day) for link in chain)))
        if not shares or shares[0].receiver != distributor:
            return None
        own = self.currency_id
        rate = 1.0 if own == currency else own._get_conversion_rate(own, currency, self.company_id)
        line = self._get_line(product, exact(untaxed), exact(1), exact(rate))
        pays = [period.get_left_pay(share) for share in shares]
        return get_line_amounts(pays, line, exact(self.cap_rate), get_unit(own.rounding))[0]

    def _get_line(self, product, worth, units, currency_rate=Fraction(1)):
        """Return a sale that is only tried as the engine takes it, with taxes, list price and cost of the product.

        :param Fraction worth: untaxed, in the currency of the sale
        :param Fraction units: in the product's unit of measure
        :rtype: engine.pay.Line
        """
        prices = self._get_price_line(product)
        taxed = worth * prices.taxed / prices.worth if prices.worth else worth
        list_price = exact(self._get_list_price(product))
        return Line(worth, units, currency_rate, taxed, list_price, prices.cost)

    def _get_chain(self, distributor, buyers):
        """Return who may earn on a sale: the distributor it is attributed to and its upline, by true distance.

        :param buyers: `res.partner` who buy: they neither earn nor pass anything up
        :rtype: list of `commission_chain.Link`
        """
        self.ensure_one()
        # Tags are read only where a rule is for one.
        links, above, has_tags = [], distributor.browse(), self._get_rule_index().has_distributor_tags
        for level, one in reversed(distributor._get_upline(self.level_count)):
            if one.partner_id in buyers:
                continue
            keys = one._get_commission_keys() if has_tags else one._get_commission_profile()
            links.append(Link(level, one, keys, one._is_earning(), above))
            if self.unpaid_share == "upline" and one._is_earning():
                above = one
        return links[::-1]

    def _resolve_rule(self, level, product, distributor, day=None):
        """Return the rule that pays a distributor on a level for a product.

        :param date day: business date; today when omitted
        :return: `engine.rule_index.Found`, None where nobody is paid
        """
        self.ensure_one()
        keys = product._get_commission_keys(), distributor._get_commission_keys()
        return self._get_rule_index().resolve(level, *keys, day or self._get_business_date())

    def _get_period_start(self, day):
        """Return the first day of the sales period a day is in."""
        self.ensure_one()
        months = PERIOD_MONTHS[self.sales_period]
        return day + relativedelta(day=1, month=(day.month - 1) // months * months + 1)

    def _get_period_end(self, day):
        """Return the last day of the sales period a day is in."""
        return self._get_period_start(day) + relativedelta(months=PERIOD_MONTHS[self.sales_period], days=-1)

    def _get_sales(self, distributor, level, day, order=None):
        """Return the sales of the period so far on which a distributor has earned on a level.

        :param order: `sale.order` that does not count, and whose company's sales do
        :return: untaxed, in the currency of the company
        :rtype: Fraction
        """
        self.ensure_one()
        return self._sum_terms("expected_base", distributor, level, day, order)

    def _get_period_used(self, distributor, level, rule_id, day, order):
        """Return what a distributor is expected to get by a rule in the sales period, by other orders than this.

        What is returned later is not given back to the period.

        :param date day: a day of the period
        :param order: `sale.order` that does not count; None where a sale is only tried
        :rtype: Fraction
        """
        last = self._get_period_end(day)
        return self._sum_terms("expected_amount", distributor, level, last, order, rule_id)

    def _sum_terms(self, column, distributor, level, day, order=None, rule=None):
        self.env["distribution.commission.term"].flush_model()
        self.env["sale.order"].flush_model(["state"])
        conditions = [
            SQL("term.distributor_id = %s AND term.level = %s AND term.state = 'active'", distributor.id, level),
            SQL("term.date BETWEEN %s AND %s", self._get_period_start(day), day),
            SQL("term.company_id = %s", (order or self).company_id.id),
        ]
        if order:
            conditions.append(SQL("term.order_id != %s", order.id))
        if rule:
            conditions.append(SQL("term.rule_id = %s", rule))
        query = SQL(
            """
            SELECT COALESCE(SUM(%s), 0)::text
              FROM distribution_commission_term AS term
              JOIN sale_order AS sale ON sale.id = term.order_id AND sale.state = 'sale'
             WHERE %s
            """,
            SQL.identifier("term", column),
            SQL(" AND ").join(conditions),
        )
        return Fraction(self.env.execute_query(query)[0][0])

    def _get_settlement_date_after(self, date):
        """Return the first settlement date after a date, False where settlement is by hand."""
        self.ensure_one()
        if self.settlement_period == "manual":
            return False
        if self.settlement_period == "daily":
            return date + relativedelta(days=1)
        this_month = date + relativedelta(day=self.settlement_day)
        return this_month if this_month > date else this_month + relativedelta(months=1)
