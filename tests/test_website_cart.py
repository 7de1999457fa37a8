# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Customers of the website name who has recommended the shop in the cart, as they name a discount."""

import re
from html import unescape

import pytest
import requests

from support.live import live_website


@pytest.fixture(scope="module")
def live():
    with live_website() as shop:
        yield shop


@pytest.fixture
def dora(live):
    person = live.person("Dora")
    person.become_distributor()
    with live.env() as env:
        person.code = env["distribution.distributor"].browse(person.distributor_id).code
    return person


@pytest.fixture
def browser(live):
    """Return a browser with the product in its cart."""
    session = requests.Session()
    with live.env() as env:
        template_id = env["product.product"].browse(live.product_id).product_tmpl_id.id
        session.last_order = env["sale.order"].search([], order="id desc", limit=1).id or 0
    params = {"product_template_id": template_id, "product_id": live.product_id, "quantity": 1}
    answer = session.post(f"{live.url}/shop/cart/add", json={"jsonrpc": "2.0", "params": params}, timeout=60)
    assert "error" not in answer.json(), answer.text
    return session


def cart(env, browser):
    return env["sale.order"].search([("id", ">", browser.last_order), ("website_id", "!=", False)], limit=1)


def enter(live, browser, typed):
    page = browser.get(f"{live.url}/shop/cart", timeout=60).text
    assert 'action="/shop/distribution_code"' in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    form = {"csrf_token": token, "distribution_code": typed}
    answer = browser.post(f"{live.url}/shop/distribution_code", data=form, timeout=60)
    assert answer.status_code == 200, answer.text[:500]
    return unescape(answer.text)


def test_code_is_noted_and_the_order_counts_for_it(live, dora, browser):
    page = enter(live, browser, f" {dora.code.lower()} ")
    assert "Your code was noted" in page
    with live.env() as env:
        order = cart(env, browser)
        assert order.distribution_code == dora.code.lower()
        order.partner_id = env["res.partner"].create({"name": "Website Customer"})
        order.action_confirm()
        assert (order.distribution_attribution, order.distribution_distributor_id.id) == ("code", dora.distributor_id)


def test_wrong_code_changes_nothing_and_is_shown_again(live, dora, browser):
    enter(live, browser, dora.code)
    for typed in ("NOPE", "NO\0PE", '"><b>x'):
        page = enter(live, browser, typed)
        assert "There is no such code" in page
        assert typed.replace("\0", "") in page
    assert '"><b>x' not in browser.get(f"{live.url}/shop/cart?distribution_code_wrong=%22%3E%3Cb%3Ex", timeout=60).text
    with live.env() as env:
        assert cart(env, browser).distribution_code == dora.code
    assert "Your code was noted" not in enter(live, browser, "")
    with live.env() as env:
        assert not cart(env, browser).distribution_code


def test_without_a_cart_or_a_program_there_is_nothing_to_type_in(live, dora, browser):
    stranger = requests.Session()
    page = stranger.get(f"{live.url}/shop/cart", timeout=60).text
    assert 'action="/shop/distribution_code"' not in page
    token = re.search(r'csrf_token: "([^"]+)"', page)[1]
    form = {"csrf_token": token, "distribution_code": dora.code}
    answer = stranger.post(f"{live.url}/shop/distribution_code", data=form, timeout=60)
    assert (answer.status_code, answer.url) == (200, f"{live.url}/shop/cart")
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).active = False
    assert 'action="/shop/distribution_code"' not in browser.get(f"{live.url}/shop/cart", timeout=60).text
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).active = True
