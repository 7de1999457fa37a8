# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
import secrets
import time
from datetime import datetime, timedelta, timezone

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..client.errors import WeChatError, WeChatUnavailable
from ..tools import encryption
from ..tools.money import to_fen

_logger = logging.getLogger(__name__)

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
CONFIRM_WITHIN = timedelta(hours=24)
# WeChat answers for 30 days; a day less, so that nothing old is taken for something that never arrived.
QUERY_WITHIN = timedelta(days=29)
# A request that got no answer may still arrive: only later does "not found" mean that it never will.
QUIET_AFTER = timedelta(minutes=5)
RETRY_AFTER = timedelta(minutes=30)
# From here on WeChat wants to know the payee's real name (API page 4012716434).
NAME_REQUIRED_FROM = 200_000
# A person waits this long, in seconds; what has not had its turn then is left to the scheduled actions.
AT_ONCE = 30
# Half of the scheduled action's interval: its rounds within one run go on to others, its next run finds all again.
ASK_AGAIN_AFTER = timedelta(minutes=5)


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

    # === BUSINESS METHODS: OUR SIDE === #

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

    # === BUSINESS METHODS: ASKING WECHAT === #

    def _advance(self, by_hand=False):
        """Bring a transfer on as far as WeChat lets it: send it, ask how it stands, cancel it.

        Commits before each call, so it belongs to no transaction that does anything else.

        :param bool by_hand: finance wants it, who does not wait for the time of the next try
        """
        self.ensure_one()
        self._lock()
        if self.state in FINAL_STATES:
            return
        self._check_account()
        if self.state == "intent" and not self.cancel_requested:
            if by_hand or not self.retry_at or self.retry_at <= fields.Datetime.now():
                self._send()
            return
        self._query()
        if self.state == "intent" and not self.cancel_requested and not self.error_code:
            self._send()

    def _check_account(self):
        problem = self._get_account_problem()
        if problem:
            raise UserError(problem)

    def _get_account_problem(self):
        """Return why WeChat cannot be asked in the name of the account, None when it can."""
        self.ensure_one()
        account = self.account_id
        if not account.active:
            return self.env._("%s is archived: restore it until its transfers have ended.", account.name)
        if not account._has_merchant():
            return self.env._("%s lacks keys of the merchant: its transfers cannot go on.", account.name)
        if self.mch_id != account.mch_id:
            return self.env._(
                "%(transfer)s was made for merchant %(old)s, but %(account)s has another merchant ID now.",
                transfer=self.name,
                old=self.mch_id,
                account=account.name,
            )
        return None

    def _ask(self, method, *args, **kwargs):
        """Call WeChat between two transactions.

        :param str method: of `client.merchant.Merchant`
        :return: the answer, None when there is none: nobody knows then what has happened
        :raise WeChatError: when WeChat refuses
        """
        client = self.account_id._get_merchant()
        # An intent that a rollback could take back might be sent twice, and no row stays locked while WeChat thinks.
        self.env.cr.commit()  # pylint: disable=invalid-commit
        try:
            return getattr(client, method)(*args, **kwargs)
        except WeChatUnavailable as error:
            _logger.info("Transfer %s: no answer to %s: %s", self.id, method, error)
            return None

    def _send(self):
        request = self._prepare_request()
        self.write(
            {
                "state": "unknown",
                "asked_at": fields.Datetime.now(),
                "retry_at": False,
                "error_code": False,
                "error_message": False,
            }
        )
        try:
            answer = self._ask("create_transfer", **request)
        except WeChatError as error:
            self._record_refusal(error)
        else:
            if answer is not None:
                self._record(answer)

    def _query(self):
        if self._is_beyond_query():
            self._alert(
                self.env._("WeChat gives no answer after 30 days"),
                self.env._("Look the number up in WeChat Pay's merchant console: nothing is closed by itself."),
            )
            return
        try:
            answer = self._ask("query_transfer", self.name)
        except WeChatError as error:
            if error.code == "NOT_FOUND":
                self._record_not_found()
            else:
                _logger.warning("Transfer %s: the query was refused: %s", self.id, error.code)
            return
        if answer is not None and self._record(answer):
            self._follow_up()

    def _follow_up(self):
        """Do what an open bill still needs, after it was found to exist."""
        if self.state in FINAL_STATES:
            return
        if self.cancel_requested and self.state in CANCELLABLE_STATES:
            self._ask_again("cancel_transfer", self.name)
        elif self.state == "wait_user_confirm" and not self.package_info:
            # Only the answer to the request itself, sent again with the same number and values, has the package.
            self._ask_again("create_transfer", **self._prepare_request())

    def _ask_again(self, method, *args, **kwargs):
        try:
            answer = self._ask(method, *args, **kwargs)
        except WeChatError as error:
            # The user was faster, or the like: the next query tells.
            _logger.info("Transfer %s: %s was refused: %s", self.id, method, error.code)
            return
        if answer is not None:
            self._record(answer)

    def _is_beyond_query(self):
        known_since = self.created_at or self.asked_at
        return self.state != "intent" and known_since < fields.Datetime.now() - QUERY_WITHIN

    # === BUSINESS METHODS: WHAT WECHAT SAYS === #

    @api.model
    def _receive_notification(self, account, resource):
        """Record the end of a bill that WeChat reports.

        :param account: the `distribution.wechat.account` it was sent to
        :param dict resource: decrypted, its signature checked
        :return: False when it is none of the account's, or says something else than we have asked for
        :rtype: bool
        """
        transfer = self.search([("name", "=", str(resource.get("out_bill_no"))), ("account_id", "=", account.id)])
        return bool(transfer) and transfer._as_robot()._record(resource)

    def _record(self, answer):
        """Take over what WeChat says of a bill. Twice, late or in another order it changes nothing more.

        :param dict answer: of the request, the query, the cancellation or a notification
        :return: whether it is about this bill as we know it
        :rtype: bool
        """
        self.ensure_one()
        self._lock()
        state = str(answer.get("state")).lower()
        differences = self._get_differences(answer, state)
        if differences:
            _logger.warning("Transfer %s: WeChat's answer differs in %s", self.id, ", ".join(differences))
            self._alert(self.env._("WeChat says something else"), ", ".join(differences))
            return False
        if self.state not in FINAL_STATES:
            vals = self._prepare_answer_vals(answer, state)
            if state in FINAL_STATES:
                self._end(state, vals)
            else:
                self.write(vals)
        return True

    def _get_differences(self, answer, state):
        """Return the names of what does not fit the bill we asked for; answers name only a part each."""
        expected = {
            "out_bill_no": self.name,
            "mch_id": self.mch_id,
            "mchid": self.mch_id,
            "appid": self.account_id.app_id,
            "openid": self.open_id,
            "transfer_amount": self.amount_fen,
        }
        differences = [name for name, value in expected.items() if name in answer and answer[name] != value]
        known = {key for key, _label in TRANSFER_STATES} - set(OUR_STATES)
        contradicts = self.state in FINAL_STATES and state in FINAL_STATES and state != self.state
        return differences + (["state"] if state not in known or contradicts else [])

    def _prepare_answer_vals(self, answer, state):
        created_at = _to_utc(answer.get("create_time")) or self.created_at or fields.Datetime.now()
        vals = {
            "state": state,
            "created_at": created_at,
            "transfer_bill_no": answer.get("transfer_bill_no") or self.transfer_bill_no,
            "package_info": answer.get("package_info") or self.package_info,
            "fail_reason": answer.get("fail_reason") or False,
            "error_code": False,
            "error_message": False,
        }
        if state == "wait_user_confirm":
            vals["expires_at"] = created_at + CONFIRM_WITHIN
        if state in FINAL_STATES:
            vals["finished_at"] = _to_utc(answer.get("update_time")) or fields.Datetime.now()
        return vals

    def _record_refusal(self, error):
        """Keep a refused request open, under its number: finance reads why, and it can be sent again.

        Such an answer is not signed. Only NOT_ENOUGH says itself that the number stays; whether anything else
        arrived is asked.
        """
        self._lock()
        if self.state != "unknown":
            return
        vals = {
            "error_code": error.code,
            "error_message": f"{error.code} {error.message}"[:200],
            "retry_at": fields.Datetime.now() + RETRY_AFTER,
        }
        if error.code == "NOT_ENOUGH":
            self.write({**vals, "state": "intent"})
            self._alert(
                self.env._("Top up the WeChat Pay account"),
                self.env._("There is not enough money for this transfer. It is sent again under the same number."),
            )
            return
        self.write(vals)
        self._alert(self.env._("WeChat refused the transfer"), vals["error_message"])
        self._query()

    def _record_not_found(self):
        self._lock()
        if self.state not in OUR_STATES:
            self._alert(self.env._("WeChat does not know the transfer any more"), self.name)
        elif not self.cancel_requested:
            self.state = "intent"
        elif self.asked_at < fields.Datetime.now() - QUIET_AFTER:
            self._end("cancelled", {})

    # === BUSINESS METHODS: PEOPLE === #

    def _alert(self, summary, note):
        """Tell finance of something only a person can mend, once."""
        self.ensure_one()
        if summary not in self.activity_ids.mapped("summary"):
            self.activity_schedule(
                "mail.mail_activity_data_todo", summary=summary, note=note, user_id=self._get_responsible().id
            )

    def _clear_alerts(self):
        self.activity_ids.filtered(lambda activity: activity.automated).unlink()

    def _get_responsible(self):
        """Return who is told: who made the run if that is one of finance, else any of finance in the company."""
        group = self.env.ref("distribution_core.group_distribution_finance")
        users = group.all_user_ids.filtered(lambda user: user.active and self.company_id in user.company_ids)
        creator = self.run_id.create_uid
        return creator if creator in users else users.sorted("id")[:1] or self.env.ref("base.user_admin")

    # === SCHEDULED ACTIONS === #

    @api.model
    def _trigger_crons(self):
        for name in ("send_transfers_cron", "query_transfers_cron"):
            self.env.ref(f"distribution_wechat.{name}").sudo()._trigger()

    @api.model
    def _cron_send(self):
        """Send the transfers whose turn it is."""
        now = fields.Datetime.now()
        domain = [("state", "=", "intent"), ("cancel_requested", "=", False)]
        self._advance_in_turn([*domain, "|", ("retry_at", "=", False), ("retry_at", "<=", now)])

    @api.model
    def _cron_query(self):
        """Ask WeChat how everything stands that was sent and has not ended: notifications get lost."""
        domain = [("state", "not in", FINAL_STATES), "|", ("state", "!=", "intent"), ("cancel_requested", "=", True)]
        before = fields.Datetime.now() - ASK_AGAIN_AFTER
        self._advance_in_turn([*domain, "|", ("checked_at", "=", False), ("checked_at", "<", before)])

    @api.model
    def _advance_in_turn(self, domain):
        """Go on with the transfers of a domain, those that have waited longest first.

        Odoo ends a run after some seconds: in a fixed order the last ones would never have their turn.
        """
        transfers = self.search(domain, order="checked_at NULLS FIRST, id")
        blocked = transfers.filtered(lambda transfer: transfer._get_account_problem())
        blocked._alert_of_accounts()
        self.env["ir.cron"]._run_for_each(transfers - blocked, type(self)._take_turn)

    def _alert_of_accounts(self):
        """Tell finance once of each account, at the oldest transfer, not at each one and not at each run."""
        summary = self.env._("The WeChat account cannot be used")
        for transfers in self.grouped("account_id").values():
            open_ones = self.search([("account_id", "=", transfers.account_id.id), ("state", "not in", FINAL_STATES)])
            if summary not in open_ones.activity_ids.mapped("summary"):
                oldest = transfers.sorted("id")[0]
                oldest._alert(summary, oldest._get_account_problem())
        # What comes next is rolled back when it fails, and says nothing of these.
        self.env.cr.commit()  # pylint: disable=invalid-commit

    def _take_turn(self):
        self.checked_at = fields.Datetime.now()
        # Whatever becomes of it, it has had its turn.
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self._advance_in_company()

    def _advance_in_company(self):
        self._as_robot()._advance()

    def _as_robot(self):
        """Return a transfer as Odoo's robot sees it: what WeChat says is recorded in nobody's name, and finance is not
        told that a distributor had given it something to do."""
        robot = self.env["res.users"].browse(SUPERUSER_ID).sudo()
        return self.with_user(robot).with_company(self.company_id).with_context(lang=robot.lang)


def _to_utc(text):
    """Return an RFC 3339 time as Odoo stores times, None for anything else."""
    try:
        return datetime.fromisoformat(text).astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
    except (TypeError, ValueError):
        return None
