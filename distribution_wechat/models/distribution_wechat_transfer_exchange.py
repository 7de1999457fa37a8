# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client.errors import WeChatError, WeChatUnavailable
from .distribution_wechat_transfer import CANCELLABLE_STATES, FINAL_STATES, OUR_STATES, TRANSFER_STATES

_logger = logging.getLogger(__name__)

CONFIRM_WITHIN = timedelta(hours=24)
# WeChat answers for 30 days; a day less, so that nothing old is taken for something that never arrived.
QUERY_WITHIN = timedelta(days=29)
# A request that got no answer may still arrive: only later does "not found" mean that it never will.
QUIET_AFTER = timedelta(minutes=5)
RETRY_AFTER = timedelta(minutes=30)


class DistributionWechatTransfer(models.Model):
    """What is asked of WeChat about a transfer, and what WeChat says of it."""

    _inherit = "distribution.wechat.transfer"  # pylint: disable=consider-merging-classes-inherited

    # === ASKING WECHAT === #

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

    # === WHAT WECHAT SAYS === #

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


def _to_utc(text):
    """Return an RFC 3339 time as Odoo stores times, None for anything else."""
    try:
        return datetime.fromisoformat(text).astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
    except (TypeError, ValueError):
        return None
