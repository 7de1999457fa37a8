# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The books: they sum up, many at once and after a restart."""

import gzip
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

from .. import Simulator
from ..clock import rfc3339
from .clients import APPID, BUYER, DAY, SECRET, SELLER, answer, code_of, order, pay_client, refund, transfer


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
