# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import EARLY_TRIGGERS
from ..engine.convergence import converge
from ..engine.eligible_base import eligible_bases
from ..engine.explanation import explain
from ..engine.money import exact, get_unit
from .gathering import gather


def _get_moment(posting, waited):
    """Return when a change of the ledger happened, naive UTC; None for now.

    Something is earned when it was delivered, as far as the order has waited since. Of all else only the last thing
    that waited has surely happened by then: no date is before its cause.

    :param tuple waited: when the first and the last thing happened that waited, None where nothing has
    """
    if not waited:
        return None
    first, last = waited
    if posting.reverses_id or not posting.moment:
        return last
    return min(max(first, posting.moment), last)


class DistributionCommissionTerm(models.Model):
    """How the ledger follows the terms, whatever happens to their orders."""

    _inherit = "distribution.commission.term"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _converge(self, orders):
        """Bring the ledger to what the orders' terms should have earned: soon, or now where the company wants it so.

        Every trigger ends here.

        :param orders: the `sale.order` records to which something happened
        """
        if gather(orders):
            return
        later = orders.filtered("company_id.is_commission_in_background")
        self.env["distribution.commission.event"]._note(later)
        self._converge_now(orders - later)

    @api.model
    def _converge_now(self, orders, waited=None):
        """Bring the ledger to what the orders' terms should have earned now. Calling it again changes nothing.

        Only the difference between target and ledger is written, so duplicate, late,
        concurrent or reordered events leave the same sums.

        :param orders: the `sale.order` records to which something happened
        :param dict waited: order id → when the first and the last thing happened that waited for this, naive UTC; what
            has not waited happens now
        :return: the new entries
        """
        waited = waited or {}
        entry_model, revisions = self.env["distribution.commission.entry"], self._lock(orders)
        if not revisions:
            return entry_model
        terms = self.browse(revisions)
        facts = terms.line_id._get_commission_facts()
        bases = {line_id: eligible_bases(line_facts) for line_id, line_facts in facts.items()}
        amounts = terms._get_amounts(facts, bases)
        # What is looked at for the first time holds nothing.
        rows = entry_model._get_rows_by_term(terms.filtered(lambda term: revisions[term.id] > 1))
        changes = []
        for term in terms:
            line_id, held = term.line_id.id, rows.get(term.id, [])
            postings = term._get_postings(bases[line_id], amounts[term.id], held)
            if postings:
                why = term._get_explanation(facts[line_id], bases[line_id], amounts[term.id], held)
                changes += [(term, posting, why) for posting in postings]
        # Read together, not one by one.
        reversed_ids = [posting.reverses_id for _term, posting, _why in changes if posting.reverses_id]
        entry_model.browse(reversed_ids).fetch(["state", "release_date"])
        vals_list = [
            term._prepare_entry_vals(posting, revisions[term.id], why, waited.get(term.order_id.id))
            for term, posting, why in changes
        ]
        entries = entry_model._insert(vals_list)
        terms._begin_holds(bases)
        self.env["distribution.commission.guarantee"]._follow(terms, waited)
        return entries

    def _begin_holds(self, bases):
        """Begin the holds of what was earned before the goods were delivered, once they are.

        :param dict bases: order line id → cumulative `engine.eligible_base.Base` by delivery
        """
        early = self.filtered(lambda term: term.trigger in EARLY_TRIGGERS)
        if not early:
            return
        waiting = [("term_id", "in", early.ids), ("state", "=", "held"), ("release_date", "=", False)]
        for term, held in self.env["distribution.commission.entry"].search(waiting).grouped("term_id").items():
            moments = [base.moment for base in bases[term.line_id.id]]
            if None not in moments:
                # Without a base nothing will be delivered, and nothing is left that waits for it.
                held.release_date = term._get_release_date(max(moments, default=None) or fields.Datetime.now())

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

    def _get_postings(self, bases, amounts, rows):
        """Return what must be written to bring this term's ledger to its target.

        :param list bases: cumulative `engine.eligible_base.Base` by delivery
        :param list amounts: what the term earns on each, `engine.amount.Amount`
        :param list rows: the ledger of the term, `engine.convergence.Row`
        """
        self.ensure_one()
        unit = get_unit(self.currency_id.rounding)
        return converge(bases, [one.final for one in amounts], rows, exact(self.currency_rate), unit)

    def _get_explanation(self, facts, bases, amounts, rows):
        """Return why the term's ledger comes to its target, see `engine.explanation`."""
        self.ensure_one()
        unit = get_unit(self.currency_id.rounding)
        before = sum((row.amount for row in rows), unit * 0)
        frozen = self._get_frozen_facts()
        return explain(self._get_line(facts), self._get_pay(), facts, bases, amounts, before, unit) | frozen

    def _get_frozen_facts(self):
        decimals = self.currency_id.decimal_places
        return {
            "level": self.level,
            "cap_rate": f"{self.cap_rate:g}",
            "rule": self.rule_id.id,
            "campaign_rule": self.campaign_rule_id.id or None,
            "passed_from": self.passed_from_id.id or None,
            "period_sales": f"{self.period_sales:.{decimals}f}" if self.period_sales else None,
            "period_used": f"{self.period_used:.{decimals}f}" if self.limit_scope == "period" else None,
            "grade": self.grade_id.id or None,
            "own_purchase": self._get_own_purchase(),
            "currency_rate": f"{self.currency_rate:g}",
            "currency": self.order_id.currency_id.name,
        }

    def _get_own_purchase(self):
        """Return whose purchase it was: `own`, that of a `team` member below, None for a customer's."""
        self.ensure_one()
        if self.is_own_purchase:
            return "own"
        return "team" if self.order_id.distribution_attribution == "self" else None

    def _get_release_date(self, moment):
        """Return when a hold ends that begins at a moment, a business date."""
        self.ensure_one()
        return fields.Date.add(self.program_id._get_business_date(moment), days=self.hold_days)

    def _prepare_entry_vals(self, posting, revision, explanation, waited=None):
        """Return the values of one entry, complete: nothing of it may change once it is written.

        :param tuple waited: see `_converge_now`
        """
        reversed_entry = self.env["distribution.commission.entry"].browse(posting.reverses_id)
        if not reversed_entry:
            state, release_date = "held", posting.moment and self._get_release_date(posting.moment)
        elif reversed_entry.state == "held":
            state, release_date = "held", reversed_entry.release_date
        else:
            state, release_date = "due", self.program_id._get_business_date()
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
            "is_own_purchase": self.is_own_purchase,
            "level": self.level,
            "rate": self.rate,
            "base": float(posting.base),
            "amount": float(posting.amount),
            "date": self.program_id._get_business_date(_get_moment(posting, waited)),
            "state": state,
            "release_date": release_date,
            "explanation": explanation,
        }
