# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Two hundred operations at random, everything that can go wrong included: afterwards both sides agree to the fen.

``STORM_SEED=…`` repeats a storm, ``STORM_OPERATIONS=…`` makes it longer.
"""

import os
import random
from decimal import Decimal

from support.money_out import assert_all_agree
from support.storm import SCARCE, Storm, find_unreturned

OPERATIONS = int(os.environ.get("STORM_OPERATIONS", "200"))
SEED = int(os.environ.get("STORM_SEED") or random.SystemRandom().randrange(10**6))
# WeChat's word for how it ended → ours.
PAYMENTS = {"SUCCESS": "done", "REFUND": "done", "CLOSED": "cancel", None: "cancel"}
REFUNDS = {"SUCCESS": "done", "CLOSED": "error", "ABNORMAL": "error", None: "error"}
TRANSFERS = {"SUCCESS": "success", "FAIL": "fail", "CANCELLED": "cancelled", None: "cancelled"}


def test_after_a_storm_both_sides_agree(live, capsys):
    with capsys.disabled():
        print(f"\nSTORM_SEED={SEED}")
    storm = Storm(live, SEED)
    try:
        storm.rage(OPERATIONS)
        storm.calm()
        assert storm.errors == []
        assert storm.find_open() == []
        assert_answered_in_time(live)
        assert_payments_agree(live)
        assert_orders_are_whole(storm)
        assert_transfers_agree(live)
        assert_money_agrees(live)
        assert_ledger_agrees(live)
    except BaseException:
        print(f"STORM_SEED={SEED}, what was done:", *storm.done, sep="\n")
        raise


def assert_answered_in_time(live):
    for notice in live.simulator.notifications():
        for attempt in notice["attempts"]:
            assert attempt["seconds"] < 5, (notice["number"], attempt)
            assert attempt["status"] < 500, (notice["number"], attempt)


def assert_payments_agree(live):
    """Compare payments and refunds, number by number."""
    books = live.simulator.ledger()
    with live.env() as env:
        txs = env["payment.transaction"].search([("provider_code", "=", "distribution_wechat")])
        refunds = txs.filtered(lambda tx: tx.operation == "refund")
        assert set(books["payments"]) <= set((txs - refunds).mapped("reference"))
        assert set(books["refunds"]) <= set(refunds.mapped("reference"))
        for tx in txs - refunds:
            theirs = books["payments"].get(tx.reference, {"state": None})
            assert tx.state == PAYMENTS[theirs["state"]], (tx.reference, tx.state, theirs)
            if tx.state == "done":
                assert (fen(tx.amount), tx.provider_reference) == (theirs["amount"], theirs["transaction_id"])
        for tx in refunds:
            theirs = books["refunds"].get(tx.reference, {"state": None})
            assert tx.state == REFUNDS[theirs["state"]], (tx.reference, tx.state, tx.wechat_state, theirs)
            if theirs["state"]:
                assert (-fen(tx.amount), tx.source_transaction_id.reference) == (
                    theirs["amount"],
                    theirs["out_trade_no"],
                )
        done = txs.filtered(lambda tx: tx.state == "done")
        assert all(tx.is_post_processed and tx.payment_id.state in ("in_process", "paid") for tx in done)
        assert len(done.payment_id) == len(done)


def assert_orders_are_whole(storm):
    """Every order is paid in full and confirmed, or cancelled and all its money given back; nothing is sold twice."""
    assert find_unreturned(storm.live) == []
    with storm.live.env() as env:
        orders = env["sale.order"].search([("wechat_account_id", "!=", False)])
        assert set(orders.mapped("state")) <= {"sale", "cancel"}
        for order in orders:
            paid, refunded, refunding = order._get_wechat_amounts()
            if order.state == "cancel":
                assert paid == refunded + refunding, order.name
            else:
                assert paid >= Decimal(repr(order.amount_total)), order.name
        for product in env["product.product"].browse([*storm.product_ids, storm.scarce_id]):
            assert product.free_qty >= 0, product.name
            assert product.virtual_available >= 0, product.name
        sold = orders.filtered(lambda order: order.state == "sale").order_line
        scarce = sold.filtered(lambda line: line.product_id.id == storm.scarce_id)
        back = env["stock.move"].search(
            [("product_id", "=", storm.scarce_id), ("state", "=", "done"), ("location_id.usage", "=", "customer")]
        )
        assert sum(scarce.mapped("product_uom_qty")) - sum(back.mapped("quantity")) <= SCARCE


def assert_transfers_agree(live):
    assert_all_agree(live)
    books = live.simulator.ledger()["transfers"]
    with live.env() as env:
        for transfer in env["distribution.wechat.transfer"].search([]):
            theirs = books.get(transfer.name, {"state": None})
            assert transfer.state == TRANSFERS[theirs["state"]], (transfer.name, transfer.state, theirs)
            if theirs["state"]:
                assert (transfer.amount_fen, transfer.open_id) == (theirs["amount"], theirs["openid"])


def assert_money_agrees(live):
    """The journals have moved by what the merchant's account at WeChat has, and every entry balances."""
    moved = sum(
        entry["amount"] * (entry["credit"].startswith("merchant") - entry["debit"].startswith("merchant"))
        for entry in live.simulator.ledger()["entries"]
        if entry["kind"] not in ("topup", "withdraw")
    )
    with live.env() as env:
        journals = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", env.company.id)])
        items = env["account.move.line"].search([("journal_id", "in", journals.ids), ("parent_state", "=", "posted")])
        liquid = items.filtered(lambda item: item.account_id.account_type in ("asset_cash", "asset_current"))
        booked = sum(fen(item.balance) for item in liquid)
        assert booked == moved
        assert {"asset_cash", "asset_current", "asset_receivable", "liability_current", "liability_payable"} >= set(
            items.account_id.mapped("account_type")
        )
        env.cr.execute("SELECT move_id, SUM(balance) FROM account_move_line GROUP BY move_id HAVING SUM(balance) != 0")
        assert env.cr.fetchall() == []


def assert_ledger_agrees(live):
    """Accounts are the sum of their entries less what was paid out; and the two books agree."""
    with live.env() as env:
        entries, withdrawals = env["distribution.commission.entry"], env["distribution.withdrawal"]
        before = entries.search_count([])
        live.run_cron("distribution_commission.sweep_commission_cron")
        assert entries.search_count([]) == before, "an event was missed"
        for account in env["distribution.account"].search([]):
            domain = [("distributor_id", "=", account.distributor_id.id)]
            settled = sum(fen(entry.amount) for entry in entries.search([*domain, ("state", "=", "settled")]))
            paid = sum(fen(one.amount) for one in withdrawals.search([*domain, ("state", "=", "paid")]))
            under_way = withdrawals.search([*domain, ("state", "in", ("requested", "reserved"))])
            assert fen(account.available) + fen(account.reserved) - fen(account.debt) == settled - paid
            assert fen(account.reserved) == sum(fen(one.amount) for one in under_way) == 0
        entries._post_accruals_of(env.company)
        assert env["distribution.account"]._get_book_differences(env.company) == []


def fen(amount):
    return int(Decimal(repr(amount)) * 100)
