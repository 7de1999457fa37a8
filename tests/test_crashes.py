# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Whatever breaks off in the middle leaves all or nothing, and the work is done afterwards as if nothing had been.

An exception at each SQL statement of each trigger, and processes that are killed at each commit. Both commit, so each
test has a database of its own.
"""

import contextlib
import subprocess
import sys
from decimal import Decimal

import pytest

from odoo.sql_db import Cursor
from odoo.tests import mute_logger
from odoo.tools import config

from support.small_world import World

# What a trigger touches: if one of these changed, something happened.
WATCHED = {
    "distribution_commission_term": "id, state, expected_amount",
    "distribution_commission_entry": "id, term_id, amount, state, accrual_line_id, settlement_id",
    "distribution_commission_event": "id, order_id",
    "distribution_commission_guarantee": "id, revision",
    "distribution_account": "id, available, reserved, debt",
    "distribution_settlement": "id, state",
    "distribution_settlement_line": "id, amount, move_line_id",
    "account_move": "id, state, name",
    "account_move_line": "id, balance, amount_residual",
    "sale_order": "id, state, distribution_distributor_id",
    "sale_order_line": "id, qty_delivered, qty_invoiced",
    "stock_picking": "id, state, commission_received_on",
    "stock_move": "id, state, quantity, picking_id",
    "payment_transaction": "id, state",
    "account_payment": "id, state",
}


class Crash(Exception):
    """What is thrown between two statements: a bug, a lost connection, a full disk."""


@contextlib.contextmanager
def crash_at(number, statements):
    """Raise instead of carrying out the n-th statement, and note the statements that came so far."""
    original = Cursor.execute

    def execute(cursor, query, *args, **kwargs):
        statements.append(query)
        if len(statements) == number:
            raise Crash(f"at statement {number}")
        return original(cursor, query, *args, **kwargs)

    Cursor.execute = execute
    try:
        yield
    finally:
        Cursor.execute = original


def snapshot(database):
    """Return what the watched tables hold."""
    with database.registry.cursor() as cr:
        rows = {}
        for table, columns in WATCHED.items():
            cr.execute(f"SELECT {columns} FROM {table} ORDER BY id")  # pylint: disable=sql-injection
            rows[table] = cr.fetchall()
        return rows


def crash_everywhere(database, action):
    """Carry an action out with a crash at its first statement, then its second, and so on until it ends before that.

    After each crash the database is as it was before. The last time the action goes through, or crashes in what Odoo
    still does after the commit.

    :return: how many crashes there were
    """
    before = snapshot(database)
    for number in range(1, 5000):
        statements, commits, returns = [], [], []
        try:
            with crash_at(number, statements), database.env() as env:
                env.cr.postcommit.add(lambda done=commits: done.append(True))
                action(env)
                returns.append(True)
        except Exception:
            # Odoo turns some errors into others.
            if len(statements) < number:
                raise
            if returns and commits:
                return number
            assert snapshot(database) == before, f"{number}: something was left behind"
            continue
        assert len(statements) < number, f"the crash at {statements[number - 1]} was hushed up"
        return number - 1
    raise AssertionError("the action does not end")


class Story:
    """One order from the quotation to the settlement, step by step."""

    def __init__(self, world):
        self.world, self.database = world, world.database

    def order(self, env):
        return env["sale.order"].browse(self.world.order_id)

    def confirm(self, env):
        self.order(env).action_confirm()

    def ship(self, env):
        self.world.ship(env, 6)

    def receive(self, env):
        self.order(env).action_confirm_receipt()

    def prepare_return(self, env):
        picking = self.order(env).picking_ids.filtered(lambda p: p.state == "done")
        wizard = env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking").create({})
        wizard.product_return_moves.write({"quantity": 2, "to_refund": True})
        self.return_id = wizard.action_create_returns()["res_id"]
        env["stock.picking"].browse(self.return_id).move_ids.write({"quantity": 2, "picked": True})

    def take_back(self, env):
        env["stock.picking"].browse(self.return_id).button_validate()

    def prepare_invoice(self, env):
        self.invoice_id = self.order(env)._create_invoices().id

    def invoice(self, env):
        env["account.move"].browse(self.invoice_id).action_post()

    def prepare_credit(self, env):
        invoice = env["account.move"].browse(self.invoice_id)
        wizard = env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
        wizard = wizard.create({"journal_id": invoice.journal_id.id, "date": invoice.date})
        wizard.reverse_moves()
        wizard.new_move_ids.invoice_line_ids.quantity = 7
        self.credit_id = wizard.new_move_ids.id

    def credit(self, env):
        env["account.move"].browse(self.credit_id).action_post()

    def release(self, env):
        env["distribution.commission.entry"]._release(env["distribution.program"].browse(self.world.program_id))

    def prepare_settlement(self, env):
        program = env["distribution.program"].browse(self.world.program_id)
        self.settlement_id = env["distribution.settlement"]._create_from_due(program).id

    def settle(self, env):
        env["distribution.settlement"].browse(self.settlement_id).action_post()

    def cancel(self, env):
        self.order(env).action_cancel()

    def prepare_pay(self, env):
        order = self.order(env)
        provider = env["payment.provider"].search([("code", "=", "none")], limit=1)
        provider = provider or env["payment.provider"].create({"name": "Wallet", "code": "none"})
        provider.write({"state": "test", "company_id": env.company.id})
        vals = {
            "provider_id": provider.id,
            "payment_method_id": env.ref("payment.payment_method_wechat_pay").id,
            "reference": order.name,
            "amount": order.amount_total,
            "currency_id": order.currency_id.id,
            "partner_id": order.partner_id.id,
            "operation": "online_direct",
            "sale_order_ids": [(6, 0, order.ids)],
        }
        self.payment_id = env["payment.transaction"].create(vals).id

    def pay(self, env):
        env["payment.transaction"].browse(self.payment_id)._set_done()

    def prepare_refund(self, env):
        payment = env["payment.transaction"].browse(self.payment_id)
        self.refund_id = payment._create_child_transaction(200, is_refund=True).id

    def refund(self, env):
        env["payment.transaction"].browse(self.refund_id)._set_done()

    def pay_invoice(self, env):
        wizard = env["account.payment.register"].with_context(active_model="account.move", active_ids=[self.invoice_id])
        wizard.create({})._create_payments()

    def unpay_invoice(self, env):
        env["account.move"].browse(self.invoice_id).line_ids.remove_move_reconcile()


STEPS = (
    # step, what the ledger holds after it
    ("confirm", "0"),
    ("ship", "0"),
    ("receive", "60"),
    ("prepare_return", "60"),
    ("take_back", "40"),
    ("prepare_invoice", "40"),
    ("invoice", "40"),
    ("prepare_credit", "40"),
    ("credit", "30"),
    ("release", "30"),
    ("prepare_settlement", "30"),
    ("settle", "30"),
    ("cancel", "0"),
)


MONEY_STEPS = {
    "paid": (
        ("confirm", "0"),
        ("prepare_pay", "0"),
        ("pay", "100"),
        ("ship", "100"),
        ("prepare_refund", "100"),
        ("refund", "80"),
    ),
    "invoice_paid": (
        ("confirm", "0"),
        ("ship", "0"),
        ("prepare_invoice", "0"),
        ("invoice", "0"),
        ("pay_invoice", "100"),
        ("unpay_invoice", "0"),
    ),
}


def play_with_crashes(world, steps):
    """Carry out the steps of the story, each with a crash at each of its statements first."""
    story, crashes = Story(world), {}
    for step, earned in steps:
        action = getattr(story, step)
        if step.startswith("prepare"):
            with world.database.env() as env:
                action(env)
        else:
            crashes[step] = crash_everywhere(world.database, action)
        assert world.ledger()[1] == Decimal(earned), step
    print(f"\ncrashes: {crashes}")
    assert min(crashes.values()) > 0, crashes


@mute_logger("odoo.sql_db")
@pytest.mark.parametrize("trigger", MONEY_STEPS)
def test_exception_while_money_comes_and_goes_leaves_all_or_nothing(committing_db, trigger):
    world = World(committing_db, trigger, 0, confirm=False)
    play_with_crashes(world, MONEY_STEPS[trigger])


@mute_logger("odoo.sql_db")
def test_exception_at_each_statement_leaves_all_or_nothing(committing_db):
    world = World(committing_db, "received", 0, confirm=False)
    play_with_crashes(world, STEPS)
    with committing_db.env() as env:
        env["distribution.commission.entry"]._post_accruals_of(env.company)
        assert env["distribution.account"]._get_book_differences(env.company) == []
        assert env["distribution.account"].search([]).available == 30.0


@pytest.mark.parametrize(
    ("trigger", "is_in_background", "kills"),
    [
        # Six things people do, two receipts, release, accrual, settlement: before and after each of them.
        ("received", False, 22),
        # No receipts; the scheduled action looks once at all that happened.
        ("shipped", True, 20),
        ("invoiced", True, 20),
    ],
)
def test_process_killed_at_each_commit_recovers(committing_db, trigger, is_in_background, kills):
    """Ten pieces sold, two came back, three credited: 70 earned, however often the process was killed."""
    world = World(committing_db, trigger, 0, confirm=False)
    with committing_db.env() as env:
        env.company.is_commission_in_background = is_in_background
        program = env["distribution.program"].browse(world.program_id)
        program.write({"receipt_days": 0, "settlement_period": "daily"})
        program.next_settlement_date = program._get_business_date()
    command = [sys.executable, "-m", "support.victim", config["config"], committing_db.name]
    command += [str(world.order_id), str(world.program_id)]
    victim = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
    assert victim.returncode == 0, victim.stdout + victim.stderr
    assert int(victim.stdout.split()[-1]) >= kills, victim.stdout
    assert world.ledger()[1] == Decimal("70.00")
    with committing_db.env() as env:
        assert env["distribution.account"].search([]).mapped("available") == [70.0]
        assert env["distribution.account"]._get_book_differences(env.company) == []
        assert len(env["distribution.settlement"].search([("state", "=", "posted")])) == 1
