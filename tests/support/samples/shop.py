"""Catalogue, cart, orders, refund requests."""

from . import Sample


def template_id(live):
    with live.env() as env:
        return env["product.product"].browse(live.product_id).product_tmpl_id.id


def withdrawn_product(person):
    """Return a product that is not for sale."""
    variant_id = person.live.create_product("Not Published", is_published=False)
    with person.live.env() as env:
        return {"product_id": env["product.product"].browse(variant_id).product_tmpl_id.id}


def withdrawn_variant(person):
    return {"variant_id": person.live.create_product("Not Published Either", is_published=False)}


def basket(person):
    return {"lines": [{"variant_id": person.live.product_id, "quantity": 2}]}


def new_order(person):
    address = {"name": "王小明", "phone": "13800000001", "province": "浙江省", "city": "杭州市", "street": "龙井路1号"}
    return {**basket(person), "address": address, "note": "请轻放"}


def placed(person):
    """Return an order of the person that waits for its payment."""
    answer = person.post("/orders", new_order(person))
    assert answer.status_code == 201, answer.text
    return {"order_id": answer.json()["id"]}


def sold(person):
    """Return an order of the person that the merchant has confirmed by hand."""
    found = placed(person)
    with person.live.env() as env:
        env["sale.order"].browse(found["order_id"]).action_confirm()
    return found


def shipped(person):
    found = sold(person)
    person.live.ship(found["order_id"])
    return found


def refund(person):
    """Return the body for the newest order."""
    order = person.get("/orders").json()["items"][0]
    return {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}], "reason": "太苦了", "goods_come_back": True}


def asked(person):
    found = sold(person)
    answer = person.post(f"/orders/{found['order_id']}/refund-requests", refund(person))
    assert answer.status_code == 201, answer.text
    return {**found, "request_id": answer.json()["id"]}


def others_order(person):
    return placed(person.live.person("Other"))


def others_request(person):
    return asked(person.live.person("Other"))


SAMPLES = {
    ("GET", "/categories"): Sample(),
    ("GET", "/products"): Sample(query=lambda person: {"sort": "price_asc", "limit": 5, "search": "Tea"}),
    ("GET", "/products/<int:product_id>"): Sample(
        path=lambda person: {"product_id": template_id(person.live)}, foreign=withdrawn_product
    ),
    ("GET", "/cart"): Sample(),
    ("PUT", "/cart/<int:variant_id>"): Sample(
        path=lambda person: {"variant_id": person.live.product_id},
        body=lambda person: {"quantity": 3},
        foreign=withdrawn_variant,
    ),
    ("DELETE", "/cart"): Sample(),
    ("POST", "/orders/preview"): Sample(body=basket),
    ("POST", "/orders"): Sample(body=new_order),
    ("GET", "/orders"): Sample(query=lambda person: {"status": "to_pay"}),
    ("GET", "/orders/<int:order_id>"): Sample(path=placed, foreign=others_order),
    ("POST", "/orders/<int:order_id>/cancellation"): Sample(path=placed, foreign=others_order),
    ("POST", "/orders/<int:order_id>/receipt"): Sample(path=shipped, foreign=others_order),
    ("POST", "/orders/<int:order_id>/refund-requests"): Sample(path=sold, body=refund, foreign=others_order),
    ("GET", "/orders/<int:order_id>/refund-requests"): Sample(path=placed, foreign=others_order),
    ("POST", "/orders/<int:order_id>/refund-requests/<int:request_id>/withdrawal"): Sample(
        path=asked, foreign=others_request
    ),
}
