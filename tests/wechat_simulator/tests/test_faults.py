# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What goes wrong on demand."""

import time

import pytest
import requests

from .. import ControlError
from .clients import BILLS, BUYER, JSAPI, answer, bill, code_of, get, order, transfer


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
