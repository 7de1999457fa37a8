"""The mini-program's journey for the pictures: two people on the simulator's phone, the merchant through Odoo.

Everybody is new each time, so that it can be played again on the same database.
"""

import requests

from support.phone import Phone

DISTRIBUTOR, BUYER = "林小雅", "陈美玲"


class Merchant:
    """The administrator in the company of the mini-program.

    :param call: calls a method of a model in Odoo: (model, method, args, **kwargs)
    """

    def __init__(self, call):
        account = call("distribution.wechat.account", "search_read", [[]], fields=["company_id"], limit=1)
        self._call, self.company_id = call, account[0]["company_id"][0]

    def call(self, model, method, *args, **context):
        """Call a method in the company."""
        return self._call(model, method, list(args), context={"allowed_company_ids": [self.company_id], **context})

    def find(self, model, *domain):
        """Return the ids of the company's records."""
        return self.call(model, "search", [("company_id", "=", self.company_id), *domain])

    def act(self, model, method, *domain):
        """Call an action on every record of the company that fits."""
        for record_id in self.find(model, *domain):
            self.call(model, method, [record_id])

    def end_hold_and_settle(self):
        """Let the hold of what is held end at once, and settle it."""
        offered = [("binding_model_id.model", "=", "distribution.commission.entry")]
        action = self.call("ir.actions.server", "search", offered)
        held = self.find("distribution.commission.entry", ("state", "=", "held"))
        context = {"active_model": "distribution.commission.entry", "active_ids": held, "active_id": held[0]}
        self.call("ir.actions.server", "run", action, **context)
        wizard = self.call("distribution.settlement.wizard", "create", {})
        self.call("distribution.settlement.wizard", "action_create_settlement", [wizard])
        self.act("distribution.settlement", "action_post", ("state", "=", "draft"))

    def send_withdrawals(self):
        """Approve what was asked for and send it over WeChat."""
        asked = self.find("distribution.withdrawal", ("state", "=", "requested"))
        wizard = self.call("distribution.withdrawal.approve", "create", {}, active_ids=asked)
        self.call("distribution.withdrawal.approve", "action_approve", [wizard])
        self.act("distribution.wechat.transfer", "action_advance", ("state", "=", "intent"))


def play(chromium, wechat_url, merchant, photograph):
    """Play the journey.

    :param photograph: called with a name and a page when there is something to see
    """
    anna = pick_up(chromium, wechat_url, DISTRIBUTOR, "13800000001")
    become_distributor(anna, merchant)
    anna.open("shop")
    photograph("phone_shop", anna.page)
    anna.tap("西湖龙井")
    anna.read("分享")
    photograph("phone_product", anna.page)
    anna.open("code/shop")
    bert = pick_up(chromium, wechat_url, BUYER, "13800000003", anna.page.inner_text(".scene"))

    receive(bert, merchant, buy(bert, "西湖龙井", "250 克"))
    merchant.end_hold_and_settle()
    receive(bert, merchant, buy(bert, "祁门红茶"))
    buy(bert, "普洱熟茶饼")
    photograph("phone_order", bert.page)
    ask_for_refund(bert)
    withdraw(anna, merchant, "20.00")
    photograph("phone_withdrawal", anna.page)
    anna.open("centre")
    photograph("phone_summary", anna.page)
    anna.open("entries")
    photograph("phone_entries", anna.page)


def pick_up(chromium, wechat_url, name, number, scene=""):
    """Return the phone of somebody new."""
    person = {"name": name, "real_name": name, "phone": number}
    requests.post(f"{wechat_url}/simulator/register-user", json=person, timeout=10).raise_for_status()
    phone = Phone(chromium, wechat_url, scene)
    phone.log_in(name)
    return phone


def become_distributor(phone, merchant):
    """Apply, and let the merchant accept."""
    phone.open("centre")
    phone.page.check("#agreed")
    phone.tap("申请")
    phone.read("申请审核中")
    merchant.act("distribution.distributor", "action_activate", ("state", "=", "draft"))


def buy(phone, product, size=None):
    """Order a product and pay for it; return the order's address on the phone."""
    phone.open("shop")
    phone.tap(product)
    if size:
        phone.tap(size)
    phone.tap("立即购买")
    phone.tap("提交订单")
    phone.tap("确认支付")
    phone.read("待发货")
    return phone.page.url.split("#/")[1]


def receive(phone, merchant, order):
    """Let the merchant ship everything, and confirm that it arrived."""
    merchant.act("stock.picking", "button_validate", ("state", "=", "assigned"))
    phone.open(order)
    phone.tap("确认收货")
    phone.read("已完成")


def ask_for_refund(phone):
    """Ask for a piece of the order shown to be taken back."""
    phone.tap("申请退款")
    phone.tap("+")
    phone.page.fill("[aria-label=退款原因]", "买错了")
    phone.tap("提交")
    phone.read("待商家处理")


def withdraw(phone, merchant, amount):
    """Ask for money, and let the merchant send it."""
    phone.open("withdraw")
    phone.page.fill("[aria-label=提现金额]", amount)
    phone.tap("试算")
    phone.tap(f"确认提现 ¥{amount}")
    phone.read("审核中")
    merchant.send_withdrawals()
    phone.open("withdraw")
    phone.read("待确认收款")
