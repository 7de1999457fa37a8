# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class DistributionCommissionEvent(models.Model):
    """Something happened to an order, and the ledger has not looked at it yet.

    Deliveries, returns, invoices and payments only leave a row here, in their own transaction: they neither wait for
    the ledger nor for each other. A scheduled action looks at the orders soon after.
    What happens only adds rows, so that nothing meets anything: only who looks at an order changes or deletes its rows.
    """

    _name = "distribution.commission.event"
    _description = "Order Waiting for Commission"
    _order = "id"
    _rec_name = "order_id"

    order_id = fields.Many2one(comodel_name="sale.order", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", required=True, ondelete="cascade", readonly=True)
    try_count = fields.Integer(
        string="Failed Tries",
        required=True,
        default=0,
        readonly=True,
        help="How often the scheduled action could not work the order off. The fewer, the sooner it is tried again.",
    )
    tried_at = fields.Datetime(string="Last Tried", readonly=True)
    error = fields.Text(readonly=True, help="Why the last try failed.")

    # === ACTION METHODS === #

    def action_work_off(self):
        """Look at these orders now."""
        self.env["res.users"]._check_distribution_role("distribution_core.group_distribution_finance")
        self.check_access("read")
        self.sudo()._work_off(self.sudo().order_id)

    # === BUSINESS METHODS === #

    @api.model
    def _note(self, orders):
        """Let orders wait for the next look at them; those without a program have nothing to wait for.

        Nobody has changed the rows yet: each user named costs the delivery the check of a foreign key.
        """
        if not orders:
            return
        self.env["sale.order"].flush_model(["distribution_program_id", "company_id"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO distribution_commission_event
                       (order_id, company_id, try_count, create_uid, create_date)
                SELECT id, company_id, 0, %(uid)s, %(now)s FROM sale_order
                 WHERE id IN %(orders)s AND distribution_program_id IS NOT NULL
                """,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                orders=tuple(orders.ids),
            )
        )
        orders.invalidate_recordset(["is_commission_waiting"], flush=False)

    @api.model
    def _work_off(self, orders):
        """Bring the ledger to what orders have come to, and let them wait no longer.

        What happens to an order meanwhile leaves a row that this transaction does not see: it stays, and the order is
        looked at again. Entries have the date of what happened: what is delivered in the last minute of a month belongs
        to it.
        """
        if not orders:
            return
        # Two that work the same order off meet there: the later one is tried again.
        self.env.cr.execute(
            SQL(
                "DELETE FROM distribution_commission_event WHERE order_id IN %s RETURNING order_id, create_date",
                tuple(orders.ids),
            ),
            log_exceptions=False,
        )
        moments = defaultdict(list)
        for order_id, moment in self.env.cr.fetchall():
            moments[order_id].append(moment)
        self.invalidate_model(flush=False)
        waited = {order_id: (min(noted), max(noted)) for order_id, noted in moments.items()}
        self.env["distribution.commission.term"]._converge_now(orders, waited)

    @api.model
    def _work_off_program(self, program):
        """Look at everything of a program that waits, before what is due is counted.

        :raise UserError: naming the order that could not be looked at
        """
        for order in self._get_waiting([("order_id.distribution_program_id", "=", program.id)]):
            try:
                self._work_off(order)
            except UserError as error:
                raise UserError(
                    self.env._(
                        "Nothing is settled before the ledger has looked at order %(order)s: %(error)s",
                        order=order.name,
                        error=error,
                    )
                ) from error

    @api.model
    def _get_waiting(self, domain, limit=None):
        """Return the orders that wait: those that failed least often first, then those that have waited longest.

        Orders that always fail would else keep all others waiting. Something new that happened to one may mend it, so
        it is as good as new.
        """
        groups = self.sudo()._read_group(domain, ["order_id"], order="try_count:min, id:min", limit=limit)
        return self.env["sale.order"].sudo().union(*(order for (order,) in groups))

    @api.model
    def _note_failure(self, order, error):
        """Remember that an order could not be worked off, for who looks at the list and for the next turn.

        :param error: an exception; mistakes of ours are named only, the log has them whole
        """
        text = str(error) if isinstance(error, UserError) else type(error).__name__
        self.env.cr.execute(
            SQL(
                """
                UPDATE distribution_commission_event
                   SET try_count = try_count + 1, tried_at = %s, error = %s
                 WHERE order_id = %s
                """,
                fields.Datetime.now(),
                text,
                order.id,
            ),
            log_exceptions=False,
        )
        self.invalidate_model(flush=False)

    # === CRON METHODS === #

    @api.model
    def _cron_work_off(self, limit=1000):
        """Look at the orders that wait, each in a transaction of its own."""
        self.env["ir.cron"]._run_for_each(self._get_waiting([], limit), self._work_off, self._note_failure)
