# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.distribution_core.tools.masking import mask_phone

from ..client.errors import WeChatError, WeChatUnavailable
from ..schemas.centre import BindingOutcome
from ..schemas.sessions import Login, LoginAnswer, Phone, PhoneAnswer, Refresh
from .api import endpoint
from .bindings import bind
from .problem import Problem

_logger = logging.getLogger(__name__)


class SessionsController(http.Controller):
    """Login, renewal, logout, phone number."""

    @endpoint(
        "POST",
        "/sessions",
        auth="public",
        body=Login,
        answer=LoginAnswer,
        status=201,
        problems=[(404, "account_unknown"), (422, "wechat_refused"), (502, "wechat_unavailable")],
    )
    def login(self, body):
        """Log in with the code of wx.login()."""
        account = self._find_account(body.app_id)
        person = self._ask_wechat(account, "code_to_session", body.code)
        identity, is_new = request.env["distribution.wechat.identity"].sudo()._find_or_create(account, person)
        binding = self._bind(identity, body.scene) if body.scene else None
        return self._login_answer(request.env["distribution.api.token"].sudo()._issue(identity), is_new, binding)

    @endpoint(
        "POST",
        "/sessions/refresh",
        auth="public",
        body=Refresh,
        answer=LoginAnswer,
        problems=[(401, "token_invalid")],
    )
    def refresh(self, body):
        """Renew both tokens."""
        issued = request.env["distribution.api.token"].sudo()._refresh(body.refresh_token)
        if not issued:
            return Problem(401, "token_invalid", request.env._("Log in again."))
        return self._login_answer(issued, False)

    @endpoint("DELETE", "/sessions/current", status=204)
    def logout(self):
        """Log out."""
        request.env["distribution.api.token"].sudo().browse(request.distribution_token_id)._revoke()

    @endpoint(
        "POST",
        "/me/phone",
        body=Phone,
        answer=PhoneAnswer,
        problems=[(422, "wechat_refused"), (502, "wechat_unavailable")],
    )
    def set_phone(self, body):
        """Take over the phone number from WeChat's button."""
        token = request.env["distribution.api.token"].sudo().browse(request.distribution_token_id)
        phone = self._ask_wechat(token.identity_id.account_id, "get_phone_number", body.code)
        partner = request.env.user.sudo().partner_id
        partner.phone = phone
        # Who gives its number is known: what other doors noted of its visits counts from now on.
        request.env["distribution.visit"].sudo()._confirm_visits(partner)
        return PhoneAnswer(phone=mask_phone(phone))

    def _find_account(self, app_id):
        account = request.env["distribution.wechat.account"].sudo().search([("app_id", "=", app_id)])
        if not account:
            raise Problem(404, "account_unknown", request.env._("This mini-program is not set up here."))
        return account

    def _ask_wechat(self, account, method, code):
        """Exchange a code once: Odoo may run this request again after a collision, the code works only once."""
        answers = request.httprequest.environ.setdefault("distribution.wechat.answers", {})
        if (method, code) not in answers:
            try:
                answers[method, code] = getattr(account._get_mini_program(), method)(code)
            except WeChatError as error:
                raise Problem(422, "wechat_refused", request.env._("WeChat refused: %s", error)) from error
            except WeChatUnavailable as error:
                raise Problem(
                    502, "wechat_unavailable", request.env._("WeChat cannot be reached now. Try again.")
                ) from error
        return answers[method, code]

    def _bind(self, identity, scene):
        """Bind the person by the code they came with; whatever is wrong with it, they are logged in."""
        try:
            with request.env.cr.savepoint():
                return bind(identity.with_company(identity.company_id), scene)
        except UserError as error:
            _logger.warning("Identity %s could not be bound at login: %s", identity.id, type(error).__name__)
            return BindingOutcome(outcome="code_unknown")

    def _login_answer(self, issued, is_new, binding=None):
        access, refresh, seconds = issued
        return LoginAnswer(
            access_token=access, refresh_token=refresh, expires_in=seconds, is_new=is_new, binding=binding
        )
