# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import secrets
import time

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import encryption
from ..tools.money import to_fen

# What WeChat says of a bill (API page 4012716437), in small letters; before them our own two.
TRANSFER_STATES = [
    ("intent", "To Send"),
    ("unknown", "Sent, No Answer Yet"),
    ("accepted", "Accepted"),
    ("processing", "Being Checked"),
    ("wait_user_confirm", "Waiting for Confirmation"),
    ("transfering", "Being Transferred"),
    ("canceling", "Being Cancelled"),
    ("success", "Paid"),
    ("fail", "Failed"),
    ("cancelled", "Cancelled"),
]
OUR_STATES = ("intent", "unknown")
FINAL_STATES = ("success", "fail", "cancelled")
# Until the user has confirmed, the merchant may cancel.
CANCELLABLE_STATES = ("intent", "unknown", "accepted", "processing", "wait_user_confirm")
# From here on WeChat wants to know the payee's real name (API page 4012716434).
NAME_REQUIRED_FROM = 200_000
# A person waits this long, in seconds; what has not had its turn then is left to the scheduled actions.
AT_ONCE = 30


class DistributionWechatTransfer(models.Model):
    """The outbox of transfers: one for each withdrawal, under one number for ever.

    The intent is committed before WeChat is called, the answer is recorded after. What nobody answered is asked about
    under the same number, and sent again under it only when WeChat says that it does not know it.
    """

    _name = "distribution.wechat.transfer"
    _description = "WeChat Transfer"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _mail_post_access = "read"
    _order = "id desc"

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, default=lambda self: self._new_number()
    )
    withdrawal_id = fields.Many2one(
        comodel_name="distribution.withdrawal",
        required=True,
        index=True,
        ondelete="restrict",
        readonly=True,
    )
    account_id = fields.Many2one(
        comodel_name="distribution.wechat.account",
        string="WeChat Account",
        required=True,
        index=True,
        ondelete="restrict",
        readonly=True,
    )
    run_id = fields.Many2one(related="withdrawal_id.run_id", store=True, index=True)
    distributor_id = fields.Many2one(related="withdrawal_id.distributor_id", store=True, index=True)
    company_id = fields.Many2one(related="withdrawal_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(related="withdrawal_id.amount", store=True)
    amount_fen = fields.Integer(string="Amount (Fen)", required=True, readonly=True, aggregator=None)
    state = fields.Selection(
        selection=TRANSFER_STATES, required=True, default="intent", readonly=True, index=True, tracking=True
    )
    cancel_requested = fields.Boolean(string="To Be Cancelled", readonly=True)
    # What was asked for once is asked for again in the same words: WeChat refuses a number with other values.
    mch_id = fields.Char(string="Merchant ID", required=True, readonly=True)
    open_id = fields.Char(string="Open ID", required=True, readonly=True, groups="base.group_system")
    user_name_encrypted = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    remark = fields.Char(required=True, readonly=True)
    job = fields.Char(required=True, readonly=True)
    explanation = fields.Char(required=True, readonly=True)
    notify_url = fields.Char(required=True, readonly=True, groups="base.group_system")
    # What WeChat answered.
    transfer_bill_no = fields.Char(string="WeChat's Number", readonly=True)
    package_info = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    created_at = fields.Datetime(string="Accepted At", readonly=True)
    expires_at = fields.Datetime(readonly=True, help="Until then the distributor has to confirm in WeChat.")
    finished_at = fields.Datetime(readonly=True)
    fail_reason = fields.Char(string="Failure Code", readonly=True)
    fail_message = fields.Char(string="Failure", compute="_compute_fail_message")
    asked_at = fields.Datetime(string="Last Sent At", readonly=True)
    retry_at = fields.Datetime(string="Next Try", readonly=True)
    checked_at = fields.Datetime(
        string="Last Looked At", readonly=True, copy=False, help="When a scheduled action last tried to go on with it."
    )
    error_code = fields.Char(readonly=True)
    error_message = fields.Char(string="WeChat Refused", readonly=True)

    can_be_closed = fields.Boolean(compute="_compute_can_be_closed")

    _name_uniq = models.UniqueIndex("(name)", "A number stands for one transfer.")
    _withdrawal_uniq = models.UniqueIndex("(withdrawal_id)", "A withdrawal is transferred once.")
    _amount_positive = models.Constraint("CHECK(amount_fen > 0)", "A transfer is of a positive amount.")
    _number_format = models.Constraint(
        "CHECK(name ~ '^[0-9A-Za-z]{1,32}$')", "A transfer's number has at most 32 letters and digits."
    )

    @api.model
    def _new_number(self):
        # Random, so that a copy of the database never meets the numbers of the original at WeChat.
        return f"DW{secrets.token_hex(15)}"

    # === COMPUTE METHODS === #

    @api.depends("fail_reason")
    @api.depends_context("lang")
    def _compute_fail_message(self):
        for transfer in self:
            transfer.fail_message = transfer._get_fail_message() if transfer.fail_reason else False

    @api.depends("state", "created_at", "asked_at")
    def _compute_can_be_closed(self):
        for transfer in self:
            transfer.can_be_closed = transfer.state not in FINAL_STATES and transfer._is_beyond_query()

    def _get_fail_message(self):
        """Return why WeChat did not pay, for the distributor to read (codes: API page 4013774966)."""
        self.ensure_one()
        frozen = self.env._("WeChat does not let this account receive money. Ask WeChat Pay's customer service.")
        limit = self.env._("WeChat's limit for money received is reached. Ask again on another day.")
        name = self.env._("The real name differs from that of the WeChat account.")
        messages = {
            "OVERDUE_CLOSE": self.env._("It was not confirmed within 24 hours."),
            "ACCOUNT_FROZEN": frozen,
            "PAYEE_ACCOUNT_ABNORMAL": frozen,
            "RECEIVE_ACCOUNT_NOT_PERMMIT": frozen,
            "ACCOUNT_NOT_EXIST": frozen,
            "TRANSFER_RISK": frozen,
            "REAL_NAME_CHECK_FAIL": self.env._("The WeChat account has no verified real name."),
            "NAME_NOT_CORRECT": name,
            "ID_CARD_NOT_CORRECT": name,
            "DAY_RECEIVED_COUNT_EXCEED": limit,
            "DAY_RECEIVED_QUOTA_EXCEED": limit,
            "MONTH_RECEIVED_QUOTA_EXCEED": limit,
            "REALNAME_ACCOUNT_RECEIVED_QUOTA_EXCEED": limit,
            "TRANSFER_QUOTA_EXCEED": limit,
        }
        return messages.get(self.fail_reason) or self.env._("WeChat could not pay (%s).", self.fail_reason)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Transfers are not deleted: they are the proof of what was asked of WeChat."))

    # === ACTION METHODS === #

    def action_advance(self):
        """Send what is to be sent, and ask WeChat how the others stand, at once."""
        self._check_finance()
        transfers = self.sudo().filtered(lambda transfer: transfer.state not in FINAL_STATES).sorted("id")
        left, deadline = transfers, time.monotonic() + AT_ONCE
        while left and (left == transfers or time.monotonic() < deadline):
            left[0].with_company(left[0].company_id)._advance(by_hand=True)
            left = left[1:]
        if left:
            self._trigger_crons()
        return (transfers - left)._notify_outcome(left)

    def action_cancel(self):
        """Ask WeChat to cancel: money that is not confirmed yet becomes available again."""
        self._check_finance()
        self.sudo()._request_cancel()

    def action_view_withdrawal(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "distribution.withdrawal",
            "res_id": self.withdrawal_id.id,
            "view_mode": "form",
        }

    def _notify_outcome(self, left):
        """Tell how it went.

        :param left: transfers that have not had their turn
        """
        refused = self.filtered("error_message")
        messages = [self.env._("%s transfers are up to date with WeChat.", len(self - refused))]
        if refused:
            messages = [self.env._("WeChat refused: %s", ", ".join(sorted(set(refused.mapped("error_message")))))]
        if left:
            messages.append(self.env._("%s more follow in the background.", len(left)))
        params = {
            "type": "warning" if refused else "info" if left else "success",
            "message": " ".join(messages),
            "next": {"type": "ir.actions.client", "tag": "soft_reload"},
        }
        return {"type": "ir.actions.client", "tag": "display_notification", "params": params}

    # === BUSINESS METHODS === #

    def _check_finance(self):
        self.check_access("read")
        self.env["res.users"]._check_distribution_role("distribution_core.group_distribution_finance")

    @api.model
    def _prepare_transfer_vals(self, withdrawal, identity):
        """Return a transfer's values, all of what WeChat will be asked included."""
        account, fen = identity.account_id, to_fen(withdrawal.amount)
        user_name = withdrawal.distributor_id._get_real_name() if fen >= NAME_REQUIRED_FROM else None
        return {
            "withdrawal_id": withdrawal.id,
            "account_id": account.id,
            "amount_fen": fen,
            "mch_id": account.mch_id,
            "open_id": identity.open_id,
            "user_name_encrypted": user_name and encryption.encrypt(self.env, user_name),
            "remark": account.transfer_remark,
            "job": account.transfer_job,
            "explanation": account.transfer_explanation,
            "notify_url": account.notification_url,
        }

    def _prepare_request(self):
        """Return the arguments of the client's `create_transfer`, the same ones every time."""
        self.ensure_one()
        name = self.user_name_encrypted
        return {
            "number": self.name,
            "open_id": self.open_id,
            "amount": self.amount_fen,
            "remark": self.remark,
            "notify_url": self.notify_url,
            "report": {"岗位类型": self.job, "报酬说明": self.explanation},
            "user_name": encryption.decrypt(self.env, name) if name else None,
        }

    def _lock(self):
        """Make everybody who works on these transfers wait in line (see `distribution.withdrawal._lock_reserved`)."""
        if not self:
            return
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                WITH locked AS (
                    SELECT id FROM distribution_wechat_transfer WHERE id IN %s ORDER BY id FOR NO KEY UPDATE
                )
                UPDATE distribution_wechat_transfer AS transfer SET state = state
                  FROM locked WHERE transfer.id = locked.id
                """,
                tuple(self.ids),
            ),
            # A collision is what this is for: Odoo runs one of the two again.
            log_exceptions=False,
        )
        self.invalidate_recordset(flush=False)

    def _is_waiting_for_user(self):
        """Tell whether the distributor can confirm now."""
        self.ensure_one()
        return bool(
            self.state == "wait_user_confirm"
            and self.package_info
            and not self.cancel_requested
            and self.expires_at > fields.Datetime.now()
        )

    def _can_be_cancelled(self):
        self.ensure_one()
        return self.state in (*CANCELLABLE_STATES, "canceling")

    def _request_cancel(self):
        """Cancel what was never sent, and have WeChat asked to cancel the rest; a confirmation may still be faster.

        :raise UserError: when one of them is confirmed or has ended
        """
        if not self:
            return
        self._lock()
        labels = dict(self._fields["state"]._description_selection(self.env))
        for transfer in self.sorted("id"):
            if not transfer._can_be_cancelled():
                raise UserError(
                    self.env._(
                        "%(name)s is %(state)s and cannot be cancelled any more.",
                        name=transfer.withdrawal_id.name,
                        state=labels[transfer.state],
                    )
                )
            transfer.write({"cancel_requested": True, "checked_at": False})
            if transfer.state == "intent" and not transfer.asked_at:
                transfer._end("cancelled", {})
        self._trigger_crons()

    def _end(self, state, vals):
        """End a transfer and its withdrawal: paid and booked, or given back. The caller holds the lock.

        The payee's name was kept for asking again in the same words, which no one does after the end.
        """
        self.ensure_one()
        erased = {"package_info": False, "user_name_encrypted": False}
        self.write({"finished_at": fields.Datetime.now(), **vals, **erased, "state": state})
        self._clear_alerts()
        withdrawal = self.withdrawal_id
        if state == "success":
            date = withdrawal.account_id.program_id._get_business_date(self.finished_at)
            withdrawal.run_id._confirm_paid(withdrawal, date)
        elif state == "fail":
            payee = self.with_context(lang=withdrawal.partner_id.lang)
            withdrawal._give_back("failed", payee._get_fail_message())
        else:
            withdrawal._give_back("cancel", False)

    def _close_by_hand(self, state, finished_at, reason):
        """End a transfer that WeChat does not tell of any more, as a person read it in the merchant console.

        :param str state: `success` or `cancelled`
        :param datetime finished_at: naive UTC
        :raise UserError: while WeChat can still be asked, which alone says then how it ends
        """
        self.ensure_one()
        self._lock()
        if not self.can_be_closed:
            raise UserError(self.env._("WeChat tells how %s ends: only what it forgets is closed by hand.", self.name))
        if not self.create_date.replace(microsecond=0) <= finished_at <= fields.Datetime.now():
            raise UserError(self.env._("It was paid after the transfer was made, and not in the future."))
        labels = dict(self._fields["state"]._description_selection(self.env))
        body = self.env._("Closed by hand, %(state)s: %(reason)s", state=labels[state], reason=reason)
        self.message_post(body=body, author_id=self.env.user.partner_id.id)
        self._end(state, {"finished_at": finished_at})

    def _as_robot(self):
        """Return a transfer as Odoo's robot sees it: what WeChat says is recorded in nobody's name, and finance is not
        told that a distributor had given it something to do."""
        robot = self.env["res.users"].browse(SUPERUSER_ID).sudo()
        return self.with_user(robot).with_company(self.company_id).with_context(lang=robot.lang)
