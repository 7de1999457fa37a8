"""The ledger and the books of the demo company, against the oracle: to the penny, from the database's own text.

The demo loader plays the sample through Odoo; the oracle computes from the CSV and the stated rules
(tests/data/RULES.md) what must come out. They share no code.
"""

import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

from odoo.tests import TransactionCase, tagged

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "setup")]

import oracle  # noqa: E402
from demo import load, table  # noqa: E402

ZERO = Decimal("0.00")


class Books:
    """Reads ledger and general ledger of a company, numerics as text, never as floats."""

    def __init__(self, env, company):
        env.flush_all()
        self.env = env
        self.company = company

    def rows(self, query, **params):
        """Return the rows of a query on this company."""
        self.env.cr.execute(query, {"company": self.company.id, **params})
        return self.env.cr.fetchall()

    def by_distributor(self, query, **params):
        """Return {number of the distributor: amount} of a query of (code, amount as text)."""
        return {int(code[1:]): Decimal(amount) for code, amount in self.rows(query, **params)}

    def earned_by_key(self):
        """Return {(order, position, level, distributor): sum of entries}."""
        rows = self.rows(
            """
            SELECT sale.client_order_ref, line.sequence - 1, term.level, distributor.code, SUM(entry.amount)::text
              FROM distribution_commission_entry AS entry
              JOIN distribution_commission_term AS term ON term.id = entry.term_id
              JOIN sale_order_line AS line ON line.id = term.line_id
              JOIN sale_order AS sale ON sale.id = line.order_id
              JOIN distribution_distributor AS distributor ON distributor.id = entry.distributor_id
             WHERE entry.company_id = %(company)s
             GROUP BY sale.client_order_ref, line.id, term.level, distributor.code
            """
        )
        return {(order, at, level, int(code[1:])): Decimal(amount) for order, at, level, code, amount in rows}

    def entries(self):
        """Count the entries that are the same in order, position, level, amount, state, date and release date."""
        rows = self.rows(
            """
            SELECT sale.client_order_ref, line.sequence - 1, entry.level, entry.amount::text, entry.state, entry.date,
                   entry.release_date
              FROM distribution_commission_entry AS entry
              JOIN sale_order_line AS line ON line.id = entry.line_id
              JOIN sale_order AS sale ON sale.id = line.order_id
             WHERE entry.company_id = %(company)s
            """
        )
        return Counter((*row[:3], Decimal(row[3]), *row[4:]) for row in rows)

    def settlements(self):
        """Return the posted settlement lines as (date, distributor, amount), sorted."""
        return self.dated_amounts(
            """
            SELECT settlement.date, distributor.code, line.amount::text
              FROM distribution_settlement_line AS line
              JOIN distribution_settlement AS settlement ON settlement.id = line.settlement_id
              JOIN distribution_distributor AS distributor ON distributor.id = line.distributor_id
             WHERE settlement.company_id = %(company)s AND settlement.state = 'posted'
            """
        )

    def payouts(self):
        """Return what was paid out as (date, distributor, amount), sorted; the date is that of the journal entry."""
        return self.dated_amounts(
            """
            SELECT item.date, distributor.code, item.balance::text
              FROM distribution_withdrawal AS withdrawal
              JOIN distribution_distributor AS distributor ON distributor.id = withdrawal.distributor_id
              JOIN account_move_line AS item ON item.id = withdrawal.move_line_id AND item.parent_state = 'posted'
             WHERE withdrawal.company_id = %(company)s AND withdrawal.state = 'paid'
            """
        )

    def dated_amounts(self, query):
        """Return the rows of a query of (date, code, amount as text), sorted."""
        return sorted((date, int(code[1:]), Decimal(amount)) for date, code, amount in self.rows(query))

    def misdated(self):
        """Return the entries whose journal entry is missing or has another date."""
        return self.rows(
            """
            SELECT entry.id, entry.date, item.date
              FROM distribution_commission_entry AS entry
              LEFT JOIN account_move_line AS item ON item.id = entry.accrual_line_id AND item.parent_state = 'posted'
             WHERE entry.company_id = %(company)s AND item.date IS DISTINCT FROM entry.date
            """
        )

    def ledger(self, condition, column="amount"):
        """Return {distributor: sum over the entries that meet a condition}."""
        return self.by_distributor(
            f"""
            SELECT distributor.code, COALESCE(SUM(entry.{column}) FILTER (WHERE {condition}), 0)::text
              FROM distribution_distributor AS distributor
              LEFT JOIN distribution_commission_entry AS entry ON entry.distributor_id = distributor.id
             WHERE distributor.company_id = %(company)s
             GROUP BY distributor.code
            """
        )

    def account(self, column):
        """Return {distributor: a figure of its account}."""
        return self.by_distributor(
            f"""
            SELECT distributor.code, COALESCE(account.{column}, 0)::text
              FROM distribution_distributor AS distributor
              LEFT JOIN distribution_account AS account ON account.distributor_id = distributor.id
             WHERE distributor.company_id = %(company)s
            """
        )

    def paid(self):
        """Return {distributor: what was paid out}."""
        return self.by_distributor(
            """
            SELECT distributor.code, COALESCE(SUM(withdrawal.amount) FILTER (WHERE withdrawal.state = 'paid'), 0)::text
              FROM distribution_distributor AS distributor
              LEFT JOIN distribution_withdrawal AS withdrawal ON withdrawal.distributor_id = distributor.id
             WHERE distributor.company_id = %(company)s
             GROUP BY distributor.code
            """
        )

    def general_ledger(self, account):
        """Return {distributor: balance, debit positive} of an account, found by the journal items' partner."""
        return self.by_distributor(
            """
            SELECT distributor.code, COALESCE(SUM(item.balance), 0)::text
              FROM distribution_distributor AS distributor
              LEFT JOIN account_move_line AS item
                     ON item.partner_id = distributor.partner_id AND item.account_id = %(account)s
                    AND item.parent_state = 'posted' AND item.company_id = %(company)s
             WHERE distributor.company_id = %(company)s
             GROUP BY distributor.code
            """,
            account=account.id,
        )

    def balance(self, account):
        """Return the balance of an account, whoever the journal items name."""
        [[amount]] = self.rows(
            """
            SELECT COALESCE(SUM(balance), 0)::text FROM account_move_line
             WHERE account_id = %(account)s AND parent_state = 'posted' AND company_id = %(company)s
            """,
            account=account.id,
        )
        return Decimal(amount)

    def unbalanced(self):
        """Return the posted journal entries of the company whose debits and credits differ."""
        return self.rows(
            """
            SELECT move.name, SUM(item.balance)::text
              FROM account_move_line AS item JOIN account_move AS move ON move.id = item.move_id
             WHERE move.company_id = %(company)s AND move.state = 'posted'
             GROUP BY move.id HAVING SUM(item.balance) != 0
            """
        )


class OracleCase:
    """What every set of rates must fulfil."""

    rates = ()
    light = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = load.main(cls.env, levels=len(cls.rates), rates=cls.rates, commit=False, light=cls.light)
        cls.books = Books(cls.env, cls.company)
        cls.world = oracle.expected(cls.rates)
        cls.figures = oracle.balances(cls.world)

    def expected(self, name):
        return {distributor: getattr(figures, name) for distributor, figures in self.figures.items()}

    def test_orders_count_for_whom_the_rules_say(self):
        found = {
            reference: int(code[1:]) if code else None
            for reference, code in self.books.rows(
                """
                SELECT sale.client_order_ref, distributor.code
                  FROM sale_order AS sale
                  LEFT JOIN distribution_distributor AS distributor ON distributor.id = sale.distribution_distributor_id
                 WHERE sale.company_id = %(company)s AND sale.state = 'sale'
                """
            )
        }
        self.assertEqual(found, {order.number: order.distributor for order in self.world.trade.orders})

    def test_every_line_and_level_earns_what_the_oracle_says(self):
        found = self.books.earned_by_key()
        expected = {
            (key.order, key.position, key.level, key.distributor): amount
            for key, amount in self.world.earned_by_key().items()
        }
        wrong = {
            key: (found.get(key, ZERO), expected.get(key, ZERO))
            for key in found.keys() | expected.keys()
            if found.get(key, ZERO) != expected.get(key, ZERO)
        }
        self.assertFalse(wrong, "(order, position, level, distributor): (ledger, oracle)")
        self.assertGreater(len(found), 500)

    def test_every_entry_has_its_amount_state_and_dates(self):
        expected = Counter(
            (
                entry.key.order,
                entry.key.position,
                entry.key.level,
                entry.amount,
                entry.state,
                entry.at.date(),
                entry.release,
            )
            for entry in self.world.entries
        )
        found = self.books.entries()
        self.assertEqual((found - expected, expected - found), (Counter(), Counter()), "(ledger, oracle)")

    def test_eligible_base(self):
        """Level 1 holds the base of every order that counts for somebody, net of what came back."""
        found = sum(self.books.ledger("entry.level = 1", "base").values(), ZERO)
        self.assertEqual(found, oracle.totals(self.world)["base"])

    def test_every_settlement_and_payout_on_its_day(self):
        self.assertEqual(self.books.settlements(), sorted(self.world.settlements))
        self.assertEqual(self.books.payouts(), sorted(self.world.payouts))
        self.assertEqual(self.books.misdated(), [])

    def test_ledger_of_each_distributor(self):
        conditions = {
            "earned": "entry.amount > 0",
            "held": "entry.state = 'held'",
            "due": "entry.state = 'due'",
            "settled": "entry.state = 'settled'",
        }
        for name, condition in conditions.items():
            self.assertEqual(self.books.ledger(condition), self.expected(name), name)
        taken = {number: -amount for number, amount in self.books.ledger("entry.amount < 0").items()}
        self.assertEqual(taken, self.expected("clawed_back"))

    def test_account_of_each_distributor(self):
        self.assertEqual(self.books.account("available"), self.expected("available"))
        self.assertEqual(self.books.account("debt"), self.expected("debt"))
        self.assertEqual(set(self.books.account("reserved").values()), {ZERO})
        self.assertEqual(self.books.paid(), self.expected("paid"))

    def test_general_ledger_of_each_distributor(self):
        company = self.company
        for name, account in (
            ("expense", company.commission_expense_account_id),
            ("accrued", company.commission_accrued_account_id),
            ("payable", company.commission_payable_account_id),
        ):
            self.assertEqual(self.books.general_ledger(account), self.expected(name), name)

    def test_general_ledger_in_all(self):
        """Nothing stands on the commission accounts that no distributor answers for."""
        company, totals = self.company, oracle.totals(self.world)
        self.assertEqual(self.books.balance(company.commission_expense_account_id), totals["expense"])
        self.assertEqual(self.books.balance(company.commission_accrued_account_id), totals["accrued"])
        self.assertEqual(self.books.balance(company.commission_payable_account_id), totals["payable"])
        self.assertEqual(self.paid_from_bank(), totals["bank"])
        self.assertEqual(self.books.unbalanced(), [])

    def paid_from_bank(self):
        """Return what left the bank: the other side of the payout entries."""
        accounts = self.env["distribution.payout.run"].search([("company_id", "=", self.company.id)])
        return sum((self.books.balance(account) for account in {run._get_outgoing_account() for run in accounts}), ZERO)

    def test_ledger_ties_to_the_books(self):
        """Accrued is what is held and due; payable is available and reserved less debt; expense is all entries."""
        company, books = self.company, self.books
        minus = lambda amounts: {number: -amount for number, amount in amounts.items()}  # noqa: E731
        accrued = books.general_ledger(company.commission_accrued_account_id)
        self.assertEqual(minus(accrued), books.ledger("entry.state != 'settled' AND entry.accrual_line_id IS NOT NULL"))
        payable = books.general_ledger(company.commission_payable_account_id)
        available, reserved, debt = (books.account(name) for name in ("available", "reserved", "debt"))
        self.assertEqual(minus(payable), {n: available[n] + reserved[n] - debt[n] for n in available})
        self.assertEqual(books.general_ledger(company.commission_expense_account_id), books.ledger("TRUE"))
        self.assertEqual(self.env["distribution.account"]._get_book_differences(company), [])


@tagged("post_install", "-at_install")
class TestOracleOneLevel(OracleCase, TransactionCase):
    rates = ("7.5",)


@tagged("post_install", "-at_install")
class TestOracleTwoLevels(OracleCase, TransactionCase):
    rates = ("7.5", "3.33")


@tagged("post_install", "-at_install")
class TestOracleThreeLevels(OracleCase, TransactionCase):
    rates = ("7.5", "3.33", "1.25")
    light = False

    def test_table_shows_these_figures_and_that_the_books_agree(self):
        lines = table.table_lines(self.env)
        totals = oracle.totals(self.world)
        for name in ("base", "expense", "held", "due", "settled", "paid", "available", "debt"):
            self.assertTrue(any(f"{totals[name]:,.2f}" in line.split() for line in lines), name)
        self.assertEqual(sum(line.endswith(": agree") for line in lines), 3)
        self.assertLessEqual(max(map(len, lines)), 100)
