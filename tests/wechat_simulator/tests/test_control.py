# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The control calls, the page, and the simulator as a program."""

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from .clients import BUYER, JSAPI, SELLER, answer, mini_client, order, transfer


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
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split(" on ")[1].split()[0]
            assert "WeChat simulator" in requests.get(url, timeout=3).text
        finally:
            process.terminate()
        assert process.wait(5) == 0
