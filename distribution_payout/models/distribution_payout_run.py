# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import split_every

from odoo.addons.distribution_commission.const import MAX_MOVE_LINES

# What remains of a run when the module of its channel is uninstalled. Not `manual`: what a provider may still pay
# must not look as if it were to be paid by hand.
REMOVED_CHANNEL = "removed"
# More of them nobody reads in a notification.
MAX_NAMES = 20


class DistributionPayoutRun(models.Model):
    """Withdrawals that are paid together over one channel."""

    _name = "distribution.payout.run"
    _description = "Payout Run"
    _inherit = ["mail.thread"]
    _mail_post_access = "read"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, copy=False, readonly=True, default=lambda self: self.env._("New"))
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, index=True, ondelete="restrict", readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    channel = fields.Selection(
        selection=[("manual", "By hand"), (REMOVED_CHANNEL, "Removed channel")],
        required=True,
        default="manual",
        readonly=True,
        help="By hand: you make the transfers at your bank and confirm them here.",
    )
    journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Paid From",
        required=True,
        domain="[('type', 'in', ('bank', 'cash'))]",
        check_company=True,
        ondelete="restrict",
        readonly=True,
    )
    state = fields.Selection(
        selection=[("in_progress", "To Pay"), ("done", "Done")],
        required=True,
        default="in_progress",
        readonly=True,
        index=True,
        tracking=True,
    )
    withdrawal_ids = fields.One2many("distribution.withdrawal", "run_id", readonly=True)
    withdrawal_count = fields.Integer(compute="_compute_totals", store=True)
    amount_total = fields.Monetary(compute="_compute_totals", store=True)
    amount_paid = fields.Monetary(compute="_compute_totals", store=True)
    amount_open = fields.Monetary(string="To Pay", compute="_compute_totals", store=True)

    # === COMPUTE METHODS === #

    @api.depends("withdrawal_ids.amount", "withdrawal_ids.state")
    def _compute_totals(self):
        for run in self:
            by_state = run.withdrawal_ids.grouped("state")
            run.withdrawal_count = len(run.withdrawal_ids)
            run.amount_total = sum(run.withdrawal_ids.mapped("amount"))
            run.amount_paid = sum(by_state.get("paid", run.withdrawal_ids.browse()).mapped("amount"))
            run.amount_open = sum(by_state.get("reserved", run.withdrawal_ids.browse()).mapped("amount"))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("name") or vals["name"] == self.env._("New"):
                vals["name"] = self.env["ir.sequence"].sudo().next_by_code("distribution.payout.run")
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Payout runs are not deleted: cancel their withdrawals instead."))

    # === ACTION METHODS === #

    def action_cancel(self):
        """Give back what is not paid yet, and say what it is too late for."""
        self._check_finance()
        withdrawals = self.sudo()._get_open_withdrawals()
        too_late = withdrawals._lock_too_late_to_cancel()
        (withdrawals - too_late)._cancel()
        return self._notify_too_late(too_late) if too_late else None

    def action_view_withdrawals(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_payout.distribution_withdrawal_action")
        return {**action, "domain": [("run_id", "=", self.id)], "context": {}}

    def action_view_moves(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_journal_line")
        moves = self.withdrawal_ids.move_line_id.move_id
        return {**action, "domain": [("id", "in", moves.ids)], "context": {}}

    def _notify_too_late(self, withdrawals):
        names = ", ".join(withdrawals[:MAX_NAMES].mapped("name"))
        message = self.env._(
            "It is too late to cancel %(count)s of the withdrawals: %(names)s",
            count=len(withdrawals),
            names=names if len(withdrawals) <= MAX_NAMES else f"{names}, …",
        )
        params = {
            "type": "warning",
            "message": message,
            "sticky": True,
            "next": {"type": "ir.actions.client", "tag": "soft_reload"},
        }
        return {"type": "ir.actions.client", "tag": "display_notification", "params": params}

    # === BUSINESS METHODS === #

    def _check_finance(self):
        self.check_access("read")
        self.env["res.users"]._check_distribution_role("distribution_core.group_distribution_finance")

    @api.model
    def _create_run(self, company, journal, amounts, channel="manual"):
        """Reserve amounts and gather them in a run.

        :param dict amounts: `distribution.account` record → Decimal
        :param str channel: how the payments are made
        """
        self._check_journal(company, journal)
        self._check_accounts(company, amounts)
        run = self.create(self._prepare_run_vals(company, journal, channel))
        self.env["distribution.withdrawal"]._create_reserved(amounts, run)
        run._prepare_payments()
        return run

    @api.model
    def _approve_requests(self, withdrawals, journal, channel="manual"):
        """Gather withdrawals that distributors have asked for in a run.

        :raise UserError: when one of them is not under review any more
        """
        company = withdrawals.company_id
        if not withdrawals:
            raise UserError(self.env._("There is nothing to approve."))
        if len(company) != 1:
            raise UserError(self.env._("A payout run is of one company: approve them company by company."))
        self._check_journal(company, journal)
        for withdrawal in withdrawals:
            self._check_not_suspended(withdrawal.distributor_id)
        run = self.create(self._prepare_run_vals(company, journal, channel))
        withdrawals._approve(run)
        run._prepare_payments()
        return run

    @api.model
    def _check_not_suspended(self, distributor):
        if distributor.state == "suspended":
            raise UserError(self.env._("%s is suspended: its commission is held.", distributor.display_name))

    @api.model
    def _prepare_run_vals(self, company, journal, channel):
        return {"company_id": company.id, "journal_id": journal.id, "channel": channel}

    def _prepare_payments(self):
        """Prepare what the channel needs to pay the withdrawals of new runs. By hand: nothing.

        :raise UserError: when the channel cannot pay one of them, before anything is sent
        """

    @api.model
    def _get_payee_problem(self, channel, journal, account, amount):
        """Return why a channel cannot pay an amount to the owner of an account, for the preview. By hand: nothing.

        :param Decimal amount: in company currency
        :rtype: str or None
        """
        return None

    @api.model
    def _get_default_journal(self, channel, company):
        """Return the journal a channel pays from: the first bank in the company's currency."""
        return self.env["account.journal"].search(
            [
                ("type", "=", "bank"),
                ("company_id", "=", company.id),
                ("currency_id", "in", (False, company.currency_id.id)),
            ],
            limit=1,
        )

    def _check_by_hand(self):
        """Make sure that a person may say how the payments went: of other channels the provider says so.

        :raise UserError: for another channel
        """
        labels = dict(self._fields["channel"]._description_selection(self.env))
        for run in self:
            if run.channel != "manual":
                raise UserError(
                    self.env._(
                        "%(run)s is paid over %(channel)s, which reports what was paid: nothing is recorded by hand.",
                        run=run.name,
                        channel=labels[run.channel],
                    )
                )

    @api.model
    def _check_journal(self, company, journal):
        """Commission is owed and paid in the company's currency.

        :raise UserError: before anything is reserved
        """
        if journal.type not in ("bank", "cash") or not self._get_outgoing_account_of(journal):
            raise UserError(self.env._("%s is not a bank or cash journal with an account.", journal.display_name))
        if journal.currency_id and journal.currency_id != company.currency_id:
            raise UserError(
                self.env._(
                    "%(journal)s is kept in %(currency)s. Commission is paid in %(company_currency)s: choose another "
                    "journal.",
                    journal=journal.name,
                    currency=journal.currency_id.name,
                    company_currency=company.currency_id.name,
                )
            )

    @api.model
    def _check_accounts(self, company, accounts):
        for account in accounts:
            if account.company_id != company:
                raise UserError(
                    self.env._(
                        "%(distributor)s is owed by %(owner)s, not by %(company)s.",
                        distributor=account.distributor_id.display_name,
                        owner=account.company_id.name,
                        company=company.name,
                    )
                )

    def _get_open_withdrawals(self):
        return self.withdrawal_ids.filtered(lambda withdrawal: withdrawal.state == "reserved")

    def _confirm_paid(self, withdrawals, date):
        """Record that the bank has carried out withdrawals of this run, book them and discharge the payable.

        :param datetime.date date: business date of the payment
        :raise UserError: when one of them is not open any more
        """
        self.ensure_one()
        if not withdrawals:
            raise UserError(self.env._("Nothing of %s is left to be paid.", self.name))
        withdrawals._set_paid(date)
        for batch in split_every(MAX_MOVE_LINES // 2, withdrawals.sorted("id").ids, withdrawals.browse):
            self._post_payout_move(batch, date)
        self._update_state()

    def _post_payout_move(self, withdrawals, date):
        company = self.company_id
        outgoing = self._get_outgoing_account()
        lines_vals = [vals for withdrawal in withdrawals for vals in withdrawal._prepare_move_lines_vals(outgoing)]
        ref = self.env._("Commission payout %s", self.name)
        move = self.env["account.move"]._create_commission_move(company, date, ref, lines_vals, self.journal_id)
        discharges = move.line_ids.filtered("distribution_distributor_id").sorted("id")
        for withdrawal, line in zip(withdrawals, discharges, strict=True):
            withdrawal.move_line_id = line
        self.env["account.move.line"]._reconcile_commission_payable(company, withdrawals.distributor_id)

    def _get_outgoing_account(self):
        """Return the account of the journal the payments leave from."""
        self.ensure_one()
        return self._get_outgoing_account_of(self.journal_id)

    @api.model
    def _get_outgoing_account_of(self, journal):
        method_line = journal.outbound_payment_method_line_ids.filtered("payment_account_id")[:1]
        return method_line.payment_account_id or journal.default_account_id

    def _update_state(self):
        """A run is done when nothing of it is open."""
        for run in self:
            if run.state != "done" and not run._get_open_withdrawals():
                run.state = "done"
