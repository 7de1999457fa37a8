# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import RULE_KINDS, TRIGGERS
from ..engine.amount import Line, Pay, commission, commissions
from ..engine.convergence import converge
from ..engine.eligible_base import eligible_bases, possible_base
from ..engine.explanation import explain
from ..engine.money import exact, round_half_up


def _is_active(term):
    return term.state == "active"


class DistributionCommissionTerm(models.Model):
    """What one distributor gets of one order line, frozen when the order is confirmed.

    The ledger follows the term whatever happens to rules, grades and the tree afterwards.
    """

    _name = "distribution.commission.term"
    _description = "Commission Term"
    _order = "order_id desc, line_id, level"
    _rec_name = "line_id"

    order_id = fields.Many2one(comodel_name="sale.order", required=True, index=True, ondelete="restrict")
    line_id = fields.Many2one(
        comodel_name="sale.order.line", string="Order Line", required=True, index=True, ondelete="restrict"
    )
    program_id = fields.Many2one(comodel_name="distribution.program", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(comodel_name="res.company", required=True, index=True, ondelete="restrict")
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, ondelete="restrict")
    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor", required=True, index=True, ondelete="restrict"
    )
    level = fields.Integer(required=True, aggregator=None)
    rule_id = fields.Many2one(
        comodel_name="distribution.commission.rule", required=True, index=True, ondelete="restrict"
    )
    kind = fields.Selection(selection=RULE_KINDS, required=True, default="percent")
    fixed_amount = fields.Monetary(string="Amount per Unit", aggregator=None)
    cap_rate = fields.Float(
        string="Cap (%)",
        digits=(7, 4),
        required=True,
        default=100.0,
        aggregator=None,
        help="What all levels of the line together may get, in per cent of its eligible base.",
    )
    rate = fields.Float(string="Rate (%)", digits=(7, 4), required=True, aggregator=None)
    base_kind = fields.Selection(selection=[("untaxed", "Untaxed value")], required=True, default="untaxed")
    trigger = fields.Selection(selection=TRIGGERS, required=True)
    hold_days = fields.Integer(string="Hold (Days)", required=True, aggregator=None)
    grade_id = fields.Many2one(comodel_name="distribution.grade", string="Grade Then", ondelete="restrict")
    currency_rate = fields.Float(
        digits=0,
        required=True,
        aggregator=None,
        help="Order currency for one unit of company currency, at confirmation.",
    )
    expected_amount = fields.Monetary(string="Expected", required=True, help="Commission if nothing is returned.")
    state = fields.Selection(
        selection=[("active", "Active"), ("superseded", "Superseded")], required=True, default="active", index=True
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
        # Whoever may read the ledger need not have rights on orders.
        active = self.sudo().filtered(_is_active)
        facts = active.line_id._get_commission_facts()
        possible = {}
        for line, terms in active.line_id.commission_term_ids.filtered(_is_active).grouped("line_id").items():
            for term, amounts in terms._get_targets(facts[line.id], [possible_base(facts[line.id])]).items():
                possible[term.id] = float(amounts[0])
        for term in self:
            term.earned_amount = earned.get(term, 0.0)
            pending = possible.get(term._origin.id, 0.0) - term.earned_amount
            term.pending_amount = max(0.0, term.currency_id.round(pending))

    def _get_targets(self, facts, bases):
        """Return what the terms of one order line earn on each of several bases, together never above the cap.

        :param facts: `engine.eligible_base.LineFacts` of the line
        :param list bases: in the order's currency
        :return: term → list of Decimal
        :rtype: dict
        """
        terms = self.sorted("level")
        if not bases:
            return {term: [] for term in terms}
        unit = Decimal(str(terms.currency_id.rounding))
        line, cap_rate = terms[0]._get_line(facts), exact(min(terms.mapped("cap_rate")))
        pays = [term._get_pay() for term in terms]
        by_base = [commissions(pays, base, line, cap_rate, unit) for base in bases]
        return dict(zip(terms, map(list, zip(*by_base, strict=True)), strict=True))

    def _get_pay(self):
        """Return how this term pays, as the engine takes it.

        :rtype: engine.amount.Pay
        """
        self.ensure_one()
        return Pay(self.kind, exact(self.rate), exact(self.fixed_amount))

    def _get_line(self, facts):
        self.ensure_one()
        return Line(facts.worth, facts.units, exact(self.currency_rate))

    # === ACTION METHODS === #

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_entry_action"
        )
        return {**action, "domain": [("term_id", "=", self.id)], "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def _create_for_lines(self, lines):
        """Freeze the terms of order lines that have none: one per line and level of the attributed upline.

        :param lines: lines of confirmed orders
        """
        vals_list = []
        with_terms = self.search([("line_id", "in", lines.ids), ("state", "=", "active")]).line_id
        for order, order_lines in (lines - with_terms).grouped("order_id").items():
            if order.distribution_program_id:
                chain = order._get_commission_chain()
                for line in order_lines.filtered(lambda line: line._get_commission_role() == "goods"):
                    vals_list += self._prepare_terms_vals(line, line._get_commission_rates(chain))
        return self.create(vals_list)

    @api.model
    def _prepare_terms_vals(self, line, chain):
        """Return the values of the terms of one order line.

        :param list chain: (level, distributor, `engine.rule_index.Rate`)
        """
        order = line.order_id
        unit = Decimal(str(line.company_id.currency_id.rounding))
        worth = line._get_commission_worth()
        facts = Line(worth, line._get_commission_units(), exact(order.currency_rate or 1.0))
        cap_rate = exact(order.distribution_program_id.cap_rate)
        expected = commissions([rate.pay for _level, _distributor, rate in chain], worth, facts, cap_rate, unit)
        return [self._prepare_term_vals(line, *link, amount) for link, amount in zip(chain, expected, strict=True)]

    @api.model
    def _prepare_term_vals(self, line, level, distributor, rate, expected):
        """Return the values of a term.

        :param int level: distance from the buyer
        :param rate: `engine.rule_index.Rate`
        :param Decimal expected: what it earns if nothing is returned
        """
        order, program = line.order_id, line.order_id.distribution_program_id
        return {
            "order_id": order.id,
            "line_id": line.id,
            "program_id": program.id,
            "company_id": order.company_id.id,
            "currency_id": line.company_id.currency_id.id,
            "distributor_id": distributor.id,
            "level": level,
            "rule_id": rate.rule_id,
            "kind": rate.pay.kind,
            "rate": float(rate.pay.rate),
            "fixed_amount": float(rate.pay.fixed),
            "cap_rate": program.cap_rate,
            "trigger": program.trigger,
            "hold_days": program.hold_days,
            "grade_id": distributor.grade_id.id,
            "currency_rate": order.currency_rate or 1.0,
            "expected_amount": float(expected),
        }

    @api.model
    def _converge(self, orders):
        """Bring the ledger to what the orders' terms should have earned now. Calling it again changes nothing.

        Every trigger ends here. Only the difference between target and ledger is written, so duplicate, late,
        concurrent or reordered events leave the same sums.

        :param orders: the `sale.order` records to which something happened
        :return: the new entries
        """
        revisions = self._lock(orders)
        if not revisions:
            return self.env["distribution.commission.entry"]
        terms = self.browse(revisions)
        facts = terms.line_id._get_commission_facts()
        rows = self.env["distribution.commission.entry"]._get_rows_by_term(terms)
        vals_list = []
        for line, line_terms in terms.grouped("line_id").items():
            bases = eligible_bases(facts[line.id])
            targets = line_terms._get_targets(facts[line.id], [base.amount for base in bases])
            for term in line_terms:
                held = rows.get(term.id, [])
                postings = term._get_postings(bases, targets[term], held)
                if postings:
                    why = term._get_explanation(facts[line.id], bases, targets[term], held)
                    vals_list += [term._prepare_entry_vals(posting, revisions[term.id], why) for posting in postings]
        return self.env["distribution.commission.entry"].create(vals_list)

    @api.model
    def _lock(self, orders):
        """Serialise everything that computes on the orders' terms.

        Odoo's transactions read a snapshot. Two of them that both read the same sums would both write the difference;
        row locks, a unique index, or an update made only where something changes do not prevent it. The unconditional
        update does: the later transaction fails with a serialization error and is retried on a new snapshot. It goes
        in order of id, so that two of them do not wait for each other.

        :return: term id → revision, in order of id
        :rtype: dict
        """
        if not orders:
            return {}
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH locked AS (
                    SELECT id FROM distribution_commission_term
                     WHERE order_id IN %s AND state = 'active'
                     ORDER BY id
                       FOR NO KEY UPDATE
                )
                UPDATE distribution_commission_term AS term
                   SET revision = term.revision + 1
                  FROM locked
                 WHERE term.id = locked.id
                RETURNING term.id, term.revision
                """,
                tuple(sorted(orders.ids)),
            ),
            # A collision is tried again: no error for the log.
            log_exceptions=False,
        )
        revisions = dict(sorted(self.env.cr.fetchall()))
        self.browse(revisions).invalidate_recordset(["revision"], flush=False)
        return revisions

    def _get_postings(self, bases, targets, rows):
        """Return what must be written to bring this term's ledger to its target.

        :param list bases: cumulative `engine.eligible_base.Base` by delivery
        :param list targets: what the term earns on each
        :param list rows: the ledger of the term, `engine.convergence.Row`
        """
        self.ensure_one()
        unit = Decimal(str(self.currency_id.rounding))
        return converge(bases, targets, rows, exact(self.currency_rate), unit)

    def _get_explanation(self, facts, bases, targets, rows):
        """Return why the term's ledger comes to its target, see `engine.explanation`."""
        self.ensure_one()
        unit = Decimal(str(self.currency_id.rounding))
        base = bases[-1].amount if bases else 0
        target = targets[-1] if targets else unit * 0
        uncapped = commission(self._get_pay(), base, self._get_line(facts), unit)
        before = sum((row.amount for row in rows), unit * 0)
        units = self._get_line(facts).get_units(base)
        frozen = {**self._get_frozen_facts(), "units": f"{float(units):.6g}", "uncapped": str(uncapped)}
        return explain(bases, frozen, target, before, unit)

    def _get_frozen_facts(self):
        return {
            "level": self.level,
            "kind": self.kind,
            "rate": f"{self.rate:g}",
            "fixed": str(round_half_up(exact(self.fixed_amount), Decimal(str(self.currency_id.rounding)))),
            "cap_rate": f"{self.cap_rate:g}",
            "rule": self.rule_id.id,
            "grade": self.grade_id.id or None,
            "currency_rate": f"{self.currency_rate:g}",
            "currency": self.order_id.currency_id.name,
        }

    def _prepare_entry_vals(self, posting, revision, explanation):
        """Return the values of one entry, complete: nothing of it may change once it is written."""
        reversed_entry = self.env["distribution.commission.entry"].browse(posting.reverses_id)
        today = self.program_id._get_business_date()
        if not reversed_entry:
            start = self.program_id._get_business_date(posting.moment)
            state, release_date = "held", fields.Date.add(start, days=self.hold_days)
        elif reversed_entry.state == "held":
            state, release_date = "held", reversed_entry.release_date
        else:
            state, release_date = "due", today
        return {
            "term_id": self.id,
            "revision": revision,
            "kind": "clawback" if reversed_entry else "earning",
            "reverses_id": posting.reverses_id,
            "delivery_id": posting.delivery_id,
            "distributor_id": self.distributor_id.id,
            "program_id": self.program_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "order_id": self.order_id.id,
            "line_id": self.line_id.id,
            "level": self.level,
            "rate": self.rate,
            "base": float(posting.base),
            "amount": float(posting.amount),
            "date": today,
            "state": state,
            "release_date": release_date,
            "explanation": explanation,
        }
