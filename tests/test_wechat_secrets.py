# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""No secret and no personal datum in the log, none in clear in the database but where Odoo keeps its contacts.

A whole journey is played on a server that logs all it can; then the log and every column of every table are searched.
"""

import json
import re
import uuid

import pytest

from support.live import APP_ID, live_shop
from support.money_out import Payee
from support.payments import SWEEP, pay, refund

# Long enough that none of it stands anywhere by chance.
APP_SECRET = "9f3c51d07e2b4a68b1c05e7d94fa2836"
REAL_NAME = "欧阳绛雪"
BUYER = "Bartholomew Featherstonehaugh"
APPLICANT = "Wilhelmina Quackenbush"
RECEIVER, RECEIVER_PHONE = "诸葛暮霖", "13671829405"
STREET = "翠苑新村七百零三号"
# Where personal data may stand in clear, and why. Odoo keeps contacts in clear, and copies of them with documents.
CONTACT = {
    ("res_partner", None): "the contact itself, whom the merchant ships and writes to",
    ("mail_tracking_value", "new_value_char"): "the contact's chatter: what was changed from what to what",
    ("payment_transaction", "partner_name"): "Odoo freezes the payer's contact data with a payment",
    ("payment_transaction", "partner_phone"): "Odoo freezes the payer's contact data with a payment",
    ("account_move", "invoice_partner_display_name"): "Odoo keeps the name an invoice was made out to",
}
# No screen but the system administrator's shows what WeChat knows a person by.
OPEN_IDS = {
    ("distribution_wechat_identity", "open_id"): "who a customer is in WeChat",
    ("distribution_wechat_identity", "union_id"): "who a customer is in all mini-programs of the merchant",
    ("distribution_wechat_transfer", "open_id"): "the request as it was sent, to be repeated in the same words",
}


@pytest.fixture(scope="module")
def live():
    """Yield a server of its own that logs all it can."""
    with live_shop(server=("--log-level=debug", "--log-handler=:DEBUG")) as shop:
        yield shop


@pytest.fixture(scope="module")
def journey(live):
    """Return what must not be found after a journey: secrets and personal data by name."""
    return Journey(live).play()


class Journey:
    """One person does everything there is to do, well and badly."""

    def __init__(self, live):
        self.live, self.simulator = live, live.simulator
        self.secrets, self.personal = {}, {}

    def play(self):
        self._record_what_the_simulator_makes_up()
        self._change_the_app_secret()
        payee = Payee(self.live, "Tester", 0, real_name=REAL_NAME)
        person = payee.person
        with self.live.env() as env:
            # As a merchant does who knows the customer.
            env["res.partner"].browse(person.partner_id).name = BUYER
        self._give_phone(person)
        self._apply_under_a_name()
        self._fail(person)
        self._buy(person)
        self._withdraw(payee)
        self._renew(person)
        self.simulator.notify_well()
        assert self.simulator.wait_idle(20)
        self._gather(person)
        return self

    def _record_what_the_simulator_makes_up(self):
        """Login codes, session keys and access tokens are texts of a length each has to itself."""
        numbers, kinds = self.simulator.world.numbers, {22: "session key", 31: "login code", 136: "access token"}
        make = numbers.text

        def text(length):
            made = make(length)
            if length in kinds:
                self.secrets[f"WeChat's {kinds[length]} {len(self.secrets)}"] = made
            return made

        numbers.text = text

    def _change_the_app_secret(self):
        self.simulator.register_app(APP_ID, APP_SECRET)
        with self.live.env() as env:
            env["distribution.wechat.account"].browse(self.live.account_id).app_secret = APP_SECRET

    def _give_phone(self, person):
        for fault in (None, "html_502", "reset_before"):
            code = self.simulator.phone_code(person.open_id)["code"]
            self.secrets[f"phone code {fault}"] = code
            if fault:
                self.simulator.add_fault(fault, "*/getuserphonenumber")
            answer = person.post("/me/phone", {"code": code})
            assert answer.status_code == (502 if fault else 200), answer.text
        assert person.post("/me/phone", {"code": code + "x"}).status_code == 422

    def _apply_under_a_name(self):
        person = self.live.person("Applicant")
        self._keep_tokens(person)
        answer = person.post("/me/distributor", {"agreement_accepted": True, "name": APPLICANT})
        assert answer.status_code == 200, answer.text

    def _fail(self, person):
        """Let everything go wrong that has something to hide in it."""
        for fault in ("html_502", "reset_before", "errcode"):
            self.simulator.add_fault(fault, "*/jscode2session")
            code = self.simulator.login_code(person.open_id)["code"]
            assert self.live.call("POST", "/sessions", {"app_id": APP_ID, "code": code}).status_code == 502
        assert self.live.call("POST", "/sessions", {"app_id": APP_ID, "code": code}).status_code == 201
        assert self.live.call("POST", "/sessions", {"app_id": APP_ID, "code": code}).status_code == 422
        wrong = {**self._new_order(), "phone": RECEIVER_PHONE, "real_name": REAL_NAME}
        assert person.post("/orders", wrong).status_code == 422
        assert person.get("/orders/999999").status_code == 404
        assert self.live.call("GET", "/me", token=person.tokens["access_token"] + "x").status_code == 401

    def _new_order(self):
        address = {"name": RECEIVER, "phone": RECEIVER_PHONE, "province": "浙江省", "city": "杭州市", "street": STREET}
        return {"lines": [{"variant_id": self.live.product_id, "quantity": 1}], "address": address}

    def _buy(self, person):
        key = self.secrets["idempotency key"] = f"key-{uuid.uuid4()}"
        answers = [person.post("/orders", self._new_order(), key=key) for _time in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        order = answers[0].json()
        assert order["receiver"] == RECEIVER
        self.secrets["idempotency answer"] = '"receiver_address":'
        self.personal["address in one line"] = order["receiver_address"]
        self.simulator.add_fault("system_error", "*/transactions/jsapi")
        answer = person.post(f"/orders/{order['id']}/pay")
        assert answer.status_code == 502, answer.text
        self.simulator.notify_as("wrong_amount", genuine=True)
        number = pay(person, order["id"])
        for kind in ("tampered", "bad_tag", "wrong_openid", "wrong_key"):
            self.simulator.forge(number, kind)
        body = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}], "reason": "Too bitter"}
        assert person.post(f"/orders/{order['id']}/refund-requests", body).status_code == 201
        self.live.ship(order["id"])
        assert person.post(f"/orders/{order['id']}/receipt").status_code == 200
        with self.live.env() as env:
            env["sale.order"].browse(order["id"])._create_invoices().action_post()
        refund(self.live, order["id"], "40")
        self.live.run_cron(SWEEP)

    def _withdraw(self, payee):
        self.live.earn_for(payee.person, 2500)
        with self.live.env() as env:
            env["distribution.distributor"].browse(payee.person.distributor_id).real_name = REAL_NAME
        payee.ask("2000.00")
        payee.approve()
        # The server itself calls WeChat, first in vain.
        self.simulator.add_fault("error", "*/transfer-bills", "POST", status=400, code="PARAM_ERROR", message="no")
        payee.query()
        self.live.let_ask_again()
        payee.query()
        assert payee.query() == "waiting_for_confirmation"
        assert payee.confirmation().status_code == 200
        self.simulator.forge(payee.number, "wrong_amount")
        payee.confirm()
        assert payee.state == "paid"
        for path in ("/me", "/me/summary", "/me/entries", "/me/team", "/me/customers", "/me/withdrawals", "/orders"):
            assert payee.person.get(path).status_code == 200

    def _renew(self, person):
        self._keep_tokens(person)
        answer = self.live.call("POST", "/sessions/refresh", {"refresh_token": person.tokens["refresh_token"]})
        person.tokens = answer.json()
        self._keep_tokens(person)
        assert person.call("DELETE", "/sessions/current").status_code == 204

    def _keep_tokens(self, person):
        for name in ("access_token", "refresh_token"):
            self.secrets[f"{name} {len(self.secrets)}"] = person.tokens[name]

    def _gather(self, person):
        user = self.simulator.world.store.users[person.open_id]
        merchant = self.simulator.merchant
        pem = [line for line in merchant.private_key_pem.splitlines() if line and not line.startswith("-----")]
        self.secrets |= {"app secret": APP_SECRET, "APIv3 key": merchant.apiv3_key}
        self.secrets |= {f"private key, line {number}": line for number, line in enumerate(pem)}
        self.personal |= {
            "phone": user.phone,
            "real name": REAL_NAME,
            "open id": user.openid,
            "union id": user.unionid,
            "receiver": RECEIVER,
            "receiver's phone": RECEIVER_PHONE,
            "street": STREET,
            "buyer": BUYER,
            "applicant": APPLICANT,
        }
        assert {name.split(" ")[1] for name in self.secrets if name.startswith("WeChat's")} == {
            "session",
            "login",
            "access",
        }


# === SEARCHING === #


def spellings(value):
    """Return how a value may stand in a text: as it is, escaped in JSON or in bytes, quoted in an address."""
    return {value, json.dumps(value)[1:-1], repr(value.encode())[2:-1], value.encode().hex()}


def find_in_text(text, needles):
    """Return where values stand in a log: (name, line without the value) pairs."""
    found = []
    for line in text.splitlines():
        # A phone number may be written in groups.
        joined = re.sub(r"(?<=\d)[ -](?=\d)", "", line)
        for name, value in needles.items():
            if any(spelling in line or spelling in joined for spelling in spellings(value)):
                found.append((name, line[:300]))
    return found


def find_in_database(env, needles):
    """Return in which columns values stand in clear: (name, table, column) triples."""
    found = []
    env.cr.execute(
        """SELECT c.table_name, array_agg(c.column_name::text) FROM information_schema.columns c
             JOIN information_schema.tables t USING (table_schema, table_name)
            WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE'
              AND c.data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'bytea', 'ARRAY')
            GROUP BY c.table_name ORDER BY c.table_name"""
    )
    for table, columns in env.cr.fetchall():
        for column in columns:
            env.cr.execute(f'SELECT string_agg("{column}"::text, chr(10)) FROM "{table}"')
            text = env.cr.fetchone()[0] or ""
            for name, value in needles.items():
                if any(spelling in text for spelling in spellings(value)):
                    found.append((name, table, column))
    return found


# === WHAT MUST BE SO === #


def test_nothing_of_it_is_in_the_log(live, journey):
    text = live.log.read_text()
    assert "DEBUG" in text and "/distribution/v1/orders" in text
    found = find_in_text(text, {**journey.secrets, **journey.personal})
    assert not found, "\n".join(f"{name}: {line}" for name, line in found)


def test_no_secret_is_in_the_database_in_clear(live, journey):
    with live.env() as env:
        assert find_in_database(env, {**journey.secrets, "real name": REAL_NAME}) == []


def test_personal_data_is_only_where_contacts_are(live, journey):
    personal = {name: value for name, value in journey.personal.items() if name != "real name"}
    with live.env() as env:
        found = find_in_database(env, personal)
    places = {name: set() for name in personal}
    for name, table, column in found:
        places[name].add((table, None if table == "res_partner" else column))
    for name, where in places.items():
        unwanted = where - set(OPEN_IDS if name in ("open id", "union id") else CONTACT)
        assert not unwanted, f"{name} stands in {unwanted}"
    # What is allowed and stands nowhere any more is no exception.
    assert set().union(*places.values()) == {*CONTACT, *OPEN_IDS}


def test_the_search_finds_what_is_there(live, journey):
    secret, name = APP_SECRET, REAL_NAME
    for planted in (secret, f"?secret={secret}&", json.dumps({"name": name}), repr(name.encode()), name):
        assert find_in_text(f"2026-01-01 12:00:00,000 1 INFO x odoo: {planted}", {"it": secret, "name": name})
    assert find_in_text("called +86 136 7182 9405", {"phone": RECEIVER_PHONE})
    assert find_in_text(live.log.read_text(), {"program's own words": "odoo.addons.distribution_wechat"})
    with live.env() as env:
        env["ir.config_parameter"].set_param("distribution.canary", f"x{secret}x")
        env["res.lang"].search([], limit=1).write({"name": f"Canary {name}"})
        env.flush_all()
        found = find_in_database(env, {"secret": secret, "name": name})
        assert found == [("secret", "ir_config_parameter", "value"), ("name", "res_lang", "name")]
        env.cr.rollback()
