# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict
from functools import lru_cache

from odoo import api, fields, models

from odoo.addons.distribution_core.fields import CopiedMany2one, LastingMany2one

from ..const import BASE_KINDS, LIMIT_SCOPES, TRIGGERS
from ..engine.amount import Share, Sold, get_amounts
from ..engine.eligible_base import LineFacts, possible_base
from ..engine.money import exact, get_unit, round_half_up
from ..engine.pay import Line, Pay
from .bulk import insert_rows
from .sales_period import SalesPeriod

# What terms of an order that share their limits have in common.
SHARED_LIMITS = ("limit_scope", "minimum_amount", "has_maximum", "maximum_amount", "period_used")


def _is_active(term):
    return term.state == "active"


def _make_pay(term):
    """Return how a term pays, as the engine takes it.

    :param term: a term, or the values of one that is to be created
    """
    maximum = (term["maximum_amount"], term["period_used"]) if term["has_maximum"] else None
    amounts = term["rate"], term["fixed_amount"], term["order_amount"], term["minimum_amount"]
    return _get_pay(term["base_kind"], term["limit_scope"], maximum, *amounts)


# Lines, and orders, are mostly paid alike.
@lru_cache(maxsize=4096)
def _get_pay(base_kind, scope, maximum, *amounts):
    rate, per_unit, per_order, minimum = map(exact, amounts)
    most = max(exact(0), exact(maximum[0]) - exact(maximum[1])) if maximum else None
    return Pay(rate, base_kind, per_unit, per_order, scope, minimum, most)


def _get_group(scope, rule_id, level, distributor_id):
    """Return what terms of an order have in common that share an amount per order, or limits."""
    return (rule_id, level, distributor_id if scope == "period" else 0)


def _get_group_of(vals):
    return _get_group(vals["limit_scope"], vals["rule_id"], vals["level"], vals["distributor_id"])


def _make_line(term, facts):
    """Return an order line as the engine takes it, with the prices one of its terms has frozen."""
    return Line(
        worth=facts.worth,
        units=facts.units,
        currency_rate=exact(term["currency_rate"]),
        taxed=facts.taxed,
        list_price=exact(term["list_price"]),
        cost=exact(term["unit_cost"]),
    )


class DistributionCommissionTerm(models.Model):
    """What one distributor gets of one order line, frozen when the order is confirmed.

    The ledger follows the term whatever happens to rules, grades and the tree afterwards.
    """

    _name = "distribution.commission.term"
    _description = "Commission Term"
    _order = "order_id desc, line_id, level"
    _rec_name = "line_id"
    # Made with the order, which says by whom and when; each foreign key makes a confirmation slower.
    _log_access = False

    line_id = fields.Many2one(
        comodel_name="sale.order.line", string="Order Line", required=True, index=True, ondelete="restrict"
    )
    # The line's: one that goes to another order leaves its terms behind.
    order_id = CopiedMany2one(comodel_name="sale.order", required=True, index=True, ondelete="restrict")
    # The order's, which keeps its company.
    company_id = CopiedMany2one(comodel_name="res.company", required=True, ondelete="restrict")
    # The company's, which keeps its currency once it has terms.
    currency_id = CopiedMany2one(comodel_name="res.currency", required=True, ondelete="restrict")
    distributor_id = LastingMany2one(comodel_name="distribution.distributor", required=True, ondelete="restrict")
    # The distributor's, which keeps its program.
    program_id = CopiedMany2one(comodel_name="distribution.program", required=True, ondelete="restrict")
    level = fields.Integer(required=True, aggregator=None)
    rule_id = fields.Many2one(
        comodel_name="distribution.commission.rule", required=True, index=True, ondelete="restrict"
    )
    campaign_rule_id = fields.Many2one(
        comodel_name="distribution.commission.rule",
        string="Rule of a Campaign",
        index="btree_not_null",
        ondelete="restrict",
        help="Added to the rule, or multiplied it.",
    )
    # The rule's, which stays with its campaign.
    campaign_id = CopiedMany2one(
        comodel_name="distribution.commission.campaign", index="btree_not_null", ondelete="restrict"
    )
    passed_from_id = fields.Many2one(
        comodel_name="distribution.distributor",
        string="Passed Up From",
        ondelete="restrict",
        help="Whose share this is: it did not earn when the order was confirmed.",
    )
    is_own_purchase = fields.Boolean(
        help="The distributor bought it itself: what it gets is money back to a customer, and lowers revenue."
    )
    # Not rounded: a campaign may have multiplied them.
    rate = fields.Float(string="Rate (%)", digits=0, required=True, default=0.0, aggregator=None)
    base_kind = fields.Selection(selection=BASE_KINDS, string="Of", required=True, default="untaxed")
    fixed_amount = fields.Float(string="Amount per Unit", digits=0, aggregator=None)
    order_amount = fields.Float(
        string="Amount per Order", digits=0, aggregator=None, help="For all lines the rule pays, shared out by value."
    )
    list_price = fields.Monetary(
        string="List Price Then", aggregator=None, help="Of one unit, untaxed, where the rate is taken of it."
    )
    unit_cost = fields.Float(
        string="Cost Then",
        digits=0,
        aggregator=None,
        help="Of one unit, where the rate is taken of the margin.",
    )
    limit_scope = fields.Selection(selection=LIMIT_SCOPES, string="Limits For Each", required=True, default="line")
    minimum_amount = fields.Monetary(string="At Least", aggregator=None)
    has_maximum = fields.Boolean()
    maximum_amount = fields.Monetary(
        string="At Most", aggregator=None, help="For a period: of all the distributor gets by the rule in it."
    )
    period_used = fields.Monetary(
        string="Used of the Period",
        aggregator=None,
        help="What other orders of the period had taken of the maximum when this one was last confirmed or changed.",
    )
    period_sales = fields.Monetary(
        string="Sales Before", aggregator=None, help="Sales of the period before the order, where tiers depend on them."
    )
    cap_rate = fields.Float(
        string="Cap (%)",
        digits=(7, 4),
        required=True,
        default=100.0,
        aggregator=None,
        help="What all levels of the line together may get, in per cent of its eligible base.",
    )
    trigger = fields.Selection(selection=TRIGGERS, required=True)
    hold_days = fields.Integer(string="Hold (Days)", required=True, aggregator=None)
    grade_id = fields.Many2one(comodel_name="distribution.grade", string="Grade Then", ondelete="restrict")
    currency_rate = fields.Float(
        digits=0,
        required=True,
        aggregator=None,
        help="Order currency for one unit of company currency, at confirmation.",
    )
    date = fields.Date(required=True, help="Business date of the confirmation, in the program's time zone.")
    expected_base = fields.Monetary(
        required=True, help="Untaxed value of the line, whatever comes back; sales by which tiers go up."
    )
    expected_amount = fields.Monetary(string="Expected", required=True, help="Commission if nothing is returned.")
    state = fields.Selection(
        selection=[("active", "Active"), ("superseded", "Superseded")], required=True, default="active"
    )
    revision = fields.Integer(
        default=0, required=True, aggregator=None, help="Counts the looks at the order; makes changes wait in line."
    )
    entry_ids = fields.One2many("distribution.commission.entry", "term_id")
    earned_amount = fields.Monetary(string="Earned", compute="_compute_amounts")
    pending_amount = fields.Monetary(
        string="Pending",
        compute="_compute_amounts",
        help="What can still be earned: expected, less what was earned, returned or credited.",
    )

    _line_level_uniq = models.UniqueIndex(
        "(line_id, level) WHERE state = 'active'", "An order line has one term for a level."
    )
    # Sales of a period are summed here.
    _distributor_date_idx = models.Index("(distributor_id, date)")

    # === COMPUTE METHODS === #

    @api.depends("order_id.name", "level")
    def _compute_display_name(self):
        for term in self:
            # Whoever may read the ledger may read the order's number in it.
            term.display_name = f"{term.sudo().order_id.name} L{term.level}"

    @api.depends("entry_ids.amount", "expected_amount", "state", "order_id.state")
    def _compute_amounts(self):
        earned = dict(
            self.env["distribution.commission.entry"]._read_group(
                [("term_id", "in", self.ids)], ["term_id"], ["amount:sum"]
            )
        )
        # Whoever may read the ledger need not have rights on orders; limits are for all lines of an order.
        active = self.sudo().filtered(_is_active).order_id.commission_term_ids.filtered(_is_active)
        facts = active.line_id._get_commission_facts()
        bases = {line_id: (possible_base(line_facts),) for line_id, line_facts in facts.items()}
        possible = {term_id: float(one.final) for term_id, (one,) in active._get_amounts(facts, bases).items()}
        for term in self:
            term.earned_amount = earned.get(term, 0.0)
            pending = possible.get(term._origin.id, 0.0) - term.earned_amount
            term.pending_amount = max(0.0, term.currency_id.round(pending))

    def _get_amounts(self, facts, bases):
        """Return what terms earn on their lines' bases, within limits and cap.

        :param self: all active terms of the orders: limits and amounts per order are for all their lines
        :param dict facts: order line id → `engine.eligible_base.LineFacts`
        :param dict bases: order line id → the bases asked for, in the order's currency
        :return: term id → list of `engine.amount.Amount`
        :rtype: dict
        """
        amounts = {}
        for terms in self.grouped("order_id").values():
            unit = get_unit(terms.currency_id.rounding)
            # By line, however old the terms: what is left over of a fen stays where it was when an order is reopened.
            by_line = terms.sorted(lambda term: (term.line_id.id, term.level)).grouped("line_id")
            sold = [group._get_sold(facts[line.id], tuple(bases[line.id])) for line, group in by_line.items()]
            amounts |= get_amounts(sold, unit)
        return amounts

    def _get_sold(self, facts, bases):
        """Return the terms of one order line as the engine takes them, see `engine.amount.Sold`."""
        shares = tuple(Share(term.id, term._get_group(), term._get_pay()) for term in self)
        return Sold(self[0]._get_line(facts), shares, bases, exact(min(self.mapped("cap_rate"))))

    def _get_group(self):
        self.ensure_one()
        return _get_group(self.limit_scope, self.rule_id.id, self.level, self.distributor_id.id)

    def _get_pay(self):
        """Return how this term pays, as the engine takes it.

        :rtype: engine.pay.Pay
        """
        self.ensure_one()
        return _make_pay(self)

    def _get_line(self, facts):
        """Return the order line as the engine takes it.

        :param LineFacts facts: what happened to it
        :rtype: engine.pay.Line
        """
        self.ensure_one()
        return _make_line(self, facts)

    # === ACTION METHODS === #

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_entry_action"
        )
        return {**action, "domain": [("term_id", "=", self.id)], "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def _create_for_lines(self, lines, new_orders=None):
        """Freeze the terms of order lines that have none: one per line and level of the attributed upline.

        :param lines: lines of confirmed orders
        :param new_orders: orders known to have no terms
        """
        terms = self.browse()
        old_orders = lines.order_id - new_orders if new_orders else lines.order_id
        if old_orders:
            lines -= self.search([("order_id", "in", old_orders.ids), ("state", "=", "active")]).line_id
        for order, order_lines in lines.grouped("order_id").items():
            if order.distribution_program_id and not order.commission_exclusion:
                goods = order_lines._filter_commission_roles("goods")
                # One by one: what an order takes of a period is no longer there for the next.
                vals_list = self._prepare_terms_vals(order, goods)
                terms += insert_rows(self.browse(), vals_list)
                self.env["distribution.commission.guarantee"]._promise(vals_list)
        return terms

    @api.model
    def _prepare_terms_vals(self, order, lines):
        """Return the values of the terms of some lines of an order."""
        program = order.distribution_program_id
        chain, day = order._get_commission_chain(), program._get_business_date()
        period = SalesPeriod(program, day, order)
        common, alike, vals_list = self._prepare_order_vals(order, period), {}, []
        for line in lines:
            shares = line._get_commission_shares(chain, day)
            # Lines that the same rules pay have the same terms, but for their own prices.
            for share in shares:
                if share.key not in alike:
                    alike[share.key] = common | self._prepare_term_vals(order, share, period.get_pay(share), period)
            terms = [alike[share.key] for share in shares]
            prices = self._prepare_line_vals(line, terms)
            vals_list += [vals | prices for vals in terms]
        self._share_limits(order, vals_list)
        self._add_expected(order, vals_list)
        return vals_list

    @api.model
    def _share_limits(self, order, vals_list):
        """Give new terms the limits of those of the order with which they share them: a rule may have changed since."""
        limited = [vals for vals in vals_list if vals["limit_scope"] in ("order", "period")]
        if not limited:
            return
        frozen = {term._get_group(): term for term in order.commission_term_ids.filtered(_is_active)}
        for vals in limited:
            if term := frozen.get(_get_group_of(vals)):
                vals |= {name: term[name] for name in SHARED_LIMITS}
                if term.limit_scope == "period" and (term.has_maximum or term.minimum_amount):
                    # Limits are of one period: that in which they were agreed on.
                    vals["date"] = term.date

    @api.model
    def _prepare_order_vals(self, order, period):
        """Return what the terms of an order have in common.

        :param SalesPeriod period: of the order
        """
        program = order.distribution_program_id
        return {
            "order_id": order.id,
            "company_id": order.company_id.id,
            "currency_id": order.company_id.currency_id.id,
            "program_id": program.id,
            "cap_rate": program.cap_rate,
            "trigger": program.trigger,
            "hold_days": program.hold_days,
            "currency_rate": order.currency_rate or 1.0,
            "date": period.day,
        }

    @api.model
    def _prepare_line_vals(self, line, terms):
        """Return what the terms of an order line have in common: the line, and its prices where they count.

        :param list terms: how each of them pays, see `_prepare_term_vals`
        """
        kinds = {vals["base_kind"] for vals in terms if vals["rate"]}
        prices = {"line_id": line.id, "list_price": 0.0, "unit_cost": 0.0}
        if not kinds.isdisjoint(("list", "margin")):
            product = line.product_id.with_company(line.company_id)
            if "list" in kinds:
                prices["list_price"] = float(line.order_id.distribution_program_id._get_list_price(product))
            if "margin" in kinds:
                prices["unit_cost"] = product.standard_price
        return prices

    @api.model
    def _prepare_term_vals(self, order, share, pay, period):
        """Return whose a term is and how it pays, but for what it is expected to earn.

        :param share: `commission_chain.Share`
        :param Pay pay: how it pays
        :param SalesPeriod period: of the order
        """
        found, overlay = share.found, share.found.overlay
        return {
            "distributor_id": share.receiver.id,
            "passed_from_id": share.distributor.id if share.distributor != share.receiver else False,
            "is_own_purchase": order._is_own_purchase_of(share.receiver),
            "level": share.level,
            "rule_id": found.rule.rule_id,
            "campaign_rule_id": overlay.rule_id if overlay else False,
            "campaign_id": (overlay or found.rule).campaign_id or False,
            "rate": float(pay.rate),
            "base_kind": pay.base_kind,
            "fixed_amount": float(pay.per_unit),
            "order_amount": float(pay.per_order),
            "limit_scope": pay.scope,
            "minimum_amount": float(pay.minimum),
            "has_maximum": pay.maximum is not None,
            "maximum_amount": float(pay.maximum or 0),
            "period_used": float(period.get_used(share, pay)),
            "period_sales": float(period.get_sales(share)) if found.is_by_sales else 0.0,
            "grade_id": share.receiver.grade_id.id,
        }

    @api.model
    def _add_expected(self, order, vals_list):
        """Add to the values of new terms what they earn if nothing is returned, beside the terms the order has."""
        existing = order.commission_term_ids.filtered(_is_active).grouped("line_id")
        values = order.order_line._get_commission_values()
        sold = {line.id: terms._get_sold(LineFacts(**values[line.id]), ()) for line, terms in existing.items()}
        by_line = defaultdict(list)
        for position, vals in enumerate(vals_list):
            by_line[vals["line_id"]].append((-position - 1, vals))
        unit = get_unit(order.company_id.currency_id.rounding)
        for line_id, keyed in by_line.items():
            facts, first = LineFacts(**values[line_id]), keyed[0][1]
            shares = tuple(Share(key, _get_group_of(vals), _make_pay(vals)) for key, vals in keyed)
            engine_line = _make_line(first, facts)
            sold[line_id] = Sold(engine_line, shares, (engine_line.whole,), exact(first["cap_rate"]))
            expected_base = float(round_half_up(facts.worth / engine_line.currency_rate, unit))
            for _key, vals in keyed:
                vals["expected_base"] = expected_base
        amounts = get_amounts([sold[line_id] for line_id in sorted(sold)], unit)
        for position, vals in enumerate(vals_list):
            vals["expected_amount"] = float(amounts[-position - 1][0].final)

    @api.model
    def _refresh(self, orders):
        """Bring what is expected, and what others leave of a period, to what the orders are now.

        :param orders: orders that were confirmed again or whose lines have changed
        """
        terms = orders.commission_term_ids.filtered(_is_active)
        limited = terms.filtered(lambda term: term.limit_scope == "period" and term.has_maximum)
        for group in limited.grouped(lambda term: (term.order_id, *term._get_group())).values():
            group.distributor_id._lock_sales_period()
            group.period_used = float(group[0]._get_period_used())
        values = terms.order_id.order_line._get_commission_values()
        facts = {line.id: LineFacts(**values[line.id]) for line in terms.line_id}
        terms._refresh_sales(facts)
        bases = {term.line_id.id: (term._get_line(facts[term.line_id.id]).whole,) for term in terms}
        for term_id, (amount,) in terms._get_amounts(facts, bases).items():
            term = self.browse(term_id)
            if term.currency_id.compare_amounts(term.expected_amount, float(amount.final)):
                term.expected_amount = float(amount.final)

    def _refresh_sales(self, facts):
        """Bring the sales by which tiers go up to what the lines are worth now: what a line was reduced by is not sold.

        :param dict facts: order line id → `engine.eligible_base.LineFacts`
        """
        for term in self:
            line = term._get_line(facts[term.line_id.id])
            sales = float(round_half_up(line.worth / line.currency_rate, get_unit(term.currency_id.rounding)))
            if term.currency_id.compare_amounts(term.expected_base, sales):
                term.expected_base = sales

    def _get_period_used(self):
        self.ensure_one()
        return self.program_id._get_period_used(
            self.distributor_id, self.level, self.rule_id.id, self.date, self.order_id
        )
