# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the merchant does, and the scheduled actions."""

import datetime
from decimal import Decimal

from odoo.exceptions import UserError
from odoo.tests import freeze_time

from ..payments import EXPIRE
from .stage import CRONS, Stage, ago

# How often each operation is drawn.
MERCHANT = {
    "approve_refund": 6,
    "refuse_refund": 1,
    "refund_by_hand": 2,
    "ship": 7,
    "take_back": 3,
    "hold_over_and_settle": 3,
    "approve_withdrawals": 4,
    "run_cron": 14,
    "change_order": 1,
    "cancel_as_merchant": 2,
    "let_order_expire": 2,
}


class Merchant(Stage):
    """Deciding, shipping, taking back, settling, changing and cancelling orders."""

    def do_approve_refund(self, rng):
        return self._decide(rng, lambda env, request: request.action_approve())

    def do_refuse_refund(self, rng):
        return self._decide(rng, lambda env, request: request._refuse("Too late"))

    def _decide(self, rng, decide):
        rows = self.sql("SELECT id FROM distribution_refund_request WHERE state = 'requested' ORDER BY id")
        if not rows:
            return "no request"
        request_id = rng.choice(rows)[0]
        self._as_merchant(lambda env: decide(env, env["distribution.refund.request"].browse(request_id)))
        return f"request {request_id}"

    def do_refund_by_hand(self, rng):
        """Give a little back without being asked, such as for a broken box."""
        rows = self.sql("SELECT id FROM sale_order WHERE wechat_account_id IS NOT NULL AND state = 'sale' ORDER BY id")
        if not rows:
            return "no order"
        order_id, amount = rng.choice(rows)[0], Decimal(rng.randint(1, 900)) / 100
        self._as_merchant(lambda env: env["sale.order"].browse(order_id)._refund_by_wechat(amount, "Broken box"))
        return f"order {order_id} {amount}"

    def do_ship(self, rng):
        rows = self.sql(
            """SELECT o.id FROM sale_order o WHERE o.wechat_account_id IS NOT NULL AND o.state = 'sale' AND EXISTS (
                   SELECT 1 FROM stock_picking p WHERE p.sale_id = o.id AND p.state = 'assigned') ORDER BY o.id"""
        )
        if not rows:
            return "nothing to ship"
        order_id = rng.choice(rows)[0]
        self._retry(lambda: self.live.ship(order_id))
        return f"order {order_id}"

    def do_take_back(self, rng):
        rows = self.sql(
            """SELECT p.id FROM stock_picking p JOIN sale_order o ON o.id = p.sale_id
                 JOIN stock_location l ON l.id = p.location_dest_id
                WHERE o.wechat_account_id IS NOT NULL AND p.state = 'done' AND l.usage = 'customer' ORDER BY p.id"""
        )
        if not rows:
            return "nothing to take back"
        picking_id = rng.choice(rows)[0]
        self._as_merchant(lambda env: self._take_back(env, picking_id))
        return f"delivery {picking_id}"

    def _take_back(self, env, picking_id):
        wizard = env["stock.return.picking"].with_context(active_id=picking_id, active_model="stock.picking").create({})
        line = wizard.product_return_moves[:1]
        left = line.move_id.quantity - sum(line.move_id.returned_move_ids.mapped("quantity"))
        if left < 1:
            raise UserError("everything has come back")
        (wizard.product_return_moves - line).unlink()
        line.write({"quantity": 1, "to_refund": True})
        back = env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.write({"quantity": 1, "picked": True})
        back.button_validate()

    def do_hold_over_and_settle(self, rng):
        assert self.simulator.wait_idle(30)
        return self._settle()

    def _settle(self):
        later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=8)
        with freeze_time(later):
            self._as_merchant(
                lambda env: env["distribution.commission.entry"]._release(
                    env["distribution.program"].browse(self.live.program_id)
                )
            )

        def settle(env):
            program = env["distribution.program"].browse(self.live.program_id)
            settlements = env["distribution.settlement"]._create_from_due(program)
            settlements.action_post()
            return len(settlements)

        return f"{self._as_merchant(settle)} settlements"

    def do_approve_withdrawals(self, rng):
        rows = self.sql("SELECT id FROM distribution_withdrawal WHERE state = 'requested' ORDER BY id")
        if not rows:
            return "no withdrawal"
        chosen = sorted(row[0] for row in rng.sample(rows, rng.randint(1, len(rows))))

        def approve(env):
            wizard = env["distribution.withdrawal.approve"].with_context(active_ids=chosen).create({})
            wizard.action_approve()

        self._as_merchant(approve)
        return f"withdrawals {chosen}"

    def do_run_cron(self, rng):
        cron = rng.choice(CRONS[:4]) if rng.random() < 0.7 else rng.choice(CRONS)
        self._run(cron)
        return cron

    def do_change_order(self, rng):
        """Add a piece to an order that is not paid, maybe while it is being paid."""
        rows = self.sql(
            """SELECT l.id FROM sale_order_line l JOIN sale_order o ON o.id = l.order_id
                WHERE o.wechat_account_id IS NOT NULL AND o.state = 'sent' AND l.product_id != %s ORDER BY l.id""",
            self.scarce_id,
        )
        if not rows:
            return "no order"
        line_id = rng.choice(rows)[0]

        def add(env):
            line = env["sale.order.line"].browse(line_id)
            if line.order_id.state == "sent":
                line.product_uom_qty += 1
            return line.order_id.id

        return f"order {self._as_merchant(add)}"

    def do_cancel_as_merchant(self, rng):
        order_id = self._an_unpaid_order(rng)

        def cancel(env):
            order = env["sale.order"].browse(order_id)
            if order.state == "sent":
                order.action_cancel()

        if order_id:
            self._as_merchant(cancel)
        return f"order {order_id}"

    def do_let_order_expire(self, rng):
        order_id = self._an_unpaid_order(rng)
        if order_id:
            self._as_merchant(lambda env: env["sale.order"].browse(order_id).write({"wechat_expires_at": ago(1)}))
            self._run(EXPIRE)
        return f"order {order_id}"

    def _an_unpaid_order(self, rng):
        rows = self.sql("SELECT id FROM sale_order WHERE wechat_account_id IS NOT NULL AND state = 'sent' ORDER BY id")
        return rows and rng.choice(rows)[0]
