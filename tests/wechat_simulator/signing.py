# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
r"""Signatures of requests (checked) and of answers and notifications (made).

Request: ``METHOD\npath?query\ntimestamp\nnonce\nbody\n`` under the merchant's key, with at most five
minutes between the two clocks. Answer and notification: ``timestamp\nnonce\nbody\n`` under the platform's
key, also for an empty 204. Answers of status 4xx carry no signature headers.
"""

import re
import secrets
import threading
import time

from . import crypto
from .errors import PayError

SCHEMA = "WECHATPAY2-SHA256-RSA2048"
FIELDS = ("mchid", "nonce_str", "signature", "timestamp", "serial_no")


class RequestVerifier:
    """Checks the Authorization header of a request, once per nonce."""

    def __init__(self, identity, settings):
        self._identity = identity
        self._settings = settings
        self._nonces = {}
        self._lock = threading.Lock()

    def verify(self, request):
        """Refuse a request that the merchant did not sign; choose the key that signs the answer."""
        if not request.header("User-Agent") or not request.header("Accept"):
            raise PayError(400, "PARAM_ERROR", "Http头缺少Accept或User-Agent")
        fields = self._parse(request.header("Authorization"))
        self._check_merchant(fields)
        self._check_time(fields["timestamp"])
        self._check_signature(request, fields)
        self._check_nonce(fields["nonce_str"])
        request.serial = self._answering_serial(request)

    def _parse(self, header):
        schema, _, rest = header.partition(" ")
        fields = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        if schema != SCHEMA or any(not fields.get(name) for name in FIELDS):
            raise sign_error("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
        return fields

    def _check_merchant(self, fields):
        merchant = self._identity.merchant
        if fields["mchid"] != merchant.mchid:
            raise sign_error("商户号不存在或与签名不匹配")
        if fields["serial_no"] != merchant.serial:
            raise sign_error("商户证书序列号有误。请使用签名私钥匹配的证书序列号")

    def _check_time(self, timestamp):
        now = time.time() + self._settings.signature_clock_offset
        if not timestamp.isdigit() or abs(now - int(timestamp)) > self._settings.skew:
            raise sign_error("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")

    def _check_signature(self, request, fields):
        head = f"{request.method}\n{request.target}\n{fields['timestamp']}\n{fields['nonce_str']}\n"
        message = head.encode() + request.body + b"\n"
        if not crypto.verifies(self._identity.merchant.private_key.public_key(), message, fields["signature"]):
            information = {"method": request.method, "url": request.target, "sign_message_length": len(message)}
            issue = {"issue": "sign not match"}
            raise sign_error("错误的签名，验签失败", {"detail": issue, "sign_information": information})

    def _check_nonce(self, nonce):
        """Refuse a signature that was seen: kept as long as its timestamp could pass."""
        now = time.monotonic()
        with self._lock:
            self._nonces = {key: until for key, until in self._nonces.items() if until > now}
            if nonce in self._nonces:
                raise sign_error("Http头Authorization中的nonce_str已被使用")
            self._nonces[nonce] = now + 2 * self._settings.skew

    def _answering_serial(self, request):
        serial = request.header("Wechatpay-Serial")
        if not serial:
            return default_signer(self._identity, self._settings).serial
        if not self._identity.signer(serial):
            raise PayError(400, "PARAM_ERROR", "Http头Wechatpay-Serial不是有效的微信支付公钥ID或平台证书序列号")
        return serial


def default_signer(identity, settings):
    """Return the key of the platform's mode: "public_key" (merchants since 2024-09) or "certificate"."""
    return identity.certificate if settings.mode == "certificate" else identity.public_key


def signature_headers(signer, body, timestamp=None, nonce=None):
    """Return the Wechatpay-* headers of a body."""
    timestamp = str(int(time.time()) if timestamp is None else timestamp)
    nonce = nonce or secrets.token_hex(16)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": crypto.sign(signer.private_key, f"{timestamp}\n{nonce}\n{body.decode()}\n"),
        "Wechatpay-Signature-Type": SCHEMA,
        "Wechatpay-Serial": signer.serial,
    }


def sign_error(message, detail=None):
    """Return the refusal of a signature."""
    return PayError(401, "SIGN_ERROR", message, detail)
