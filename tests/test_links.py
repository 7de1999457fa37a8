# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Distributors' links over HTTP, as the browsers of visitors open them: the real server, where every click commits."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from support.live import live_website

BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"}


@pytest.fixture(scope="module")
def live():
    with live_website() as shop:
        yield shop


@pytest.fixture
def dora(live):
    person = live.person("Dora")
    person.become_distributor()
    return person


def make_link(live, distributor, **vals):
    with live.env() as env:
        link = env["distribution.link"].create({"distributor_id": distributor.distributor_id, **vals})
        return link.id, link.code


def make_foreign_link(env, name, **vals):
    """Make a link of another company's distributor.

    :return: its code and the distributor's
    """
    company = env["res.company"].create({"name": name})
    program = env["distribution.program"].create({"name": name, "company_id": company.id})
    partner = env["res.partner"].create({"name": f"Foreign {name}"})
    member = env["distribution.distributor"].create({"partner_id": partner.id, "program_id": program.id})
    member.action_activate()
    return env["distribution.link"].create({"distributor_id": member.id, **vals}).code, member.code


def clicks(live, link_id):
    with live.env() as env:
        return env["distribution.link"].browse(link_id).click_count


def visit(live, code, session=None, **headers):
    return (session or requests).get(
        f"{live.url}/d/{code}", headers={**BROWSER, **headers}, allow_redirects=False, timeout=60
    )


def test_visitor_gets_to_the_product_with_the_campaign_and_a_signed_cookie(live, dora):
    with live.env() as env:
        product = env["product.product"].browse(live.product_id).product_tmpl_id
        campaign = env["utm.campaign"].create({"name": "May"})
    vals = {"purpose": "product", "product_tmpl_id": product.id, "campaign_id": campaign.id, "attribution_days": 3}
    link_id, code = make_link(live, dora, **vals)
    answer = visit(live, code)
    assert answer.status_code == 303
    assert re.search(rf"/shop/.*{product.id}\?utm_campaign=May$", answer.headers["Location"]), answer.headers[
        "Location"
    ]
    cookie = answer.headers["Set-Cookie"]
    assert re.search(r"distribution_link=[\w-]+;", cookie)
    assert code not in cookie
    assert "Max-Age=259200" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert clicks(live, link_id) == 1
    assert requests.get(live.url + answer.headers["Location"], headers=BROWSER, timeout=60).status_code == 200


def test_link_for_recruiting_leads_to_the_form_with_the_code(live, dora):
    with live.env() as env:
        campaign = env["utm.campaign"].create({"name": "June"})
        distributor_code = env["distribution.distributor"].browse(dora.distributor_id).code
    link_id, code = make_link(live, dora, purpose="recruit", campaign_id=campaign.id)
    answer = visit(live, code)
    address = f"/distribution/join/{live.program_id}?code={distributor_code}&utm_campaign=June"
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    page = requests.get(live.url + address, headers=BROWSER, timeout=60)
    assert page.status_code == 200
    assert distributor_code in page.text
    assert clicks(live, link_id) == 1


def test_link_of_a_company_without_a_website_says_what_to_do(live):
    with live.env() as env:
        code, distributor_code = make_foreign_link(env, "Nowhere", purpose="recruit")
    answer = visit(live, code)
    assert answer.status_code == 200
    assert distributor_code in answer.text
    assert "Nowhere" in answer.text


def test_link_that_is_over_still_leads_to_the_shop_and_counts_for_nobody(live, dora):
    link_id, code = make_link(live, dora, active=False)
    answer = visit(live, code)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/shop")
    assert "distribution_link=" not in answer.headers.get("Set-Cookie", "")
    assert clicks(live, link_id) == 0


@pytest.mark.parametrize("code", ["x" * 20, "a%27b", "x" * 500, "%E4%BD%A0"])
def test_unknown_code_is_not_found(live, code):
    assert visit(live, code).status_code == 404


def test_robots_and_previews_are_nobodys_visit(live, dora):
    link_id, code = make_link(live, dora)
    assert visit(live, code, **{"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}).status_code == 303
    assert requests.head(f"{live.url}/d/{code}", headers=BROWSER, timeout=60).status_code == 303
    assert clicks(live, link_id) == 0


def test_clicks_at_once_are_all_counted_and_no_visitor_notices(live, dora):
    link_id, code = make_link(live, dora)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _number: visit(live, code).status_code, range(40)))
    assert answers == [303] * 40
    assert clicks(live, link_id) == 40
    assert not re.search("could not serialize", live.log.read_text())


def test_scan_in_the_mini_program_is_a_click(live, dora):
    carl = live.person("Carl")
    scene = dora.post("/me/codes", {"purpose": "shop"}).json()["scene"]
    assert carl.post("/bindings", {"scene": scene}).status_code == 200
    with live.env() as env:
        assert env["distribution.link"]._find(scene).click_count == 1


def test_link_without_a_mini_program_works_in_all_of_the_program(live, dora):
    carl = live.person("Carl")
    link_id, code = make_link(live, dora)
    assert carl.post("/bindings", {"scene": code}).json()["outcome"] == "bound"
    assert dora.get(f"/me/codes/{code}/image").status_code == 404
    assert clicks(live, link_id) == 1


@pytest.mark.parametrize("is_first", [True, False], ids=["before the cart", "after the cart"])
def test_order_of_the_website_counts_for_the_link(live, dora, is_first):
    link_id, code = make_link(live, dora)
    session = requests.Session()
    session.headers.update(BROWSER)
    if is_first:
        visit(live, code, session)
    order_id = fill_cart(live, session)
    if not is_first:
        visit(live, code, session)
    with live.env() as env:
        order = env["sale.order"].browse(order_id)
        assert order.distribution_link_id.id == link_id
        customer = env["res.partner"].create({"name": "Visitor"})
        order.partner_id = customer
        order.action_confirm()
        assert order.distribution_attribution == "link"
        assert order.distribution_distributor_id.id == dora.distributor_id


@pytest.mark.parametrize("is_first", [True, False], ids=["before the cart", "after the cart"])
def test_link_of_another_company_is_not_noted_on_an_order(live, is_first):
    with live.env() as env:
        code, _distributor_code = make_foreign_link(env, f"Elsewhere {is_first}")
    session = requests.Session()
    session.headers.update(BROWSER)
    if is_first:
        visit(live, code, session)
    order_id = fill_cart(live, session)
    if not is_first:
        visit(live, code, session)
    with live.env() as env:
        assert not env["sale.order"].browse(order_id).distribution_link_id


def test_forged_cookie_makes_no_visit(live, dora):
    _link_id, code = make_link(live, dora)
    cookie = re.search(r"distribution_link=([\w-]+);", visit(live, code).headers["Set-Cookie"])[1]
    for value in (cookie[:-6] + "AAAAAA", code, "x"):
        session = requests.Session()
        session.headers.update(BROWSER)
        session.cookies.set("distribution_link", value)
        order_id = fill_cart(live, session)
        with live.env() as env:
            assert not env["sale.order"].browse(order_id).distribution_link_id


def test_customer_names_a_code_in_the_portal(live, dora):
    with live.env() as env:
        code = env["distribution.distributor"].browse(dora.distributor_id).code
        customer = env["res.partner"].create({"name": "Customer"})
        line = (0, 0, {"product_id": live.product_id, "product_uom_qty": 1})
        order = env["sale.order"].create({"partner_id": customer.id, "order_line": [line], "state": "sent"})
        page, order_id = live.url + order.get_portal_url(), order.id
        order.require_payment = False
    session = requests.Session()
    session.headers.update(BROWSER)

    def enter(typed, token=None):
        text = session.get(page, timeout=60).text
        fields = dict(re.findall(r'name="(csrf_token|access_token)" value="([^"]+)"', text))
        fields |= {"distribution_code": typed, **({"access_token": token} if token else {})}
        return session.post(f"{live.url}/my/orders/{order_id}/distribution_code", data=fields, timeout=60).text

    assert "There is no such code" in enter("NOPE")
    assert "There is no such code" in enter("NO\0PE")
    assert "Your code was noted" in enter(f" {code.lower()} ")
    assert "Your code was noted" not in enter("", token="wrong")
    with live.env() as env:
        order = env["sale.order"].browse(order_id)
        assert order.distribution_code == code.lower()
        order.action_confirm()
        assert (order.distribution_attribution, order.distribution_distributor_id.id) == ("code", dora.distributor_id)
    session.post(f"{live.url}/my/orders/{order_id}/distribution_code", data={"distribution_code": ""}, timeout=60)
    with live.env() as env:
        assert env["sale.order"].browse(order_id).distribution_code == code.lower()


def fill_cart(live, session):
    """Put the product in the cart as the shop's page does.

    :return: id of the order
    """
    with live.env() as env:
        template_id = env["product.product"].browse(live.product_id).product_tmpl_id.id
        last = env["sale.order"].search([], order="id desc", limit=1).id or 0
    params = {"product_template_id": template_id, "product_id": live.product_id, "quantity": 1}
    answer = session.post(f"{live.url}/shop/cart/add", json={"jsonrpc": "2.0", "params": params}, timeout=60)
    assert answer.status_code == 200 and "error" not in answer.json(), answer.text
    with live.env() as env:
        return env["sale.order"].search([("id", ">", last), ("website_id", "!=", False)], limit=1).id


def test_visit_belongs_to_who_logs_in_later(live, dora):
    _link_id, code = make_link(live, dora, purpose="shop")
    with live.env() as env:
        portal = env.ref("base.group_portal")
        vals = {"name": "Visitor", "login": "visitor", "password": "visitor-visitor", "group_ids": [(6, 0, portal.ids)]}
        partner_id = env["res.users"].with_context(no_reset_password=True).create(vals).partner_id.id
    browser = requests.Session()
    visit(live, code, browser)
    with live.env() as env:
        assert not env["distribution.visit"].search([("partner_id", "=", partner_id)])
    page = browser.get(f"{live.url}/web/login", headers=BROWSER, timeout=60)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    form = {"login": "visitor", "password": "visitor-visitor", "csrf_token": token}
    answer = browser.post(f"{live.url}/web/login", data=form, headers=BROWSER, allow_redirects=False, timeout=60)
    assert answer.status_code == 303, answer.text
    with live.env() as env:
        visits = env["distribution.visit"].search([("partner_id", "=", partner_id)])
        assert visits.distributor_id.id == dora.distributor_id
        assert visits.state == "provisional"
