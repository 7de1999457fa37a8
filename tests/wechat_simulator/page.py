# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The user's phone: one plain page on which somebody acts as a WeChat user.

Buttons are forms; each ends in a redirect, so that reloading the page repeats nothing.
"""

from datetime import datetime
from html import escape
from urllib.parse import urlencode

from .clock import CHINA
from .control import ControlError
from .ledger import MERCHANT, REFUNDS, TRANSFERS, UNSHIPPED, user_account
from .messages import Answer

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, "Noto Sans SC", sans-serif; }
body { max-width: 40rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.3rem; margin: 0 0 .5rem } h2 { font-size: 1.05rem; margin: 1.5rem 0 .5rem }
section > p, .empty { opacity: .7; margin: .25rem 0 }
.card { border: 1px solid #8884; border-radius: .6rem; padding: .7rem .9rem; margin: .5rem 0 }
.amount { font-size: 1.3rem; font-weight: 600 } .small { font-size: .8rem; opacity: .75; overflow-wrap: anywhere }
.card > form { margin: .5rem .3rem 0 0 } form { display: inline-block }
form.line { display: flex; gap: .5rem; flex-wrap: wrap; margin: .5rem 0 }
button, input, select { font: inherit; padding: .5rem .9rem; border-radius: .5rem; border: 1px solid #8886 }
input, select { flex: 1; min-width: 7rem }
button.go { background: #07853f; color: #fff; border-color: #07853f }
.said { background: #07c16022; border-radius: .6rem; padding: .6rem .9rem } .wrong { background: #e0202022 }
table { width: 100%; border-collapse: collapse; font-size: .85rem } td, th { text-align: left; padding: .25rem .4rem;
border-bottom: 1px solid #8883; overflow-wrap: anywhere }
"""


def answer(simulator, request):
    """Answer the page, or do what a button asks."""
    if request.method == "POST":
        return act(simulator, request)
    if request.path != "/" or request.method != "GET":
        return Answer(404)
    with simulator.world.store.lock:
        simulator.sweep()
        body = Page(simulator, request.query).html()
    return Answer(200, body.encode(), "text/html; charset=utf-8")


def act(simulator, request):
    """Do what a button asks and go back to the page."""
    form, name = request.form(), request.path.removeprefix("/page/")
    back = {"user": form.get("user", "")}
    try:
        back |= BUTTONS[name](simulator, form)
    except KeyError:
        return Answer(404)
    except ControlError as error:
        back["wrong"] = str(error)
    return Answer(303, headers={"Location": "/?" + urlencode(back)})


def _pay(simulator, form):
    simulator.pay(form.get("out_trade_no"), openid=form.get("user"))
    return {"said": "已支付 · Paid"}


def _confirm(simulator, form):
    simulator.confirm_transfer(form.get("out_bill_no"), openid=form.get("user"))
    return {"said": "已确认收款 · Confirmed"}


def _refuse(simulator, form):
    simulator.refuse_transfer(form.get("out_bill_no"))
    return {"said": "已拒绝 · Refused"}


def _user(simulator, form):
    user = simulator.register_user(form.get("name", ""), form.get("phone", ""), form.get("name", ""))
    return {"user": user["openid"], "said": "已添加用户 · User added"}


def _code(simulator, form):
    kind = form.get("kind", "login")
    code = simulator.phone_code(form.get("user")) if kind == "phone" else simulator.login_code(form.get("user"))
    return {"said": f"{kind} code: {code['code']}"}


BUTTONS = {"pay": _pay, "confirm": _confirm, "refuse": _refuse, "user": _user, "code": _code}


class Page:
    """One rendering of the page for the chosen user."""

    def __init__(self, simulator, query):
        self.simulator = simulator
        self.store = simulator.world.store
        self.query = query
        chosen = query.get("user") or next(iter(self.store.users), "")
        self.user = self.store.users.get(chosen)

    def html(self):
        """Return the page."""
        parts = [self._head(), self._message(), self._choice()]
        if self.user:
            parts += [self._orders(), self._transfers(), self._statement(), self._messages()]
        parts += [self._balances(), self._notices(), "</body></html>"]
        return "".join(parts)

    def _head(self):
        return (
            '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>微信模拟器 · WeChat simulator</title><style>{STYLE}</style></head><body>"
            '<h1>微信模拟器 · WeChat simulator</h1><p class="small">不是真正的微信，钱也不是真的。'
            "Not WeChat, and play money only.</p>"
        )

    def _message(self):
        said, wrong = self.query.get("said"), self.query.get("wrong")
        if wrong:
            return f'<p class="said wrong" role="alert">{escape(wrong)}</p>'
        return f'<p class="said" role="status">{escape(said)}</p>' if said else ""

    # === The user ===

    def _choice(self):
        options = "".join(
            f'<option value="{escape(one.openid)}"{" selected" if one is self.user else ""}>{escape(one.name)}</option>'
            for one in self.store.users.values()
        )
        choose = (
            f'<form class="line" method="get" action="/"><select name="user" aria-label="用户 User">{options}</select>'
            "<button>选择 · Choose</button></form>"
        )
        add = (
            '<form class="line" method="post" action="/page/user"><input name="name" placeholder="姓名 Name" required '
            'aria-label="姓名 Name"><input name="phone" placeholder="手机 Phone" aria-label="手机 Phone">'
            "<button>添加用户 · Add user</button></form>"
        )
        return section("我是 · I am", (choose if options else "") + (self._profile() if self.user else "") + add)

    def _profile(self):
        balance = self.simulator.world.ledger.balance(user_account(self.user.openid))
        codes = self._button("code", "登录码 · Login code", kind="login")
        codes += " " + self._button("code", "手机码 · Phone code", kind="phone")
        return card(
            f'<div class="amount">¥{yuan(balance)}</div><div class="small">零钱 Balance · {escape(self.user.phone)} · '
            f"{escape(self.user.openid)}</div>{codes}"
        )

    def _orders(self):
        cards = []
        for order in reversed(list(self.store.orders.values())):
            if order.openid == self.user.openid and order.trade_state in ("NOTPAY", "USERPAYING", "PAYERROR"):
                pay = self._button("pay", "支付 · Pay", "go", out_trade_no=order.out_trade_no)
                cards.append(bill(order.total, order.request["description"], order.out_trade_no, order.created_at, pay))
        return section("待支付 · To pay", "".join(cards) or empty("没有待支付订单 · Nothing to pay"))

    def _transfers(self):
        cards = []
        for one in reversed(list(self.store.transfers.values())):
            if one.openid == self.user.openid and one.state == "WAIT_USER_CONFIRM":
                buttons = self._button("confirm", "确认收款 · Confirm", "go", out_bill_no=one.out_bill_no)
                buttons += " " + self._button("refuse", "拒绝 · Refuse", out_bill_no=one.out_bill_no)
                remark = one.request["transfer_remark"]
                cards.append(bill(one.amount, remark, one.out_bill_no, one.created_at, buttons))
        return section("待确认收款 · To confirm", "".join(cards) or empty("没有待收款 · Nothing to receive"))

    def _statement(self):
        account = user_account(self.user.openid)
        rows = [
            [clock(one.at), one.number, f"{'+' if one.credit == account else '−'}¥{yuan(one.amount)}"]
            for one in self.store.entries
            if account in (one.debit, one.credit) and one.number
        ]
        shown = table(["时间 Time", "单号 Number", "金额 Amount"], reversed(rows[-10:]))
        return section("账单 · Statement", shown if rows else empty("—"))

    def _messages(self):
        mine = [one for one in self.store.messages if one["touser"] == self.user.openid][-10:]
        rows = [
            [clock(one["at"]), " · ".join(str(field.get("value", "")) for field in one["data"].values())]
            for one in mine
        ]
        return section("服务通知 · Messages", table(["时间 Time", "内容 Text"], reversed(rows)) if rows else empty("—"))

    # === The merchant's side ===

    def _balances(self):
        balance = self.simulator.world.ledger.balance
        rows = [["商户可用 · Merchant, available", f"¥{yuan(balance(MERCHANT))}"]]
        rows.append(["转账锁定 · Locked for transfers", f"¥{yuan(balance(TRANSFERS))}"])
        rows.append(["退款在途 · Refunds on the way", f"¥{yuan(balance(REFUNDS))}"])
        rows.append(["待发货冻结 · Frozen until shipped", f"¥{yuan(balance(UNSHIPPED))}"])
        rows += [[one.name, f"¥{yuan(balance(user_account(one.openid)))}"] for one in self.store.users.values()]
        return section("余额 · Balances", table(["账户 Account", "余额 Balance"], rows))

    def _notices(self):
        rows = []
        for notice in list(self.store.notices.values())[-20:]:
            said = ", ".join(f"{one['forgery'] or ''} {one['status'] or '无应答'}".strip() for one in notice.attempts)
            what = f"{notice.event_type} {notice.number}"
            rows.append([clock(notice.created_at), what, f"{notice.state}: {said or '—'}"])
        shown = table(["时间 Time", "通知 Notification", "应答 Answers"], reversed(rows))
        return section("通知 · Notifications", shown if rows else empty("还没有通知 · None yet"))

    def _button(self, action, label, style="", **values):
        values["user"] = self.user.openid
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in values.items()
        )
        return f'<form method="post" action="/page/{action}">{hidden}<button class="{style}">{label}</button></form>'


def section(title, content):
    """Return a titled part of the page."""
    return f"<section><h2>{title}</h2>{content}</section>"


def card(content):
    """Return a framed piece."""
    return f'<div class="card">{content}</div>'


def bill(amount, title, number, at, buttons):
    """Return an order or a transfer with what can be done with it."""
    return card(
        f'<div class="amount">¥{yuan(amount)}</div><div>{escape(title)}</div>'
        f'<div class="small">{escape(number)} · {clock(at)}</div>{buttons}'
    )


def empty(text):
    """Return what stands where nothing is."""
    return f'<p class="empty">{text}</p>'


def table(heads, rows):
    """Return a table; cells are escaped."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def yuan(fen):
    """Return fen as yuan."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def clock(moment):
    """Return a time in China, short."""
    return datetime.fromtimestamp(moment, CHINA).strftime("%m-%d %H:%M:%S")
