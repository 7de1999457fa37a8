# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The form, the portal and the mini-program show the same figures of a distributor, see
`distribution_core/models/distribution_distributor_figures.py` for what they count.
"""

import re
from datetime import timedelta

import pytest
import requests
from lxml import html

from odoo import fields
from odoo.tests import freeze_time

from support.live import live_website

EARLIER = timedelta(days=70)
FORM = ["team_level_1", "team_level_2", "team_level_3", "team_deeper", "team_count"]
FORM += ["customer_count", "order_count", "sales_today", "sales_total"]


@pytest.fixture(scope="module")
def live():
    with live_website() as shop:
        yield shop


@pytest.fixture(scope="module")
def people(live):
    """Ada and, below her, everybody who counts and who does not; by name."""
    names = "Ada Ben Cleo Dan Eve Twin Gone Fay Applicant Refused"
    people = {name: live.person(name) for name in names.split()}
    below = {"Ben": "Ada", "Cleo": "Ben", "Dan": "Cleo", "Eve": "Dan", "Twin": "Ada", "Gone": "Ada", "Fay": "Gone"}
    for name in ("Ada", *below):
        people[name].become_distributor(people.get(below.get(name)))
    with live.env() as env:
        members = {name: get_member(env, people[name]) for name in ("Ada", *below)}
        for name in ("Applicant", "Refused"):
            vals = {"partner_id": people[name].partner_id, "program_id": live.program_id}
            applicant = env["distribution.distributor"].create({**vals, "parent_id": members["Ada"].id})
            if name == "Refused":
                applicant.action_refuse("No")
        members["Cleo"].action_suspend("Why?")
        members["Gone"].action_close("Left")
        members["Twin"]._merge_into(members["Ben"], "One person")
        add_customers(env, members["Ada"])
        add_orders(env, live, members["Ada"])
        add_rival(env, members["Ada"])
    return people


def get_member(env, person):
    return env["distribution.distributor"].browse(person.distributor_id)


def add_customers(env, ada):
    """One is bound; of two the time is over, and the scheduled action has ended only one of them yet."""
    now = fields.Datetime.now()
    for name in ("Carl", "Late", "Ended"):
        customer = env["res.partner"].create({"name": name})
        binding = env["distribution.binding"]._bind(customer, ada, date_from=now - EARLIER)
        if name != "Carl":
            binding.date_to = now
        if name == "Ended":
            binding._end("Over")


def add_orders(env, live, ada):
    """Sell for Ada, so that 9 orders of 1,386.67 without taxes count, of which 1,000 were sold today."""
    company = env.company
    branch = env["res.company"].create({"name": "Branch", "parent_id": company.id})
    env = env(context={**env.context, "allowed_company_ids": [company.id, branch.id]})
    tax = env["account.tax"].create({"name": "13 %", "amount": 13.0})
    usd = env.ref("base.USD")
    usd.active = True
    env["res.currency.rate"].create(
        {"currency_id": usd.id, "company_id": company.id, "name": "2020-01-01", "rate": 0.3}
    )
    abroad = env["product.pricelist"].create({"name": "Abroad", "currency_id": usd.id, "company_id": company.id})
    midnight = ada.program_id._get_business_day_start(ada.program_id._get_business_date())
    earlier = fields.Datetime.now() - EARLIER
    sell(env, ada, earlier, 100.0)
    sell(env, ada, earlier, 20.0, tax=tax)
    # 33.333 each: rounded once.
    sell(env, ada, earlier, 10.0, pricelist_id=abroad.id)
    sell(env, ada, earlier, 10.0, pricelist_id=abroad.id)
    sell(env, ada, earlier, 50.0, company_id=branch.id)
    sell(env, ada, earlier, 5000.0)._action_cancel()
    sell(env, ada, earlier, 7000.0, confirm=False)
    credit(sell(env, ada, earlier, 100.0))
    sell(env, ada, midnight - timedelta(seconds=1), 50.0)
    sell(env, ada, midnight, 600.0)
    sell(env, ada, midnight + timedelta(seconds=1), 400.0)


def sell(env, member, moment, price, tax=None, confirm=True, **vals):
    with freeze_time(moment):
        company = env["res.company"].browse(vals.get("company_id", member.company_id.id))
        env = env["sale.order"].with_company(company).env
        product = env["product.product"].create({"name": "Course", "type": "service", "invoice_policy": "order"})
        line = {"product_id": product.id, "price_unit": price, "tax_ids": [(6, 0, tax.ids if tax else [])]}
        customer = env["res.partner"].create({"name": "Buyer"})
        vals = {"partner_id": customer.id, "order_line": [(0, 0, line)], **vals}
        order = env["sale.order"].create({**vals, "distribution_distributor_id": member.id})
        if confirm:
            order.action_confirm()
            # Odoo's own clock, not that of the database, which cannot be set.
            assert order.date_order == moment.replace(microsecond=0)
            order.env.flush_all()
    return order


def credit(order):
    """Give an order's money back."""
    invoice = order._create_invoices()
    invoice.action_post()
    wizard = order.env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
    wizard = wizard.create({"journal_id": invoice.journal_id.id})
    wizard.reverse_moves()
    wizard.new_move_ids.action_post()


def add_rival(env, ada):
    """Ada is a distributor of another company as well, with a team, a customer and an order there."""
    company = env["res.company"].create({"name": "Rival", "currency_id": env.ref("base.CNY").id})
    env = env(context={**env.context, "allowed_company_ids": [company.id]})
    program = env["distribution.program"].create({"name": "Rival", "company_id": company.id})
    vals = {"program_id": program.id, "state": "active"}
    member = env["distribution.distributor"].create({**vals, "partner_id": ada.partner_id.id})
    partner = env["res.partner"].create({"name": "Other"})
    env["distribution.distributor"].create({**vals, "partner_id": partner.id, "parent_id": member.id})
    env["distribution.binding"]._bind(env["res.partner"].create({"name": "Theirs"}), member)
    sell(env, member, fields.Datetime.now(), 9000.0)


def read_portal(live, person):
    """Return the figures on the page of the membership, by label, and how many rows its lists have."""
    with live.env() as env:
        user = env["res.users"].browse(person.user_id)
        user.write({"login": f"user-{user.id}", "password": f"password-{user.id}"})
    browser = requests.Session()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(f"{live.url}/web/login", timeout=60).text)[1]
    form = {"login": f"user-{person.user_id}", "password": f"password-{person.user_id}", "csrf_token": token}
    assert browser.post(f"{live.url}/web/login", data=form, timeout=60).status_code == 200
    url = f"{live.url}/my/distribution/{person.distributor_id}"
    page = html.fromstring(browser.get(url, timeout=60).text)
    cards = page.xpath("//div[@name='figures']/div/div")
    figures = {" ".join(card[0].text_content().split()): card[1].text_content().strip() for card in cards}
    rows = {}
    for topic in ("team", "customers"):
        rows[topic] = len(html.fromstring(browser.get(f"{url}/{topic}", timeout=60).text).xpath("//tbody/tr"))
    return figures, rows


def get_page(person, path, **params):
    answer = person.get(path, params={"limit": 50, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_form_portal_and_mini_program_show_the_same(live, people):
    ada = people["Ada"]
    with live.env() as env:
        form = get_member(env, ada).read(FORM)[0]
    assert [form[name] for name in FORM] == [1, 2, 1, 1, 5, 1, 9, 1000.0, 1386.67]
    levels = [form[f"team_level_{level}"] for level in (1, 2, 3)]

    figures, rows = read_portal(live, ada)
    sales = float(re.sub(r"[^\d.]", "", figures.pop("Sales without taxes")))
    assert sales == form["sales_total"]
    teams = {f"Team, level {level}": str(count) for level, count in enumerate(levels, 1)}
    counts = {"Customers": str(form["customer_count"]), "Orders": str(form["order_count"])}
    assert figures == {**teams, **counts}
    assert rows == {"team": sum(levels), "customers": form["customer_count"]}

    answer = ada.get("/me/summary")
    assert answer.status_code == 200, answer.text
    summary = answer.json()
    assert [level["count"] for level in summary["team"]] == levels
    assert (summary["customers"], summary["orders"]) == (form["customer_count"], form["order_count"])
    assert [len(get_page(ada, "/me/team", level=level)) for level in (1, 2, 3)] == levels
    assert len(get_page(ada, "/me/customers")) == form["customer_count"]


def test_lists_behind_the_figures_show_who_was_counted(live, people):
    with live.env() as env:
        ada = get_member(env, people["Ada"])
        found = env["distribution.distributor"].search(ada.action_view_team()["domain"])
        assert {member.partner_id.id for member in found} == {
            people[name].partner_id for name in ("Ben", "Cleo", "Dan", "Eve", "Fay")
        }
        orders = env["sale.order"].with_context(allowed_company_ids=env.companies.search([]).ids)
        assert orders.search_count(ada.action_view_orders()["domain"]) == ada.order_count


def test_member_of_a_team_has_the_figures_of_its_form(live, people):
    """A member seen from above has the orders and sales of its form, and its team down to the levels paid."""
    with live.env() as env:
        ben = get_member(env, people["Ben"])
        ben.program_id.level_count = 2
        sell(env, ben, fields.Datetime.now(), 12.5)
        form = ben.read(FORM)[0]
    try:
        (shown,) = get_page(people["Ada"], "/me/team", level=1)
        assert (shown["orders"], shown["sales"]) == (form["order_count"], f"{form['sales_total']:.2f}") == (1, "12.50")
        assert (shown["team_count"], form["team_count"]) == (2, 3)
        assert shown["team_count"] == form["team_level_1"] + form["team_level_2"]
    finally:
        with live.env() as env:
            env["distribution.program"].browse(live.program_id).level_count = 3
