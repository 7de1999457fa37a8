# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Bugs that real distribution systems shipped, by number: what may be done with the ledger, by whom, and how fast."""

import json
from contextlib import contextmanager

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.distribution_payout.tests.common import PayoutCommon

LEDGER = ("distribution_commission_term", "distribution_commission_entry")
SELLER = "sales_team.group_sale_manager,stock.group_stock_manager,account.group_account_manager"


@tagged("post_install", "-at_install")
class TestKnownBugsOfTheLedger(PayoutCommon):
    def test_bug_26_after_sales_are_open_after_settlement_and_payout(self):
        """Return, credit note, price reduction and cancellation go through, and the money is taken back."""
        order, picking = self._earn_and_settle()
        self._pay(self._create_run())
        self._return(picking, 2)
        self.assertEarned(order, "80", "40", "16")
        invoice = self._invoice(order)
        self._credit(invoice, quantity=5)
        self.assertEarned(order, "50", "25", "10")
        self._credit(invoice, price=10.0)
        self.assertEarned(order, "40", "20", "8")
        order.action_cancel()
        self.assertEarned(order, "0", "0", "0")
        self._settle()
        self.assertAccount(self.cleo, debt="100")
        self.assertBooksAgree()

    def test_bug_39_nobody_writes_amounts(self):
        """Not salespeople, not accountants, not even the managers of the suite."""
        order = self._sell(10)
        self._deliver(order)
        term, entry = order.commission_term_ids[0], order.commission_term_ids.entry_ids[0]
        roles = {
            "seller": SELLER,
            "distribution_seller": f"{SELLER},distribution_core.group_distribution_user",
            "distribution_boss": f"{SELLER},distribution_core.group_distribution_manager",
        }
        for login, groups in roles.items():
            user = new_test_user(self.env, login, groups=groups)
            attempts = (
                lambda: entry.with_user(user).write({"amount": 1000}),  # noqa: B023
                lambda: entry.with_user(user).copy(),  # noqa: B023
                lambda: term.with_user(user).write({"rate": 99}),  # noqa: B023
                lambda: term.with_user(user).write({"expected_amount": 1000}),  # noqa: B023
                lambda: term.with_user(user).unlink(),  # noqa: B023
                lambda: term.with_user(user).copy({"level": 2}),  # noqa: B023
                lambda: order.with_user(user).write({"commission_term_ids": [(1, term.id, {"rate": 99})]}),  # noqa: B023
                lambda: self._account(self.cleo).with_user(user).write({"available": 1000}),  # noqa: B023
            )
            for number, attempt in enumerate(attempts):
                with self.subTest(login, attempt=number), self.assertRaises(AccessError), self.cr.savepoint():
                    attempt()
                    self.env.flush_all()
        self.assertEarned(order, "100", "50", "20")

    @freeze_time("2026-03-02 02:00:00")
    def test_bug_40_settlement_by_hand_removes_nobody_from_an_order(self):
        self.program.write({"settlement_period": "manual", "hold_days": 0})
        order = self._sell(10)
        self.assertEqual(order.distribution_distributor_id, self.cleo)
        self.assertEqual(order.commission_expected, 170.0)
        self._deliver(order)
        self.entry_model._release(self.program)
        # No scheduled action settles it, and nothing of it is lost.
        self.assertFalse(self.program.next_settlement_date)
        self.assertEqual(set(order.commission_term_ids.entry_ids.mapped("state")), {"due"})
        self._settle()
        self.assertAccount(self.cleo, available="100")

    def test_bug_41_hot_statements_use_indexes(self):
        """Every statement on terms and entries of confirming, earning, taking back, releasing, settling, reading."""
        self._fill_ledger()
        with self._noted_statements() as statements:
            order = self._sell(10)
            self._return(self._deliver(order), 3)
            self._settle()
            order.commission_term_ids.invalidate_recordset()
            order.commission_term_ids.mapped("pending_amount")
            order.mapped("commission_expected")
            self.cleo.mapped("commission_due")
            self._account(self.cleo).mapped("held_amount")
        self.assertGreater(len(statements), 10)
        self.cr.execute("SET LOCAL enable_seqscan = off")
        for statement in statements:
            with self.subTest(statement[:300]):
                self.assertEqual(self._get_unindexed(statement), [])

    def _fill_ledger(self):
        """Make the ledger so long that PostgreSQL sees what an index saves, whatever other tests have left of it."""
        order = self._sell(10)
        self._deliver(order)
        vals = {"partner_id": self.stranger.id, "order_line": [(0, 0, {"product_id": self.goods.id})]}
        lines = self.env["sale.order"].create([vals] * 200).order_line
        self.env.flush_all()
        for table, others in (
            ("distribution_commission_term", {"order_id": "line.order_id", "line_id": "line.id"}),
            (
                "distribution_commission_entry",
                {"order_id": "line.order_id", "line_id": "line.id", "term_id": "new_term.id"},
            ),
        ):
            self._copy_rows(table, others, order, lines)
            self.cr.execute(f"ANALYZE {table}")

    def _copy_rows(self, table, others, order, lines):
        """Give lines of other orders copies of the rows an order has in a table of the ledger.

        :param dict others: column → what stands in it instead
        """
        self.cr.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table],
        )
        columns = [name for (name,) in self.cr.fetchall() if name != "id"]
        values = [others.get(name, f'old."{name}"') for name in columns]
        names = ", ".join(f'"{name}"' for name in columns)
        self.cr.execute(
            f"""
            INSERT INTO {table} ({names})
            SELECT {", ".join(values)}
              FROM {table} AS old
              JOIN sale_order_line AS line ON line.id IN %s
              LEFT JOIN distribution_commission_term AS new_term
                     ON new_term.line_id = line.id AND new_term.level = old.level
             WHERE old.order_id = %s
            """,
            [tuple(lines.ids), order.id],
        )

    @contextmanager
    def _noted_statements(self):
        """Yield the statements on terms and entries that were sent, as text."""
        statements, cursor_class = set(), type(self.cr)
        original = cursor_class.execute

        def execute(cursor, query, params=None, **kwargs):
            text = cursor.mogrify(query, params).decode() if params or isinstance(query, SQL) else query
            verb = text.strip()[:6].upper()
            if "distribution_commission_" in text and verb in ("SELECT", "UPDATE", "DELETE", "WITH L"):
                statements.add(text)
            return original(cursor, query, params, **kwargs)

        cursor_class.execute = execute
        try:
            yield statements
        finally:
            cursor_class.execute = original

    def _get_unindexed(self, statement):
        """Return the steps of a statement's plan that read a table of the ledger from one end to the other."""
        with self.cr.savepoint():
            self.cr.execute(f"EXPLAIN (FORMAT JSON) {statement.replace('%', '%%')}")
            plan = self.cr.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        return [node for node in self._get_nodes(plan[0]["Plan"]) if self._is_whole_scan(node)]

    def _get_nodes(self, node):
        yield node
        for child in node.get("Plans", ()):
            yield from self._get_nodes(child)

    def _is_whole_scan(self, node):
        if node["Node Type"] == "Seq Scan":
            return node["Relation Name"] in LEDGER
        index = node.get("Index Name", "")
        return index.startswith(LEDGER) and "Index Cond" not in node and not self._is_partial(index)

    def _is_partial(self, index):
        self.cr.execute("SELECT indpred IS NOT NULL FROM pg_index WHERE indexrelid = %s::regclass", [index])
        return self.cr.fetchone()[0]
