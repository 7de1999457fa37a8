# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A storm: customers, merchant, WeChat and the net do whatever comes to their minds, for hundreds of operations.

Everything is drawn from one seed, each operation from a generator of its own, so that an operation that ends otherwise
does not change what the later ones draw. Only the order in which threads run is not repeated.
"""

import datetime
import itertools
import logging
import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal

from psycopg2 import OperationalError
from wechat_simulator import ControlError
from wechat_simulator.forgeries import CONTENT, ENVELOPE

from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tests import freeze_time

from .live import APP_ID
from .money_out import BILLS, ONE_BILL, QUERY, SEND
from .payments import EXPIRE, SWEEP

SCARCE = 6
REQUEST_FAULTS = (
    "timeout_before",
    "reset_before",
    "system_error",
    "rate_limit",
    "html_502",
    "timeout_after",
    "reset_after",
    "system_error_after",
    "bad_signature",
    "unsigned",
    "unknown_serial",
    "stale_answer",
)
CALLS = (
    ("*/transactions/jsapi", "POST"),
    ("*/out-trade-no/*", "GET"),
    ("*/close", "POST"),
    ("*/domestic/refunds*", "POST"),
    ("*/domestic/refunds*", "GET"),
    (BILLS, "POST"),
    (ONE_BILL, "GET"),
    (f"{ONE_BILL}/cancel", "POST"),
)
BUSINESS_FAULTS = ("accepted", "fail_on_confirm", "confirm_wins", "refund_closed", "refund_abnormal")
# What is signed rightly is wrong about something; "changed" would be WeChat itself saying another thing.
FORGERIES = tuple(sorted((ENVELOPE | CONTENT) - {"changed"}))
EVENTS = ("*", "TRANSACTION.*", "REFUND.*", "MCHTRANSFER*")
CRONS = (
    SWEEP,
    EXPIRE,
    SEND,
    QUERY,
    "distribution_commission.confirm_receipts_cron",
    "distribution_commission.release_entries_cron",
    "distribution_commission.post_accruals_cron",
    "distribution_commission.settle_cron",
    "distribution_commission.sweep_commission_cron",
    "distribution_core.end_expired_bindings_cron",
)
# How often each operation is drawn: first what customers do over HTTP, several at once, then the rest, one by one.
CUSTOMERS = {
    "browse": 3,
    "put_in_cart": 3,
    "place_order": 9,
    "place_scarce_order": 6,
    "pay": 14,
    "pay_twice": 3,
    "cancel": 4,
    "query_payment": 3,
    "ask_back": 6,
    "withdraw_request": 1,
    "confirm_receipt": 5,
    "ask_for_money": 6,
    "query_withdrawal": 3,
    "cancel_withdrawal": 2,
    "confirm_transfer": 5,
    "send_again": 4,
}
OTHERS = {
    "approve_refund": 6,
    "refuse_refund": 1,
    "refund_by_hand": 2,
    "ship": 7,
    "take_back": 3,
    "hold_over_and_settle": 3,
    "approve_withdrawals": 4,
    "run_cron": 14,
    "change_order": 1,
    "cancel_as_merchant": 2,
    "let_order_expire": 2,
    "spoil_call": 12,
    "spoil_business": 3,
    "spoil_notification": 8,
    "forge": 6,
    "repeat_notification": 3,
    "release_notifications": 2,
    "end_transfer": 3,
    "empty_merchant_balance": 1,
    "renew_tokens": 2,
    "log_in": 2,
}
AT_ONCE = 4
# What may happen while customers are busy.
MEANWHILE = ("run_cron", "let_order_expire", "cancel_as_merchant", "approve_refund", "repeat_notification")


class Storm:
    """The people, and what they did."""

    def __init__(self, live, seed):
        self.live, self.simulator, self.seed = live, live.simulator, seed
        self.done, self.errors, self.sent = [], [], []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._create_people()

    def _create_people(self):
        live = self.live
        with live.env() as env:
            program = env["distribution.program"].browse(live.program_id)
            program.write({"withdrawal_daily_limit": 1000})
        self.ada, self.ben = live.person("Ada", real_name="李小红"), live.person("Ben")
        self.ada.become_distributor()
        self.ben.become_distributor(self.ada)
        with live.env() as env:
            env["distribution.distributor"].browse(self.ada.distributor_id).real_name = "李小红"
        live.earn_for(self.ada, 2600)
        live.earn_for(self.ben, 150)
        self.buyers = [live.person(name) for name in ("Cleo", "Dora", "Emil", "Fay")]
        for buyer in self.buyers:
            self._bind(buyer, self.ben)
        self.people = [self.ada, self.ben, *self.buyers]
        self.by_partner = {person.partner_id: person for person in self.people}
        self.product_ids = [live.create_product("Oolong", price=33.33), live.product_id]
        self.scarce_id = live.create_product("Rare Cake", quantity=SCARCE, price=88.8)

    def _bind(self, buyer, distributor):
        with self.live.env() as env:
            code = env["distribution.distributor"].browse(distributor.distributor_id).code
        answer = buyer.post("/bindings", {"code": code})
        assert answer.status_code == 200, answer.text

    # === THE STORM === #

    def rage(self, count):
        """Do so many operations, some of them at once."""
        with odoo_errors(self.errors), ThreadPoolExecutor(AT_ONCE) as pool:
            while (number := next(self._numbers)) <= count:
                rng = self._draw(number)
                if rng.random() < 0.3:
                    # Two times out of three it is one person's phones, so that they meet.
                    focus = rng.choice(self.people) if rng.random() < 0.67 else None
                    numbers = [number, *(next(self._numbers) for _other in range(AT_ONCE - 1))]
                    # Sometimes all want the same, such as the last piece.
                    wish = _choose(rng, CUSTOMERS) if rng.random() < 0.4 else None
                    futures = [pool.submit(self._do_as_customer, one, focus, wish) for one in numbers]
                    if rng.random() < 0.5:
                        self._do(number, rng, rng.choice(MEANWHILE))
                    for future in futures:
                        future.result()
                elif rng.random() < 0.45:
                    self._do_as_customer(number)
                else:
                    self._do(number, rng, _choose(rng, OTHERS))

    def _draw(self, number):
        return random.Random(f"{self.seed}-{number}")

    def _do_as_customer(self, number, focus=None, wish=None):
        rng = random.Random(f"{self.seed}-{number}-customer")
        person = focus or rng.choice(self.people)
        self._do(number, rng, wish or _choose(rng, CUSTOMERS), person)

    def _do(self, number, rng, name, *args):
        try:
            outcome = getattr(self, f"do_{name}")(rng, *args)
        except ControlError as error:
            outcome = f"not possible in WeChat: {error}"
        except UserError as error:
            outcome = f"refused: {error}"
        except Exception as error:
            with self._lock:
                self.done.append(f"{number:03d} {name}: {error!r}")
            raise
        who = args[0].name if args else ""
        with self._lock:
            self.done.append(f"{number:03d} {name} {who}: {outcome}")

    def calm(self):
        """Let everything work well again, time pass, and all scheduled work be done until nothing is open."""
        with odoo_errors(self.errors):
            self.simulator.clear_faults()
            self.simulator.notify_well()
            self.simulator.set_balance(100_000_000)
            self._end_what_people_left()
            for _round in range(8):
                assert self.simulator.wait_idle(30)
                self._let_time_pass()
                self.live.let_ask_again()
                for cron in (SWEEP, EXPIRE, SEND, QUERY):
                    self._run(cron)
                assert self.simulator.wait_idle(30)
                if not self.find_open():
                    break
            self._settle()
            for cron in CRONS:
                self._run(cron)
            self._mend()
            assert self.simulator.wait_idle(30)

    def find_open(self):
        """Return what is not over: numbers of payments and refunds, of transfers, of orders."""
        return self.sql(
            """SELECT reference FROM payment_transaction WHERE wechat_is_open
                UNION ALL
               SELECT name FROM distribution_wechat_transfer WHERE state NOT IN ('success', 'fail', 'cancelled')
                UNION ALL
               SELECT name FROM sale_order WHERE wechat_account_id IS NOT NULL AND state = 'sent'"""
        )

    def sql(self, query, *params):
        """Return rows of the database as it is now."""
        with self.live.database.registry.cursor() as cr:
            cr.execute(query, params)
            return cr.fetchall()

    # === CUSTOMERS === #

    def do_browse(self, rng, person):
        path = rng.choice(
            ("/products", "/categories", "/cart", "/orders", "/me", "/me/summary", "/me/entries", "/me/team")
            + ("/me/customers", "/me/withdrawals", "/me/withdrawals/quote")
        )
        return f"{path} {self._called(person.get(path)).status_code}"

    def do_put_in_cart(self, rng, person):
        variant_id, quantity = rng.choice([*self.product_ids, self.scarce_id]), rng.randint(0, 3)
        return self._told(person.call("PUT", f"/cart/{variant_id}", {"quantity": quantity}))

    def do_place_order(self, rng, person):
        if rng.random() < 0.2:
            return self._told(self._post(person, "/orders", {}))
        lines = [
            {"variant_id": variant_id, "quantity": rng.randint(1, 3)}
            for variant_id in rng.sample(self.product_ids, rng.randint(1, 2))
        ]
        return self._told(self._post(person, "/orders", {"lines": lines}))

    def do_place_scarce_order(self, rng, person):
        lines = [{"variant_id": self.scarce_id, "quantity": rng.randint(1, 2)}]
        return self._told(self._post(person, "/orders", {"lines": lines}))

    def do_pay(self, rng, person):
        order_id = self._an_order(rng, person, "sent")
        if not order_id:
            return self.do_place_order(rng, person)
        answer = self._post(person, f"/orders/{order_id}/pay")
        if answer.status_code != 200:
            return f"order {order_id} {self._told(answer)}"
        if rng.random() < 0.25:
            return f"order {order_id} puts the phone away"
        result = "USERPAYING" if rng.random() < 0.06 else "SUCCESS"
        paid = self.simulator.pay(pay_params=answer.json()["parameters"], result=result)
        return f"order {order_id} {paid['out_trade_no']} {paid['trade_state']}"

    def do_pay_twice(self, rng, person):
        order_id = self._an_order(rng, person, "sent")
        if not order_id:
            return "nothing to pay"
        answers = [self._post(person, f"/orders/{order_id}/pay") for _time in range(2)]
        paid = []
        for answer in answers:
            try:
                if answer.status_code == 200:
                    paid.append(self.simulator.pay(pay_params=answer.json()["parameters"])["out_trade_no"])
            except ControlError as error:
                paid.append(str(error))
        return f"order {order_id} {paid}"

    def do_cancel(self, rng, person):
        order_id = self._an_order(rng, person, "sent") or self._an_order(rng, person, "sale")
        return order_id and f"order {order_id} {self._told(self._post(person, f'/orders/{order_id}/cancellation'))}"

    def do_query_payment(self, rng, person):
        order_id = self._an_order(rng, person, "sent", "sale", "cancel")
        return order_id and f"order {order_id} {self._told(self._post(person, f'/orders/{order_id}/payment/query'))}"

    def do_ask_back(self, rng, person):
        order_id = self._an_order(rng, person, "sale")
        if not order_id:
            return "nothing to give back"
        line_id = rng.choice(person.get(f"/orders/{order_id}").json()["lines"])["id"]
        body = {"lines": [{"line_id": line_id, "quantity": 1}], "reason": "Too bitter"}
        return f"order {order_id} {self._told(self._post(person, f'/orders/{order_id}/refund-requests', body))}"

    def do_withdraw_request(self, rng, person):
        rows = self.sql(
            "SELECT id, order_id FROM distribution_refund_request WHERE partner_id = %s ORDER BY id", person.partner_id
        )
        if not rows:
            return "no request"
        request_id, order_id = rng.choice(rows)
        return self._told(self._post(person, f"/orders/{order_id}/refund-requests/{request_id}/withdrawal"))

    def do_confirm_receipt(self, rng, person):
        rows = self.sql(
            """SELECT o.id FROM sale_order o JOIN stock_picking p ON p.sale_id = o.id
                WHERE o.wechat_account_id IS NOT NULL AND o.partner_id = %s AND p.state = 'done' ORDER BY p.id""",
            person.partner_id,
        )
        order_id = rows and rng.choice(rows)[0]
        return order_id and f"order {order_id} {self._told(self._post(person, f'/orders/{order_id}/receipt'))}"

    def do_ask_for_money(self, rng, _person):
        person = rng.choice((self.ada, self.ben))
        body = {"all": True} if rng.random() < 0.1 else {"amount": f"{rng.randint(900, 6000) / 100:.2f}"}
        if person == self.ada and rng.random() < 0.15:
            body = {"amount": "2000.00"}
        return f"{person.name} {body} {self._told(self._post(person, '/me/withdrawals', body))}"

    def do_query_withdrawal(self, rng, _person):
        return self._with_withdrawal(rng, "query")

    def do_cancel_withdrawal(self, rng, _person):
        return self._with_withdrawal(rng, "cancel")

    def _with_withdrawal(self, rng, verb):
        found = self._a_withdrawal(rng)
        if not found:
            return "no withdrawal"
        person, withdrawal_id = found
        return (
            f"{person.name} {withdrawal_id} {self._told(self._post(person, f'/me/withdrawals/{withdrawal_id}/{verb}'))}"
        )

    def do_confirm_transfer(self, rng, _person):
        found = self._a_withdrawal(rng, "reserved")
        if not found:
            return "no withdrawal"
        person, withdrawal_id = found
        answer = self._called(person.get(f"/me/withdrawals/{withdrawal_id}/confirmation"))
        if answer.status_code != 200:
            return self._told(answer)
        bill = self.simulator.confirm_transfer(package=answer.json()["package"], openid=person.open_id)
        return f"{bill['out_bill_no']} {bill['state']}"

    def do_send_again(self, rng, _person):
        """Send an old request with its key again: the same answer, or a refusal of another body."""
        with self._lock:
            sent = rng.choice(self.sent) if self.sent else None
        if not sent:
            return "nothing was sent"
        person, path, body, key, status, document = sent
        if rng.random() < 0.2 and body:
            other = self._called(person.post(path, {**body, "note": "other"}, key=key))
            assert other.status_code == 422, other.text
            return f"{path} other body {other.status_code}"
        again = self._called(person.post(path, body, key=key))
        if again.status_code < 300 or status < 300:
            assert again.status_code in (status, 409) or status >= 300, (path, status, again.text)
        if status < 300 and again.status_code == status:
            assert again.json() == document, (path, document, again.text)
        return f"{path} {status} again {again.status_code}"

    # === THE MERCHANT === #

    def do_approve_refund(self, rng):
        return self._decide(rng, lambda env, request: request.action_approve())

    def do_refuse_refund(self, rng):
        return self._decide(rng, lambda env, request: request._refuse("Too late"))

    def _decide(self, rng, decide):
        rows = self.sql("SELECT id FROM distribution_refund_request WHERE state = 'requested' ORDER BY id")
        if not rows:
            return "no request"
        request_id = rng.choice(rows)[0]
        self._as_merchant(lambda env: decide(env, env["distribution.refund.request"].browse(request_id)))
        return f"request {request_id}"

    def do_refund_by_hand(self, rng):
        """Give a little back without being asked, such as for a broken box."""
        rows = self.sql("SELECT id FROM sale_order WHERE wechat_account_id IS NOT NULL AND state = 'sale' ORDER BY id")
        if not rows:
            return "no order"
        order_id, amount = rng.choice(rows)[0], Decimal(rng.randint(1, 900)) / 100
        self._as_merchant(lambda env: env["sale.order"].browse(order_id)._refund_by_wechat(amount, "Broken box"))
        return f"order {order_id} {amount}"

    def do_ship(self, rng):
        rows = self.sql(
            """SELECT o.id FROM sale_order o WHERE o.wechat_account_id IS NOT NULL AND o.state = 'sale' AND EXISTS (
                   SELECT 1 FROM stock_picking p WHERE p.sale_id = o.id AND p.state = 'assigned') ORDER BY o.id"""
        )
        if not rows:
            return "nothing to ship"
        order_id = rng.choice(rows)[0]
        self._retry(lambda: self.live.ship(order_id))
        return f"order {order_id}"

    def do_take_back(self, rng):
        rows = self.sql(
            """SELECT p.id FROM stock_picking p JOIN sale_order o ON o.id = p.sale_id
                 JOIN stock_location l ON l.id = p.location_dest_id
                WHERE o.wechat_account_id IS NOT NULL AND p.state = 'done' AND l.usage = 'customer' ORDER BY p.id"""
        )
        if not rows:
            return "nothing to take back"
        picking_id = rng.choice(rows)[0]
        self._as_merchant(lambda env: self._take_back(env, picking_id))
        return f"delivery {picking_id}"

    def _take_back(self, env, picking_id):
        wizard = env["stock.return.picking"].with_context(active_id=picking_id, active_model="stock.picking").create({})
        line = wizard.product_return_moves[:1]
        left = line.move_id.quantity - sum(line.move_id.returned_move_ids.mapped("quantity"))
        if left < 1:
            raise UserError("everything has come back")
        (wizard.product_return_moves - line).unlink()
        line.write({"quantity": 1, "to_refund": True})
        back = env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.write({"quantity": 1, "picked": True})
        back.button_validate()

    def do_hold_over_and_settle(self, rng):
        assert self.simulator.wait_idle(30)
        return self._settle()

    def _settle(self):
        later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=8)
        with freeze_time(later):
            self._as_merchant(
                lambda env: env["distribution.commission.entry"]._release(
                    env["distribution.program"].browse(self.live.program_id)
                )
            )

        def settle(env):
            program = env["distribution.program"].browse(self.live.program_id)
            settlements = env["distribution.settlement"]._create_from_due(program)
            settlements.action_post()
            return len(settlements)

        return f"{self._as_merchant(settle)} settlements"

    def do_approve_withdrawals(self, rng):
        rows = self.sql("SELECT id FROM distribution_withdrawal WHERE state = 'requested' ORDER BY id")
        if not rows:
            return "no withdrawal"
        chosen = sorted(row[0] for row in rng.sample(rows, rng.randint(1, len(rows))))

        def approve(env):
            wizard = env["distribution.withdrawal.approve"].with_context(active_ids=chosen).create({})
            wizard.action_approve()

        self._as_merchant(approve)
        return f"withdrawals {chosen}"

    def do_run_cron(self, rng):
        cron = rng.choice(CRONS[:4]) if rng.random() < 0.7 else rng.choice(CRONS)
        self._run(cron)
        return cron

    def do_change_order(self, rng):
        """Add a piece to an order that is not paid, maybe while it is being paid."""
        rows = self.sql(
            """SELECT l.id FROM sale_order_line l JOIN sale_order o ON o.id = l.order_id
                WHERE o.wechat_account_id IS NOT NULL AND o.state = 'sent' AND l.product_id != %s ORDER BY l.id""",
            self.scarce_id,
        )
        if not rows:
            return "no order"
        line_id = rng.choice(rows)[0]

        def add(env):
            line = env["sale.order.line"].browse(line_id)
            if line.order_id.state == "sent":
                line.product_uom_qty += 1
            return line.order_id.id

        return f"order {self._as_merchant(add)}"

    def do_cancel_as_merchant(self, rng):
        order_id = self._an_unpaid_order(rng)

        def cancel(env):
            order = env["sale.order"].browse(order_id)
            if order.state == "sent":
                order.action_cancel()

        if order_id:
            self._as_merchant(cancel)
        return f"order {order_id}"

    def do_let_order_expire(self, rng):
        order_id = self._an_unpaid_order(rng)
        if order_id:
            self._as_merchant(lambda env: env["sale.order"].browse(order_id).write({"wechat_expires_at": _ago(1)}))
            self._run(EXPIRE)
        return f"order {order_id}"

    # === WECHAT AND THE NET === #

    def do_spoil_call(self, rng):
        (path, method), kind = rng.choice(CALLS), rng.choice(REQUEST_FAULTS)
        if rng.random() < 0.08:
            self.simulator.add_fault("error", path, method, status=403, code="NO_AUTH", message="商户无权限")
            return f"{method} {path} NO_AUTH"
        self.simulator.add_fault(kind, path, method, **({"seconds": 0.2} if kind.startswith("timeout") else {}))
        return f"{method} {path} {kind}"

    def do_spoil_business(self, rng):
        kind = rng.choice(BUSINESS_FAULTS)
        self.simulator.add_fault(kind)
        return kind

    def do_spoil_notification(self, rng):
        event = rng.choice(EVENTS)
        kind = rng.choice(("lost", "hold", "late", "duplicate", "concurrent", "forged", "forged"))
        if kind == "forged":
            kind, genuine = rng.choice(FORGERIES), rng.random() < 0.5
            self.simulator.notify_as(kind, event, genuine=genuine)
            return f"{event} {kind} genuine={genuine}"
        options = {"late": {"seconds": 0.5}, "duplicate": {"n": 3}, "concurrent": {"n": 4}}.get(kind, {})
        self.simulator.notify_as(kind, event, **options)
        return f"{event} {kind}"

    def do_forge(self, rng):
        books = self.simulator.ledger()
        numbers = sorted([*books["payments"], *books["refunds"], *books["transfers"]])
        # Most is to be gained where nothing is paid yet.
        tempting = sorted(number for number, one in books["payments"].items() if one["state"] == "NOTPAY")
        tempting += self._waiting_transfers()
        if not numbers:
            return "no number"
        number = rng.choice(tempting if tempting and rng.random() < 0.7 else numbers)
        kind = rng.choice(FORGERIES if rng.random() < 0.5 else sorted(CONTENT - {"changed"}))
        attempt = self.simulator.forge(number, kind)
        if kind in ENVELOPE | {"wrong_mchid"}:
            assert attempt["status"] == 401, (number, kind, attempt)
        return f"{number} {kind} {attempt['status']}"

    def do_repeat_notification(self, rng):
        notices = self.simulator.notifications()
        if not notices:
            return "no notification"
        number = rng.choice(sorted(notice["number"] for notice in notices))
        return f"{number} {self.simulator.resend(number)['status']}"

    def do_release_notifications(self, rng):
        return self.simulator.release_notifications()

    def do_end_transfer(self, rng):
        """Let a wallet refuse, or the 24 hours be over."""
        waiting = self._waiting_transfers()
        if not waiting:
            return "no transfer"
        number = rng.choice(waiting)
        end = rng.choice((self.simulator.refuse_transfer, self.simulator.expire_transfer))
        return f"{number} {end(number)['fail_reason']}"

    def do_empty_merchant_balance(self, rng):
        self.simulator.set_balance(rng.choice((0, 10_000_000)))
        return self.simulator.ledger()["merchant"]

    def do_renew_tokens(self, rng):
        person = rng.choice(self.people)
        old = person.tokens
        answer = self._called(self.live.call("POST", "/sessions/refresh", {"refresh_token": old["refresh_token"]}))
        assert answer.status_code == 200, answer.text
        person.tokens = answer.json()
        assert self.live.call("GET", "/me", token=old["access_token"]).status_code == 401
        return person.name

    def do_log_in(self, rng):
        person = rng.choice(self.people)
        if rng.random() < 0.3:
            self.simulator.add_fault("errcode", "*/jscode2session", errcode=-1)
        body = {"app_id": APP_ID, "code": self.simulator.login_code(person.open_id)["code"]}
        answer = self._called(self.live.call("POST", "/sessions", body))
        if answer.status_code == 201:
            person.tokens = answer.json()
        return f"{person.name} {self._told(answer)}"

    # === AFTERWARDS === #

    def _end_what_people_left(self):
        """Who is paying ends it; who has not confirmed a transfer lets it expire."""
        self.simulator.release_notifications()
        for order in self.simulator.state()["orders"]:
            if order["trade_state"] == "USERPAYING":
                self.simulator.pay(out_trade_no=order["out_trade_no"])
        self._as_merchant(
            lambda env: env["distribution.withdrawal"].search([("state", "=", "requested")])._give_back("refused", "No")
        )
        self._run(SEND)
        self._run(QUERY)

    def _let_time_pass(self):
        def pass_time(env):
            env["payment.transaction"].search([("wechat_is_open", "=", True)]).write({"wechat_asked_at": _ago(120)})
            orders = env["sale.order"].search([("wechat_account_id", "!=", False), ("state", "=", "sent")])
            orders.write({"wechat_expires_at": _ago(1)})
            transfers = env["distribution.wechat.transfer"]
            transfers.search([("asked_at", "!=", False)]).write({"asked_at": _ago(600)})
            transfers.search([("retry_at", "!=", False)]).write({"retry_at": _ago(1)})

        self._as_merchant(pass_time)
        for number in self._waiting_transfers():
            self.simulator.expire_transfer(number)

    def _mend(self):
        """Refund anew what WeChat closed or refused, as the merchant was told to."""
        for order_id, missing in find_unreturned(self.live):
            with self.live.env() as env:
                assert env["sale.order"].browse(order_id).activity_ids, f"nobody was told of order {order_id}"
            self._as_merchant(
                lambda env, order_id=order_id, missing=missing: env["sale.order"]
                .browse(order_id)
                ._refund_by_wechat(missing, "Once more")
            )
        assert self.simulator.wait_idle(30)
        self._run(SWEEP)

    # === HELPERS === #

    def _post(self, person, path, body=None):
        key = str(uuid.uuid4())
        answer = self._called(person.post(path, body, key=key))
        if path == "/orders" or path.endswith(("/pay", "/receipt", "/refund-requests", "/me/withdrawals", "/cancel")):
            with self._lock:
                document = answer.json() if answer.status_code < 300 else None
                self.sent.append((person, path, body, key, answer.status_code, document))
        return answer

    def _called(self, answer):
        """Check that an answer is one of those a front end has to expect."""
        if answer.status_code >= 500:
            assert (answer.status_code, answer.json()["code"]) == (502, "wechat_unavailable"), answer.text
        assert answer.status_code not in (400, 401, 403, 405), (answer.request.url, answer.text)
        return answer

    def _told(self, answer):
        document = answer.json()
        known = ("code", "id", "status", "state", "total", "amount")
        return f"{answer.status_code} " + " ".join(f"{name}={document[name]}" for name in known if name in document)

    def _an_order(self, rng, person, *states):
        rows = self.sql(
            """SELECT id FROM sale_order WHERE wechat_account_id IS NOT NULL AND partner_id = %s AND state IN %s
                ORDER BY id""",
            person.partner_id,
            states,
        )
        # The newest is what people have in mind most of the time.
        return rows and (rows[-1] if rng.random() < 0.6 else rng.choice(rows))[0]

    def _an_unpaid_order(self, rng):
        rows = self.sql("SELECT id FROM sale_order WHERE wechat_account_id IS NOT NULL AND state = 'sent' ORDER BY id")
        return rows and rng.choice(rows)[0]

    def _a_withdrawal(self, rng, *states):
        rows = self.sql(
            """SELECT w.id, d.partner_id FROM distribution_withdrawal w
                 JOIN distribution_distributor d ON d.id = w.distributor_id
                WHERE w.origin = 'distributor' AND w.state IN %s ORDER BY w.id""",
            states or ("requested", "reserved", "paid", "failed", "cancel"),
        )
        if not rows:
            return None
        withdrawal_id, partner_id = rng.choice(rows)
        return self.by_partner[partner_id], withdrawal_id

    def _waiting_transfers(self):
        bills = self.simulator.ledger()["transfers"]
        return sorted(number for number, bill in bills.items() if bill["state"] == "WAIT_USER_CONFIRM")

    def _run(self, cron):
        self._retry(lambda: self.live.run_cron(cron))

    def _as_merchant(self, action):
        def run():
            with self.live.env() as env:
                return action(env)

        return self._retry(run)

    def _retry(self, action):
        """Run it again after a collision, as Odoo does with whatever the merchant clicks."""
        for left in reversed(range(5)):
            try:
                return action()
            except OperationalError as error:
                if not left or not isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                    raise
        return None


def find_unreturned(live):
    """Return orders for which more was kept than they cost: (id, CNY) pairs.

    What is kept of an order is what was paid less what was given back or has left the merchant; what it costs is its
    total, unless it is cancelled, less what the merchant has given back of its own will.
    """
    found = []
    with live.env() as env:
        for order in env["sale.order"].search([("wechat_account_id", "!=", False)], order="id"):
            paid, refunded, refunding = order._get_wechat_amounts()
            refunds = order._get_wechat_payments().child_transaction_ids
            wished = refunds.filtered(
                lambda tx, order=order: tx.wechat_reason == "Broken box"
                or tx in order.refund_request_ids.transaction_id
            ).filtered(lambda tx: tx.state == "done" or tx.wechat_state == "ABNORMAL")
            given = -sum(Decimal(repr(amount)) for amount in wished.mapped("amount"))
            cost = Decimal(repr(order.amount_total)) - given if order.state == "sale" else Decimal(0)
            left = paid - refunded - refunding
            if left > cost:
                found.append((order.id, left - cost))
            assert left >= max(cost, 0), f"{order.name} kept {left} of {cost}"
    return found


def _choose(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


def _ago(seconds):
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None, microsecond=0)
    return now - datetime.timedelta(seconds=seconds)


@contextmanager
def odoo_errors(errors):
    """Gather what Odoo logs as an error in this process, where the scheduled actions run."""
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: errors.append(handler.format(record))
    loggers = [logging.getLogger(name) for name in ("odoo.addons", "odoo.http", "odoo.models")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
