# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The shop over HTTP: what is for sale, cart, orders, stock that is kept, refund requests."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from wechat_simulator import ControlError

from odoo import fields
from odoo.exceptions import AccessError, UserError

from support.payments import pay
from support.samples.shop import new_order

REFUND = "*/refund/domestic/refunds"


@pytest.fixture
def buyer(live):
    return live.person("Buyer")


def order(person, variant_id, quantity=1, status=201, **more):
    answer = person.post("/orders", {"lines": [{"variant_id": variant_id, "quantity": quantity}], **more})
    assert answer.status_code == status, answer.text
    return answer.json()


def template_of(live, variant_id):
    with live.env() as env:
        return env["product.product"].browse(variant_id).product_tmpl_id.id


# === CATALOGUE === #


def test_variants_have_prices_stock_and_what_a_distributor_earns(live, buyer):
    with live.env() as env:
        attribute = env["product.attribute"].create(
            {
                "name": "Size",
                "value_ids": [(0, 0, {"name": "50 g"}), (0, 0, {"name": "100 g", "default_extra_price": 50})],
            }
        )
        template = env["product.template"].create(
            {
                "name": "Pu'er",
                "is_storable": True,
                "list_price": 80.0,
                "taxes_id": False,
                "is_published": True,
                "allow_out_of_stock_order": False,
                "description_ecommerce": "<p>Old trees</p>",
                "attribute_line_ids": [
                    (0, 0, {"attribute_id": attribute.id, "value_ids": [(6, 0, attribute.value_ids.ids)]})
                ],
            }
        )
        template_id = template.id
    product = buyer.get(f"/products/{template_id}").json()
    assert [(v["price"], v["available"], v["earn"]) for v in product["variants"]] == [
        ("80.00", 0, None),
        ("130.00", 0, None),
    ]
    assert product["variants"][1]["attributes"] == [{"attribute": "Size", "value": "100 g"}]
    buyer.become_distributor()
    product = buyer.get(f"/products/{template_id}").json()
    assert [v["earn"] for v in product["variants"]] == ["8.00", "13.00"]
    assert product["description_html"] == "<p>Old trees</p>"
    with live.env() as env:
        env["distribution.commission.rule"].create(
            {
                "program_id": env["distribution.distributor"].search([], limit=1, order="id desc").program_id.id,
                "level": 1,
                "product_scope": "variant",
                "product_id": product["variants"][0]["id"],
                "kind": "fixed_unit",
                "fixed_amount": 1.5,
            }
        )
    product = buyer.get(f"/products/{template_id}").json()
    assert [v["earn"] for v in product["variants"]] == ["1.50", "13.00"], "What the rule for the variant pays"


def test_price_includes_the_tax_and_earnings_do_not(live, buyer):
    with live.env() as env:
        tax = env["account.tax"].create({"name": "VAT 13 %", "amount": 13.0, "type_tax_use": "sale"})
        tax_id = tax.id
    variant_id = live.create_product("Taxed Tea", taxes_id=[(6, 0, [tax_id])])
    buyer.become_distributor()
    variant = buyer.get(f"/products/{template_of(live, variant_id)}").json()["variants"][0]
    assert (variant["price"], variant["earn"]) == ("113.00", "10.00")
    placed = order(buyer, variant_id)
    assert (placed["untaxed"], placed["tax"], placed["total"]) == ("100.00", "13.00", "113.00")


def test_pages_show_everything_once(live, buyer):
    for number in range(7):
        live.create_product(f"Paging Cup {number}", price=10.0 + number % 3)
    for sort in ("default", "newest", "price_asc", "price_desc"):
        seen, cursor = [], None
        while True:
            query = {"search": "Paging Cup", "limit": 3, "sort": sort, **({"cursor": cursor} if cursor else {})}
            page = buyer.get("/products", params=query).json()
            seen += [(item["id"], item["price"]) for item in page["items"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert len(seen) == len(set(seen)) == 7
        prices = [Decimal(price) for _id, price in seen]
        if sort.startswith("price"):
            assert prices == sorted(prices, reverse=sort == "price_desc")


def test_cursor_of_somebody_else_is_refused(buyer):
    for cursor in ("x", "WyJhIiwgMV0=", "W3RydWUsIDFd", "WzFlOTk5LCAxXQ=="):
        answer = buyer.get("/products", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), cursor


def test_categories_with_something_to_sell(live, buyer):
    with live.env() as env:
        parent = env["product.public.category"].create({"name": "Drinks"})
        child = env["product.public.category"].create({"name": "Oolong", "parent_id": parent.id})
        env["product.public.category"].create({"name": "Nothing Here"})
        ids = parent.id, child.id
    variant_id = live.create_product("Iron Goddess", public_categ_ids=[(6, 0, [ids[1]])])
    categories = {category["name"]: category for category in buyer.get("/categories").json()["items"]}
    assert categories["Oolong"]["parent_id"] == ids[0]
    assert "Nothing Here" not in categories
    found = buyer.get("/products", params={"category_id": ids[0]}).json()["items"]
    assert [item["id"] for item in found] == [template_of(live, variant_id)]


# === CART === #


def test_cart_becomes_an_order(live, buyer):
    first, second = live.create_product("Cup", price=12.5), live.create_product("Pot", price=99.99)
    assert buyer.call("PUT", f"/cart/{first}", {"quantity": 1}).status_code == 200
    buyer.call("PUT", f"/cart/{first}", {"quantity": 3})
    cart = buyer.call("PUT", f"/cart/{second}", {"quantity": 1}).json()
    assert (cart["total"], [line["subtotal"] for line in cart["lines"]]) == ("137.49", ["37.50", "99.99"])
    answer = buyer.post("/orders", {})
    assert (answer.status_code, answer.json()["total"]) == (201, "137.49")
    assert buyer.get("/cart").json()["lines"] == []
    again = buyer.post("/orders", {})
    assert (again.status_code, again.json()["code"]) == (422, "cart_empty")


def test_withdrawn_product_stays_in_the_cart_until_it_is_taken_out(live, buyer):
    variant_id = live.create_product("Last Year's Tea")
    buyer.call("PUT", f"/cart/{variant_id}", {"quantity": 1})
    with live.env() as env:
        env["product.product"].browse(variant_id).is_published = False
    cart = buyer.get("/cart").json()
    assert ([line["for_sale"] for line in cart["lines"]], cart["total"]) == ([False], "0.00")
    answer = buyer.post("/orders", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "product_unknown")
    assert buyer.call("PUT", f"/cart/{variant_id}", {"quantity": 2}).status_code == 404
    assert buyer.call("PUT", f"/cart/{variant_id}", {"quantity": 0}).json()["lines"] == []


def test_cart_of_many_lines_needs_no_more_queries(live, buyer):
    def count_queries():
        for _time in range(3):
            assert buyer.get("/cart").status_code == 200
        return int(re.findall(r'"GET /distribution/v1/cart HTTP/1\.\d" 200 \S+ (\d+)', live.log.read_text())[-1])

    variant_ids = [live.create_product(f"Cup {number}") for number in range(8)]
    buyer.call("PUT", f"/cart/{variant_ids[0]}", {"quantity": 1})
    few = count_queries()
    for variant_id in variant_ids:
        buyer.call("PUT", f"/cart/{variant_id}", {"quantity": 1})
    assert count_queries() <= few + 3


def test_carts_are_written_by_two_phones_at_once(live, buyer):
    variant_id = live.create_product("Shared Tea")
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda n: buyer.call("PUT", f"/cart/{variant_id}", {"quantity": n}).status_code, range(1, 7))
        )
    assert set(answers) == {200}
    assert len(buyer.get("/cart").json()["lines"]) == 1


# === ORDERS === #


def test_order_goes_to_the_address_from_wechat(live, buyer):
    placed = buyer.post("/orders", new_order(buyer)).json()
    assert (placed["status"], placed["receiver"], placed["receiver_phone"]) == ("to_pay", "王小明", "13800000001")
    assert "龙井路1号" in placed["receiver_address"]
    assert placed["note"] == "请轻放"
    buyer.post("/orders", new_order(buyer))
    with live.env() as env:
        addresses = env["res.partner"].search([("parent_id", "=", buyer.partner_id), ("type", "=", "delivery")])
        assert len(addresses) == 1
        sale_order = env["sale.order"].browse(placed["id"])
        assert sale_order.partner_shipping_id == addresses
        assert not sale_order.user_id


def test_hundred_buyers_for_ten_pieces(live):
    """The last piece is sold once, however many ask at the same time, and again when it was not paid."""
    variant_id = live.create_product("Ten Cakes", quantity=10)
    buyers = [live.person(f"Crowd{n}") for n in range(10)]
    body = {"lines": [{"variant_id": variant_id, "quantity": 1}]}

    def buy(number):
        # Whoever is told that it is busy asks again, as a front end does, with the same key.
        person, key = buyers[number % 10], f"crowd-{number:03d}"
        for _try in range(20):
            answer = person.post("/orders", body, key=key)
            if answer.json().get("code") != "busy":
                return answer
        return answer

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(buy, range(100)))
    good = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code == 422]
    assert (len(good), len(refused)) == (10, 90), {answer.text[:200] for answer in answers}
    assert "only 0 left" in refused[-1].json()["detail"]
    product = buyers[0].get(f"/products/{template_of(live, variant_id)}").json()
    assert product["variants"][0]["available"] == 0


def test_preview_says_what_is_missing(live, buyer):
    variant_id = live.create_product("Two Left", quantity=2)
    body = {"lines": [{"variant_id": variant_id, "quantity": 3}]}
    preview = buyer.post("/orders/preview", body).json()
    assert (preview["total"], preview["problems"]) == ("300.00", ["Two Left: only 2 left."])
    assert order(buyer, variant_id, 3, status=422)["code"] == "refused"
    assert buyer.get("/orders").json()["items"] == []


def test_nothing_without_a_price_is_sold(live, buyer):
    """A price of zero is website_sale's "ask us", and a combo has its price from what is chosen in it."""
    assert "no price" in order(buyer, live.create_product("Ask Us", price=0.0), 5, status=422)["detail"]
    choice = live.create_product("Choice")
    with live.env() as env:
        combo = env["product.combo"].create({"name": "Set", "combo_item_ids": [(0, 0, {"product_id": choice})]})
        vals = {"name": "Gift Set", "type": "combo", "combo_ids": [(6, 0, combo.ids)], "is_published": True}
        variant_id = env["product.product"].create({**vals, "list_price": 100.0}).id
    assert order(buyer, variant_id, status=404)["code"] == "product_unknown"
    assert buyer.get("/products", params={"search": "Gift Set"}).json()["items"] == []


def test_nobody_keeps_the_stock_without_paying(live, buyer):
    for _number in range(10):
        order(buyer, live.product_id)
    assert "10 unpaid orders" in order(buyer, live.product_id, status=422)["detail"]


def test_note_is_text_and_leaves_the_terms_alone(live, buyer):
    note = '<img src="http://127.0.0.1:9/steal"/>'
    answer = buyer.post("/orders", {"lines": [{"variant_id": live.product_id, "quantity": 1}], "note": note})
    assert answer.json()["note"] == note
    with live.env() as env:
        placed = env["sale.order"].browse(answer.json()["id"])
        assert "steal" not in str(placed.note or "")
        assert "steal" not in str(placed._prepare_invoice()["narration"] or "")


def test_delivery_nobody_earns_on_is_received_in_time(live, buyer):
    placed = order(buyer, live.product_id)
    with live.env() as env:
        env["sale.order"].browse(placed["id"]).action_confirm()
    picking_id = live.ship(placed["id"])
    with live.env() as env:
        env["stock.picking"].browse(picking_id).date_done = fields.Datetime.now() - timedelta(days=11)
    live.run_cron("distribution_commission.confirm_receipts_cron")
    assert buyer.get(f"/orders/{placed['id']}").json()["status"] == "completed"


def test_status_of_an_order_from_payment_to_receipt(live, buyer):
    placed = order(buyer, live.product_id, 2)

    def assert_status(status):
        assert buyer.get(f"/orders/{placed['id']}").json()["status"] == status
        for other in ("to_pay", "to_ship", "to_receive", "completed", "cancelled"):
            found = [item["id"] for item in buyer.get("/orders", params={"status": other}).json()["items"]]
            assert found == ([placed["id"]] if other == status else []), other

    assert_status("to_pay")
    with live.env() as env:
        env["sale.order"].browse(placed["id"]).action_confirm()
    assert_status("to_ship")
    early = buyer.post(f"/orders/{placed['id']}/receipt")
    assert (early.status_code, early.json()["code"]) == (422, "refused")
    live.ship(placed["id"])
    assert_status("to_receive")
    assert buyer.post(f"/orders/{placed['id']}/receipt").json()["status"] == "completed"
    assert_status("completed")
    with live.env() as env:
        other = env["sale.order"].browse(order(buyer, live.product_id)["id"])
        other._action_cancel()
        other_id = other.id
    assert buyer.get(f"/orders/{other_id}").json()["status"] == "cancelled"


# === REFUND REQUESTS === #


def sold(live, person, quantity=3, price=33.33):
    placed = order(person, live.create_product("Gift Box", price=price), quantity)
    with live.env() as env:
        env["sale.order"].browse(placed["id"]).action_confirm()
    return placed


def ask_back(person, placed, quantity, **more):
    body = {"lines": [{"line_id": placed["lines"][0]["id"], "quantity": quantity}], "reason": "Broken", **more}
    return person.post(f"/orders/{placed['id']}/refund-requests", body)


def approve(request, amount=None):
    action = request.action_approve()
    wizard = request.env[action["res_model"]].with_context(action["context"]).create({})
    if amount is not None:
        wizard.amount = amount
    wizard.action_confirm()


def paid(person, variant_id, quantity):
    """Return an order that the person has paid."""
    placed = order(person, variant_id, quantity)
    pay(person, placed["id"])
    return placed


def test_refund_is_net_of_the_discount_of_the_order(live, buyer):
    first, second = live.create_product("First"), live.create_product("Second")
    placed = buyer.post("/orders", {"lines": [{"variant_id": v, "quantity": 1} for v in (first, second)]}).json()
    with live.env() as env:
        discount = env["product.product"].create({"name": "Discount", "type": "service", "taxes_id": False})
        vals = {"order_id": placed["id"], "product_id": discount.id, "price_unit": -100.0}
        env["sale.order.line"].create(vals)
    pay(buyer, placed["id"])
    assert ask_back(buyer, placed, 1).json()["amount"] == "50.00"


def test_less_than_asked_for_may_be_given_back_and_never_more(live, buyer):
    placed = paid(buyer, live.product_id, 2)
    request_id = ask_back(buyer, placed, 2).json()["id"]
    with live.env() as env:
        request = env["distribution.refund.request"].browse(request_id)
        assert request.activity_ids
        with pytest.raises(UserError, match="lies between"):
            approve(request, 200.01)
        approve(request, 150.0)
        assert not request.activity_ids
        assert "Refunded before shipping" in request.order_id.picking_ids.activity_ids.mapped("summary")
    assert live.simulator.wait_idle(20)
    assert buyer.get(f"/orders/{placed['id']}").json()["refunded"] == "150.00"


def test_refund_that_wechat_refused_is_made_again(live, buyer):
    placed = paid(buyer, live.product_id, 1)
    request_id = ask_back(buyer, placed, 1).json()["id"]
    live.simulator.add_fault("error", path=REFUND, method="POST", times=1, status=403, code="NO_AUTH", message="no")
    with live.env() as env:
        approve(env["distribution.refund.request"].browse(request_id))
    live.simulator.clear_faults()

    def status():
        return buyer.get(f"/orders/{placed['id']}/refund-requests").json()["items"][0]["status"]

    assert status() == "failed"
    with live.env() as env:
        request = env["distribution.refund.request"].search([("is_failed", "=", True), ("id", "=", request_id)])
        approve(request)
    assert live.simulator.wait_idle(20)
    assert status() == "refunded"
    assert buyer.get(f"/orders/{placed['id']}").json()["refunded"] == "100.00"


def test_refund_requests_never_exceed_what_was_bought(live, buyer):
    placed = sold(live, buyer)
    amounts = [ask_back(buyer, placed, 1).json()["amount"] for _ in range(3)]
    assert sum(map(Decimal, amounts)) == Decimal("99.99")
    too_many = ask_back(buyer, placed, 1)
    assert (too_many.status_code, too_many.json()["detail"]) == (422, "Gift Box: 0 left to give back.")


def test_refund_requests_at_once_do_not_exceed_it_either(live, buyer):
    placed = sold(live, buyer)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _n: ask_back(buyer, placed, 1).status_code, range(6)))
    assert sorted(answers) == [201, 201, 201, 422, 422, 422]


def test_refused_request_frees_the_pieces_and_says_why(live, buyer):
    placed = sold(live, buyer)
    request_id = ask_back(buyer, placed, 3).json()["id"]
    with live.env() as env:
        request = env["distribution.refund.request"].browse(request_id)
        env["distribution.refund.refuse"].create({"request_id": request_id, "reason": "Too late"}).action_confirm()
        with pytest.raises(UserError, match="is Refused already"):
            approve(request)
    listed = buyer.get(f"/orders/{placed['id']}/refund-requests").json()["items"]
    assert [(item["status"], item["refuse_reason"]) for item in listed] == [("refused", "Too late")]
    assert ask_back(buyer, placed, 3).status_code == 201


def test_nobody_decides_without_the_role(live, buyer):
    request_id = ask_back(buyer, sold(live, buyer), 1).json()["id"]
    with live.env() as env:
        seller = env["res.users"].create(
            {
                "name": "Seller",
                "login": f"seller-{request_id}",
                "company_id": live.company_id,
                "company_ids": [(6, 0, [live.company_id])],
                "group_ids": [(6, 0, [env.ref("sales_team.group_sale_salesman_all_leads").id])],
            }
        )
        request = env["distribution.refund.request"].with_user(seller).browse(request_id)
        assert request.state == "requested"
        with pytest.raises(AccessError):
            request.action_approve()
        with pytest.raises(AccessError):
            request.write({"state": "approved"})


def test_unpaid_order_has_nothing_to_give_back(live, buyer):
    placed = order(buyer, live.product_id)
    answer = ask_back(buyer, placed, 1)
    assert (answer.status_code, answer.json()["code"]) == (422, "refused")


# === CANCELLATION === #


def test_unpaid_order_is_cancelled_by_its_customer_and_its_goods_are_free_again(live, buyer):
    variant_id = live.create_product("One Left", quantity=1)
    placed = order(buyer, variant_id)
    parameters = buyer.post(f"/orders/{placed['id']}/pay").json()["parameters"]
    assert order(live.person("Second"), variant_id, status=422)["code"] == "refused"
    cancelled = buyer.post(f"/orders/{placed['id']}/cancellation")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled"), cancelled.text
    assert buyer.post(f"/orders/{placed['id']}/cancellation").json()["status"] == "cancelled"
    with pytest.raises(ControlError):
        live.simulator.pay(pay_params=parameters)
    assert order(live.person("Third"), variant_id)["status"] == "to_pay"


def test_payment_goes_before_a_cancellation_that_comes_after_it(live, buyer):
    placed = order(buyer, live.product_id)
    parameters = buyer.post(f"/orders/{placed['id']}/pay").json()["parameters"]
    live.simulator.notify_as("lost", times=1)
    live.simulator.pay(pay_params=parameters)
    answer = buyer.post(f"/orders/{placed['id']}/cancellation")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_cancellable")
    assert buyer.get(f"/orders/{placed['id']}").json()["status"] == "to_ship"
