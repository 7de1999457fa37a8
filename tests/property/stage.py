# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The records that every history begins with."""

from datetime import datetime

from .documents import Tax

START = datetime(2026, 3, 2, 2, 0)
NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn")
UPLINES = (None, 0, 1, 0, None, 2)
# Which distributor a customer is, and to which it is bound.
OWNERS = {3: 1, 4: 2}
BINDINGS = {0: 2, 1: 3, 3: 0, 4: 1}
TAXES = (Tax(), Tax(13), Tax(13, is_included=True))
# Role, category, pieces in a unit, list price and cost in fen, tax of the list price.
PRODUCTS = (
    ("goods", None, 1, 10000, 3000, 0),
    ("goods", "bowl", 1, 5000, 1234, 2),
    ("goods", None, 12, 900, 40, 1),
    ("service", None, 1, 2000, 100, 0),
    ("coupon", None, 1, 0, 0, 0),
    ("freight", None, 1, 0, 0, 0),
)
DOZEN = 2
COUPON = 4
FREIGHT = 5
KINDS = ("untaxed", "fixed_unit", "fixed_order", "taxed", "list", "margin")
# What for, at least and at most in fen; 0 for none.
LIMITS = (
    ("line", 0, 0),
    ("line", 0, 300),
    ("unit", 0, 50),
    ("order", 0, 500),
    ("line", 20, 0),
    ("order", 100, 0),
    ("unit", 5, 200),
    ("period", 0, 900),
    ("period", 0, 5000),
    ("period", 20000, 0),
    ("period", 1500, 4000),
)
# Sales of the month from which another value counts, in fen, and which, in per cent of the first.
TIERS = ((), ((3000, 50),), ((1000, 120), (20000, 0)), ((5000, 110), (30000, 125)))
EFFECTS = ("replace", "add", "multiply")
# Which distributors have a grade or tags at first.
GRADES = {0: 1, 2: 0, 3: 1}
TAGS = {1: (0,), 2: (1, 0), 4: (1,)}


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
        # The guard knows no tax of a product that is not named: of rates of values with taxes it would expect more.
        self.company.write({"tax_calculation_rounding_method": "round_per_line", "account_sale_tax_id": False})
        self.taxes = [self._create_tax(tax) for tax in TAXES]
        create = env["product.product"].create
        self.products = [
            case._create_goods("Mug"),
            case._create_goods("Bowl", categ_id=bowls.id),
            case._create_goods("Tea"),
            create({"name": "Engraving", "type": "service", "invoice_policy": "order", "taxes_id": False}),
            create({"name": "Coupon", "type": "service", "invoice_policy": "order", "taxes_id": False}),
            create({"name": "Shipping", "type": "service", "invoice_policy": "order", "taxes_id": False}),
        ]
        for product, (_role, _category, _pieces, list_price, cost, tax) in zip(self.products, PRODUCTS, strict=True):
            vals = {"list_price": list_price / 100, "standard_price": cost / 100}
            product.write({**vals, "taxes_id": [(6, 0, self.taxes[tax].ids)]})
        self.dozen = env.ref("uom.product_uom_dozen")
        self.foreign = env.ref("base.EUR") if self.company.currency_id.name != "EUR" else env.ref("base.USD")
        self.foreign.active = True
        pricelists = env["product.pricelist"].create(
            [{"name": "Abroad", "currency_id": self.foreign.id}, {"name": "For Gold"}]
        )
        self.pricelists = [None, *pricelists]
        self._create_audiences(pricelists[1])
        self.bank = env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        self.wallet = env["payment.provider"].create(
            {"name": "Wallet", "code": "none", "state": "test", "company_id": self.company.id}
        )
        self.wallet_method = env.ref("payment.payment_method_wechat_pay")

    def _create_audiences(self, pricelist):
        """Create grades and tags of distributors, and the tag of customers who bring no commission."""
        vals = {"program_id": self.program.id}
        self.grades = self.env["distribution.grade"].create(
            [{**vals, "name": "Silver"}, {**vals, "name": "Gold", "pricelist_id": pricelist.id}]
        )
        self.tags = self.env["distribution.tag"].create(
            [{"name": "Teacher", "sequence": 1}, {"name": "Neighbour", "sequence": 2}]
        )
        for number, grade in GRADES.items():
            self.distributors[number].grade_id = self.grades[grade]
        for number, tags in TAGS.items():
            self.distributors[number].tag_ids = self.tags.browse(self.tags[tag].id for tag in tags)
        self.excluding_tag = self.env["res.partner.category"].create({"name": "Brings none"})
        self.program.excluded_partner_tag_ids = self.excluding_tag

    def _create_tax(self, tax):
        if not tax.rate:
            return self.env["account.tax"]
        included = "tax_included" if tax.is_included else "tax_excluded"
        vals = {"name": f"{tax.rate} % {included}", "amount": tax.rate, "price_include_override": included}
        return self.env["account.tax"].create({**vals, "company_id": self.company.id})
