# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .distribution_payout_run import REMOVED_CHANNEL

WITHDRAWAL_STATES = [
    ("requested", "To Review"),
    ("reserved", "In Withdrawal"),
    ("paid", "Paid"),
    ("failed", "Failed"),
    ("refused", "Refused"),
    ("cancel", "Cancelled"),
]
# The money has left available and neither reached its owner nor come back.
OPEN_STATES = ("requested", "reserved")


class DistributionWithdrawal(models.Model):
    """An amount on its way from a commission account to its owner."""

    _name = "distribution.withdrawal"
    _description = "Commission Withdrawal"
    _inherit = ["mail.thread", "distribution.portal.mixin"]
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
    channel = fields.Selection(related="run_id.channel", string="Paid Over")
    amount = fields.Monetary(required=True, readonly=True)
    state = fields.Selection(
        selection=WITHDRAWAL_STATES, required=True, default="reserved", readonly=True, index=True, tracking=True
    )
    origin = fields.Selection(
        selection=[("finance", "Paid out by finance"), ("distributor", "Asked for by the distributor")],
        required=True,
        default="finance",
        readonly=True,
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

    _origin_idx = models.Index("(account_id, date_requested) WHERE origin = 'distributor'")
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

    @api.model
    def _get_portal_fields(self):
        names = ("name", "account_id", "distributor_id", "company_id", "currency_id", "channel", "amount", "state")
        return super()._get_portal_fields().union(names, ("origin", "date_requested", "date_paid", "failure_reason"))

    # === ACTION METHODS === #

    def action_cancel(self):
        """Give the amounts back to the accounts, those at a provider as soon as it agrees."""
        self._check_finance()
        self.sudo()._cancel()

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
    def _request(self, account, amount, **vals):
        """Record that a distributor asks for money of its account: reserved at once, sent when finance has approved.

        :param Decimal amount: in company currency
        :param vals: further values of the withdrawal
        :raise UserError: naming the program's rule that stands against it
        """
        self._raise_problem(self._get_daily_limit_problem(account))
        return self._create_reserved({account: amount}, origin="distributor", **vals)

    @api.model
    def _create_reserved(self, amounts, run=None, **vals):
        """Reserve amounts of accounts and record the withdrawals; without a run they wait for finance to approve.

        :param dict amounts: `distribution.account` record → Decimal in company currency
        :param run: the payout run that will pay them
        :raise UserError: below the program's minimum, above what is available, or for a suspended distributor
        """
        for account, amount in amounts.items():
            self._raise_problem(self._get_amount_problem(account, amount))
        self.env["distribution.account"]._reserve({account.id: amount for account, amount in amounts.items()})
        return self.create(
            [{**self._prepare_withdrawal_vals(account, amount, run), **vals} for account, amount in amounts.items()]
        )

    @api.model
    def _raise_problem(self, problem):
        if problem:
            raise UserError(problem[1])

    @api.model
    def _get_request_problems(self, account, amount):
        """Return what stands against a distributor's wish for an amount, the gravest first.

        :param Decimal amount: in company currency
        :return: (stable code, text for people) pairs, empty when the wish can be granted
        :rtype: list
        """
        problems = (
            self._get_amount_problem(account, amount),
            self._get_available_problem(account, amount),
            self._get_daily_limit_problem(account),
        )
        return [problem for problem in problems if problem]

    @api.model
    def _get_amount_problem(self, account, amount):
        """Enforce what the program says of every withdrawal, whoever makes it.

        :return: (stable code, text) or None
        """
        distributor, currency = account.distributor_id, account.currency_id
        if distributor.state == "suspended":
            text = self.env._("%s is suspended: its commission is held.", distributor.display_name)
            return "suspended", text
        if amount != amount.quantize(Decimal(1).scaleb(-currency.decimal_places)):
            text = self.env._("%(amount)s is no amount in %(currency)s.", amount=amount, currency=currency.name)
            return "amount_invalid", text
        if amount <= 0 or amount < Decimal(repr(account.program_id.withdrawal_minimum)):
            text = self.env._(
                "%(distributor)s: %(amount)s is less than the smallest withdrawal, %(minimum)s.",
                distributor=distributor.display_name,
                amount=currency.format(float(amount)),
                minimum=currency.format(account.program_id.withdrawal_minimum),
            )
            return "below_minimum", text
        return None

    @api.model
    def _get_available_problem(self, account, amount):
        if amount <= Decimal(repr(account.available)):
            return None
        available = account.currency_id.format(account.available)
        return "not_enough", self.env._("Only %s is available.", available)

    @api.model
    def _get_daily_limit_problem(self, account):
        if self._get_left_today(account):
            return None
        text = self.env._(
            "%(count)s withdrawals a day are allowed, and they have been made: ask again tomorrow.",
            count=account.program_id.withdrawal_daily_limit,
        )
        return "daily_limit_reached", text

    @api.model
    def _get_left_today(self, account):
        """Return how many withdrawals a distributor may still ask for on this business day.

        Every one counts, whatever became of it: otherwise asking and cancelling would have no end. Two requests at
        once both write the account's row, so PostgreSQL lets only one of them trust what it has counted.

        :rtype: int
        """
        program = account.program_id
        start = program._get_business_day_start(program._get_business_date())
        domain = [("account_id", "=", account.id), ("origin", "=", "distributor"), ("date_requested", ">=", start)]
        return max(0, program.withdrawal_daily_limit - self.search_count(domain))

    @api.model
    def _prepare_withdrawal_vals(self, account, amount, run):
        return {
            "account_id": account.id,
            "distributor_id": account.distributor_id.id,
            "company_id": account.company_id.id,
            "amount": float(amount),
            "run_id": run.id if run else False,
            "state": "reserved" if run else "requested",
        }

    def _lock_reserved(self, states=OPEN_STATES):
        """Make two answers for the same withdrawals wait in line and let only the first one through.

        :param tuple states: in which the answer still makes sense
        :raise UserError: when one of them is in another state already
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
            ),
            # A collision is what this is for: Odoo runs one of the two again.
            log_exceptions=False,
        )
        self.invalidate_recordset(["state", "run_id"], flush=False)
        closed = self.filtered(lambda withdrawal: withdrawal.state not in states)
        if closed:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._("%(name)s is %(state)s already.", name=closed[0].name, state=labels[closed[0].state])
            )

    def _approve(self, run):
        """Put withdrawals that distributors have asked for into a run; approving twice pays once.

        :raise UserError: when one of them is not under review any more
        """
        self._lock_reserved(("requested",))
        self.write({"state": "reserved", "run_id": run.id})

    def _is_cancellable(self):
        """Tell whether the owner may still take the wish back. Channels that can call money back override it."""
        self.ensure_one()
        return self.state == "requested"

    def _lock_too_late_to_cancel(self):
        """Return those that a channel cannot call back any more, which does not change until the end of the
        transaction. By hand: none.
        """
        return self.browse()

    def _cancel(self):
        """Give up withdrawals. Channels override it where a provider has to agree first.

        :raise UserError: when the channel's module is gone, and nobody can ask the provider any more
        """
        removed = self.filtered(lambda withdrawal: withdrawal.channel == REMOVED_CHANNEL)
        if removed:
            raise UserError(
                self.env._(
                    "%s was at a payment channel that has been uninstalled: install it again, it may be paid.",
                    removed[0].name,
                )
            )
        self._give_back("cancel", False)

    def _give_back(self, state, reason):
        """End withdrawals without a payment: reserved money becomes available again, nothing is booked.

        :param str state: `failed`, `refused` or `cancel`
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
        self._lock_reserved(("reserved",))
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
