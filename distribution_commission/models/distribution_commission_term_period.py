# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta
from decimal import Decimal

from odoo import api, models
from odoo.fields import Domain

from ..engine.eligible_base import possible_base
from ..engine.money import allocate, exact, round_half_up

# Terms whose minimum for a period was not settled yet, whether or not the period has ended.
OPEN = [
    ("limit_scope", "=", "period"),
    ("minimum_amount", ">", 0),
    ("is_period_closed", "!=", True),
    ("state", "=", "active"),
]


class DistributionCommissionTerm(models.Model):
    """What rules pay at least in a period, once it has ended."""

    _inherit = "distribution.commission.term"  # pylint: disable=consider-merging-classes-inherited

    _open_period_idx = models.Index(
        "(program_id, date) WHERE limit_scope = 'period' AND minimum_amount > 0 AND is_period_closed IS NOT TRUE"
    )

    @api.model
    def _get_open_periods(self, program, distributor=None):
        """Return the terms in periods that have ended whose minimum was not settled yet.

        Orders that are not confirmed any more wait: who confirms them again has sold in their period.

        :param distributor: only of this one, of all when omitted
        """
        start = program._get_period_start(program._get_business_date())
        domain = Domain(OPEN) & Domain("program_id", "=", program.id) & Domain("date", "<", start)
        if distributor:
            domain &= Domain("distributor_id", "=", distributor.id)
        return self.search(domain & Domain("order_id.state", "=", "sale"), order="id")

    def _close_periods(self):
        """Raise what was earned in periods to what rules pay at least in them.

        :param self: what `_get_open_periods` returned, or all of it that is of one distributor
        """
        for terms in self.grouped(lambda term: tuple(term._get_period_key().values())).values():
            terms._close_period()

    def _get_period_key(self):
        """Return what terms have in common that share a minimum: fields of the term, and the period's first day."""
        self.ensure_one()
        names = ("program_id", "company_id", "distributor_id", "level", "rule_id")
        return {name: self[name] for name in names} | {"start": self.program_id._get_period_start(self.date)}

    def _close_period(self):
        """Settle the minimum of one period of one distributor by one rule.

        The orders bear it in proportion to what they come to. Whose orders come to nothing has sold nothing, and gets
        none. A part is earned as its order's goods are sent, and goes back with them; it is no reason to look at the
        other orders again. The entries have the date of the period's last day.
        """
        self.distributor_id._lock_sales_period()
        self.order_id._catch_up_commission()
        parts = self._get_period_parts()
        for order, part in parts.items():
            (self & order.commission_term_ids).period_part = float(part)
        self.is_period_closed = True
        orders = self.env["sale.order"].union(*parts)
        orders.commission_term_ids.filtered(lambda term: term.state == "active")._refresh_expected()
        next_start = self.program_id._get_next_period_start(self[0].date)
        end = self.program_id._get_business_day_start(next_start) - timedelta(seconds=1)
        self._converge_now(orders, dict.fromkeys(orders.ids, end))

    def _get_period_parts(self):
        """Return which orders are raised, and to what, so that with all else that the rule pays in the period they come
        to its minimum: the highest that was agreed on in it.

        :return: order → what it comes to if all of it is sent, kept and paid; empty where nothing is raised
        :rtype: dict
        """
        others = self._get_others_of_period()
        possible, whole = (self | others)._get_possible_and_whole()
        agreed = (self | others).filtered(lambda term: term.limit_scope == "period")
        minimum = exact(max(agreed.mapped("minimum_amount")))
        rest = minimum - sum((possible[term] for term in others), exact(0))
        comes_to = sum((possible[term] for term in self), exact(0))
        if not 0 < comes_to < rest:
            return {}
        by_order = self.sorted(lambda term: term.order_id.id).grouped("order_id")
        raised = [sum((whole[term] for term in terms), exact(0)) * rest / comes_to for terms in by_order.values()]
        unit = Decimal(str(self.currency_id.rounding))
        parts = allocate(round_half_up(sum(raised, exact(0)), unit), raised, unit)
        return dict(zip(by_order, parts, strict=True))

    def _get_others_of_period(self):
        """Return the other terms of the same period, distributor and rule: settled before, or without a minimum."""
        key = self[0]._get_period_key()
        start = key.pop("start")
        return self.search(
            [
                *((name, "=", value if name == "level" else value.id) for name, value in key.items()),
                ("id", "not in", self.ids),
                ("state", "=", "active"),
                ("date", ">=", start),
                ("date", "<", self.program_id._get_next_period_start(start)),
                ("order_id.state", "=", "sale"),
            ]
        )

    def _get_possible_and_whole(self):
        """Return what terms come to as their orders are now, and if all of them had been sent, kept and paid.

        :return: term → amount, twice: the first within the cap
        :rtype: tuple of dict
        """
        terms = self.order_id.commission_term_ids.filtered(lambda term: term.state == "active")
        facts = terms.line_id._get_commission_facts()
        bases = {
            line.id: (possible_base(facts[line.id]), of_line[0]._get_line(facts[line.id]).whole)
            for line, of_line in terms.grouped("line_id").items()
        }
        amounts = terms._get_amounts(facts, bases)
        return (
            {term: exact(amounts[term.id][0].final) for term in self},
            {term: amounts[term.id][1].limited for term in self},
        )

    # === CRON METHODS === #

    @api.model
    def _cron_close_periods(self):
        """Settle what rules pay at least in the periods that have ended, distributor by distributor."""
        programs = [program for (program,) in self._read_group(Domain(OPEN), ["program_id"])]
        terms = self.browse().union(*(self._get_open_periods(program) for program in programs))
        self.env["ir.cron"]._run_for_each(terms.distributor_id.sorted("id"), self._close_periods_of)

    @api.model
    def _close_periods_of(self, distributor):
        self._get_open_periods(distributor.program_id, distributor)._close_periods()
