"""A merchant's Odoo as a mini-program meets it: a server process of its own on a database of its own, where every
transaction commits, and WeChat's simulator beside it.

    def test_login(live):
        dora = live.person("Dora")
        assert dora.get("/me/summary").status_code == 200
        with live.env() as env:                   # the merchant's side; commits at the end
            ...

One server serves all tests of a file, so each test brings people and products of its own.
"""

import contextlib
import datetime
import functools
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import requests
from cryptography.fernet import Fernet
from wechat_simulator import Simulator

import odoo.api
import odoo.tools
from odoo.service.model import retrying
from odoo.tests import freeze_time

from . import databases

PREFIX = "/distribution/v1"
APP_ID, SECRET = "wxtest0000000001", "0123456789abcdef"
RATES = {1: 10.0, 2: 5.0, 3: 2.0}
STARTS_WITHIN = 90
numbers = itertools.count(1)


class Live:
    """The server, the simulator and the merchant's records."""

    def __init__(self, database, simulator, url, log):
        self.database = database
        self.simulator = simulator
        self.url = url
        self.log = log
        self.company_id = self.account_id = self.program_id = self.product_id = None

    # === THE MERCHANT === #

    @contextlib.contextmanager
    def env(self, **context):
        """Yield the merchant's environment: commits at the end, and tells the server which caches are stale."""
        companies = {"allowed_company_ids": [self.company_id]} if self.company_id else {}
        with self.database.env(**companies, **context) as env:
            yield env
            env.flush_all()
        self.database.registry.signal_changes()

    def edit(self, change):
        """Let somebody of the merchant's change something: tried again when it meets a notification, as by HTTP.

        :param change: function of the environment
        """
        with self.env() as env:
            retrying(functools.partial(change, env), env)

    def create_product(self, name, quantity=1000, price=100.0, **vals):
        """Create a published product with stock.

        :return: id of the variant
        """
        with self.env() as env:
            product = env["product.product"].create(
                {
                    "name": name,
                    "type": "consu",
                    "is_storable": True,
                    "list_price": price,
                    "taxes_id": False,
                    "invoice_policy": "order",
                    "is_published": True,
                    "allow_out_of_stock_order": False,
                    **vals,
                }
            )
            stock = env["stock.warehouse"].search([("company_id", "=", self.company_id)], limit=1).lot_stock_id
            env["stock.quant"]._update_available_quantity(product, stock, quantity)
            return product.id

    def ship(self, order_id, quantities=None):
        """Ship an order, or some pieces of products of it, by product id.

        :return: id of the delivery
        """
        with self.env() as env:
            order = env["sale.order"].browse(order_id)
            picking = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))[:1]
            for move in picking.move_ids:
                wanted = move.product_uom_qty if quantities is None else quantities.get(move.product_id.id, 0)
                move.write({"quantity": wanted, "picked": True})
            picking.with_context(skip_backorder=True).button_validate()
            return picking.id

    def earn_for(self, person, amount):
        """Let a distributor earn an amount, by a sale long enough ago, and settle it: it is available then.

        :param person: a `Person` who is a distributor
        :param float amount: in CNY, what level 1 gets
        """
        with freeze_time(datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=60)), self.env() as env:
            self._sell_for(env, person, amount)
        with self.env() as env:
            program = env["distribution.program"].browse(self.program_id)
            env["distribution.commission.entry"]._release(program)
            distributor = env["distribution.distributor"].browse(person.distributor_id)
            env["distribution.settlement"]._create_from_due(program, distributor).action_post()

    def _sell_for(self, env, person, amount):
        customer = env["res.partner"].create({"name": f"Customer of {person.name}"})
        distributor = env["distribution.distributor"].browse(person.distributor_id)
        env["distribution.binding"]._bind(customer, distributor)
        line = {"product_id": self.product_id, "product_uom_qty": 1, "price_unit": amount * 100 / RATES[1]}
        order = env["sale.order"].create({"partner_id": customer.id, "order_line": [(0, 0, line)]})
        order.action_confirm()
        order.picking_ids.move_ids.write({"quantity": 1, "picked": True})
        order.picking_ids.button_validate()
        order.picking_ids._confirm_receipt()

    def let_ask_again(self):
        """Let the time pass in which WeChat is not asked again about a transfer, or sent it again."""

        def forget(env):
            transfers = env["distribution.wechat.transfer"].search([("state", "not in", ("success", "fail"))])
            transfers.write({"checked_at": False, "retry_at": False})

        self.edit(forget)

    def run_cron(self, xml_id):
        """Run a scheduled action at once, as the cron worker would."""
        with self.env() as env:
            env.ref(xml_id).method_direct_trigger()

    # === THE MINI-PROGRAM === #

    def person(self, name, **vals):
        """Return somebody with a phone who has logged in.

        :param vals: what WeChat knows of the person, such as `real_name`
        """
        number = next(numbers)
        open_id = f"o{name}{number}"
        self.simulator.register_user(
            name, f"139{number:08d}", openid=open_id, appid=APP_ID, unionid=f"u{name}{number}", **vals
        )
        return Person(self, name, open_id)

    def call(self, method, path, json=None, token=None, key=None, **kwargs):
        """Call an endpoint; every POST carries an Idempotency-Key, a new one unless it is given."""
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **kwargs.pop("headers", {})}
        if method == "POST":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        return requests.request(method, f"{self.url}{PREFIX}{path}", json=json, headers=headers, timeout=60, **kwargs)


class Person:
    """Somebody who uses the mini-program."""

    def __init__(self, live, name, open_id):
        self.live, self.name, self.open_id = live, name, open_id
        self.tokens = {}
        self.log_in()

    def log_in(self):
        code = self.live.simulator.login_code(self.open_id)["code"]
        answer = self.live.call("POST", "/sessions", {"app_id": APP_ID, "code": code})
        assert answer.status_code == 201, answer.text
        self.tokens = answer.json()
        with self.live.env() as env:
            identity = env["distribution.wechat.identity"].search([("open_id", "=", self.open_id)])
            self.user_id, self.partner_id = identity.user_id.id, identity.partner_id.id
            # What people read is compared in English here, whatever languages the template has.
            identity.user_id.lang = "en_US"

    def call(self, method, path, json=None, **kwargs):
        return self.live.call(method, path, json, self.tokens["access_token"], **kwargs)

    def get(self, path, **kwargs):
        return self.call("GET", path, **kwargs)

    def post(self, path, json=None, **kwargs):
        return self.call("POST", path, json, **kwargs)

    def place_order_by_hand(self, lines=None, minutes=30):
        """Create an order of this person that waits for its payment, by the merchant's hand.

        :param lines: (product id, quantity) pairs, one Dragon Well Tea by default
        :param minutes: how long it may be paid
        :return: id of the order
        """
        with self.live.env() as env:
            order = env["sale.order"].create(
                {
                    "partner_id": self.partner_id,
                    "wechat_account_id": self.live.account_id,
                    "wechat_expires_at": odoo.fields.Datetime.now() + datetime.timedelta(minutes=minutes),
                    "order_line": [
                        odoo.fields.Command.create({"product_id": product_id, "product_uom_qty": quantity})
                        for product_id, quantity in lines or [(self.live.product_id, 1)]
                    ],
                }
            )
            order.state = "sent"
            return order.id

    def become_distributor(self, upline=None):
        """Make this person an active distributor, by the merchant's hand.

        :param upline: a `Person`
        :return: id of the distributor
        """
        with self.live.env() as env:
            distributor = env["distribution.distributor"].create(
                {
                    "partner_id": self.partner_id,
                    "program_id": self.live.program_id,
                    "parent_id": upline.distributor_id if upline else False,
                }
            )
            distributor.action_accept_agreement()
            distributor.action_activate()
            self.distributor_id = distributor.id
        return self.distributor_id


@contextlib.contextmanager
def live_shop(server=(), **simulator_settings):
    """Start everything, yield a `Live`, and stop everything; a server that logged an error fails the tests.

    :param server: further options of Odoo's server, the last of which counts
    """
    key = Fernet.generate_key().decode()
    settings = {"seed": 11, "refund_seconds": 0, "cancel_seconds": 0, **simulator_settings}
    with databases.cloned_database() as database, Simulator(**settings) as simulator, _environment(key):
        log = Path(odoo.tools.config["data_dir"]).parent / "logs" / f"{database.name}.log"
        log.parent.mkdir(exist_ok=True)
        port = _free_port()
        live = Live(database, simulator, f"http://127.0.0.1:{port}", log)
        _create_world(live)
        with _serving(database.name, port, log, server):
            yield live
            simulator.wait_idle(10)
        errors = re.findall(r"^\S+ \S+ \d+ (?:ERROR|CRITICAL) .*(?:\n(?!\d{4}-).*)*", log.read_text(), re.M)
        # Collisions are wanted, and Odoo runs their requests again.
        errors = [error for error in errors if not re.search("could not serialize|deadlock detected", error)]
        assert not errors, "\n".join(errors)


@contextlib.contextmanager
def live_website(**website_vals):
    """Start a live shop, see `live_shop`, whose company has the website.

    :param website_vals: further values of the website
    """
    with live_shop() as shop:
        with shop.env() as env:
            website = env["website"].search([], limit=1)
            website.write({"company_id": shop.company_id, **website_vals})
            website.user_id.write({"company_ids": [(4, shop.company_id)], "company_id": shop.company_id})
        yield shop


@contextlib.contextmanager
def _environment(key):
    before = os.environ.get("DISTRIBUTION_SECRET_KEY")
    os.environ["DISTRIBUTION_SECRET_KEY"] = key
    try:
        yield
    finally:
        os.environ.pop("DISTRIBUTION_SECRET_KEY")
        if before:
            os.environ["DISTRIBUTION_SECRET_KEY"] = before


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def _serving(name, port, log, options):
    command = [sys.executable, "-m", "odoo", "--config", odoo.tools.config["config"], "--database", name]
    command += [f"--db-filter=^{name}$", "--no-database-list", "--max-cron-threads=0", "--log-level=info"]
    command += ["--http-interface=127.0.0.1", f"--http-port={port}", *options]
    with open(log, "w", encoding="utf-8") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        _wait_until_ready(child, port, log)
        yield
    finally:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()


def _wait_until_ready(child, port, log):
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"http://127.0.0.1:{port}{PREFIX}/openapi.json", timeout=60).status_code == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"The server did not start:\n{log.read_text()[-4000:]}")


def _create_world(live):
    """Create a company that sells in CNY, its program with three levels, its mini-program and a product."""
    with live.env() as env:
        # The journey waits for the ledger, the others look at it at once.
        vals = {"name": "Tea House", "currency_id": env.ref("base.CNY").id, "is_commission_in_background": False}
        company = env["res.company"].create(vals)
        env.ref("base.CNY").active = True
        env["ir.config_parameter"].set_param("web.base.url", live.url)
        env["ir.config_parameter"].set_param("web.base.url.freeze", "True")
        live.company_id = company.id
    with live.env() as env:
        env["account.chart.template"].try_loading("generic_coa", env.company, install_demo=False)
        warehouses = env["stock.warehouse"]
        if not warehouses.search_count([("company_id", "=", env.company.id)]):
            warehouses.create({"name": "Tea House", "code": "TEA", "company_id": env.company.id})
        # Some charts bring a currency of their own.
        env.company.currency_id = env.ref("base.CNY")
        program = env["distribution.program"].create(_prepare_program_vals(env))
        wallet = env["account.journal"].create({"name": "WeChat Wallet", "code": "WXW", "type": "bank"})
        account = env["distribution.wechat.account"].create(
            {**_prepare_account_vals(live, program), "wallet_journal_id": wallet.id}
        )
        account.action_activate_payment()
        live.program_id, live.account_id = program.id, account.id
    live.simulator.register_app(APP_ID, SECRET)
    live.product_id = live.create_product("Dragon Well Tea")


def _prepare_program_vals(env):
    return {
        "name": "Friends of Tea",
        "company_id": env.company.id,
        "level_count": 3,
        "trigger": "received",
        "hold_days": 7,
        "settlement_period": "manual",
        "binding_days": 0,
        "tz": "Asia/Shanghai",
        "rule_ids": [odoo.fields.Command.create({"level": level, "rate": rate}) for level, rate in RATES.items()],
    }


def _prepare_account_vals(live, program):
    merchant = live.simulator.merchant
    return {
        "name": "Tea House",
        "company_id": live.company_id,
        "program_id": program.id,
        "app_id": APP_ID,
        "app_secret": SECRET,
        "mini_program_url": live.simulator.url,
        "pay_url": live.simulator.url,
        "mch_id": merchant.mchid,
        "merchant_serial": merchant.serial,
        "merchant_private_key": merchant.private_key_pem,
        "api_v3_key": merchant.apiv3_key,
        "wechatpay_public_key": live.simulator.platform_public_key_pem,
        "wechatpay_public_key_id": live.simulator.public_key_id,
    }
