# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The mini-program's server API."""

import json
import struct

import pytest
import requests
from wechatpy.exceptions import APILimitedException, WeChatClientException

from .clients import APPID, BUYER, SECRET, SELLER, code_of, mini_client, order, refund, transfer


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
