"""Paying and giving back, for the tests that do so, and what both sides have in their books then."""

import contextlib
import datetime
from decimal import Decimal

SWEEP, EXPIRE = "distribution_wechat.sweep_payments_cron", "distribution_wechat.expire_orders_cron"


@contextlib.contextmanager
def payer(live):
    """Yield somebody who pays; afterwards WeChat works well again."""
    try:
        yield live.person("Payer")
    finally:
        live.simulator.clear_faults()
        live.simulator.notify_well()
        live.simulator.configure(refund_seconds=0)
        live.simulator.set_balance(10_000_000)


def pay_parameters(person, order_id, **kwargs):
    """Return what wx.requestPayment gets."""
    answer = person.post(f"/orders/{order_id}/pay", **kwargs)
    assert answer.status_code == 200, answer.text
    return answer.json()["parameters"]


def pay(person, order_id):
    """Pay an order as a phone does, and wait until WeChat has reported it."""
    parameters = pay_parameters(person, order_id)
    paid = person.live.simulator.pay(pay_params=parameters)
    assert person.live.simulator.wait_idle(20)
    return paid["out_trade_no"]


def state_of(person, order_id):
    """Return how the payment of an order stands, as its buyer reads it."""
    answer = person.get(f"/orders/{order_id}/payment")
    assert answer.status_code == 200, answer.text
    return answer.json()


def books(live, order_id):
    """Return what Odoo has of an order: its state, transactions, payments as signed amounts, receivable left open."""
    with live.env() as env:
        order = env["sale.order"].browse(order_id)
        payments = order.transaction_ids | order.transaction_ids.child_transaction_ids
        moves = payments.payment_id.move_id
        assert all(move.state == "posted" for move in moves)
        receivable = moves.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        return {
            "order": order.state,
            "txs": sorted((tx.operation, tx.state, tx.amount) for tx in payments),
            "open": sum(payments.mapped("wechat_is_open")),
            "booked": sorted(
                payment.amount * (1 if payment.payment_type == "inbound" else -1) for payment in payments.payment_id
            ),
            "moves_balance": sum(moves.line_ids.mapped("balance")),
            "receivable_open": sum(receivable.mapped("amount_residual")),
            "unreconciled": len(receivable.filtered(lambda line: not line.reconciled)),
            "activities": len(order.activity_ids),
        }


def refunds_at_wechat(live, number):
    """Return state and fen of each refund of a payment, from the simulator's books."""
    refunds = live.simulator.ledger()["refunds"]
    return sorted((one["state"], one["amount"]) for one in refunds.values() if one["out_trade_no"] == number)


def refund(live, order_id, amount, reason="Too bitter"):
    """Give money back by the merchant's hand, and return the number."""
    with live.env() as env:
        tx = env["sale.order"].browse(order_id)._refund_by_wechat(Decimal(amount), reason)
        number = tx.reference
    assert live.simulator.wait_idle(20)
    return number


def expire(live, order_id):
    """Let the time to pay an order be over, and the scheduled action run."""
    with live.env() as env:
        env["sale.order"].browse(order_id).wechat_expires_at = now() - datetime.timedelta(seconds=1)
    live.run_cron(EXPIRE)


def now():
    """Return the time as Odoo stores it."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None, microsecond=0)
