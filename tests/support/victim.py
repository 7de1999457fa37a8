# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A shop's day whose process is killed at every commit, for `tests/test_crashes.py`; a program of its own.

    python -m support.victim CONFIG DATABASE ORDER PROGRAM

It starts a child for the day's work, which kills itself (SIGKILL) right before the first commit of a change; the next
child does so right after its first; the next one before again, and so on, until one comes to the end. What a child
finds done it leaves, as people and scheduled actions do after a power cut.
"""

import os
import signal
import sys

import odoo.init  # noqa: F401 - Odoo asks for it first
from odoo import api, sql_db
from odoo.modules.registry import Registry
from odoo.tools import config


def main(rcfile, name, order_id, program_id):
    """Print how many children were killed; end as the last one ended."""
    config.parse_config(["-c", rcfile, "-d", name, "--no-http"])
    registry = Registry(name)
    # A child must not share a connection with its parent.
    sql_db.close_all()
    for killed in range(200):
        child = os.fork()
        if not child:
            run_child(Day(registry, int(order_id), int(program_id)), before=killed % 2 == 0)
        _pid, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            print(f"killed {killed}")
            return os.WEXITSTATUS(status)
    return "no child came to the end"


def run_child(day, before):
    """Do the day's work and die at the first commit of a change; never returns."""
    code = 1
    try:
        die_at_commit(before)
        day.work()
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def die_at_commit(before):
    """Kill the process right before or right after the next commit that changes something."""
    commit = sql_db.Cursor.commit

    def deadly_commit(cursor):
        cursor.flush()
        cursor.execute("SELECT txid_current_if_assigned()")
        if not cursor.fetchone()[0]:
            return commit(cursor)
        if not before:
            cursor.connection.commit()
        return os.kill(os.getpid(), signal.SIGKILL)

    sql_db.Cursor.commit = deadly_commit


class Day:
    """What people and scheduled actions do with one order, each as far as it is not done."""

    def __init__(self, registry, order_id, program_id):
        self.registry, self.order_id, self.program_id = registry, order_id, program_id

    def work(self):
        for step in (self.confirm, self.ship, self.ship, self.take_back, self.invoice, self.credit):
            with self.registry.cursor() as cr:
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                step(env, env["sale.order"].browse(self.order_id))
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            env["stock.picking"]._cron_confirm_receipts()
            env["distribution.commission.event"]._cron_work_off()
            env["distribution.commission.entry"]._cron_release()
            env["distribution.commission.entry"]._cron_post_accruals()
            env["distribution.settlement"]._cron_settle()

    def confirm(self, _env, order):
        if order.state == "draft":
            order.action_confirm()

    def ship(self, _env, order):
        """Ship six pieces of ten, then the rest."""
        picking = order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))[:1]
        if picking.picking_type_code == "outgoing":
            quantity = min(6, picking.move_ids.product_uom_qty)
            picking.move_ids.write({"quantity": quantity, "picked": True})
            picking.with_context(skip_backorder=True).button_validate()

    def take_back(self, env, order):
        picking = order.picking_ids.sorted("id")[0]
        if picking.move_ids.returned_move_ids:
            return
        wizard = env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking").create({})
        wizard.product_return_moves.write({"quantity": 2, "to_refund": True})
        back = env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.write({"quantity": 2, "picked": True})
        back.button_validate()

    def invoice(self, env, order):
        if not order.invoice_ids:
            order._create_invoices().action_post()

    def credit(self, env, order):
        invoice = order.invoice_ids.sorted("id")[0]
        if not invoice.reversal_move_ids:
            wizard = env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
            wizard = wizard.create({"journal_id": invoice.journal_id.id, "date": invoice.date})
            wizard.reverse_moves()
            wizard.new_move_ids.invoice_line_ids.quantity = 3
            wizard.new_move_ids.action_post()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
