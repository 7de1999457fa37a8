# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A merchant's money at WeChat Pay (APIv3), over wechatpayv3. Amounts are integer fen.

wechatpayv3's traps (version 2.0.4): refusals and server errors do not raise; a wrong signature on a good answer raises
a bare `Exception` after WeChat has accepted; a callback may be an hour old, and one with an unknown serial makes it
call out. Here every call ends in one of three ways: an answer that WeChat signed, `WeChatError` (refused), or
`WeChatUnavailable` (nobody knows: query under the same number).
"""

import functools
import json
import secrets
import time
from dataclasses import dataclass

import requests
from wechatpayv3 import WeChatPay, WeChatPayType

from .errors import WeChatError, WeChatUnavailable

OFFICIAL_URL = "https://api.mch.weixin.qq.com"
TIMEOUT = (3, 10)
MAX_AGE = 300
# Answers that say "try again": the request may have been carried out.
UNKNOWN_CODES = {"SYSTEM_ERROR", "SYSTEMERROR", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "BANK_ERROR"}
# What a transfer of commission has to be reported as (scene 1005: API page 4012716434).
COMMISSION_SCENE = "1005"


class ForgedNotification(Exception):
    """A notification that WeChat did not sign, or that is not for this merchant, or too old."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What a merchant needs to sign and to check signatures, in public-key mode."""

    app_id: str
    mch_id: str
    serial: str
    private_key: str
    api_v3_key: str
    public_key: str
    public_key_id: str
    url: str = OFFICIAL_URL


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification that WeChat signed for this merchant."""

    event_type: str
    resource: dict


@functools.lru_cache(maxsize=16)
def get_merchant(keys):
    """Return the client for a merchant's keys; loading a private key takes long enough to do it once.

    :raise ValueError: when a key cannot be read
    """
    return Merchant(keys)


class Merchant:
    """One merchant, for one mini-program."""

    def __init__(self, keys):
        self._keys = keys
        try:
            self._api = WeChatPay(
                wechatpay_type=WeChatPayType.MINIPROG,
                mchid=keys.mch_id,
                private_key=keys.private_key,
                cert_serial_no=keys.serial,
                appid=keys.app_id,
                apiv3_key=keys.api_v3_key,
                public_key=keys.public_key,
                public_key_id=keys.public_key_id,
                timeout=TIMEOUT,
            )
        except Exception as error:
            # Whatever cryptography or wechatpayv3 thinks of a key; its text could hold a part of it.
            raise ValueError("The merchant's keys cannot be read.") from error
        self._api._core._gate_way = keys.url.rstrip("/")

    # === PAYMENTS === #

    def create_order(self, number, description, amount, open_id, notify_url, time_expire=None):
        """Order a payment of a mini-program's user; the same number and values give the same order again.

        :param str number: out_trade_no, 6–32 characters
        :param int amount: fen
        :param str time_expire: RFC 3339, the moment until which it can be paid
        :return: prepay_id, valid for two hours
        :rtype: str
        """
        amounts, payer = {"total": amount, "currency": "CNY"}, {"openid": open_id}
        answer = self._call(
            self._api.pay, description, number, amounts, payer=payer, notify_url=notify_url, time_expire=time_expire
        )
        return answer["prepay_id"]

    def get_payment_parameters(self, prepay_id):
        """Return what the mini-program gives to ``wx.requestPayment``, signed.

        :rtype: dict
        """
        timestamp, nonce, package = str(int(time.time())), secrets.token_hex(16), f"prepay_id={prepay_id}"
        return {
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._api.sign([self._keys.app_id, timestamp, nonce, package]),
        }

    def query_order(self, number):
        """Return what WeChat knows of an order, by out_trade_no.

        :raise WeChatError: ORDER_NOT_EXIST
        :rtype: dict
        """
        return self._call(self._api.query, out_trade_no=number)

    def close_order(self, number):
        """Close an unpaid order, so that it cannot be paid any more.

        :raise WeChatError: ORDER_PAID when it was paid meanwhile, ORDER_CLOSED
        """
        self._call(self._api.close, number)

    def refund(self, number, order_number, amount, total, notify_url, reason=None):
        """Give a part of a payment back; the same number and values never give it twice.

        :param str number: out_refund_no
        :param str order_number: out_trade_no of the payment
        :param int amount: fen to give back
        :param int total: fen of the whole payment
        :return: the refund with its ``status``
        :rtype: dict
        """
        amounts = {"refund": amount, "total": total, "currency": "CNY"}
        return self._call(
            self._api.refund, number, amounts, out_trade_no=order_number, reason=reason, notify_url=notify_url
        )

    def query_refund(self, number):
        """Return what WeChat knows of a refund, by out_refund_no.

        :raise WeChatError: RESOURCE_NOT_EXISTS
        :rtype: dict
        """
        return self._call(self._api.query_refund, number)

    # === TRANSFERS === #

    def create_transfer(self, number, open_id, amount, remark, notify_url, report, user_name=None):
        """Offer money to a user, who confirms it; the same number and values give the same bill again.

        :param str number: out_bill_no, at most 32 letters and digits; never another one while the answer is unknown
        :param int amount: fen
        :param str remark: at most 32 characters, the user reads it
        :param dict report: what 岗位类型 and 报酬说明 are
        :param str user_name: the user's real name, required from ¥2,000
        :return: the bill with its ``state``, and ``package_info`` while the user has to confirm
        :rtype: dict
        """
        infos = [{"info_type": kind, "info_content": content} for kind, content in report.items()]
        return self._call(
            self._api.mch_transfer_bills,
            number,
            COMMISSION_SCENE,
            open_id,
            amount,
            remark,
            user_name=user_name,
            transfer_scene_report_infos=infos,
            notify_url=notify_url,
        )

    def query_transfer(self, number):
        """Return what WeChat knows of a transfer, by out_bill_no, for 30 days.

        :raise WeChatError: NOT_FOUND
        :rtype: dict
        """
        return self._call(self._api.mch_transfer_bills_query, out_bill_no=number)

    def cancel_transfer(self, number):
        """Ask for a transfer to be cancelled that the user has not confirmed; how it ends has to be queried.

        :rtype: dict
        """
        return self._call(self._api.mch_transfer_bills_cancel, number)

    def check(self):
        """Ask for something that does not exist: whether the ids and keys are right on both sides.

        :raise WeChatError: SIGN_ERROR, PARAM_ERROR, NO_AUTH
        """
        try:
            self.query_order("CONNECTIONTEST")
        except WeChatError as error:
            if error.code not in ("ORDER_NOT_EXIST", "ORDERNOTEXIST"):
                raise

    # === NOTIFICATIONS === #

    def read_notification(self, headers, body):
        """Check and decrypt a notification.

        :param headers: mapping of HTTP headers
        :param bytes body: as it was received
        :raise ForgedNotification: with the reason, for the log
        :rtype: Notification
        """
        signed = {f"Wechatpay-{name}": headers.get(f"Wechatpay-{name}", "") for name in _SIGNED}
        if signed["Wechatpay-Serial"] != self._keys.public_key_id:
            raise ForgedNotification("the serial is not that of the merchant's WeChat Pay public key")
        timestamp = signed["Wechatpay-Timestamp"]
        if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > MAX_AGE:
            raise ForgedNotification("the timestamp is more than five minutes off")
        try:
            data = self._api.callback(signed, body)
        except Exception as error:
            # wechatpayv3 raises whatever json, base64 and cryptography do.
            raise ForgedNotification(type(error).__name__) from error
        resource = data.get("resource") if data else None
        if not isinstance(resource, dict):
            raise ForgedNotification("the signature or the encryption is wrong")
        if (resource.get("mchid") or resource.get("mch_id")) != self._keys.mch_id:
            raise ForgedNotification("it is for another merchant")
        return Notification(data.get("event_type", ""), resource)

    # === HELPERS === #

    def _call(self, function, *args, **kwargs):
        try:
            status, text = function(*args, **kwargs)
        except requests.RequestException as error:
            raise WeChatUnavailable(type(error).__name__) from error
        except Exception as error:
            # wechatpayv3 raises a bare one for a wrong signature, after WeChat has accepted the request.
            raise WeChatUnavailable("the answer is not signed by WeChat") from error
        return self._read(status, text)

    @staticmethod
    def _read(status, text):
        try:
            answer = json.loads(text) if text else {}
        except ValueError as error:
            raise WeChatUnavailable(f"HTTP {status} without JSON") from error
        if 200 <= status < 300:
            return answer
        code = str(answer.get("code", f"HTTP_{status}"))
        if status >= 500 or status == 429 or code in UNKNOWN_CODES:
            raise WeChatUnavailable(code)
        raise WeChatError(code, answer.get("message", ""))


_SIGNED = ("Timestamp", "Nonce", "Signature", "Signature-Type", "Serial")
