# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A notification as it goes over the wire, genuine or forged.

Forged ones either break the envelope (``wrong_key``, ``wrong_serial``, ``empty_serial``, ``stale``, ``signtest``,
``tampered``, ``unsigned``, ``no_signature_type``, ``bad_tag``, ``wrong_apiv3_key``), or are signed rightly and say
something wrong (``wrong_amount``, ``wrong_appid``, ``wrong_mchid``, ``wrong_openid``, ``changed`` with ``changes``).
"""

import copy
import json
import secrets
import time

from . import crypto
from .clock import rfc3339
from .signing import default_signer, signature_headers

ENVELOPE = {
    "wrong_key",
    "wrong_serial",
    "empty_serial",
    "stale",
    "signtest",
    "tampered",
    "unsigned",
    "no_signature_type",
    "bad_tag",
    "wrong_apiv3_key",
}
CONTENT = {"wrong_amount", "wrong_appid", "wrong_mchid", "wrong_openid", "changed"}
KINDS = ENVELOPE | CONTENT


def build(world, notice, forgery=None, changes=None):
    """Return headers and body of a notification; each call signs and encrypts anew."""
    body = _body(world, notice, forgery, changes)
    headers = _headers(world, body, forgery)
    if forgery == "tampered":
        body = body.replace(b'"encrypt-resource"', b'"encrypt-resource" ')
    return {"Content-Type": "application/json", "Accept": "*/*", "User-Agent": "Mozilla/4.0", **headers}, body


def _body(world, notice, forgery, changes):
    resource = _changed(notice.resource, forgery, changes)
    key = secrets.token_hex(16) if forgery == "wrong_apiv3_key" else world.merchant.apiv3_key
    text = json.dumps(resource, ensure_ascii=False)
    encrypted = crypto.encrypt_resource(key, text, notice.original_type, secrets.token_hex(6))
    if forgery == "bad_tag":
        encrypted["ciphertext"] = _with_another_tag(encrypted["ciphertext"])
    values = {
        "id": notice.id,
        "create_time": rfc3339(notice.created_at),
        "resource_type": "encrypt-resource",
        "event_type": notice.event_type,
        "summary": notice.summary,
        "resource": {"original_type": notice.original_type, **encrypted},
    }
    return json.dumps(values, ensure_ascii=False).encode()


def _with_another_tag(ciphertext):
    """Return the Base64 with another first character in the last full group: the tag no longer fits."""
    place = len(ciphertext) - 8
    return ciphertext[:place] + ("A" if ciphertext[place] != "A" else "B") + ciphertext[place + 1 :]


def _headers(world, body, forgery):
    if forgery == "unsigned":
        return {}
    signer = default_signer(world.identity, world.settings)
    timestamp = int(time.time()) - (3600 if forgery == "stale" else 0)
    by = world.identity.forger if forgery in ("wrong_key", "wrong_serial") else signer
    headers = signature_headers(by, body, timestamp)
    if forgery == "wrong_key":
        headers["Wechatpay-Serial"] = signer.serial
    if forgery == "empty_serial":
        headers["Wechatpay-Serial"] = ""
    if forgery == "signtest":
        headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]
    if forgery == "no_signature_type":
        del headers["Wechatpay-Signature-Type"]
    return headers


def _changed(resource, forgery, changes):
    """Return the resource with the lie in it."""
    values = copy.deepcopy(resource)
    if forgery == "changed":
        return {**values, **(changes or {})}
    if forgery == "wrong_amount":
        _add_a_fen(values)
    if forgery == "wrong_appid":
        values["appid"] = "wx0000000000000000"
    if forgery == "wrong_mchid":
        values["mch_id" if "mch_id" in values else "mchid"] = "1900000000"
    if forgery == "wrong_openid" and "payer" in values:
        values["payer"] = {"openid": "o0000000000000000000000000000"}
    elif forgery == "wrong_openid":
        values["openid"] = "o0000000000000000000000000000"
    return values


def _add_a_fen(values):
    if "transfer_amount" in values:
        values["transfer_amount"] += 1
        return
    for name in ("total", "payer_total", "refund", "payer_refund"):
        if name in values["amount"]:
            values["amount"][name] += 1
