# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Three people and a merchant, from a scanned code to confirmed money: the people by HTTP only, on the live server.

Ada recruits Ben, Ben recommends tea to Cleo. Cleo buys five boxes at 188.00, receives them and sends one back.
Level 1 gets 10 %, level 2 gets 5 %: of the four boxes kept, 752.00, Ben earns 75.20 and Ada 37.60.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from odoo.tests import freeze_time

from support.live import APP_ID
from support.money_out import QUERY, SEND

LOOK = "distribution_commission.work_off_events_cron"


def ok(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def accept(live, person):
    """Let the merchant accept an application."""
    with live.env() as env:
        member = env["distribution.distributor"].search([("partner_id", "=", person.partner_id)])
        assert member.state == "draft"
        member.action_activate()
        return member.id


def scan(live, person, scene):
    """Open the mini-program by a code that was scanned: the login brings the scene."""
    code = live.simulator.login_code(person.open_id)["code"]
    return ok(live.call("POST", "/sessions", {"app_id": APP_ID, "code": code, "scene": scene}), 201)["binding"]


def summary(person, **expected):
    found = ok(person.get("/me/summary"))
    assert {name: found[name] for name in expected} == expected, found
    return found


def pockets_of(live, *people):
    """Return what people have in WeChat, in CNY."""
    users = live.simulator.ledger()["users"]
    return [Decimal(users[person.open_id]) / 100 for person in people]


def wallet_of(live):
    """Return what the merchant has at WeChat Pay, in CNY, what is frozen there included."""
    return Decimal(sum(live.simulator.ledger()["merchant"].values())) / 100


def take_back(live, order_id, quantity):
    """Record in Odoo that pieces came back."""
    with live.env() as env:
        picking = env["sale.order"].browse(order_id).picking_ids
        wizard = env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking").create({})
        wizard.product_return_moves.write({"quantity": quantity, "to_refund": True})
        back = env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.write({"quantity": quantity, "picked": True})
        back.button_validate()


def settle_after_the_hold(live):
    """Let eight days pass for the merchant's scheduled actions."""
    with freeze_time(datetime.now(UTC) + timedelta(days=8)), live.env() as env:
        program = env["distribution.program"].browse(live.program_id)
        env["distribution.commission.entry"]._release(program)
        env["distribution.settlement"]._create_from_due(program).action_post()


@pytest.fixture
def merchant(live):
    """Yield the live merchant as one is set up: commission follows in the background."""
    with live.env() as env:
        env.company.is_commission_in_background = True
    yield live
    with live.env() as env:
        env.company.is_commission_in_background = False


def test_from_a_scanned_code_to_confirmed_money(merchant):
    live = merchant
    ada, ben, cleo = live.person("Ada"), live.person("Ben"), live.person("Cleo")
    tea = live.create_product("Spring Tea", quantity=20, price=188.0)
    wallet, pockets = wallet_of(live), pockets_of(live, ada, ben, cleo)

    # Recruit: Ada joins, and Ben by her code.
    ok(ada.post("/me/distributor", {"agreement_accepted": True}))
    assert ok(ada.get("/me/distributor"))["state"] == "draft"
    accept(live, ada)
    recruiting = ok(ada.post("/me/codes", {"purpose": "recruit"}))
    scan(live, ben, recruiting["scene"])
    ok(ben.post("/me/distributor", {"agreement_accepted": True}))
    accept(live, ben)
    assert ok(ben.get("/me/distributor"))["upline"]
    assert [level["count"] for level in summary(ada)["team"]] == [1, 0, 0]

    # Scan: Ben shows what he earns on the tea, and Cleo scans his code.
    with live.env() as env:
        template_id = env["product.product"].browse(tea).product_tmpl_id.id
    assert ok(ben.get(f"/products/{template_id}"))["variants"][0]["earn"] == "18.80"
    code = ok(ben.post("/me/codes", {"purpose": "product", "product_id": template_id}))
    assert len(ok(ben.get(f"/me/codes/{code['scene']}/image"))["image"]) > 100
    binding = scan(live, cleo, code["scene"])
    assert (binding["outcome"], binding["product_id"]) == ("bound", template_id)

    # Buy and pay.
    ok(cleo.call("PUT", f"/cart/{tea}", {"quantity": 5}))
    assert ok(cleo.post("/orders/preview", {}))["total"] == "940.00"
    order = ok(cleo.post("/orders", {}), 201)
    parameters = ok(cleo.post(f"/orders/{order['id']}/pay"))["parameters"]
    live.simulator.pay(pay_params=parameters, openid=cleo.open_id)
    assert live.simulator.wait_idle(20)
    assert ok(cleo.get(f"/orders/{order['id']}"))["status"] == "to_ship"
    summary(ben, pending="94.00", held="0.00", orders=1, customers=1)
    summary(ada, pending="47.00")

    # Ship and receive.
    live.ship(order["id"])
    summary(ben, pending="94.00", held="0.00")
    ok(cleo.post(f"/orders/{order['id']}/receipt"))
    live.run_cron(LOOK)
    summary(ben, pending="0.00", held="94.00")

    # Return a part: the goods come back, the money goes back.
    asked = ok(
        cleo.post(
            f"/orders/{order['id']}/refund-requests",
            {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}], "reason": "受潮", "goods_come_back": True},
        ),
        201,
    )
    take_back(live, order["id"], 1)
    with live.env() as env:
        action = env["distribution.refund.request"].browse(asked["id"]).action_approve()
        env[action["res_model"]].with_context(action["context"]).create({}).action_confirm()
    assert live.simulator.wait_idle(20)
    assert ok(cleo.get(f"/orders/{order['id']}"))["refunded"] == "188.00"
    assert ok(cleo.get(f"/orders/{order['id']}/refund-requests"))["items"][0]["status"] == "refunded"
    live.run_cron(LOOK)
    summary(ben, held="75.20", taken_back="18.80")
    summary(ada, held="37.60", taken_back="9.40")

    # Hold over, settle.
    settle_after_the_hold(live)
    summary(ben, held="0.00", due="0.00", available="75.20")
    entries = ok(ben.get("/me/entries"))["items"]
    assert [(entry["kind"], entry["amount"]) for entry in entries] == [("clawback", "-18.80"), ("earning", "94.00")]
    assert "752.00" in entries[0]["why"]
    assert entries[0]["reason"] == "returned"

    # Withdraw and confirm.
    assert ok(ben.get("/me/withdrawals/quote"))["net"] == "75.20"
    wanted = {person: ok(person.post("/me/withdrawals", {"all": True}), 201) for person in (ben, ada)}
    summary(ben, available="0.00", in_withdrawal="75.20", waiting_confirmation="0.00")
    with live.env() as env:
        wizard = env["distribution.withdrawal.approve"].with_context(active_ids=[w["id"] for w in wanted.values()])
        wizard.create({}).action_approve()
    live.run_cron(SEND)
    summary(ben, in_withdrawal="0.00", waiting_confirmation="75.20", paid="0.00")
    for person, withdrawal in wanted.items():
        parameters = ok(person.get(f"/me/withdrawals/{withdrawal['id']}/confirmation"))
        live.simulator.confirm_transfer(package=parameters["package"], openid=person.open_id)
    assert live.simulator.wait_idle(20)
    live.run_cron(QUERY)
    summary(ben, waiting_confirmation="0.00", paid="75.20", available="0.00", debt="0.00")
    summary(ada, paid="37.60", available="0.00", debt="0.00")

    gained = [after - before for before, after in zip(pockets, pockets_of(live, ada, ben, cleo), strict=True)]
    assert gained == [Decimal("37.60"), Decimal("75.20"), Decimal("-752.00")]
    assert_books_agree(live, order["id"], wallet)


def assert_books_agree(live, order_id, wallet_before):
    """Compare Odoo's books with WeChat's, to the fen."""
    kept = Decimal("940.00") - Decimal("188.00") - Decimal("75.20") - Decimal("37.60")
    assert wallet_of(live) - wallet_before == kept
    with live.env() as env:
        order = env["sale.order"].browse(order_id)
        payments = (order.transaction_ids | order.transaction_ids.child_transaction_ids).payment_id
        signed = [p.amount if p.payment_type == "inbound" else -p.amount for p in payments]
        assert Decimal(str(sum(signed))) == Decimal("752.00")
        assert env["distribution.account"]._get_book_differences(env.company) == []
        balances = env["account.move.line"]._read_group(
            [("company_id", "=", live.company_id), ("parent_state", "=", "posted")], ["move_id"], ["balance:sum"]
        )
        assert all(env.company.currency_id.is_zero(balance) for _move, balance in balances)
        commission = env["account.move.line"].search(
            [("company_id", "=", live.company_id), ("account_id", "=", env.company.commission_payable_account_id.id)]
        )
        assert env.company.currency_id.is_zero(sum(commission.mapped("balance")))
        assert all(commission.mapped("partner_id")) and all(commission.mapped("reconciled"))
