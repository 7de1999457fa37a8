# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The records that every history begins with."""

from datetime import datetime

START = datetime(2026, 3, 2, 2, 0)
NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn")
UPLINES = (None, 0, 1, 0, None, 2)
# Which distributor a customer is, and to which it is bound.
OWNERS = {3: 1, 4: 2}
BINDINGS = {0: 2, 1: 3, 3: 0, 4: 1}
ROLES = ("goods", "goods", "goods", "service")
DOZEN = 2
COUPON = 4
KINDS = ("percent", "fixed_unit", "fixed_order")
# What for, at least and at most in fen; 0 for none.
LIMITS = (
    ("line", 0, 0),
    ("line", 0, 300),
    ("unit", 0, 50),
    ("order", 0, 500),
    ("line", 20, 0),
    ("order", 100, 0),
    ("unit", 5, 200),
)


class Stage:
    """The records that every history begins with, made once."""

    def __init__(self, case):
        self.env = env = case.env
        self.company = case.company
        self.program = env["distribution.program"].create(
            {
                "name": "Property",
                "company_id": self.company.id,
                "tz": "Asia/Shanghai",
                "binding_days": 0,
                "protection_days": 0,
                "settlement_period": "manual",
                "withdrawal_minimum": 0,
            }
        )
        self.distributors = []
        for name, upline in zip(NAMES, UPLINES, strict=True):
            above = self.distributors[upline] if upline is not None else None
            self.distributors.append(case._create_distributor(name, above, self.program))
        self.customers = [
            self.distributors[OWNERS[number]].partner_id
            if number in OWNERS
            else env["res.partner"].create({"name": f"Customer {number}"})
            for number in range(5)
        ]
        for number, distributor in BINDINGS.items():
            env["distribution.binding"]._bind(self.customers[number], self.distributors[distributor])
        kitchen = env["product.category"].create({"name": "Kitchen"})
        bowls = env["product.category"].create({"name": "Bowls", "parent_id": kitchen.id})
        self.bowls = kitchen
        create = env["product.product"].create
        self.products = [
            case._create_goods("Mug"),
            case._create_goods("Bowl", categ_id=bowls.id),
            case._create_goods("Tea"),
            create({"name": "Engraving", "type": "service", "invoice_policy": "order", "taxes_id": False}),
            create({"name": "Coupon", "type": "service", "invoice_policy": "order", "taxes_id": False}),
        ]
        self.dozen = env.ref("uom.product_uom_dozen")
        self.foreign = env.ref("base.EUR") if self.company.currency_id.name != "EUR" else env.ref("base.USD")
        self.foreign.active = True
        self.pricelist = env["product.pricelist"].create({"name": "Abroad", "currency_id": self.foreign.id})
        self.bank = env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        self.wallet = env["payment.provider"].create(
            {"name": "Wallet", "code": "none", "state": "test", "company_id": self.company.id}
        )
        self.wallet_method = env.ref("payment.payment_method_wechat_pay")
