# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

WITHDRAWAL_STATES = [
    ("reserved", "In Withdrawal"),
    ("paid", "Paid"),
    ("failed", "Failed"),
    ("cancel", "Cancelled"),
]


class DistributionWithdrawal(models.Model):
    """An amount on its way from a commission account to its owner."""

    _name = "distribution.withdrawal"
    _description = "Commission Withdrawal"
    _inherit = ["mail.thread"]
    _mail_post_access = "read"
    _order = "id desc"

    name = fields.Char(required=True, copy=False, readonly=True, default=lambda self: self.env._("New"))
    account_id = fields.Many2one(
        comodel_name="distribution.account", required=True, index=True, ondelete="restrict", readonly=True
    )
    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor", required=True, index=True, ondelete="restrict", readonly=True
    )
    partner_id = fields.Many2one(related="distributor_id.partner_id", string="Payee")
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, index=True, ondelete="restrict", readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    run_id = fields.Many2one(
        comodel_name="distribution.payout.run",
        string="Payout Run",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
    )
    amount = fields.Monetary(required=True, readonly=True)
    state = fields.Selection(
        selection=WITHDRAWAL_STATES, required=True, default="reserved", readonly=True, index=True, tracking=True
    )
    date_requested = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    date_paid = fields.Date(readonly=True)
    failure_reason = fields.Char(readonly=True)
    move_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Payable Journal Item",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Journal Entry")

    _amount_positive = models.Constraint("CHECK(amount > 0)", "A withdrawal is of a positive amount.")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("name") or vals["name"] == self.env._("New"):
                vals["name"] = self.env["ir.sequence"].sudo().next_by_code("distribution.withdrawal")
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Withdrawals are not deleted: cancel them instead."))

    # === ACTION METHODS === #

    def action_cancel(self):
        """Give the amounts back to the accounts."""
        self._check_finance()
        self.sudo()._give_back("cancel", False)

    def action_view_move(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
        }

    # === BUSINESS METHODS === #

    def _check_finance(self):
        self.check_access("read")
        self.env["res.users"]._check_distribution_role("distribution_core.group_distribution_finance")

    @api.model
    def _create_reserved(self, amounts, run=None):
        """Reserve amounts of accounts and record the withdrawals.

        :param dict amounts: `distribution.account` record → Decimal in company currency
        :param run: the payout run that will pay them
        :raise UserError: below the program's minimum, above what is available, or for a suspended distributor
        """
        for account, amount in amounts.items():
            self._check_request(account, amount)
        self.env["distribution.account"]._reserve({account.id: amount for account, amount in amounts.items()})
        return self.create([self._prepare_withdrawal_vals(account, amount, run) for account, amount in amounts.items()])

    @api.model
    def _check_request(self, account, amount):
        """Enforce what the program says of withdrawals.

        :raise UserError: naming the rule
        """
        distributor, currency = account.distributor_id, account.currency_id
        if distributor.state == "suspended":
            raise UserError(self.env._("%s is suspended: its commission is held.", distributor.display_name))
        if amount <= 0 or amount < Decimal(repr(account.program_id.withdrawal_minimum)):
            raise UserError(
                self.env._(
                    "%(distributor)s: %(amount)s is less than the smallest withdrawal, %(minimum)s.",
                    distributor=distributor.display_name,
                    amount=currency.format(float(amount)),
                    minimum=currency.format(account.program_id.withdrawal_minimum),
                )
            )

    @api.model
    def _prepare_withdrawal_vals(self, account, amount, run):
        return {
            "account_id": account.id,
            "distributor_id": account.distributor_id.id,
            "company_id": account.company_id.id,
            "amount": float(amount),
            "run_id": run.id if run else False,
        }

    def _lock_reserved(self):
        """Make two answers for the same withdrawals wait in line and let only the first one through.

        :raise UserError: when one of them is paid, failed or cancelled already
        """
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                WITH locked AS (
                    SELECT id FROM distribution_withdrawal WHERE id IN %s ORDER BY id FOR NO KEY UPDATE
                )
                UPDATE distribution_withdrawal AS withdrawal SET state = state
                  FROM locked WHERE withdrawal.id = locked.id
                """,
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["state"], flush=False)
        closed = self.filtered(lambda withdrawal: withdrawal.state != "reserved")
        if closed:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._("%(name)s is %(state)s already.", name=closed[0].name, state=labels[closed[0].state])
            )

    def _give_back(self, state, reason):
        """End withdrawals without a payment: reserved money becomes available again, nothing is booked.

        :param str state: `failed` or `cancel`
        """
        if not self:
            return
        self._lock_reserved()
        self.env["distribution.account"]._release_reserved(self._get_amounts_by_account())
        self.write({"state": state, "failure_reason": reason})
        self.run_id._update_state()

    def _set_paid(self, date):
        """Record confirmed payments: the money leaves reserved. Booking is the run's task.

        :param datetime.date date: business date of the payment
        """
        self._lock_reserved()
        self.env["distribution.account"]._pay_reserved(self._get_amounts_by_account())
        self.write({"state": "paid", "date_paid": date})

    def _get_amounts_by_account(self):
        return {
            account.id: sum((Decimal(repr(amount)) for amount in group.mapped("amount")), Decimal(0))
            for account, group in self.grouped("account_id").items()
        }

    def _prepare_move_lines_vals(self, outgoing_account):
        """Return the journal items of a confirmed payment: the payable is discharged, the money leaves the bank."""
        self.ensure_one()
        common = {
            "name": self.env._("Payout %(name)s, %(code)s", name=self.name, code=self.distributor_id.code),
            "partner_id": self.distributor_id.partner_id.id,
        }
        return [
            {
                **common,
                "account_id": self.company_id.commission_payable_account_id.id,
                "balance": self.amount,
                "distribution_distributor_id": self.distributor_id.id,
            },
            {**common, "account_id": outgoing_account.id, "balance": -self.amount},
        ]
