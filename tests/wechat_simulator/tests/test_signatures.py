# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who signs what, and what is refused."""

import json
import time
from urllib.parse import urlsplit

import pytest
import requests

from ..crypto import new_private_key, public_pem
from .clients import APPID, BUYER, JSAPI, PATH, callback, code_of, get, order, pay_client, signed_headers


def test_a_good_signature_is_accepted_once(sim, pay):
    order(pay)
    first, second = get(sim), get(sim)
    assert first.status_code == 200
    assert second.status_code == 401
    assert "nonce_str" in second.json()["message"]
    assert get(sim, nonce="b" * 32).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": new_private_key()},
        {"body": "{}"},
        {"sent": PATH + "&x=1"},
        # Seconds from when the test runs: these lines are read long before, with all other tests.
        {"seconds": -400},
        {"seconds": 400},
        {"serial": "ABCDEF"},
        {"mchid": "1900000110"},
    ],
    ids=["key", "body", "path", "too old", "from the future", "serial", "merchant"],
)
def test_a_wrong_signature_is_refused(sim, pay, wrong):
    order(pay)
    if "seconds" in wrong:
        wrong = {"at": int(time.time()) + wrong["seconds"]}
    response = get(sim, **wrong)
    assert (response.status_code, response.json()["code"]) == (401, "SIGN_ERROR")
    assert "Wechatpay-Signature" not in response.headers


def test_a_request_without_signature_or_user_agent_is_refused(sim):
    assert requests.get(sim.url + PATH, timeout=3).status_code == 401
    headers = {**signed_headers(sim, "GET", PATH), "User-Agent": ""}
    assert requests.get(sim.url + PATH, headers=headers, timeout=3).json()["code"] == "PARAM_ERROR"


def test_the_raw_body_is_what_is_signed(sim, pay, shop):
    body = {
        "appid": APPID,
        "mchid": sim.merchant.mchid,
        "description": "茶",
        "out_trade_no": "T00001",
        "notify_url": shop.url,
        "amount": {"total": 1},
        "payer": {"openid": BUYER},
    }
    compact = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    headers = {**signed_headers(sim, "POST", JSAPI, compact), "Content-Type": "application/json"}
    spaced = requests.post(sim.url + JSAPI, data=json.dumps(body).encode(), headers=headers, timeout=3)
    assert spaced.status_code == 401
    assert requests.post(sim.url + JSAPI, data=compact.encode(), headers=headers, timeout=3).status_code == 200


def test_the_clock_of_the_platform_may_go_wrong(sim, pay):
    sim.settings.signature_clock_offset = 600
    assert code_of(order(pay)) == (401, "SIGN_ERROR")
    sim.settings.signature_clock_offset = 0
    assert order(pay)[0] == 200


def test_the_library_accepts_only_answers_of_the_platform(sim, pay, shop):
    stranger = pay_client(sim, shop.url, public_key=public_pem(new_private_key()))
    with pytest.raises(Exception, match="verify"):
        order(stranger)
    assert order(pay)[0] == 200


def test_an_unknown_wechatpay_serial_is_refused(sim, shop):
    client = pay_client(sim, shop.url, public_key_id="PUB_KEY_ID_WRONG")
    assert code_of(order(client)) == (400, "PARAM_ERROR")


def test_certificate_mode(sim, shop, monkeypatch):
    sim.settings.mode = "certificate"
    with monkeypatch.context() as patch:
        # The constructor fetches the certificate before its gateway can be changed.
        real = requests.get
        patch.setattr(requests, "get", lambda url, **more: real(sim.url + urlsplit(url).path, **more))
        client = pay_client(sim, shop.url, public_key=None, public_key_id=None)
    assert order(client)[0] == 200
    sim.pay("T00001")
    assert sim.wait_idle()
    assert callback(client, shop.received[0])["resource"]["out_trade_no"] == "T00001"
    assert shop.received[0][0]["Wechatpay-Serial"] == sim.credentials()["certificate_serial"]


def test_unknown_paths_and_methods_have_no_body(sim):
    unknown, wrong_method = requests.get(sim.url + "/v3/nothing", timeout=3), requests.get(sim.url + JSAPI, timeout=3)
    assert (unknown.status_code, unknown.content) == (404, b"")
    assert (wrong_method.status_code, wrong_method.content) == (405, b"")
