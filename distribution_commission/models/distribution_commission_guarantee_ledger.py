# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from ..engine.convergence import Row, get_reversals
from ..engine.eligible_base import eligible_bases
from ..engine.guarantee import (
    get_changes,
    get_days,
    get_lacking,
    get_minimum,
    get_room,
    get_top_up,
    sum_by,
)
from ..engine.money import get_unit

# An order that was confirmed in the last second of a period may be committed after the first look at it.
LOOK_AGAIN = timedelta(days=3)
# Of how many orders the caps are read at once.
ORDERS_AT_ONCE = 50
# Terms by which something is guaranteed.
GUARANTEEING = Domain(
    [
        ("state", "=", "active"),
        ("limit_scope", "=", "period"),
        ("minimum_amount", ">", 0),
        ("is_own_purchase", "=", False),
    ]
)


class DistributionCommissionGuarantee(models.Model):
    """How the ledger follows the guarantees of periods that have ended."""

    _inherit = "distribution.commission.guarantee"  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    @api.model
    def _follow(self, terms, waited):
        """Look at the periods of terms again: what they have earned, or could, may have changed.

        What nobody has looked at since its period has ended is left for the night: who looks at this very moment is
        tried again.

        :param dict waited: see `DistributionCommissionTerm._converge_now`
        """
        for guarantee, moments in self._get_ended_periods(terms, waited).items():
            if guarantee.revision:
                guarantee._converge(max(map(guarantee.program_id._get_business_date, moments)))
            else:
                guarantee._lock(step=0)

    @api.model
    def _get_ended_periods(self, terms, waited):
        """Return the guarantees that terms count for and whose periods have ended, in order of id.

        :return: guarantee → when something happened to its orders, naive UTC
        :rtype: dict
        """
        if not terms:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT guarantee.id, term.order_id
                  FROM distribution_commission_guarantee AS guarantee
                  JOIN distribution_commission_term AS term ON %s
                 WHERE term.id IN %s
                 ORDER BY guarantee.id, term.order_id
                """,
                self._get_membership(),
                tuple(terms.ids),
            )
        )
        ended, now = defaultdict(list), fields.Datetime.now()
        for guarantee_id, order_id in rows:
            guarantee = self.browse(guarantee_id)
            if guarantee._has_ended():
                _first, last = waited.get(order_id) or (now, now)
                ended[guarantee].append(last)
        return ended

    def _converge(self, day=None):
        """Bring the ledger to what these guarantees add now that their periods have ended. Calling it again changes
        nothing.

        The first time it gets what was missing at the end of the period, and then what has become of it: whenever
        somebody looks first, a month's costs are its own. What the caps leave is read as it is now.

        :param date day: when something happened to their orders, a business date; None for the end of the period
        """
        self.filtered(lambda guarantee: not guarantee.revision)._write_difference(is_at_end=True)
        self._write_difference(day)

    def _write_difference(self, day=None, is_at_end=False):
        """Write what the guarantees should add, less what they have added.

        :param date day: see `_converge`
        :param bool is_at_end: as it was when the period ended
        """
        self._lock()
        figures, due = self._get_figures(is_at_end), self._get_due_amounts(is_at_end)
        for guarantee in self.sorted("id"):
            guarantee._write_changes(figures[guarantee.id], due[guarantee.id], day)

    def _lock(self, step=1):
        """Serialise all that is added to these periods, see `DistributionCommissionTerm._lock`.

        :param int step: by how much the revision goes up
        :return: id → revision
        :rtype: dict
        """
        if not self.ids:
            return {}
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH locked AS (
                    SELECT id FROM distribution_commission_guarantee WHERE id IN %s ORDER BY id FOR NO KEY UPDATE
                )
                UPDATE distribution_commission_guarantee AS guarantee
                   SET revision = guarantee.revision + %s
                  FROM locked
                 WHERE guarantee.id = locked.id
                RETURNING guarantee.id, guarantee.revision
                """,
                tuple(self.ids),
                step,
            ),
            # A collision is tried again: no error for the log.
            log_exceptions=False,
        )
        self.invalidate_recordset(["revision"], flush=False)
        return dict(self.env.cr.fetchall())

    def _write_changes(self, figures, earned, day_of_change):
        """Write what one guarantee should add, less what it has added, by the days on which it becomes due.

        :param dict figures: see `_get_figures`
        :param list earned: see `_get_due_amounts`
        :param date day_of_change: see `_converge`
        """
        self.ensure_one()
        first, minimums = self._get_first_day(figures), self._get_minimums(figures)
        lacking = max(get_lacking(get_minimum(minimums, day), sum_by(earned, day)) for day in get_days(first, earned))
        # Only who lacks something needs to know what the caps leave.
        rooms = self._get_rooms(lacking, first)
        self._begin_holds([*earned, *rooms], first)
        added = [(entry.release_date or None, Decimal(repr(entry.amount))) for entry in self.entry_ids]
        targets = self._get_targets(get_days(first, earned, rooms, added), minimums, earned, rooms)
        changes = get_changes(targets, added)
        facts = self._get_facts(figures, targets[-1][1], added, changes)
        date = max(filter(None, (self.date_end, figures["date"], figures["last_date"], day_of_change)))
        for day, amount in changes:
            self._write_change(day, amount, {"date": date, "explanation": facts})

    def _get_first_day(self, figures):
        """Return the first day on which anything can become due: what was due before counts with it.

        :param dict figures: see `_get_figures`
        """
        of_period = self.date_end + timedelta(days=figures["hold_days"] or 0)
        # What was added already is due when it is, whatever holds later sales have.
        known = [entry.release_date for entry in self.entry_ids if entry.release_date]
        return max(self.program_id._get_business_date(), min([of_period, *known]))

    @api.model
    def _get_minimums(self, figures):
        """Return the minimums of what is kept, with the first day on which some of that is due."""
        found = figures["minimums"] or {}
        return [(fields.Date.to_date(due), Decimal(minimum)) for minimum, due in found.items()]

    def _get_targets(self, days, minimums, earned, rooms):
        """Return what is to be due until each day: together with what is earned by then, the minimum of what is kept
        and due by then.

        :param list days: in order of time
        :param list minimums, earned, rooms: (day, amount)
        """
        unit = get_unit(self.currency_id.rounding)
        return [
            (day, get_top_up(get_minimum(minimums, day), sum_by(earned, day), sum_by(rooms, day, Fraction(0)), unit))
            for day in days
        ]

    def _begin_holds(self, parts, first):
        """Begin the holds that have waited for goods to be delivered, once all of them are.

        :param list parts: (day, amount) of what was earned, and of what the caps leave
        :param date first: the first day on which anything can become due
        """
        waiting = self.entry_ids.filtered(lambda entry: entry.state == "held" and not entry.release_date)
        days = [day for day, _amount in parts]
        if waiting and None not in days:
            waiting.release_date = max([first, *days])

    def _get_facts(self, figures, target, added, changes):
        """Return why the guarantee adds what it adds, as its entries keep it.

        :param dict figures: see `_get_figures`
        :param Decimal target: what it adds in all
        :param list added: what the ledger had added, (day on which it becomes due, amount)
        :param list changes: what the ledger gets, the same
        """
        self.ensure_one()
        minimum, earned = Decimal(figures["minimum"] or 0), Decimal(figures["earned"])
        amounts = {
            "minimum": minimum or Decimal(figures["agreed"] or 0),
            "earned": earned,
            "target": target,
            "before": sum((amount for _day, amount in added), Decimal(0)),
        }
        return {
            "level": self.level,
            "rule": self.rule_id.id,
            "start": fields.Date.to_string(self.date_start),
            "end": fields.Date.to_string(self.date_end),
            "is_capped": target < get_lacking(minimum, earned),
            "changes": [[fields.Date.to_string(day) or None, self._say(amount)] for day, amount in changes],
            **{name: self._say(amount) for name, amount in amounts.items()},
        }

    def _say(self, amount):
        return f"{amount:.{self.currency_id.decimal_places}f}"

    def _get_rooms(self, lacking, first):
        """Return what the caps of the period's order lines leave for this distributor, in the company's currency.

        Read is only as much as it takes: a few orders leave what most lack.

        :param Decimal lacking: as soon as it is this much on the first day, the rest does not matter
        :param date first: the first day on which anything can become due
        :return: list of (day, Fraction): how much more with what becomes due on the day, None if it is not known yet
        """
        self.ensure_one()
        rooms, terms = [], self.env["distribution.commission.term"]
        groups = terms._read_group(GUARANTEEING & Domain(self._get_terms_domain()), ["order_id"]) if lacking else ()
        for some in split_every(ORDERS_AT_ONCE, [order.id for (order,) in groups]):
            rooms += self._get_rooms_of(terms.search([("order_id", "in", some)]))
            if sum_by(rooms, first, Fraction(0)) >= lacking:
                break
        return rooms

    def _get_rooms_of(self, terms):
        """Return the part of `_get_rooms` that some orders leave.

        :param terms: all of the orders
        """
        own = terms.filtered_domain(GUARANTEEING & Domain(self._get_terms_domain()))
        terms = terms.filtered(lambda term: term.state == "active")
        facts = terms.line_id._get_commission_facts()
        bases = {line_id: eligible_bases(line_facts) for line_id, line_facts in facts.items()}
        amounts, rooms = terms._get_amounts(facts, bases), []
        for line, of_line in terms.grouped("line_id").items():
            mine, before = of_line & own, Fraction(0)
            sold, sharing = of_line._get_sold(facts[line.id], ()), len(of_line.filtered_domain(GUARANTEEING))
            for position, base in enumerate(bases[line.id] if mine else ()):
                taken = sum(amounts[term.id][position].final for term in of_line)
                room = get_room(sold.get_cap(base), taken, sharing)
                rooms.append((mine[:1]._get_release_date(base.moment) if base.moment else None, room - before))
                before = room
        return [(day, room) for day, room in rooms if room]

    def _write_change(self, day, amount, common_vals):
        """Write what becomes due on a day, or is taken back then of what was added last.

        :param date day: None if it is not known yet
        :param Decimal amount: negative where something is taken back
        """
        rows = [
            Row(entry.id, Decimal(repr(entry.amount)), Decimal(0), 0, entry.reverses_id.id)
            for entry in self.entry_ids.sorted("id")
        ]
        parts = [(0, amount)] if amount > 0 else [(row_id, -part) for row_id, part in get_reversals(rows, -amount)]
        for reverses_id, part in parts:
            # Each has a revision of its own.
            revision = self._lock()[self.id]
            vals = self._prepare_entry_vals(part, reverses_id, day)
            self.env["distribution.commission.entry"]._insert([{**vals, **common_vals, "revision": revision}])

    def _prepare_entry_vals(self, amount, reverses_id, day):
        """Return the values of one entry, but for why and when it was written.

        :param Decimal amount: negative where something is taken back
        :param int reverses_id: the entry it takes back, 0 for none
        :param date day: when it is due, None if that is not known yet
        """
        self.ensure_one()
        return {
            "guarantee_id": self.id,
            "kind": "clawback" if reverses_id else "earning",
            "reverses_id": reverses_id,
            "distributor_id": self.distributor_id.id,
            "program_id": self.program_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "level": self.level,
            "rate": 0.0,
            "base": 0.0,
            "amount": float(amount),
            "state": "due" if amount < 0 and self._is_released(day) else "held",
            "release_date": day,
        }

    def _is_released(self, day):
        """Tell whether what is taken back on a day is due by then: what it takes back may still be held until tonight.

        :param date day: None if it is not known yet
        """
        today = self.program_id._get_business_date()
        held = [entry for entry in self.entry_ids if entry.state == "held" and entry.release_date]
        return day == today and not any(entry.release_date <= today for entry in held)

    def _get_why(self, facts):
        """Return in words how an entry's amount was reached.

        :param dict facts: the entry's explanation
        :rtype: list of str
        """
        self.ensure_one()
        figures = {**facts, "currency": self.currency_id.name, "code": self.distributor_id.code}
        figures["change"] = str(Decimal(facts["target"]) - Decimal(facts["before"]))
        sentences = [
            self.env._(
                "The rule guarantees %(code)s at least %(minimum)s %(currency)s for the sales of %(start)s to %(end)s "
                "on level %(level)s. They have brought %(earned)s.",
                **figures,
            )
        ]
        if not Decimal(facts["earned"]) > 0:
            sentences.append(self.env._("Nothing was sold and kept: nothing is added."))
        if facts["is_capped"]:
            sentences.append(self.env._("The caps of these sales leave %(target)s for it.", **figures))
        sentences.append(
            self.env._(
                "Added so far: %(target)s. Before, the ledger had %(before)s: it changes by %(change)s.", **figures
            )
        )
        if len(facts["changes"]) > 1:
            sentences.append(self.env._("It is due as the sales are: %s.", self._get_steps(facts["changes"])))
        return sentences

    def _get_steps(self, changes):
        """Return in words what becomes due when."""
        steps = [
            self.env._("%(amount)s on %(day)s", amount=amount, day=day)
            if day
            else self.env._("%s when all goods are delivered", amount)
            for day, amount in changes
        ]
        return ", ".join(steps)

    @api.model
    def _get_unseen(self, program, lately=timedelta()):
        """Return a program's guarantees whose periods have ended and that nobody has looked at.

        :param timedelta lately: also those that ended not longer ago
        """
        today = program._get_business_date()
        ended = [("program_id", "=", program.id), ("date_end", "<", today)]
        return self.search([*ended, "|", ("revision", "=", 0), ("date_end", ">=", today - lately)], order="id")

    # === CRON METHODS === #

    @api.model
    def _cron_look(self):
        """Look at the guarantees of periods that have ended, each in a transaction of its own."""
        programs = [program for (program,) in self._read_group([], ["program_id"])]
        guarantees = self.browse().union(*(self._get_unseen(program, LOOK_AGAIN) for program in programs))
        self.env["ir.cron"]._run_for_each(guarantees, self._look)

    @api.model
    def _look(self, guarantee):
        """Bring the ledger to what a guarantee adds, once it has looked at what waits of its orders.

        An order that could not be looked at keeps nothing from the others: it changes what is added when it can.
        """
        events = self.env["distribution.commission.event"]
        of_orders = Domain("order_id.commission_term_ids", "any", guarantee._get_terms_domain())
        events._work_off(events._get_waiting(of_orders & Domain("try_count", "=", 0)))
        guarantee._converge()
