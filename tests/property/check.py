# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What must hold after every event: the ledger is the model's, to the fen, and every entry explains itself."""

from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction

from .documents import value_of
from .pay import ZERO, to_fen


def fen(amount):
    """Return a decimal string of the database in whole fen."""
    value = Decimal(amount) * 100
    assert value == int(value), f"{amount} is no whole number of fen"
    return int(value)


class Check:
    """Compares Odoo's ledger with the model's; keeps what it has looked at already."""

    def __init__(self, drive):
        self.drive, self.env, self.model = drive, drive.env, drive.model
        self.distributors = {
            record.id: person for record, person in zip(drive.stage.distributors, drive.people, strict=True)
        }
        self.last_entry = self._query("SELECT COALESCE(MAX(id), 0) AS id FROM distribution_commission_entry")[0]["id"]

    def everything(self):
        if not self.drive.orders:
            return
        self.env.flush_all()
        rows, lines = self._entries(), self._lines()
        self._documents(lines)
        self._never_above_documents()
        self._states(rows, lines)
        self._caps_and_signs(lines)
        self._explanations(rows, lines)
        self._guarantees()
        self._room_for_guarantees(lines)
        self._pending(lines)
        self._accounts()
        self._replays()

    def books(self):
        """Compare the two books at the end of a history."""
        entries = self.env["distribution.commission.entry"].search([("accrual_line_id", "=", False)])
        entries._post_accruals()
        differences = self.env["distribution.account"]._get_book_differences(self.drive.stage.company)
        assert not differences, differences

    def _query(self, query, *parameters):
        self.env.cr.execute(query, parameters)
        return self.env.cr.dictfetchall()

    def _entries(self):
        orders = tuple(record.id for record, _order in self.drive.orders)
        return self._query(
            "SELECT id, term_id, revision, line_id, level, distributor_id, state, release_date, amount::text, kind "
            "FROM distribution_commission_entry WHERE order_id IN %s ORDER BY id",
            orders,
        )

    def _lines(self):
        """Return the model's order and line by the id of the order line."""
        return {
            line_record.id: (order, line)
            for record, order in self.drive.orders
            for line_record, line in self.drive._lines(record, order)
        }

    def _documents(self, lines):
        """What documents say is what the model reckons with: or the rest would be no news."""
        for line_id, (_order, line) in lines.items():
            record = self.env["sale.order.line"].browse(line_id)
            found = fen(repr(record.price_subtotal)), fen(repr(record.price_total))
            assert found == (to_fen(line.value), to_fen(line.taxed)), f"{found}, not {line.value} and {line.taxed}"
        for record, order in self.drive.orders:
            assert fen(repr(record.amount_total)) == to_fen(order.total), (record.amount_total, order.total)
            for invoice in order.invoices:
                total = self.env["account.move"].browse(invoice.number).amount_total
                assert fen(repr(total)) == to_fen(invoice.total), (total, invoice.total)

    def _never_above_documents(self):
        """Once all of an order is invoiced, or came back before it was, nobody earns on more than invoices less credit
        notes: simple sums, which know nothing of who bears what.
        """
        for order in (order for _record, order in self.drive.orders if any(line.terms for line in order.lines)):
            earning = [line for line in order.lines if line.earns]
            posted = [each for each in order.invoices if each.state == "posted"]
            charged = Counter()
            for each in posted:
                for item in each.earning:
                    charged[item.line] += max(ZERO, each.sign * item.quantity)
            open_lines = {
                line
                for line in earning
                if charged[line] + order.unpaid_back(line) < max(line.quantity, order.sent(line))
            }
            if open_lines:
                continue
            net = sum((each.sign * value_of(each.earning) + each.coupons for each in posted), ZERO)
            net -= sum((value_of(item for item in each.items if not item.line) for each in posted), ZERO)
            bases = sum((figures[-1].base for figures in map(order.figures, earning) if figures), ZERO)
            # Shipping bears its part of what is credited without a word for what.
            freight = sum((each.sign * value_of(each.freight) for each in posted), ZERO)
            assert bases <= max(ZERO, net + max(ZERO, freight)), (order, float(bases), float(net))

    def _states(self, rows, lines):
        """Every sum by line, level, distributor, state and release date is the model's, to the fen."""
        found, expected = Counter(), Counter()
        for row in rows:
            name = self.distributors[row["distributor_id"]].name
            found[row["line_id"], row["level"], name, row["state"], row["release_date"]] += fen(row["amount"])
        for line_id, (_order, line) in lines.items():
            for term in line.terms:
                for row in term.rows:
                    expected[line_id, term.level, term.distributor.name, row.state, row.release] += row.amount
        missing = {key: amount for key, amount in expected.items() if found[key] != amount}
        beyond = {key: amount for key, amount in found.items() if expected[key] != amount}
        assert not missing and not beyond, f"expected {missing}, found {beyond}"

    def _guarantees(self):
        """The same for what is guaranteed for a month, and it explains itself."""
        rows = self._query(
            "SELECT entry.id, entry.distributor_id, entry.level, entry.state, entry.release_date, entry.amount::text, "
            "guarantee.rule_id, guarantee.date_end FROM distribution_commission_entry AS entry "
            "JOIN distribution_commission_guarantee AS guarantee ON guarantee.id = entry.guarantee_id "
            "WHERE guarantee.program_id = %s ORDER BY entry.id",
            self.drive.stage.program.id,
        )
        found, expected, entries = Counter(), Counter(), self.env["distribution.commission.entry"]
        for row in rows:
            name = self.distributors[row["distributor_id"]].name
            key = name, row["level"], row["rule_id"], row["date_end"], row["state"], row["release_date"]
            found[key] += fen(row["amount"])
            entry = entries.browse(row["id"])
            assert entry.explanation["target"] in entry.why, entry.explanation
        for each in self.model.guarantees.values():
            for row in each.rows:
                expected[each.distributor.name, each.level, each.rule, each.last, row.state, row.release] += row.amount
        found, expected = ({key: amount for key, amount in each.items() if amount} for each in (found, expected))
        assert found == expected, f"guarantees have {found}, expected {expected}"
        self.last_entry = max([self.last_entry, *(row["id"] for row in rows)])

    def _room_for_guarantees(self, lines):
        """Whoever gets it: all that is added is left by the caps of lines for which something is guaranteed."""
        room = ZERO
        for order, line in lines.values():
            if any(term.least_of_month for term in line.terms) and (figures := order.figures(line)):
                cap = min(figures[-1].base * term.cap / term.currency_rate for term in line.terms)
                room += max(ZERO, cap - sum(term.earned for term in line.terms))
        added = [each.added for each in self.model.guarantees.values()]
        assert min(added, default=0) >= 0 and sum(added) <= room, (added, room)

    def _caps_and_signs(self, lines):
        for order, line in lines.values():
            figures = order.figures(line)
            base = figures[-1].base if figures else ZERO
            earned = [term.earned for term in line.terms]
            assert min(earned, default=0) >= 0, earned
            for term in line.terms:
                # Each level is rounded by itself while all together keep to the cap.
                cap = base * term.cap / term.currency_rate
                assert sum(earned) <= cap + Fraction(len(earned), 2), (earned, cap)

    def _explanations(self, rows, lines):
        """The figures of every new entry lead to its amount, and the last ones are the model's."""
        groups = defaultdict(list)
        before = defaultdict(int)
        for row in rows:
            if row["id"] > self.last_entry:
                groups[row["term_id"], row["revision"]].append(row)
            else:
                before[row["term_id"]] += fen(row["amount"])
        for (term_id, _revision), group in groups.items():
            self._explanation(group, before[term_id])
            before[term_id] += sum(fen(row["amount"]) for row in group)
        for group in {term_id: group for (term_id, _revision), group in groups.items()}.values():
            self._last_explanation(group[0], *lines[group[0]["line_id"]])
        self.last_entry = max([self.last_entry, *(row["id"] for row in rows)])

    def _explanation(self, group, before):
        entries = self.env["distribution.commission.entry"].browse(row["id"] for row in group)
        for entry in entries:
            facts = entry.explanation
            change = sum(fen(row["amount"]) for row in group)
            assert fen(facts["before"]) == before, (facts, before)
            assert fen(facts["target"]) - before == change, (facts, change)
            assert fen(facts["target"]) <= fen(facts["uncapped"]), facts
            assert facts["target"] in entry.why, entry.why

    def _last_explanation(self, row, order, line):
        facts = self.env["distribution.commission.entry"].browse(row["id"]).explanation
        [term] = [term for term in line.terms if term.level == row["level"]]
        figures = order.figures(line)
        last = figures[-1] if figures else None
        expected = {
            "sent": to_fen(last.value) if last else 0,
            "kept": to_fen(last.kept) if last else 0,
            "money": to_fen(last.money) if last else 0,
            "base": to_fen(last.base) if last else 0,
            "uncapped": to_fen(order.pay().exact(term, line, last)) if last else 0,
            "target": term.earned,
        }
        found = {name: fen(facts[name]) for name in expected}
        assert found == expected, f"explained by {found}, expected {expected}"
        self._explained_pay(facts, term)

    def _explained_pay(self, facts, term):
        pays, limit = term.pays, term.limit
        expected = {"rate": pays.rate, "per_unit": pays.per_unit}
        if pays.per_order:
            expected["per_order"] = pays.per_order
        if limit.most is not None:
            expected["maximum"] = max(ZERO, limit.most - limit.used)
        found = {name: Fraction(Decimal(facts.get(name) or 0)) for name in expected}
        assert found == expected, f"explained by {found}, expected {expected}"

    def _pending(self, lines):
        records = self.env["distribution.commission.term"].search(
            [("line_id", "in", list(lines)), ("state", "=", "active")]
        )
        # As somebody reads it who comes later: the figure is computed when it is asked for.
        records.invalidate_recordset(["earned_amount", "pending_amount"])
        found = {
            (term.line_id.id, term.level): (fen(repr(term.expected_amount)), fen(repr(term.pending_amount)))
            for term in records
        }
        expected = {
            (line_id, term.level): (term.expected, pending)
            for line_id, (order, line) in lines.items()
            for term, pending in zip(line.terms, self.model.pending(order, line), strict=True)
        }
        assert found == expected, f"expected and pending are {found}, should be {expected}"

    def _accounts(self):
        rows = self._query(
            "SELECT distributor_id, available::text, debt::text, reserved::text FROM distribution_account "
            "WHERE distributor_id IN %s",
            tuple(self.distributors),
        )
        found = {
            self.distributors[row["distributor_id"]].name: (fen(row["available"]), fen(row["debt"])) for row in rows
        }
        expected = {person.name: figures for person, figures in self.model.accounts.items()}
        assert {k: v for k, v in found.items() if any(v)} == {k: v for k, v in expected.items() if any(v)}, (
            f"accounts {found}, expected {expected}"
        )

    def _replays(self):
        """Every trigger once more, the sweep, and the look at night: nothing is added."""
        for record, _order in self.drive.orders:
            record._converge_commission()
            record.picking_ids.move_ids._converge_commission()
            record.invoice_ids._converge_commission()
        self.drive.look()
        looked_at = [("program_id", "=", self.drive.stage.program.id), ("revision", ">", 0)]
        self.env["distribution.commission.guarantee"].search(looked_at)._converge()
        added = self.env["distribution.commission.entry"].search([("id", ">", self.last_entry)])
        added = added.filtered(lambda entry: entry.program_id == self.drive.stage.program)
        assert not added, f"a replay added {added.mapped('amount')}"
