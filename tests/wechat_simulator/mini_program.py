# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The mini-program's server API: login, phone number, access tokens, QR codes, messages, content checks, shipping.

Errors are HTTP 200 with ``errcode``. A login code and a phone code serve once and live five minutes. A new access token
leaves the previous one five more minutes; the stable one is apart, and ``force_refresh`` ends the old one at once.
"""

import json
import re
from functools import wraps

from .clock import HOUR, MINUTE
from .errors import ApiError
from .messages import Answer
from .qrcodes import png_of

CODE_LIVES = 5 * MINUTE
TOKEN_LIVES = 7200
TOKEN_GRACE = 5 * MINUTE
SCENE = r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}"
LIMITS = {"thing": 20, "character_string": 32, "phrase": 5, "name": 10, "number": 32, "letter": 32, "symbol": 5}
RISKY = 20006


def with_token(method):
    """Give a call the app of its access token; 41001, 40001 and 42001 without a good one."""

    @wraps(method)
    def checked(self, request):
        return Answer.of({"errcode": 0, "errmsg": "ok", **method(self, self.app_of(request), request)})

    return checked


class MiniProgram:
    """The calls of api.weixin.qq.com."""

    def __init__(self, world, payments):
        self.world = world
        self.payments = payments

    # === Codes that the phone gives ===

    def new_code(self, user, kind):
        """Return a code as wx.login or getPhoneNumber gives it to the front end."""
        code = ("0" if kind == "login" else "") + self.world.numbers.text(31 if kind == "login" else 64)
        now = self.world.clock.now()
        self.world.store.codes[code] = {"kind": kind, "openid": user.openid, "at": now, "used": False}
        return code

    def jscode2session(self, request):
        """GET /sns/jscode2session: openid and session_key for a login code."""
        query = request.query
        app = self._app(query.get("appid"), query.get("secret"))
        user = self._redeem(query.get("js_code"), "login", app)
        if user.blocked:
            raise ApiError(40226, "code blocked")
        user.seen_at = self.world.clock.now()
        key = self.world.numbers.text(22) + "=="
        return Answer.of({"session_key": key, "openid": user.openid, "unionid": user.unionid})

    @with_token
    def get_user_phone_number(self, app, request):
        """POST /wxa/business/getuserphonenumber {code}."""
        user = self._redeem(self.body(request).get("code"), "phone", app)
        watermark = {"timestamp": int(self.world.clock.now()), "appid": app.appid}
        phone = {"phoneNumber": user.phone, "purePhoneNumber": user.phone, "countryCode": "86", "watermark": watermark}
        return {"phone_info": phone}

    # === Access tokens ===

    def token(self, request):
        """GET /cgi-bin/token: a new token every time."""
        query = request.query
        app = self._app(query.get("appid"), query.get("secret"), query.get("grant_type"))
        return self._issue(app, "plain", TOKEN_GRACE)

    def stable_token(self, request):
        """POST /cgi-bin/stable_token: the same token while it lives, unless forced."""
        values = self.body(request)
        app = self._app(values.get("appid"), values.get("secret"), values.get("grant_type"))
        now = self.world.clock.now()
        for token, kept in self.world.store.tokens.items():
            if kept["appid"] == app.appid and kept["kind"] == "stable" and kept["until"] - now > TOKEN_GRACE:
                if not values.get("force_refresh"):
                    return Answer.of({"access_token": token, "expires_in": int(kept["until"] - now)})
        return self._issue(app, "stable", 0)

    def invalidate(self, appid):
        """Make all tokens of an app invalid, as a reset of its secret does."""
        for kept in self.world.store.tokens.values():
            if kept["appid"] == appid:
                kept["revoked"] = True

    def app_of(self, request):
        """Return the app whose access token the request bears."""
        token = request.query.get("access_token")
        if not token:
            raise ApiError(41001, "access_token missing")
        kept = self.world.store.tokens.get(token)
        if not kept or kept["revoked"]:
            raise ApiError(40001, "invalid credential, access_token is invalid or not latest")
        if kept["until"] <= self.world.clock.now():
            raise ApiError(42001, "access_token expired")
        return self.world.store.apps[kept["appid"]]

    # === What the app does ===

    def get_wxacode_unlimited(self, request):
        """POST /wxa/getwxacodeunlimit: a PNG."""
        self.app_of(request)
        values = self.body(request)
        scene, page = values.get("scene") or "", values.get("page") or ""
        if not re.fullmatch(SCENE, scene):
            raise ApiError(40169, "invalid length for scene, or the data is not json string")
        pages = self.world.settings.pages
        if page.startswith("/") or (values.get("check_path", True) and page and pages and page not in pages):
            raise ApiError(41030, "invalid page")
        return Answer(200, png_of(f"{page}?scene={scene}", values.get("width", 430)), "image/png")

    @with_token
    def send_subscribe_message(self, app, request):
        """POST /cgi-bin/message/subscribe/send: each consent of the user serves once."""
        values = self.body(request)
        user = self._user(values.get("touser"), app)
        template = values.get("template_id") or ""
        if not template:
            raise ApiError(40037, "invalid template_id")
        check_message(values.get("data"))
        left = user.subscriptions.get(template, 0)
        if left <= 0:
            raise ApiError(43101, "user refuse to accept the msg")
        user.subscriptions[template] = left - 1
        self.world.store.messages.append({**values, "at": self.world.clock.now()})
        return {"msgid": len(self.world.store.messages)}

    @with_token
    def msg_sec_check(self, app, request):
        r"""POST /wxa/msg_sec_check: version 2 answers by ``result``, version 1 by errcode 87014.

        Like the real one it reads UTF-8 only: a content sent as ``\uXXXX`` escapes is never found risky.
        """
        values = self.body(request)
        content = values.get("content") or ""
        risky = b"\\u" not in request.body and any(word in content for word in self.world.settings.risky_words)
        if "version" not in values:
            if risky:
                raise ApiError(87014, "risky content")
            return {}
        self._check_security_request(values, content, app)
        result = {"suggest": "risky", "label": RISKY} if risky else {"suggest": "pass", "label": 100}
        detail = {"strategy": "content_model", "errcode": 0, "prob": 90, **result}
        return {"result": result, "detail": [detail], "trace_id": self.world.numbers.hex(24)}

    @with_token
    def upload_shipping_info(self, app, request):
        """POST /wxa/sec/order/upload_shipping_info: what releases the money of a mini-program order."""
        values = self.body(request)
        order = self._paid_order(values.get("order_key") or {})
        for name in ("logistics_type", "delivery_mode", "shipping_list", "upload_time", "payer"):
            if not values.get(name):
                raise ApiError(10060012, f"参数错误：{name}")
        if (values["payer"] or {}).get("openid") != order.openid or order.request["appid"] != app.appid:
            raise ApiError(10060004, "支付单不属于该用户")
        self.payments.ship(order)
        return {}

    # === Inside ===

    def body(self, request):
        """Return the body as a dictionary; 47001 if it is none."""
        try:
            values = json.loads(request.body or b"{}")
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise ApiError(47001, "data format error")
        return values

    def _app(self, appid, secret, grant_type="client_credential"):
        app = self.world.store.apps.get(appid)
        if grant_type != "client_credential":
            raise ApiError(40002, "invalid grant_type")
        if not app:
            raise ApiError(40013, "invalid appid")
        if app.secret != secret:
            raise ApiError(40125, "invalid appsecret")
        return app

    def _redeem(self, code, kind, app):
        """Return the user of a code and use it up."""
        kept = self.world.store.codes.get(code)
        user = self.world.store.users.get(kept["openid"]) if kept else None
        fresh = kept and self.world.clock.now() - kept["at"] < CODE_LIVES
        if not user or kept["kind"] != kind or not fresh or user.appid != app.appid:
            raise ApiError(40029, "invalid code")
        if kept["used"]:
            raise ApiError(40163 if kind == "login" else 40029, "code been used" if kind == "login" else "invalid code")
        kept["used"] = True
        return user

    def _issue(self, app, kind, grace):
        now = self.world.clock.now()
        for kept in self.world.store.tokens.values():
            if kept["appid"] == app.appid and kept["kind"] == kind:
                kept["until"] = min(kept["until"], now + grace)
                kept["revoked"] |= not grace
        token = self.world.numbers.text(136)
        kept = {"appid": app.appid, "kind": kind, "until": now + TOKEN_LIVES, "revoked": False}
        self.world.store.tokens[token] = kept
        return Answer.of({"access_token": token, "expires_in": TOKEN_LIVES})

    def _user(self, openid, app):
        user = self.world.store.users.get(openid)
        if not user or user.appid != app.appid:
            raise ApiError(40003, "invalid openid")
        return user

    def _check_security_request(self, values, content, app):
        user = self._user(values.get("openid"), app)
        if self.world.clock.now() - user.seen_at > 2 * HOUR:
            raise ApiError(61010, "code is expired")
        if values.get("scene") not in (1, 2, 3, 4) or not content:
            raise ApiError(40097, "invalid args")
        if len(content) > 2500:
            raise ApiError(44991, "content too long")

    def _paid_order(self, key):
        for order in self.world.store.orders.values():
            by_id = key.get("order_number_type") == 2 and key.get("transaction_id") == order.transaction_id
            mine = key.get("mchid") == self.world.merchant.mchid and key.get("out_trade_no") == order.out_trade_no
            if order.transaction_id and (by_id or (key.get("order_number_type") == 1 and mine)):
                return order
        raise ApiError(10060001, "支付单不存在")


def check_message(data):
    """Refuse the data of a subscribe message that breaks the format of a field (47003)."""
    if not isinstance(data, dict) or not data:
        raise ApiError(47003, "argument invalid! data is empty")
    for name, value in data.items():
        text = str((value or {}).get("value", "")) if isinstance(value, dict) else ""
        kind = re.sub(r"\d+$", "", name)
        if not text:
            raise ApiError(47003, f"argument invalid! data.{name}.value is emtpy")
        if len(text) > LIMITS.get(kind, 200):
            raise ApiError(47003, f"argument invalid! data.{name}.value invalid")
