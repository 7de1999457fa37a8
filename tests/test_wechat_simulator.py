# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The WeChat simulator, driven by the libraries that the suite uses against the real one."""

import gzip
import hashlib
import json
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from wechat_simulator import ControlError, Simulator
from wechat_simulator.clock import rfc3339
from wechat_simulator.crypto import new_private_key, public_pem, sign
from wechat_simulator.forgeries import ENVELOPE
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.type import RequestType
from wechatpy import WeChatClient
from wechatpy.exceptions import APILimitedException, WeChatClientException

APPID, SECRET = "wxtest0000000001", "0123456789abcdef"
BUYER, SELLER = "oBuyer", "oSeller"
INFOS = [
    {"info_type": "岗位类型", "info_content": "分销员"},
    {"info_type": "报酬说明", "info_content": "推广佣金"},
]
BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
JSAPI = "/v3/pay/transactions/jsapi"
DAY = 86400


# === A merchant's server, and clients ===


class Shop:
    """A merchant's server that keeps every notification and answers as told."""

    def __init__(self):
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with shop.lock:
                    shop.received.append((dict(self.headers), body))
                    shop.inside += 1
                    shop.most_inside = max(shop.most_inside, shop.inside)
                    status = shop.statuses.pop(0) if shop.statuses else 204
                time.sleep(shop.seconds)
                with shop.lock:
                    shop.inside -= 1
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                """Say nothing."""

        self.lock = threading.Lock()
        self.received, self.statuses = [], []
        self.seconds, self.inside, self.most_inside = 0, 0, 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/notify"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def sim():
    with Simulator(seed=7, refund_seconds=0, cancel_seconds=0, retry_seconds=(0.05, 0.05)) as simulator:
        simulator.app(APPID, SECRET)
        simulator.register_user("买家", "13800000001", "王小明", openid=BUYER, unionid="uBuyer")
        simulator.register_user("分销员", "13800000002", "李小红", openid=SELLER)
        yield simulator


@pytest.fixture
def shop():
    server = Shop()
    yield server
    server.close()


@pytest.fixture(scope="module")
def merchant_client():
    """wechatpayv3 checks the private key at length when it loads it: once is enough."""
    with Simulator() as simulator:
        return pay_client(simulator, "http://127.0.0.1:1/notify")


@pytest.fixture
def pay(sim, shop, merchant_client):
    merchant_client._core._gate_way = sim.url
    merchant_client._notify_url = shop.url
    return merchant_client


@pytest.fixture
def mini(sim):
    return mini_client(sim)


def pay_client(sim, notify_url, **changes):
    """Return wechatpayv3 in public-key mode, calling the simulator."""
    merchant = sim.merchant
    options = {
        "wechatpay_type": WeChatPayType.MINIPROG,
        "mchid": merchant.mchid,
        "private_key": merchant.private_key_pem,
        "cert_serial_no": merchant.serial,
        "apiv3_key": merchant.apiv3_key,
        "appid": APPID,
        "notify_url": notify_url,
        "public_key": sim.platform_public_key_pem,
        "public_key_id": sim.public_key_id,
        "timeout": (2, 3),
        **changes,
    }
    client = WeChatPay(**options)
    client._core._gate_way = sim.url
    return client


class Redirect(HTTPAdapter):
    """Sends what is meant for api.weixin.qq.com to the simulator."""

    def __init__(self, url):
        super().__init__()
        self.target = urlsplit(url)

    def send(self, request, **options):
        parts = urlsplit(request.url)
        request.url = urlunsplit((self.target.scheme, self.target.netloc, parts.path, parts.query, ""))
        return super().send(request, **options)


def mini_client(sim, secret=SECRET):
    client = WeChatClient(APPID, secret, timeout=3, auto_retry=False)
    client._http.mount("https://", Redirect(sim.url))
    return client


def order(client, number="T00001", total=1000, openid=BUYER, **more):
    return answer(client.pay("茶", number, {"total": total, "currency": "CNY"}, payer={"openid": openid}, **more))


def refund(client, number, amount, total=1000, out_trade_no="T00001"):
    amounts = {"refund": amount, "total": total, "currency": "CNY"}
    return answer(client.refund(number, amounts, out_trade_no=out_trade_no))


def transfer(client, number="B1", amount=5000, **more):
    values = {"transfer_scene_report_infos": INFOS, **more}
    return answer(client.mch_transfer_bills(number, "1005", SELLER, amount, "佣金", **values))


def answer(said):
    status, text = said
    return status, json.loads(text) if text else None


def bill(client, number="B1"):
    return answer(client.mch_transfer_bills_query(out_bill_no=number))[1]


def code_of(said):
    return said[0], said[1]["code"]


def callback(client, received):
    """Return what wechatpayv3 makes of a notification; None or an exception is a refusal."""
    headers, body = received
    return client.callback(headers, body)


def refused(client, received):
    try:
        return callback(client, received) is None
    except Exception:
        return True


def signed_headers(sim, method, path, body="", key=None, nonce="a" * 32, at=None, serial=None, mchid=None):
    """Return headers signed by hand, to sign them wrongly."""
    merchant = sim.merchant
    moment = int(time.time()) if at is None else at
    message = f"{method}\n{path}\n{moment}\n{nonce}\n{body}\n"
    signature = sign(key or merchant.private_key, message)
    fields = f'mchid="{mchid or merchant.mchid}",nonce_str="{nonce}",signature="{signature}",'
    fields += f'timestamp="{moment}",serial_no="{serial or merchant.serial}"'
    return {"Authorization": f"WECHATPAY2-SHA256-RSA2048 {fields}", "Accept": "application/json"}


# === Signatures ===


PATH = "/v3/pay/transactions/out-trade-no/T00001?mchid=1900000109"


def get(sim, path=PATH, sent=None, **options):
    return requests.get(sim.url + (sent or path), headers=signed_headers(sim, "GET", path, **options), timeout=3)


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


# === Orders ===


def test_order_pay_query(sim, pay):
    status, placed = order(pay, attach="来自小程序")
    assert status == 200 and placed["prepay_id"].startswith("wx")
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "NOTPAY"
    sim.pay(prepay_id=placed["prepay_id"])
    status, found = answer(pay.query(out_trade_no="T00001"))
    assert (status, found["trade_state"], found["amount"]["payer_total"]) == (200, "SUCCESS", 1000)
    assert found["payer"] == {"openid": BUYER} and found["attach"] == "来自小程序"
    assert answer(pay.query(transaction_id=found["transaction_id"]))[1] == found


def test_the_same_order_replays_and_a_changed_one_is_refused(sim, pay):
    first = order(pay)
    assert order(pay) == first
    assert code_of(order(pay, total=1001)) == (403, "OUT_TRADE_NO_USED")
    assert code_of(order(pay, attach="x")) == (403, "OUT_TRADE_NO_USED")
    sim.pay("T00001")
    assert code_of(order(pay)) == (400, "ORDERPAID")


def test_a_prepay_id_lives_two_hours(sim, pay):
    first = order(pay)[1]["prepay_id"]
    sim.move_clock(7199)
    assert order(pay)[1]["prepay_id"] == first
    sim.move_clock(1)
    with pytest.raises(ControlError, match="prepay_id"):
        sim.pay("T00001")
    assert order(pay)[1]["prepay_id"] != first
    sim.pay("T00001")


def test_an_order_is_not_paid_after_its_end(sim, pay):
    order(pay, time_expire=rfc3339(sim.clock.now() + 600))
    order(pay, "T00002", time_expire=rfc3339(sim.clock.now() + 600))
    sim.move_clock(590)
    sim.pay("T00001")
    sim.move_clock(20)
    with pytest.raises(ControlError, match="支付结束时间"):
        sim.pay("T00002")


def test_an_unpaid_order_closes_after_seven_days(sim, pay):
    order(pay)
    sim.move_clock(7 * DAY - 60)
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "NOTPAY"
    sim.move_clock(60)
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "CLOSED"


def test_close(sim, pay):
    order(pay)
    assert pay.close("T00001")[0] == 204
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "CLOSED"
    assert code_of(order(pay)) == (400, "ORDER_CLOSED")
    with pytest.raises(ControlError, match="CLOSED"):
        sim.pay("T00001")
    order(pay, "T00002")
    sim.pay("T00002")
    assert code_of(answer(pay.close("T00002"))) == (400, "ORDERPAID")
    assert code_of(answer(pay.close("T00003"))) == (404, "ORDER_NOT_EXIST")


def test_an_empty_204_is_signed(sim, pay, shop):
    order(pay)
    stranger = pay_client(sim, shop.url, public_key=public_pem(new_private_key()))
    with pytest.raises(Exception, match="verify"):
        stranger.close("T00001")


def test_while_the_user_types_his_password(sim, pay):
    order(pay)
    sim.pay("T00001", result="USERPAYING")
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "USERPAYING"
    assert code_of(answer(pay.close("T00001"))) == (202, "USERPAYING")
    sim.pay("T00001", result="PAYERROR")
    sim.pay("T00001")
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "SUCCESS"


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [
        ("T0001", {}, "PARAM_ERROR"),
        ("T" * 33, {}, "PARAM_ERROR"),
        ("T00001号", {}, "PARAM_ERROR"),
        ("T00001", {"total": 0}, "PARAM_ERROR"),
        ("T00001", {"total": 1.5}, "PARAM_ERROR"),
        ("T00001", {"openid": "oNobody"}, "PARAM_ERROR"),
        ("T00001", {"attach": "x" * 129}, "PARAM_ERROR"),
        ("T00001", {"time_expire": "2026-11-22 10:00"}, "PARAM_ERROR"),
        ("T00001", {"notify_url": "http://127.0.0.1/notify?order=1"}, "PARAM_ERROR"),
        ("T00001", {"appid": "wxother"}, "APPID_MCHID_NOT_MATCH"),
        ("T00001", {"mchid": "1900000110"}, "MCH_NOT_EXISTS"),
    ],
)
def test_formats_of_an_order(pay, number, more, code):
    assert code_of(order(pay, number, **more)) == (400, code)


def test_the_front_end_must_hold_a_good_pay_sign(sim, pay):
    prepay_id = order(pay)[1]["prepay_id"]
    params = {"appId": APPID, "timeStamp": "1700000000", "nonceStr": "n", "package": f"prepay_id={prepay_id}"}
    signed = pay.sign([APPID, "1700000000", "n", params["package"]])
    with pytest.raises(ControlError, match="签名"):
        sim.pay(pay_params={**params, "signType": "RSA", "paySign": signed, "nonceStr": "m"})
    with pytest.raises(ControlError, match="签名"):
        sim.pay(pay_params={**params, "signType": "MD5", "paySign": signed})
    assert sim.pay(pay_params={**params, "signType": "RSA", "paySign": signed})["trade_state"] == "SUCCESS"


def test_only_the_buyer_pays_and_only_what_he_has(sim, pay):
    order(pay, total=500)
    with pytest.raises(ControlError, match="openid"):
        sim.pay("T00001", openid=SELLER)
    sim.set_balance(499, openid=BUYER)
    with pytest.raises(ControlError, match="NOT_ENOUGH"):
        sim.pay("T00001")
    sim.set_balance(500, openid=BUYER)
    sim.pay("T00001")
    assert sim.ledger()["users"][BUYER] == 0


# === Refunds ===


def test_refunds_in_parts_up_to_the_total(sim, pay, shop):
    order(pay)
    assert code_of(refund(pay, "R0", 1)) == (400, "INVALID_REQUEST")
    sim.pay("T00001")
    status, first = refund(pay, "R1", 300)
    assert (status, first["status"], first["amount"]["payer_refund"]) == (200, "PROCESSING", 300)
    assert sim.wait_idle()
    assert answer(pay.query_refund("R1"))[1]["status"] == "SUCCESS"
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "REFUND"
    assert code_of(refund(pay, "R2", 701)) == (400, "INVALID_REQUEST")
    assert refund(pay, "R2", 700)[0] == 200
    assert code_of(refund(pay, "R3", 1)) == (400, "INVALID_REQUEST")
    told = [callback(pay, one) for one in shop.received if b"REFUND.SUCCESS" in one[1]]
    assert told[0]["resource"]["refund_status"] == "SUCCESS"
    assert told[0]["resource"]["amount"] == {"total": 1000, "refund": 300, "payer_total": 1000, "payer_refund": 300}


def test_the_same_refund_replays_and_a_changed_one_is_refused(sim, pay):
    sim.settings.refund_seconds = None
    order(pay)
    sim.pay("T00001")
    first = refund(pay, "R1", 300)
    assert refund(pay, "R1", 300) == first
    assert code_of(refund(pay, "R1", 301)) == (400, "INVALID_REQUEST")
    assert sim.ledger()["merchant"]["refunding"] == 300
    sim.finish_refund("R1")
    assert refund(pay, "R1", 300)[1]["status"] == "SUCCESS"
    assert sim.ledger()["merchant"]["refunding"] == 0


def test_what_cannot_be_refunded(sim, pay):
    order(pay)
    sim.pay("T00001")
    assert code_of(refund(pay, "R1", 300, total=900)) == (400, "INVALID_REQUEST")
    assert code_of(refund(pay, "R1", 300, out_trade_no="T00009")) == (404, "RESOURCE_NOT_EXISTS")
    assert code_of(answer(pay.query_refund("R9"))) == (404, "RESOURCE_NOT_EXISTS")
    sim.set_balance(299)
    assert code_of(refund(pay, "R1", 300)) == (403, "NOT_ENOUGH")
    sim.set_balance(300)
    assert refund(pay, "R1", 300)[0] == 200
    sim.set_balance(1000)
    sim.move_clock(365 * DAY)
    assert code_of(refund(pay, "R2", 300)) == (400, "INVALID_REQUEST")


def test_at_most_fifty_parts(sim, pay):
    order(pay)
    sim.pay("T00001")
    assert {refund(pay, f"R{part}", 1)[0] for part in range(50)} == {200}
    assert code_of(refund(pay, "R50", 1)) == (400, "INVALID_REQUEST")


def test_a_refund_may_close_or_become_abnormal(sim, pay, shop):
    order(pay)
    sim.pay("T00001")
    assert sim.wait_idle()
    sim.add_fault("refund_closed")
    refund(pay, "R1", 1000)
    assert sim.wait_idle()
    assert answer(pay.query_refund("R1"))[1]["status"] == "CLOSED"
    sim.add_fault("refund_abnormal")
    assert refund(pay, "R2", 1000)[0] == 200
    assert sim.wait_idle()
    assert answer(pay.query_refund("R2"))[1]["status"] == "ABNORMAL"
    assert [json.loads(body)["event_type"] for _, body in shop.received[1:]] == ["REFUND.CLOSED", "REFUND.ABNORMAL"]


# === Transfers ===


def test_a_transfer_waits_for_the_user(sim, pay, shop):
    status, asked = transfer(pay, amount=200_000, user_name="李小红")
    assert (status, asked["state"]) == (200, "WAIT_USER_CONFIRM")
    assert sim.ledger()["merchant"]["locked"] == 200_000
    before = sim.ledger()["users"][SELLER]
    sim.confirm_transfer(package=asked["package_info"], openid=SELLER)
    assert bill(pay)["state"] == "SUCCESS"
    assert sim.ledger()["users"][SELLER] == before + 200_000
    assert sim.wait_idle()
    told = callback(pay, shop.received[0])
    assert told["event_type"] == "MCHTRANSFER.BILL.FINISHED"
    assert told["resource"]["state"] == "SUCCESS" and told["resource"]["transfer_amount"] == 200_000
    by_id = answer(pay.mch_transfer_bills_query(transfer_bill_no=asked["transfer_bill_no"]))
    assert by_id == (200, bill(pay))


def test_the_same_transfer_replays_and_a_changed_one_is_refused(sim, pay):
    first = transfer(pay, user_name="李小红")
    assert transfer(pay, user_name="李小红") == first
    assert code_of(transfer(pay, user_name="李小绿")) == (400, "INVALID_REQUEST")
    assert code_of(transfer(pay, amount=5001, user_name="李小红")) == (400, "INVALID_REQUEST")
    assert sim.ledger()["merchant"]["locked"] == 5000
    sim.confirm_transfer("B1")
    assert transfer(pay, user_name="李小红")[1]["state"] == "SUCCESS"
    assert "package_info" not in transfer(pay, user_name="李小红")[1]


def test_a_wrong_name_fails_when_confirmed(sim, pay):
    transfer(pay, user_name="李小绿")
    sim.confirm_transfer("B1")
    assert (bill(pay)["state"], bill(pay)["fail_reason"]) == ("FAIL", "NAME_NOT_CORRECT")
    assert sim.ledger()["merchant"] == {"available": 10_000_000, "locked": 0, "refunding": 0, "unshipped": 0}


def test_a_name_encrypted_for_somebody_else_is_refused(sim, pay, shop):
    stranger = pay_client(sim, shop.url, public_key=public_pem(new_private_key()))
    assert code_of(transfer(stranger, user_name="李小红")) == (400, "PARAM_ERROR")
    assert transfer(pay, user_name="李小红")[0] == 200


def test_without_funds_the_same_number_may_be_tried_again(sim, pay):
    sim.set_balance(4999)
    assert code_of(transfer(pay)) == (403, "NOT_ENOUGH")
    assert code_of(answer(pay.mch_transfer_bills_query(out_bill_no="B1"))) == (404, "NOT_FOUND")
    sim.set_balance(5000)
    assert transfer(pay)[0] == 200
    assert sim.ledger()["merchant"]["available"] == 0


def test_a_transfer_expires_after_24_hours(sim, pay, shop):
    transfer(pay)
    sim.move_clock(DAY - 60)
    assert bill(pay)["state"] == "WAIT_USER_CONFIRM"
    sim.move_clock(60)
    assert (bill(pay)["state"], bill(pay)["fail_reason"]) == ("FAIL", "OVERDUE_CLOSE")
    assert sim.ledger()["merchant"] == {"available": 10_000_000, "locked": 0, "refunding": 0, "unshipped": 0}
    with pytest.raises(ControlError, match="FAIL"):
        sim.confirm_transfer("B1")
    assert sim.wait_idle()
    assert callback(pay, shop.received[0])["resource"]["fail_reason"] == "OVERDUE_CLOSE"


def test_a_transfer_can_be_queried_for_30_days(sim, pay):
    transfer(pay)
    sim.confirm_transfer("B1")
    sim.move_clock(30 * DAY - 60)
    assert bill(pay)["state"] == "SUCCESS"
    sim.move_clock(60)
    assert code_of(answer(pay.mch_transfer_bills_query(out_bill_no="B1"))) == (404, "NOT_FOUND")


def test_cancel_before_the_user_confirms(sim, pay, shop):
    sim.settings.cancel_seconds = None
    transfer(pay)
    status, said = answer(pay.mch_transfer_bills_cancel("B1"))
    assert (status, said["state"]) == (200, "CANCELING")
    with pytest.raises(ControlError, match="CANCELING"):
        sim.confirm_transfer("B1")
    sim.finish_cancel("B1")
    assert bill(pay)["state"] == "CANCELLED"
    assert sim.ledger()["merchant"]["available"] == 10_000_000
    transfer(pay, "B2")
    sim.confirm_transfer("B2")
    assert code_of(answer(pay.mch_transfer_bills_cancel("B2"))) == (400, "INVALID_REQUEST")


def test_cancel_races_confirm(sim, pay):
    transfer(pay)
    sim.add_fault("confirm_wins", contains="B1")
    assert answer(pay.mch_transfer_bills_cancel("B1"))[1]["state"] == "CANCELING"
    assert sim.wait_idle()
    assert bill(pay)["state"] == "SUCCESS"


def test_fail_after_transfering(sim, pay, shop):
    transfer(pay)
    sim.confirm_transfer("B1", result="TRANSFERING")
    assert bill(pay)["state"] == "TRANSFERING" and not shop.received
    sim.finish_transfer("B1", "FAIL", "ACCOUNT_FROZEN")
    assert (bill(pay)["state"], bill(pay)["fail_reason"]) == ("FAIL", "ACCOUNT_FROZEN")
    transfer(pay, "B2")
    sim.add_fault("fail_on_confirm", contains="B2")
    sim.confirm_transfer("B2")
    assert bill(pay, "B2")["state"] == "FAIL"
    transfer(pay, "B3")
    sim.refuse_transfer("B3")
    assert bill(pay, "B3")["state"] == "FAIL"
    assert sim.ledger()["merchant"]["available"] == 10_000_000


@pytest.mark.parametrize("state", ["ACCEPTED", "PROCESSING"])
def test_a_transfer_may_be_accepted_first(sim, pay, state):
    sim.add_fault("accepted", state=state)
    first = transfer(pay)[1]
    assert first["state"] == state and "package_info" not in first
    assert bill(pay)["state"] == "WAIT_USER_CONFIRM" and "package_info" not in bill(pay)
    assert transfer(pay)[1]["package_info"]


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [
        ("B-1", {}, "PARAM_ERROR"),
        ("B" * 33, {}, "PARAM_ERROR"),
        ("B1", {"amount": 0.5}, "PARAM_ERROR"),
        ("B1", {"notify_url": "http://127.0.0.1/x?y=1"}, "PARAM_ERROR"),
        ("B1", {"transfer_scene_report_infos": INFOS[:1]}, "INVALID_REQUEST"),
        ("B1", {"transfer_scene_report_infos": INFOS[::-1]}, "INVALID_REQUEST"),
        ("B1", {"transfer_scene_report_infos": None}, "PARAM_ERROR"),
        ("B1", {"user_recv_perception": "现金奖励"}, "INVALID_REQUEST"),
        ("B1", {"appid": "wxother"}, "INVALID_REQUEST"),
    ],
)
def test_formats_of_a_transfer(pay, number, more, code):
    assert code_of(transfer(pay, number, **more)) == (400, code)


def test_a_name_is_required_from_2000_yuan(sim, pay):
    body = {
        "appid": APPID, "out_bill_no": "B1", "transfer_scene_id": "1005", "openid": SELLER, "transfer_amount": 200_000,
        "transfer_remark": "佣金", "transfer_scene_report_infos": INFOS,
    }  # fmt: skip
    from_2000 = answer(pay._core.request(BILLS, RequestType.POST, body))
    assert code_of(from_2000) == (400, "PARAM_ERROR")
    assert answer(pay._core.request(BILLS, RequestType.POST, {**body, "transfer_amount": 199_999}))[0] == 200


# === Faults ===


@pytest.mark.parametrize(("kind", "effect"), [("timeout_before", False), ("timeout_after", True)])
def test_timeouts_before_and_after_accepting(sim, pay, monkeypatch, kind, effect):
    sim.add_fault(kind, path=BILLS, seconds=30)
    with monkeypatch.context() as patch:
        patch.setattr(pay._core, "_timeout", (1, 0.5))
        with pytest.raises(requests.exceptions.ReadTimeout):
            transfer(pay)
    assert (answer(pay.mch_transfer_bills_query(out_bill_no="B1"))[0] == 200) is effect
    assert transfer(pay)[1]["state"] == "WAIT_USER_CONFIRM"
    assert sim.ledger()["merchant"]["locked"] == 5000


def test_a_timeout_closes_the_connection_in_the_end(sim, pay):
    sim.add_fault("timeout_after", path=BILLS, seconds=0.1)
    with pytest.raises(requests.exceptions.ConnectionError, match="without response"):
        transfer(pay)
    assert bill(pay)["state"] == "WAIT_USER_CONFIRM"


@pytest.mark.parametrize(("kind", "effect"), [("reset_before", False), ("reset_after", True)])
def test_resets(sim, pay, kind, effect):
    sim.add_fault(kind, path=BILLS)
    with pytest.raises(requests.exceptions.ConnectionError, match="reset"):
        transfer(pay)
    assert bool(sim.state()["transfers"]) is effect


@pytest.mark.parametrize(("kind", "effect"), [("system_error", False), ("system_error_after", True)])
def test_system_errors_with_and_without_effect(sim, pay, kind, effect):
    sim.add_fault(kind, path=BILLS, method="POST")
    assert code_of(transfer(pay)) == (500, "SYSTEM_ERROR")
    assert bool(sim.state()["transfers"]) is effect
    assert transfer(pay)[0] == 200


@pytest.mark.parametrize("kind", ["bad_signature", "unsigned", "unknown_serial"])
def test_a_badly_signed_answer_took_effect(sim, pay, kind, monkeypatch):
    monkeypatch.setattr(pay._core, "_update_certificates", lambda: None)
    sim.add_fault(kind, path=BILLS)
    with pytest.raises(Exception, match="verify|algorithm"):
        transfer(pay)
    assert bill(pay)["state"] == "WAIT_USER_CONFIRM"


def test_refusals_on_demand(sim, pay):
    sim.add_fault("rate_limit", path="/v3/pay/*", times=2)
    assert [code_of(order(pay))[1], code_of(order(pay))[1]] == ["FREQUENCY_LIMITED"] * 2
    assert order(pay)[0] == 200
    sim.add_fault("not_enough", path=BILLS)
    assert code_of(transfer(pay)) == (403, "NOT_ENOUGH")
    sim.add_fault("error", status=403, code="NO_AUTH", message="商户无权限", times=None)
    assert [code_of(transfer(pay)) for _ in range(3)] == [(403, "NO_AUTH")] * 3
    sim.clear_faults()
    assert transfer(pay)[0] == 200


def test_an_html_502_and_a_stale_answer(sim, pay):
    sim.add_fault("html_502", path=JSAPI)
    status, text = pay.pay("茶", "T00001", {"total": 1}, payer={"openid": BUYER})
    assert status == 502 and b"Bad Gateway" in text
    order(pay)
    sim.add_fault("stale_answer")
    response = get(sim)
    assert abs(time.time() - 3600 - int(response.headers["Wechatpay-Timestamp"])) < 5


def test_a_fault_strikes_only_the_number_it_is_meant_for(sim, pay):
    sim.add_fault("system_error", contains="B2")
    assert transfer(pay, "B1")[0] == 200
    assert transfer(pay, "B2")[0] == 500
    with pytest.raises(ControlError, match="no such fault"):
        sim.add_fault("earthquake")


# === Notifications ===


def paid(sim, client, number="T00001"):
    order(client, number)
    sim.pay(number)
    assert sim.wait_idle()


def test_a_notification_is_signed_and_encrypted(sim, pay, shop):
    paid(sim, pay)
    [(headers, body)] = shop.received
    told = callback(pay, (headers, body))
    assert told["event_type"] == "TRANSACTION.SUCCESS" and told["summary"] == "支付成功"
    assert told["resource"] == answer(pay.query(out_trade_no="T00001"))[1]
    assert b"T00001" not in body
    assert headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
    [kept] = sim.notifications("T00001")
    assert (kept["state"], kept["attempts"][0]["status"]) == ("DELIVERED", 204)


def test_a_notification_is_repeated_until_answered(sim, pay, shop):
    shop.statuses = [500, 401, 200]
    paid(sim, pay)
    assert [attempt["status"] for attempt in sim.notifications()[0]["attempts"]] == [500, 401, 200]
    ids = {json.loads(body)["id"] for _, body in shop.received}
    assert len(ids) == 1 and all(callback(pay, one) for one in shop.received)
    shop.statuses = [500] * 9
    paid(sim, pay, "T00002")
    assert sim.notifications("T00002")[0]["state"] == "FAILED"
    assert len(sim.notifications("T00002")[0]["attempts"]) == 3


def test_an_answer_after_the_limit_counts_as_none(sim, pay, shop):
    sim.settings.answer_within = 0.1
    shop.seconds = 0.3
    paid(sim, pay)
    assert [attempt["status"] for attempt in sim.notifications()[0]["attempts"]] == [0, 0, 0]


def test_lost_and_sent_again(sim, pay, shop):
    sim.notify_as("lost")
    paid(sim, pay)
    assert not shop.received and sim.notifications()[0]["state"] == "LOST"
    assert sim.resend("T00001")["status"] == 204
    assert callback(pay, shop.received[0])["resource"]["trade_state"] == "SUCCESS"


def test_duplicates_one_after_the_other_and_at_once(sim, pay, shop):
    sim.notify_as("duplicate", n=3)
    paid(sim, pay)
    assert len(shop.received) == 3
    shop.seconds = 0.4
    sim.notify_as("concurrent", n=4)
    paid(sim, pay, "T00002")
    assert len(shop.received) == 7 and shop.most_inside == 4


def test_late_and_out_of_order(sim, pay, shop):
    sim.notify_as("late", seconds=0.3)
    started = time.monotonic()
    paid(sim, pay)
    assert time.monotonic() - started >= 0.3 and len(shop.received) == 1
    sim.notify_as("hold", "TRANSACTION.*", contains="T00002")
    paid(sim, pay, "T00002")
    paid(sim, pay, "T00003")
    assert sim.release_notifications("T00002") == {"released": 1}
    assert sim.wait_idle()
    order_of = [callback(pay, one)["resource"]["out_trade_no"] for one in shop.received]
    assert order_of == ["T00001", "T00003", "T00002"]


@pytest.mark.parametrize("kind", sorted(ENVELOPE - {"stale"}))
def test_a_forged_envelope_is_refused_by_the_library(sim, pay, shop, kind, monkeypatch):
    monkeypatch.setattr(pay._core, "_update_certificates", lambda: None)
    sim.notify_as(kind, genuine=True)
    paid(sim, pay)
    assert [refused(pay, one) for one in shop.received] == [True, False]
    assert [one["forgery"] for one in sim.notifications()[0]["attempts"]] == [kind, None]


def test_a_stale_notification_has_an_old_timestamp(sim, pay, shop):
    sim.notify_as("stale")
    paid(sim, pay)
    [(headers, _)] = shop.received
    assert time.time() - int(headers["Wechatpay-Timestamp"]) > 3500
    assert callback(pay, shop.received[0])["resource"]["out_trade_no"] == "T00001"


def test_rightly_signed_lies(sim, pay, shop):
    paid(sim, pay)
    transfer(pay)
    for kind in ("wrong_amount", "wrong_appid", "wrong_mchid", "wrong_openid"):
        sim.forge("T00001", kind)
    sim.forge("B1", "wrong_amount")
    sim.forge("B1", "changed", {"out_bill_no": "B2"})
    truth, amount, appid, mchid, openid, transferred, other = [callback(pay, one)["resource"] for one in shop.received]
    assert amount["amount"]["total"] == truth["amount"]["total"] + 1
    assert appid["appid"] != truth["appid"] and mchid["mchid"] != truth["mchid"] and openid["payer"] != truth["payer"]
    assert (transferred["transfer_amount"], transferred["state"]) == (5001, "SUCCESS")
    assert other["out_bill_no"] == "B2"


def test_a_success_that_never_was(sim, pay, shop):
    order(pay)
    assert sim.forge("T00001")["status"] == 204
    assert callback(pay, shop.received[0])["resource"]["trade_state"] == "SUCCESS"
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "NOTPAY"
    assert sim.ledger()["payments"]["T00001"]["state"] == "NOTPAY"


@pytest.mark.parametrize("url", ["https://shop.example.com/notify", "http://192.0.2.1/notify", "https://127.0.0.1/x"])
def test_only_loopback_is_notified(sim, pay, url):
    sim.settings.answer_within = 0.2
    order(pay, notify_url=url)
    sim.pay("T00001")
    assert sim.wait_idle()
    assert {attempt["said"] for attempt in sim.notifications()[0]["attempts"]} == {
        "not delivered: only http to loopback addresses"
    }


# === Books ===


def test_the_ledger_sums_up(sim, pay):
    order(pay, total=1000)
    sim.pay("T00001")
    refund(pay, "R1", 300)
    transfer(pay, "B1", 200)
    transfer(pay, "B2", 400)
    sim.confirm_transfer("B1")
    assert sim.wait_idle()
    books = sim.ledger()
    assert books["merchant"] == {
        "available": 10_000_000 + 1000 - 300 - 200 - 400,
        "locked": 400,
        "refunding": 0,
        "unshipped": 0,
    }
    assert books["users"] == {BUYER: 10_000_000 - 1000 + 300, SELLER: 10_000_000 + 200}
    balances = sim.state()["balances"]
    assert sum(balances.values()) == 0
    assert all(amount >= 0 for account, amount in balances.items() if account != "outside")
    assert books["payments"]["T00001"]["amount"] == 1000
    assert books["refunds"]["R1"] == {"state": "SUCCESS", "amount": 300, "out_trade_no": "T00001"}
    assert books["transfers"]["B2"] == {"state": "WAIT_USER_CONFIRM", "amount": 400, "openid": SELLER}


def test_bills_agree_with_the_ledger(sim, pay):
    order(pay)
    sim.pay("T00001")
    refund(pay, "R1", 300)
    transfer(pay, "B1", 200)
    assert sim.wait_idle()
    today = rfc3339(sim.clock.now())[:10]
    assert code_of(answer(pay.trade_bill(today))) == (400, "INVALID_REQUEST")
    sim.move_clock(DAY)
    status, offer = answer(pay.trade_bill(today))
    zipped = pay.download_bill(offer["download_url"])[1]
    text = gzip.decompress(zipped)
    assert status == 200 and hashlib.sha1(text).hexdigest() == offer["hash_value"]
    assert text.decode().splitlines()[-1] == "`2,`10.00,`3.00,`0.00,`0.00000,`10.00,`3.00"
    offer = answer(pay.fundflow_bill(today, tar_type=""))[1]
    lines = pay.download_bill(offer["download_url"])[1].decode().splitlines()
    assert lines[-1] == "`4,`2,`100010.00,`2,`5.00"
    assert lines[-3].split(",")[7] == "`100005.00"
    assert code_of(answer(pay.trade_bill("2020-01-01"))) == (400, "NO_STATEMENT_EXIST")


def test_twenty_at_once(sim, pay, monkeypatch):
    number = sim.world.numbers.digits
    # Between looking for the number and keeping it, so that what is not guarded goes wrong.
    monkeypatch.setattr(sim.world.numbers, "digits", lambda *args: time.sleep(0.01) or number(*args))
    with ThreadPoolExecutor(20) as pool:
        same = list(pool.map(lambda _: transfer(pay), range(20)))
        assert len({said["package_info"] for status, said in same if status == 200}) == 1
        assert sim.ledger()["merchant"]["locked"] == 5000
        sim.set_balance(10 * 5000)
        others = list(pool.map(lambda turn: transfer(pay, f"C{turn}")[0], range(20)))
    assert sorted(others) == [200] * 10 + [403] * 10
    assert sim.ledger()["merchant"] == {"available": 0, "locked": 11 * 5000, "refunding": 0, "unshipped": 0}


def test_the_same_seed_gives_the_same_numbers():
    codes = []
    for _ in range(2):
        with Simulator(seed=3) as one:
            one.app(APPID, SECRET)
            codes.append((one.register_user("A")["openid"], one.login_code(next(iter(one.ledger()["users"])))["code"]))
    assert codes[0] == codes[1]


def test_a_restart_keeps_keys_and_state(tmp_path, shop):
    with Simulator(directory=tmp_path, refund_seconds=60) as first:
        first.app(APPID, SECRET)
        first.register_user("买家", openid=BUYER)
        client = pay_client(first, shop.url)
        order(client)
        first.pay("T00001")
        refund(client, "R1", 300)
        first.move_clock(60)
        books, serial = first.ledger(), first.merchant.serial
    with Simulator(directory=tmp_path, refund_seconds=0) as second:
        client._core._gate_way = second.url
        assert second.merchant.serial == serial and second.clock.offset == 60
        assert second.ledger()["payments"] == books["payments"]
        assert second.wait_idle()
        assert answer(client.query_refund("R1"))[1]["status"] == "SUCCESS"
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


# === The mini-program ===


def errcode(call, *args, **kwargs):
    with pytest.raises(WeChatClientException) as caught:
        call(*args, **kwargs)
    return caught.value.errcode


def post(client, path, **values):
    return client.post(f"https://api.weixin.qq.com{path}", data=values)


def test_a_login_code_serves_once_for_five_minutes(sim, mini):
    code = sim.login_code(BUYER)["code"]
    session = mini.wxa.code_to_session(code)
    assert (session["openid"], session["unionid"]) == (BUYER, "uBuyer") and session["session_key"]
    assert errcode(mini.wxa.code_to_session, code) == 40163
    assert errcode(mini.wxa.code_to_session, "none") == 40029
    late = sim.login_code(BUYER)["code"]
    sim.move_clock(301)
    assert errcode(mini.wxa.code_to_session, late) == 40029
    assert errcode(mini.wxa.code_to_session, sim.phone_code(BUYER)["code"]) == 40029
    sim.register_user("被封", openid="oBlocked", blocked=True)
    assert errcode(mini.wxa.code_to_session, sim.login_code("oBlocked")["code"]) == 40226


def test_a_phone_code_serves_once(sim, mini):
    code = sim.phone_code(BUYER)["code"]
    got = post(mini, "/wxa/business/getuserphonenumber", code=code)
    assert got["phone_info"]["purePhoneNumber"] == "13800000001"
    assert got["phone_info"]["watermark"]["appid"] == APPID
    assert errcode(post, mini, "/wxa/business/getuserphonenumber", code=code) == 40029
    assert errcode(post, mini, "/wxa/business/getuserphonenumber", code=sim.login_code(BUYER)["code"]) == 40029


def test_access_tokens(sim, mini):
    ask = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
    plain = [requests.get(sim.url + "/cgi-bin/token", ask, timeout=3).json()["access_token"] for _ in range(2)]
    stable = [
        requests.post(sim.url + "/cgi-bin/stable_token", json=ask, timeout=3).json()["access_token"] for _ in "12"
    ]
    assert plain[0] != plain[1] and stable[0] == stable[1]

    def code(token):
        url = f"{sim.url}/wxa/business/getuserphonenumber?access_token={token}"
        return requests.post(url, json={"code": "x"}, timeout=3).json()["errcode"]

    assert {code(token) for token in (*plain, *stable)} == {40029}
    sim.move_clock(301)
    assert [code(plain[0]), code(plain[1]), code(stable[0])] == [42001, 40029, 40029]
    forced = requests.post(sim.url + "/cgi-bin/stable_token", json={**ask, "force_refresh": True}, timeout=3).json()
    assert code(stable[0]) == 40001 and code(forced["access_token"]) == 40029
    sim.invalidate_tokens(APPID)
    assert code(forced["access_token"]) == 40001 and code("") == 41001
    assert errcode(mini_client(sim, "wrong").fetch_access_token) == 40125


def test_a_token_may_be_refused_once_or_for_ever(sim, mini):
    sim.add_fault("errcode", path="/wxa/*", errcode=40001, errmsg="invalid credential")
    code = sim.phone_code(BUYER)["code"]
    assert errcode(post, mini, "/wxa/business/getuserphonenumber", code=code) == 40001
    assert post(mini, "/wxa/business/getuserphonenumber", code=code)["phone_info"]
    sim.add_fault("errcode", path="/wxa/*", errcode=40001, times=None)
    assert [errcode(post, mini, "/wxa/getwxacodeunlimit", scene="a") for _ in range(3)] == [40001] * 3


def test_other_troubles_of_the_api(sim, mini):
    sim.add_fault("errcode", path="/wxa/*", errcode=-1)
    assert errcode(mini.wxa.get_wxa_code_unlimited, "a") == -1
    sim.add_fault("errcode", path="/wxa/*", errcode=45009)
    with pytest.raises(APILimitedException):
        mini.wxa.get_wxa_code_unlimited("a")
    sim.add_fault("html_502", path="/wxa/*")
    assert errcode(mini.wxa.get_wxa_code_unlimited, "a") is None


def test_a_mini_program_code_is_a_png(sim, mini):
    image = mini.wxa.get_wxa_code_unlimited("s=1&d=A", page="pages/index")
    assert image.headers["Content-Type"] == "image/png"
    assert image.content.startswith(b"\x89PNG\r\n") and image.content != mini.wxa.get_wxa_code_unlimited("s=2").content
    width, height = struct.unpack(">II", image.content[16:24])
    assert width == height and 280 <= width <= 430
    assert errcode(mini.wxa.get_wxa_code_unlimited, "x" * 33) == 40169
    assert errcode(mini.wxa.get_wxa_code_unlimited, "中文") == 40169
    sim.settings.pages = ("pages/index",)
    assert errcode(mini.wxa.get_wxa_code_unlimited, "a", page="pages/none") == 41030


def test_a_subscribed_message_is_sent_once(sim, mini):
    data = {"thing1": {"value": "佣金到账"}, "amount2": {"value": "¥5.00"}}
    assert errcode(mini.wxa.send_subscribe_message, SELLER, "TPL", data) == 43101
    sim.subscribe(SELLER, "TPL")
    assert errcode(mini.wxa.send_subscribe_message, SELLER, "TPL", {"thing1": {"value": "佣" * 21}}) == 47003
    assert errcode(mini.wxa.send_subscribe_message, "oNobody", "TPL", data) == 40003
    mini.wxa.send_subscribe_message(SELLER, "TPL", data)
    assert sim.state()["messages"][0]["data"] == data
    assert errcode(mini.wxa.send_subscribe_message, SELLER, "TPL", data) == 43101


def test_contents_are_checked(sim, mini):
    check = {"openid": BUYER, "version": 2, "scene": 2}
    assert errcode(post, mini, "/wxa/msg_sec_check", content="好茶", **check) == 61010
    mini.wxa.code_to_session(sim.login_code(BUYER)["code"])
    assert post(mini, "/wxa/msg_sec_check", content="好茶", **check)["result"]["suggest"] == "pass"
    assert post(mini, "/wxa/msg_sec_check", content="赌博", **check)["result"]["suggest"] == "risky"
    sim.move_clock(7201)
    mini.fetch_access_token()
    assert errcode(post, mini, "/wxa/msg_sec_check", content="好茶", **check) == 61010


def test_shipping_is_reported_for_paid_orders(sim, pay, mini):
    order(pay)
    key = {"order_number_type": 1, "mchid": sim.merchant.mchid, "out_trade_no": "T00001"}
    more = {
        "logistics_type": 1, "delivery_mode": 1, "shipping_list": [{"item_desc": "茶"}], "upload_time": "x",
        "payer": {"openid": BUYER},
    }  # fmt: skip
    assert errcode(post, mini, "/wxa/sec/order/upload_shipping_info", order_key=key, **more) == 10060001
    sim.pay("T00001")
    post(mini, "/wxa/sec/order/upload_shipping_info", order_key=key, **more)
    assert sim.state()["orders"][0]["shipped"]


def test_money_stays_frozen_until_the_shipment_is_reported(sim, pay, mini):
    sim.settings.freeze_until_shipped = True
    sim.set_balance(0)
    order(pay)
    sim.pay("T00001")
    assert code_of(transfer(pay, amount=100)) == (403, "NOT_ENOUGH")
    assert refund(pay, "R1", 300)[0] == 200
    sim.add_fault("refund_closed", contains="R2")
    assert refund(pay, "R2", 200)[0] == 200
    assert sim.wait_idle()
    assert sim.ledger()["merchant"] == {"available": 0, "locked": 0, "refunding": 0, "unshipped": 700}
    key = {"order_number_type": 2, "transaction_id": sim.ledger()["payments"]["T00001"]["transaction_id"]}
    more = {"logistics_type": 4, "delivery_mode": 1, "shipping_list": [{"item_desc": "茶"}], "upload_time": "x"}
    post(mini, "/wxa/sec/order/upload_shipping_info", order_key=key, payer={"openid": BUYER}, **more)
    assert sim.ledger()["merchant"]["available"] == 700
    assert transfer(pay, amount=100)[0] == 200


def test_escaped_contents_are_not_understood(sim, mini):
    mini.wxa.code_to_session(sim.login_code(BUYER)["code"])
    values = {"openid": BUYER, "version": 2, "scene": 2, "content": "赌博"}
    url = f"{sim.url}/wxa/msg_sec_check?access_token={mini.access_token}"
    assert requests.post(url, data=json.dumps(values), timeout=3).json()["result"]["suggest"] == "pass"
    raw = json.dumps(values, ensure_ascii=False).encode()
    assert requests.post(url, data=raw, timeout=3).json()["result"]["suggest"] == "risky"


# === Control and page ===


def control(sim, call, **values):
    return requests.post(f"{sim.url}/simulator/{call}", json=values, timeout=3)


def test_the_control_calls_over_http(sim, pay):
    user = control(sim, "register-user", name="新人", phone="13900000000").json()
    assert mini_client(sim).wxa.code_to_session(control(sim, "login-code", openid=user["openid"]).json()["code"])
    order(pay)
    assert control(sim, "pay", out_trade_no="T00001").json()["trade_state"] == "SUCCESS"
    again = control(sim, "pay", out_trade_no="T00001")
    assert again.status_code == 400 and "SUCCESS" in again.json()["error"]
    assert control(sim, "move-clock", seconds=60).json()["offset"] == pytest.approx(60)
    assert requests.get(sim.url + "/simulator/ledger", timeout=3).json()["payments"]["T00001"]["state"] == "SUCCESS"
    assert requests.get(sim.url + "/simulator/credentials", timeout=3).json()["mchid"] == sim.merchant.mchid
    assert control(sim, "add-fault", kind="system_error", path=JSAPI).status_code == 200
    assert order(pay, "T00002")[0] == 500
    assert control(sim, "stop").status_code == 404
    assert requests.get(sim.url + "/simulator/reset", timeout=3).status_code == 404
    assert control(sim, "pay", nonsense=1).status_code == 400
    control(sim, "reset")
    assert sim.ledger()["payments"] == {} and sim.clock.offset == 0


def test_pages_from_elsewhere_may_not_play(sim):
    for path in ("/simulator/reset", "/page/user", JSAPI):
        for origin in ("https://evil.example", "null"):
            response = requests.post(sim.url + path, headers={"Origin": origin}, timeout=3)
            assert response.status_code == 403
    ours = requests.get(sim.url + "/simulator/state", headers={"Origin": "http://localhost:8069"}, timeout=3)
    assert ours.headers["Access-Control-Allow-Origin"] == "http://localhost:8069"


def page(sim, **query):
    response = requests.get(sim.url + "/", params=query, timeout=3)
    assert response.status_code == 200
    return response.text


def press(sim, button, **form):
    return requests.post(f"{sim.url}/page/{button}", data=form, timeout=3).text


def test_the_page_acts_as_the_user(sim, pay):
    answer(pay.pay("<b>茶</b>", "T00001", {"total": 1234}, payer={"openid": BUYER}))
    transfer(pay)
    assert "&lt;b&gt;茶&lt;/b&gt;" in page(sim, user=BUYER) and "<b>" not in page(sim, user=BUYER)
    assert "¥12.34" in page(sim, user=BUYER) and "¥12.34" not in page(sim, user=SELLER)
    assert "−¥12.34" not in page(sim, user=BUYER)
    assert "已支付" in press(sim, "pay", user=BUYER, out_trade_no="T00001")
    assert sim.ledger()["payments"]["T00001"]["state"] == "SUCCESS"
    assert "−¥12.34" in page(sim, user=BUYER)
    assert 'role="alert"' in press(sim, "confirm", user=BUYER, out_bill_no="B1")
    assert "已确认收款" in press(sim, "confirm", user=SELLER, out_bill_no="B1")
    assert sim.ledger()["transfers"]["B1"]["state"] == "SUCCESS"
    transfer(pay, "B2")
    press(sim, "refuse", user=SELLER, out_bill_no="B2")
    assert sim.ledger()["transfers"]["B2"]["state"] == "FAIL"
    assert "login code: " in press(sim, "code", user=BUYER, kind="login")
    assert "新人" in press(sim, "user", name="新人", phone="13900000000")
    assert "TRANSACTION.SUCCESS T00001" in page(sim)
    assert requests.post(sim.url + "/page/none", timeout=3).status_code == 404


def test_the_module_runs_as_a_program(tmp_path):
    command = [sys.executable, "-m", "wechat_simulator", "--port", "0", "--state", str(tmp_path), "--secret", "s"]
    with subprocess.Popen(command, cwd=Path(__file__).parent, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split(" on ")[1].split()[0]
            assert "WeChat simulator" in requests.get(url, timeout=3).text
        finally:
            process.terminate()
        assert process.wait(5) == 0
