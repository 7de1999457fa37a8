# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A merchant with its clients, and WeChat for each test."""

import pytest

from .. import Simulator
from .clients import APPID, BUYER, SECRET, SELLER, Shop, mini_client, pay_client


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


@pytest.fixture(scope="session")
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
