# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a test or the demo may do to the simulated world.

Each method named in ``CALLS`` is also ``POST /simulator/<name-with-dashes>`` with its arguments as JSON; those in
``READINGS`` are ``GET`` too. The answer is what the method returns.
"""

from dataclasses import asdict, replace
from functools import wraps

from .clock import parse_rfc3339, rfc3339
from .errors import PayError
from .ledger import MERCHANT, REFUNDS, TRANSFERS, UNSHIPPED, NotEnough, user_account
from .records import App, User

CALLS = set(
    """
    register_app register_user login_code phone_code subscribe
    pay confirm_transfer refuse_transfer
    expire_transfer finish_transfer finish_cancel finish_refund set_balance move_clock invalidate_tokens configure reset
    add_fault clear_faults notify_as notify_well release_notifications resend forge
    """.split()
)
READINGS = {"state", "ledger", "credentials", "notifications"}


class ControlError(Exception):
    """The control call makes no sense."""


def under_lock(method):
    """Run a control call alone, sweep what time has ended, keep the result."""

    @wraps(method)
    def alone(self, *args, **kwargs):
        with self.world.store.lock:
            try:
                self.sweep()
                return method(self, *args, **kwargs)
            except (PayError, NotEnough, ValueError, KeyError) as error:
                raise ControlError(f"{type(error).__name__}: {error}") from error
            finally:
                self.world.store.save()

    return alone


class ControlCalls:
    """The control calls of the simulator."""

    # === Who is there ===

    @under_lock
    def register_app(self, appid, secret):
        """Bind a mini-program to the merchant."""
        self.world.store.apps[appid] = App(appid, secret)
        return asdict(self.world.store.apps[appid])

    @under_lock
    def register_user(
        self, name="", phone="", real_name="", openid=None, unionid=None, appid=None, balance=None, blocked=False
    ):
        """Add a WeChat user, or change the one of this openid."""
        appid = appid or next(iter(self.world.store.apps), None)
        if appid not in self.world.store.apps:
            raise ValueError("register an app first")
        openid = openid or "o" + self.world.numbers.text(27)
        old = self.world.store.users.get(openid)
        unionid = unionid or (old.unionid if old else "o" + self.world.numbers.text(27))
        name = name or real_name or openid[:8]
        user = User(openid, appid, unionid, name, real_name or name, phone, blocked)
        self.world.store.users[openid] = user
        if balance is not None or not old:
            start = self.world.settings.user_balance if balance is None else balance
            self.world.ledger.set_balance(user_account(openid), start)
        return asdict(user)

    @under_lock
    def login_code(self, openid):
        """Return what wx.login gives to the front end."""
        return {"code": self.mini_program.new_code(self.world.store.users[openid], "login")}

    @under_lock
    def phone_code(self, openid):
        """Return what getPhoneNumber gives to the front end."""
        return {"code": self.mini_program.new_code(self.world.store.users[openid], "phone")}

    @under_lock
    def subscribe(self, openid, template_id, times=1):
        """Let the user accept so many messages of a template."""
        user = self.world.store.users[openid]
        user.subscriptions[template_id] = user.subscriptions.get(template_id, 0) + times
        return user.subscriptions

    # === What the user does ===

    @under_lock
    def pay(self, out_trade_no=None, prepay_id=None, openid=None, pay_params=None, result="SUCCESS"):
        """Pay an order; with ``pay_params`` (what the front end gives wx.requestPayment) the paySign is checked.

        :param result: SUCCESS, USERPAYING (call again to end it) or PAYERROR
        """
        params = pay_params or {}
        prepay_id = prepay_id or params.get("package", "").removeprefix("prepay_id=")
        order = self._order(out_trade_no, prepay_id)
        if pay_params is not None:
            self.payments.check_pay_params(order, params)
        self.payments.pay(order, openid, result)
        return self.payments.transaction(order)

    @under_lock
    def confirm_transfer(
        self, out_bill_no=None, package=None, openid=None, result="SUCCESS", fail_reason="ACCOUNT_FROZEN"
    ):
        """Confirm a transfer, by number or by the package of wx.requestMerchantTransfer.

        :param result: SUCCESS, FAIL, or TRANSFERING until ``finish_transfer``
        """
        transfer = self._transfer(out_bill_no, package)
        if openid and openid != transfer.openid:
            raise ControlError("this transfer is for another user")
        self.transfers.confirm(transfer, result, fail_reason)
        return self.transfers.as_dict(transfer)

    @under_lock
    def refuse_transfer(self, out_bill_no, fail_reason="PAYEE_ACCOUNT_ABNORMAL"):
        """Let the user's wallet refuse: FAIL, and the money is back."""
        transfer = self._transfer(out_bill_no)
        self.transfers.confirm(transfer, "FAIL", fail_reason)
        return self.transfers.as_dict(transfer)

    # === What the platform does ===

    @under_lock
    def expire_transfer(self, out_bill_no):
        """Close a transfer as if its 24 hours were over."""
        transfer = self._transfer(out_bill_no)
        self.transfers.expire(transfer)
        return self.transfers.as_dict(transfer)

    @under_lock
    def finish_transfer(self, out_bill_no, result="SUCCESS", fail_reason="ACCOUNT_FROZEN"):
        """End a transfer that is TRANSFERING."""
        transfer = self._transfer(out_bill_no)
        self.transfers.finish(transfer, result, fail_reason)
        return self.transfers.as_dict(transfer)

    @under_lock
    def finish_cancel(self, out_bill_no):
        """End a cancellation (setting ``cancel_seconds`` None)."""
        transfer = self._transfer(out_bill_no)
        self.transfers.finish_cancel(transfer)
        return self.transfers.as_dict(transfer)

    @under_lock
    def finish_refund(self, out_refund_no, status="SUCCESS"):
        """End a refund (setting ``refund_seconds`` None): SUCCESS, CLOSED or ABNORMAL."""
        self.refunds.finish(out_refund_no, status)
        return self.refunds.as_dict(self.world.store.refunds[out_refund_no])

    @under_lock
    def set_balance(self, amount, openid=None):
        """Set the balance of the merchant, or of a user, in fen."""
        if openid and openid not in self.world.store.users:
            raise ControlError("no such user")
        self.world.ledger.set_balance(user_account(openid) if openid else MERCHANT, amount)
        return self.world.ledger.balances()

    @under_lock
    def move_clock(self, seconds=0, to=None):
        """Move the business clock by seconds, or to a time with its offset; what is over by then ends."""
        if to:
            self.world.clock.set(parse_rfc3339(to))
        self.world.clock.move(seconds)
        self.world.store.clock_offset = self.world.clock.offset
        self.sweep()
        return {"now": rfc3339(self.world.clock.now()), "offset": self.world.clock.offset}

    @under_lock
    def invalidate_tokens(self, appid):
        """Make the access tokens of an app invalid (40001)."""
        self.mini_program.invalidate(appid)

    @under_lock
    def configure(self, **settings):
        """Change settings (see ``records.Settings``)."""
        for name, value in settings.items():
            if not hasattr(self.world.settings, name):
                raise ControlError(f"no such setting: {name}")
            setattr(self.world.settings, name, value)
        return asdict(self.world.settings)

    @under_lock
    def reset(self):
        """Forget all but the keys and the apps."""
        apps = dict(self.world.store.apps)
        self.notifier.clear()
        self.world.clear()
        self.world.store.apps = apps

    # === Faults and notifications ===

    @under_lock
    def add_fault(self, kind, path="*", method="*", contains="", times=1, **options):
        """Ask for a fault (see ``faults``); times None is for ever."""
        return {"id": self.world.faults.add(kind, path, method, contains, times, **options)}

    @under_lock
    def clear_faults(self):
        """Take all faults away."""
        self.world.faults.clear()

    @under_lock
    def notify_as(self, kind, event_type="*", contains="", times=1, **options):
        """Ask for a behaviour of the next notifications (see ``notifications``)."""
        return {"id": self.notifier.behave(kind, event_type, contains, times, **options)}

    @under_lock
    def notify_well(self):
        """Deliver notifications well again."""
        self.notifier.clear()

    @under_lock
    def release_notifications(self, number=None):
        """Deliver what is held."""
        return {"released": self.notifier.release(number)}

    def resend(self, number):
        """Deliver the last notification of a number again, now; return what the merchant's server answered."""
        return self.notifier.deliver_now(self._notice(number))

    def forge(self, number, kind=None, changes=None, url=None):
        """Deliver a forged notification, now, also for what did not happen; return what the server answered.

        It repeats the last notification of the number, or imagines a success. ``kind`` None is a well-made one, e.g. a
        success that a query does not confirm.
        """
        notice = self._notice(number, imagine=True, url=url)
        return self.notifier.deliver_now(notice, kind, changes)

    # === Readings ===

    @under_lock
    def state(self):
        """Return everything but the keys."""
        store = self.world.store
        names = ("users", "orders", "refunds", "transfers", "notices")
        values = {name: [asdict(one) for one in getattr(store, name).values()] for name in names}
        values |= {"now": rfc3339(self.world.clock.now()), "balances": self.world.ledger.balances()}
        values |= {"faults": self.world.faults.listed(), "behaviours": self.notifier.listed()}
        return values | {"messages": store.messages}

    @under_lock
    def ledger(self):
        """Return payments, refunds, transfers and balances in fen, to compare with Odoo."""
        store, balances = self.world.store, self.world.ledger.balances()
        accounts = {"available": MERCHANT, "locked": TRANSFERS, "refunding": REFUNDS, "unshipped": UNSHIPPED}
        return {
            "payments": {
                one.out_trade_no: {"state": one.trade_state, "amount": one.total, "transaction_id": one.transaction_id}
                for one in store.orders.values()
            },
            "refunds": {
                one.out_refund_no: {"state": one.status, "amount": one.amount, "out_trade_no": one.out_trade_no}
                for one in store.refunds.values()
            },
            "transfers": {
                one.out_bill_no: {"state": one.state, "amount": one.amount, "openid": one.openid}
                for one in store.transfers.values()
            },
            "merchant": {name: balances.get(account, 0) for name, account in accounts.items()},
            "users": {openid: balances.get(user_account(openid), 0) for openid in store.users},
            "entries": [asdict(entry) for entry in store.entries],
        }

    @under_lock
    def credentials(self):
        """Return what the merchant and the mini-program need to call the simulator."""
        merchant = self.world.merchant
        return {
            "url": self.url,
            "mchid": merchant.mchid,
            "serial": merchant.serial,
            "private_key": merchant.private_key_pem,
            "apiv3_key": merchant.apiv3_key,
            "public_key_id": self.public_key_id,
            "public_key": self.platform_public_key_pem,
            "certificate_serial": self.world.identity.certificate.serial,
            "certificate": self.world.identity.certificate.certificate_pem,
            "apps": [asdict(app) for app in self.world.store.apps.values()],
        }

    @under_lock
    def notifications(self, number=None):
        """Return the notifications, of one number or all, with every attempt."""
        return [asdict(one) for one in self.world.store.notices.values() if number in (None, one.number)]

    # === Inside ===

    def _order(self, out_trade_no, prepay_id=None):
        for order in self.world.store.orders.values():
            if order.out_trade_no == out_trade_no or (prepay_id and order.prepay_id == prepay_id):
                return order
        raise ControlError(f"no such order: {out_trade_no or prepay_id}")

    def _transfer(self, out_bill_no, package=None):
        for transfer in self.world.store.transfers.values():
            if transfer.out_bill_no == out_bill_no or (package and transfer.package_info == package):
                return transfer
        raise ControlError(f"no such transfer: {out_bill_no or package}")

    @under_lock
    def _notice(self, number, imagine=False, url=None):
        notices = [one for one in self.world.store.notices.values() if one.number == number]
        if notices:
            return replace(notices[-1], url=url) if url else notices[-1]
        if not imagine:
            raise ControlError(f"no notification of {number}")
        return self._imagined(number, url)

    def _imagined(self, number, url):
        """Return the notification of a success that did not happen."""
        if number in self.world.store.transfers:
            transfer = self.world.store.transfers[number]
            resource = {**self.transfers.as_dict(transfer), "state": "SUCCESS"}
            url = url or transfer.request["notify_url"]
            return self.notifier.draft("MCHTRANSFER.BILL.FINISHED", number, resource, url)
        order = self._order(number)
        now = rfc3339(self.world.clock.now())
        paid = {"trade_state": "SUCCESS", "transaction_id": "4200000000000000000000000000", "success_time": now}
        resource = {**self.payments.transaction(order), **paid, "payer": {"openid": order.openid}}
        return self.notifier.draft("TRANSACTION.SUCCESS", number, resource, url or order.request["notify_url"])
