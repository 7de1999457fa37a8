# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .gathering import gathered


class StockPicking(models.Model):
    _inherit = "stock.picking"

    commission_received_on = fields.Datetime(
        string="Received by Customer",
        copy=False,
        readonly=True,
        help="When the customer confirmed the receipt, or the days for it had passed.",
    )
    is_receivable = fields.Boolean(compute="_compute_is_receivable")

    # === COMPUTE METHODS === #

    # Without dependencies: nobody sees it change on a form, and what it would have to be looked at for is all an order
    # does to its deliveries.
    def _compute_is_receivable(self):
        for picking in self:
            picking.is_receivable = picking._is_receivable()

    # === ACTION METHODS === #

    def action_confirm_receipt(self):
        """Record that the customer has received these deliveries."""
        self.check_access("write")
        pickings = self._filter_receivable()
        if not pickings:
            raise UserError(
                self.env._("Only shipped deliveries that wait for the customer's receipt can be confirmed.")
            )
        pickings._confirm_receipt()

    # === BUSINESS METHODS === #

    def _action_done(self):
        """Override of `stock`: the orders of a transfer are looked at once it is done, not amid its own changes."""
        with gathered(self) as pickings:
            return super(StockPicking, pickings)._action_done()

    def _get_commission_orders(self):
        """Return the orders whose goods these deliveries carry: transfers may be merged, Odoo names only the first."""
        return self.sudo().move_ids.sale_line_id.order_id

    def _filter_receivable(self):
        return self.filtered(lambda picking: picking._is_receivable())

    def _is_receivable(self):
        """Tell whether the delivery was shipped and waits for the customer's receipt.

        :rtype: bool
        """
        self.ensure_one()
        if self.state != "done" or self.commission_received_on or self.location_dest_id.usage != "customer":
            return False
        return self._is_receipt_awaited(self._get_commission_orders())

    @api.model
    def _is_receipt_awaited(self, orders):
        """Tell whether something follows from the customer's receipt of goods of these orders. Extension point."""
        return any(term.state == "active" and term.trigger == "received" for term in orders.commission_term_ids)

    def _confirm_receipt(self, moment=None):
        """Set the moment of receipt; a second confirmation changes nothing.

        :param datetime moment: naive UTC, now when omitted
        """
        # Whoever may confirm an order's receipt need not have rights on its deliveries.
        pickings = self.sudo()._filter_receivable()
        pickings.commission_received_on = moment or fields.Datetime.now()
        self.env["distribution.commission.term"].sudo()._converge(pickings._get_commission_orders())

    @api.model
    def _get_overdue_receipt_domain(self, program):
        shipped_before = fields.Date.add(fields.Datetime.now(), days=-program.receipt_days)
        terms = [("program_id", "=", program.id), ("trigger", "=", "received"), ("state", "=", "active")]
        return (
            Domain("move_ids.sale_line_id.commission_term_ids", "any", terms)
            & Domain("state", "=", "done")
            & Domain("location_dest_id.usage", "=", "customer")
            & Domain("commission_received_on", "=", False)
            & Domain("date_done", "<=", shipped_before)
        )

    @api.model
    def _cron_confirm_receipts(self):
        """Take deliveries as received that the customer has not confirmed in the program's time."""
        # Archived programs and those that have changed their trigger still owe what they promised.
        programs = self.env["distribution.program"].with_context(active_test=False)
        programs = programs.search([("distributor_ids", "!=", False)], order="id")
        overdue = Domain.OR(self._get_overdue_receipt_domain(program) for program in programs)
        self.env["ir.cron"]._run_for_each(self.search(overdue, order="id"), type(self)._confirm_receipt)
