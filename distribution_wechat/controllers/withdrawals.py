# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timezone
from decimal import Decimal

from odoo import http
from odoo.http import request

from ..schemas.base import PageQuery
from ..schemas.withdrawals import (
    Confirmation,
    Quote,
    QuoteQuery,
    Reason,
    Withdrawal,
    WithdrawalPage,
    WithdrawalRequest,
)
from ..tools.money import to_text
from .api import endpoint
from .current import NOT_A_DISTRIBUTOR, get_distributor, get_identity
from .paging import get_page
from .problem import Problem

REFUSALS = (
    "suspended",
    "amount_invalid",
    "below_minimum",
    "not_enough",
    "daily_limit_reached",
    "not_payable",
    "real_name_missing",
)


class WithdrawalsController(http.Controller):
    """A distributor's money: what can be withdrawn, asking for it, and how it stands."""

    @endpoint(
        "GET",
        "/me/withdrawals/quote",
        readonly=True,
        query=QuoteQuery,
        answer=Quote,
        problems=[NOT_A_DISTRIBUTOR],
    )
    def quote(self, query):
        """Say what a withdrawal would mean, and what stands against it."""
        distributor, company = get_distributor(), get_identity().account_id.company_id
        domain = [("distributor_id", "=", distributor.id), ("company_id", "=", company.id)]
        account = request.env["distribution.account"].sudo().search(domain)
        program, currency = distributor.program_id, company.currency_id
        amount = self._to_amount(account, query.amount)
        if account:
            left_today = request.env["distribution.withdrawal"].sudo()._get_left_today(account)
            problems = self._find_problems(account, amount)
        else:
            left_today = program.withdrawal_daily_limit
            problems = [("not_enough", request.env._("Nothing is available yet."))]
        return Quote(
            amount=_exact_text(currency, amount),
            fee=to_text(currency, 0.0),
            tax=to_text(currency, 0.0),
            net=_exact_text(currency, amount),
            minimum=to_text(currency, program.withdrawal_minimum),
            available=to_text(currency, account.available),
            left_today=left_today,
            currency=currency.name,
            reasons=[Reason(code=code, detail=detail) for code, detail in problems],
        )

    @endpoint(
        "POST",
        "/me/withdrawals",
        body=WithdrawalRequest,
        answer=Withdrawal,
        status=201,
        idempotent=True,
        problems=[NOT_A_DISTRIBUTOR, *((422, code) for code in (*REFUSALS, "refused"))],
    )
    def ask(self, body):
        """Ask for money to be paid out."""
        accounts, company = request.env["distribution.account"].sudo(), get_identity().account_id.company_id
        account = accounts._get_or_create(get_distributor(), company)
        amount = self._to_amount(account, body.amount)
        for code, detail in self._find_problems(account, amount):
            raise Problem(422, code, detail)
        withdrawals = request.env["distribution.withdrawal"].sudo().with_company(account.company_id)
        return _to_schema(withdrawals._request_over_wechat(get_identity(), account, amount))

    @endpoint(
        "GET",
        "/me/withdrawals",
        readonly=True,
        query=PageQuery,
        answer=WithdrawalPage,
        problems=[NOT_A_DISTRIBUTOR],
    )
    def list_all(self, query):
        """List what was withdrawn, the newest first."""
        domain = [("distributor_id", "=", get_distributor().id)]
        withdrawals, cursor = get_page(request.env["distribution.withdrawal"].sudo(), domain, query)
        return WithdrawalPage(items=[_to_schema(withdrawal) for withdrawal in withdrawals], next_cursor=cursor)

    @endpoint(
        "GET",
        "/me/withdrawals/<int:withdrawal_id>",
        readonly=True,
        answer=Withdrawal,
        problems=[NOT_A_DISTRIBUTOR],
    )
    def show(self, withdrawal_id):
        """Show one withdrawal."""
        return _to_schema(self._find_own(withdrawal_id))

    @endpoint(
        "GET",
        "/me/withdrawals/<int:withdrawal_id>/confirmation",
        readonly=True,
        answer=Confirmation,
        problems=[NOT_A_DISTRIBUTOR, (409, "not_waiting_for_confirmation")],
    )
    def confirmation(self, withdrawal_id):
        """Give the parameters of wx.requestMerchantTransfer, while WeChat waits for the confirmation."""
        withdrawal = self._find_own(withdrawal_id)
        transfer = withdrawal.wechat_transfer_ids
        if not transfer or not transfer._is_waiting_for_user():
            raise Problem(409, "not_waiting_for_confirmation", request.env._("There is nothing to confirm now."))
        return Confirmation(
            mchId=transfer.mch_id,
            appId=transfer.account_id.app_id,
            package=transfer.package_info,
            openId=transfer.open_id,
        )

    @endpoint(
        "POST",
        "/me/withdrawals/<int:withdrawal_id>/query",
        answer=Withdrawal,
        problems=[NOT_A_DISTRIBUTOR, (422, "refused")],
    )
    def query(self, withdrawal_id):
        """Have the server ask WeChat how a withdrawal stands: what the mini-program believes proves nothing."""
        withdrawal = self._find_own(withdrawal_id)
        for transfer in withdrawal.wechat_transfer_ids:
            transfer._advance_in_company()
        return _to_schema(withdrawal)

    @endpoint(
        "POST",
        "/me/withdrawals/<int:withdrawal_id>/cancel",
        answer=Withdrawal,
        idempotent=True,
        problems=[NOT_A_DISTRIBUTOR, (409, "not_cancellable")],
    )
    def cancel(self, withdrawal_id):
        """Take a wish back; what is at WeChat already is cancelled unless it was confirmed first."""
        withdrawal = self._find_own(withdrawal_id)
        if withdrawal._get_reading()[0] not in ("cancelling", "cancelled"):
            if not withdrawal._is_cancellable():
                raise Problem(409, "not_cancellable", request.env._("It is too late to cancel this withdrawal."))
            withdrawal._cancel()
        return _to_schema(withdrawal)

    def _to_amount(self, account, text):
        return Decimal(text if text is not None else repr(account.available))

    def _find_problems(self, account, amount):
        """Return what stands against a withdrawal, as (code, text) pairs."""
        withdrawals = request.env["distribution.withdrawal"].sudo()
        problems = withdrawals._get_request_problems(account, amount)
        if not problems:
            problem = withdrawals._get_wechat_problem(get_identity(), account, amount)
            problems = [problem] if problem else []
        return problems

    def _find_own(self, withdrawal_id):
        """Return a withdrawal of the person's own.

        :raise Problem: 404 for those of others
        """
        domain = [("id", "=", withdrawal_id), ("distributor_id", "=", get_distributor().id)]
        withdrawal = request.env["distribution.withdrawal"].sudo().search(domain)
        if not withdrawal:
            raise Problem(404, "not_found", request.env._("There is no such record."))
        return withdrawal


def _exact_text(currency, amount):
    """Return an amount with the currency's decimals, one with more of them as it came: it is refused, not rounded."""
    return max(to_text(currency, amount), str(amount), key=len)


def _to_schema(withdrawal):
    code, expires_at, reason = withdrawal._get_reading()
    return Withdrawal(
        id=withdrawal.id,
        name=withdrawal.name,
        state=code,
        amount=to_text(withdrawal.currency_id, withdrawal.amount),
        currency=withdrawal.currency_id.name,
        requested_at=withdrawal.date_requested.replace(tzinfo=timezone.utc),
        paid_on=withdrawal.date_paid or None,
        expires_at=expires_at and expires_at.replace(tzinfo=timezone.utc),
        reason=reason,
        can_cancel=withdrawal._is_cancellable(),
    )
