# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""After the storm: everything works well again, until nothing is open."""

from decimal import Decimal

from ..money_out import QUERY, SEND
from ..payments import EXPIRE, SWEEP
from .errors import odoo_errors
from .stage import CRONS, Stage, ago


class Calm(Stage):
    """Time passes, and all scheduled work is done."""

    def calm(self):
        """Let everything work well again, time pass, and all scheduled work be done until nothing is open."""
        with odoo_errors(self.errors):
            self.simulator.clear_faults()
            self.simulator.notify_well()
            self.simulator.set_balance(100_000_000)
            self._end_what_people_left()
            for _round in range(8):
                assert self.simulator.wait_idle(30)
                self._let_time_pass()
                self.live.let_ask_again()
                for cron in (SWEEP, EXPIRE, SEND, QUERY):
                    self._run(cron)
                assert self.simulator.wait_idle(30)
                if not self.find_open():
                    break
            self._settle()
            for cron in CRONS:
                self._run(cron)
            self._mend()
            assert self.simulator.wait_idle(30)

    def find_open(self):
        """Return what is not over: numbers of payments and refunds, of transfers, of orders."""
        return self.sql(
            """SELECT reference FROM payment_transaction WHERE wechat_is_open
                UNION ALL
               SELECT name FROM distribution_wechat_transfer WHERE state NOT IN ('success', 'fail', 'cancelled')
                UNION ALL
               SELECT name FROM sale_order WHERE wechat_account_id IS NOT NULL AND state = 'sent'"""
        )

    def _end_what_people_left(self):
        """Who is paying ends it; who has not confirmed a transfer lets it expire."""
        self.simulator.release_notifications()
        for order in self.simulator.state()["orders"]:
            if order["trade_state"] == "USERPAYING":
                self.simulator.pay(out_trade_no=order["out_trade_no"])
        self._as_merchant(
            lambda env: env["distribution.withdrawal"].search([("state", "=", "requested")])._give_back("refused", "No")
        )
        self._run(SEND)
        self._run(QUERY)

    def _let_time_pass(self):
        def pass_time(env):
            env["payment.transaction"].search([("wechat_is_open", "=", True)]).write({"wechat_asked_at": ago(120)})
            orders = env["sale.order"].search([("wechat_account_id", "!=", False), ("state", "=", "sent")])
            orders.write({"wechat_expires_at": ago(1)})
            transfers = env["distribution.wechat.transfer"]
            transfers.search([("asked_at", "!=", False)]).write({"asked_at": ago(600)})
            transfers.search([("retry_at", "!=", False)]).write({"retry_at": ago(1)})

        self._as_merchant(pass_time)
        for number in self._waiting_transfers():
            self.simulator.expire_transfer(number)

    def _mend(self):
        """Refund anew what WeChat closed or refused, as the merchant was told to."""
        for order_id, missing in find_unreturned(self.live):
            with self.live.env() as env:
                assert env["sale.order"].browse(order_id).activity_ids, f"nobody was told of order {order_id}"
            self._as_merchant(
                lambda env, order_id=order_id, missing=missing: env["sale.order"]
                .browse(order_id)
                ._refund_by_wechat(missing, "Once more")
            )
        assert self.simulator.wait_idle(30)
        self._run(SWEEP)


def find_unreturned(live):
    """Return orders for which more was kept than they cost: (id, CNY) pairs.

    What is kept of an order is what was paid less what was given back or has left the merchant; what it costs is its
    total, unless it is cancelled, less what the merchant has given back of its own will.
    """
    found = []
    with live.env() as env:
        for order in env["sale.order"].search([("wechat_account_id", "!=", False)], order="id"):
            paid, refunded, refunding = order._get_wechat_amounts()
            refunds = order._get_wechat_payments().child_transaction_ids
            wished = refunds.filtered(
                lambda tx, order=order: tx.wechat_reason == "Broken box"
                or tx in order.refund_request_ids.transaction_id
            ).filtered(lambda tx: tx.state == "done" or tx.wechat_state == "ABNORMAL")
            given = -sum(Decimal(repr(amount)) for amount in wished.mapped("amount"))
            cost = Decimal(repr(order.amount_total)) - given if order.state == "sale" else Decimal(0)
            left = paid - refunded - refunding
            if left > cost:
                found.append((order.id, left - cost))
            assert left >= max(cost, 0), f"{order.name} kept {left} of {cost}"
    return found
