# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import TRIGGERS
from ..engine.convergence import commission
from ..engine.money import exact
from ..engine.rule_index import Rate, RuleIndex, total_rate


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
    rule_ids = fields.One2many("distribution.commission.rule", "program_id", copy=True)
    total_rate = fields.Float(string="Total (%)", compute="_compute_total_rate", digits=(7, 4))

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

    @api.depends("rule_ids.rate", "rule_ids.level", "rule_ids.active", "level_count")
    def _compute_total_rate(self):
        for program in self:
            program.total_rate = float(total_rate(program._get_rates(), program.level_count))

    # === CONSTRAINT METHODS === #

    @api.constrains("cap_rate", "level_count", "rule_ids")
    def _check_cap(self):
        """Refuse a rule set that costs more than the cap in the worst case, whichever door it comes through."""
        for program in self:
            rates = program._get_rates()
            total = total_rate(rates, program.level_count)
            if total > exact(program.cap_rate):
                parts = " + ".join(f"{float(rate.rate):g} %" for rate in rates if rate.level <= program.level_count)
                raise ValidationError(
                    self.env._(
                        "The levels of %(program)s add up to %(parts)s = %(total)s, above its cap of %(cap)s. Lower a "
                        "rate, pay fewer levels, or raise the cap.",
                        program=program.name,
                        parts=parts,
                        total=f"{float(total):g} %",
                        cap=f"{program.cap_rate:g} %",
                    )
                )

    # === BUSINESS METHODS === #

    def _get_rates(self):
        """Return the program's rules as the engine takes them, by level."""
        self.ensure_one()
        rules = self.rule_ids.filtered("active").sorted("level")
        return [Rate(rule.id, rule.level, exact(rule.rate)) for rule in rules]

    def _get_rule_index(self):
        return RuleIndex(self._get_rates())

    def _estimate_commission(self, untaxed, currency):
        """Return what the distributor gets who recommends something: "earn ¥x".

        :param untaxed: value without taxes, in `currency`
        :param currency: `res.currency`
        :return: in the currency of the program's company; None where nothing is paid
        :rtype: Decimal or None
        """
        self.ensure_one()
        found = self._get_rule_index().resolve(1)
        if not found:
            return None
        own = self.currency_id
        rate = 1.0 if own == currency else own._get_conversion_rate(own, currency, self.company_id)
        return commission(exact(untaxed), found.rate, exact(rate), Decimal(str(own.rounding)))

    def _get_settlement_date_after(self, date):
        """Return the first settlement date after a date, False where settlement is by hand."""
        self.ensure_one()
        if self.settlement_period == "manual":
            return False
        if self.settlement_period == "daily":
            return date + relativedelta(days=1)
        this_month = date + relativedelta(day=self.settlement_day)
        return this_month if this_month > date else this_month + relativedelta(months=1)
