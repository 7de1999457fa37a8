# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The demo's phone in a real browser: a customer buys, and the whole journey from recruiting to confirmed money."""

import pytest
import requests
from wechat_simulator import Simulator

from support.phone import browser, phones


@pytest.fixture(scope="module")
def chromium():
    with browser() as program:
        yield program


@pytest.fixture
def pick_up(live, chromium):
    with phones(live, chromium) as pick_up:
        yield pick_up


def test_customer_fills_the_cart_and_orders(live, pick_up):
    live.create_product("Jasmine Pearls", price=66.6)
    phone = pick_up("Carla")
    phone.tap("Jasmine Pearls")
    phone.read("¥66.60")
    phone.tap("+")
    phone.tap("加入购物车")
    phone.read("已加入购物车")
    phone.open("cart")
    phone.tap("结算")
    phone.read("¥133.20")
    phone.tap("提交订单")
    phone.read("待付款")
    with live.env() as env:
        order = env["sale.order"].search([("partner_id", "=", partner_of(env, "Carla").id)])
        assert (order.amount_total, order.order_line.product_uom_qty) == (133.2, 2)


def test_shop_says_what_is_wrong(live, pick_up):
    phone = pick_up("Wanda")
    with phone.page.expect_response("**/products/999999") as refused:
        phone.open("product/999999")
    phone.read(refused.value.json()["detail"])


def test_whole_journey(live, pick_up):
    live.create_product("White Peony", price=200.0)
    anna = pick_up("Anna")
    anna.open("centre")
    anna.page.check("#agreed")
    anna.tap("申请")
    anna.read("申请审核中")
    with live.env() as env:
        env["distribution.distributor"].search([("partner_id", "=", partner_of(env, "Anna").id)]).action_activate()
    anna.open("code/shop")
    bert = pick_up("Bert", scene=anna.page.inner_text(".scene"))
    bert.read("是您的推荐人")

    bert.tap("White Peony")
    bert.tap("立即购买")
    bert.tap("提交订单")
    bert.tap("确认支付")
    bert.read("待发货")
    order_id = int(bert.page.url.rsplit("/", 1)[1])
    live.ship(order_id)
    bert.open(f"order/{order_id}")
    bert.tap("确认收货")
    bert.read("已完成")

    anna.open("entries/held")
    anna.read("¥20.00")
    with live.env() as env:
        end_hold_and_settle(env, env["sale.order"].browse(order_id))
    anna.open("withdraw")
    anna.tap("试算")
    anna.tap("确认提现 ¥20.00")
    anna.read("审核中")
    with live.env() as env:
        approve_withdrawals(env)
    live.run_cron("distribution_wechat.send_transfers_cron")
    anna.open("withdraw")
    anna.tap("确认收款")
    anna.read("已打款")
    assert live.simulator.ledger()["users"]["oAnna"] == live.simulator.settings.user_balance + 2000


def test_phone_without_a_shop_says_so():
    with Simulator() as simulator:
        assert requests.get(f"{simulator.url}/phone/", timeout=10).ok
        for name in ("phone.py", "..%2Fidentity.py", "../identity.py"):
            assert requests.get(f"{simulator.url}/phone/{name}", timeout=10).status_code == 404
        url = f"{simulator.url}/phone/api/cart"
        assert requests.get(url, timeout=10).json()["code"] == "no_shop"
        # Port 9 (discard) is nobody's.
        simulator.settings.shop_url = "http://127.0.0.1:9"
        answer = requests.get(url, timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (502, "shop_unavailable")


def partner_of(env, name):
    return env["distribution.wechat.identity"].search([("open_id", "=", f"o{name}")]).partner_id


def end_hold_and_settle(env, order):
    entries = order.commission_term_ids.entry_ids
    program = entries.program_id
    entries.write({"release_date": program._get_business_date()})
    entries._release(program)
    env["distribution.settlement"]._create_from_due(program, entries.distributor_id).action_post()


def approve_withdrawals(env):
    requested = env["distribution.withdrawal"].search([("state", "=", "requested")])
    wizards = env["distribution.withdrawal.approve"].with_context(active_ids=requested.ids)
    wizards.create({}).action_approve()
