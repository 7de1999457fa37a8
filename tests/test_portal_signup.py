# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Somebody nobody knows opens a distributor's link for recruiting, makes an account or logs in, and comes back to the
form with the code: the real server, where every step commits."""

import re
from html import unescape

import pytest
import requests

from support.live import live_website

BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"}


@pytest.fixture(scope="module")
def live():
    with live_website(auth_signup_uninvited="b2c") as shop:
        yield shop


@pytest.fixture
def dora(live):
    person = live.person("Dora")
    person.become_distributor()
    with live.env() as env:
        distributor = env["distribution.distributor"].browse(person.distributor_id)
        person.code = distributor.code
        person.link = env["distribution.link"].create({"distributor_id": distributor.id, "purpose": "recruit"}).code
    return person


class Visitor:
    """A browser."""

    def __init__(self, live):
        self.live = live
        self.session = requests.Session()
        self.session.headers.update(BROWSER)

    def open(self, path):
        answer = self.session.get(self.live.url + path, timeout=60)
        assert answer.status_code == 200, answer.text[:500]
        self.page = unescape(answer.text)
        return answer.url.removeprefix(self.live.url)

    def follow(self, path):
        """Follow the link on the page that begins like this."""
        return self.open(re.search(rf'href="({re.escape(path)}[^"]*)"', self.page)[1])

    def send(self, path, **typed):
        """Send the form of the page, with what is hidden in it."""
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.page))
        answer = self.session.post(self.live.url + path, data={**hidden, **typed}, timeout=60)
        assert answer.status_code == 200, answer.text[:500]
        self.page = unescape(answer.text)
        return answer.url.removeprefix(self.live.url)


def application_of(env, login):
    partner = env["res.users"].search([("login", "=", login)]).partner_id
    return partner, env["distribution.distributor"].search([("partner_id", "=", partner.id)])


def test_stranger_signs_up_and_applies_below_who_recruited(live, dora):
    visitor = Visitor(live)
    form = f"/distribution/join/{live.program_id}?code={dora.code}"
    assert visitor.open(f"/d/{dora.link}") == form
    visitor.follow("/web/signup?redirect=")
    login = f"stranger-{dora.distributor_id}@example.com"
    account = {"login": login, "name": "Stranger", "password": "strange-strange", "confirm_password": "strange-strange"}
    assert visitor.send("/web/signup", **account) == form
    assert f'value="{dora.code}"' in visitor.page
    shown = visitor.send(f"/distribution/join/{live.program_id}", code=dora.code, message="Hello")
    with live.env() as env:
        partner, application = application_of(env, login)
        assert (application.state, application.parent_id.id) == ("draft", dora.distributor_id)
        assert shown == f"/my/distribution/{application.id}"
        visits = env["distribution.visit"].search([("partner_id", "=", partner.id)])
        assert visits.distributor_id.id == dora.distributor_id


def test_customer_who_knows_its_password_comes_back_to_the_form(live, dora):
    with live.env() as env:
        login = f"customer-{dora.distributor_id}@example.com"
        vals = {"name": "Customer", "login": login, "password": "custom-custom", "lang": "en_US"}
        vals["group_ids"] = [(6, 0, env.ref("base.group_portal").ids)]
        env["res.users"].with_context(no_reset_password=True).create(vals)
    visitor = Visitor(live)
    form = visitor.open(f"/d/{dora.link}")
    visitor.follow("/web/login?redirect=%2Fdistribution")
    assert visitor.send("/web/login", login=login, password="custom-custom") == form
    assert f'value="{dora.code}"' in visitor.page
    # Also without the code in the address: the browser remembers the link.
    assert visitor.open("/distribution/join") == f"/distribution/join/{live.program_id}"
    assert f'value="{dora.code}"' in visitor.page
