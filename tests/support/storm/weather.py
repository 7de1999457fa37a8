# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What WeChat and the net do."""

from wechat_simulator.forgeries import CONTENT, ENVELOPE

from ..live import APP_ID
from ..money_out import BILLS, ONE_BILL
from .stage import Stage

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
# How often each operation is drawn.
WEATHER = {
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


class Weather(Stage):
    """Calls that fail, notifications that get lost, are doubled or forged, money that does not arrive."""

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
