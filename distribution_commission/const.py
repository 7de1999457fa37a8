# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Constants of the ledger."""

TRIGGERS = [
    ("paid", "Paid"),
    ("shipped", "Shipped"),
    ("received", "Received"),
    ("invoiced", "Invoiced"),
    ("invoice_paid", "Invoice Paid"),
]
INVOICE_TRIGGERS = ("invoiced", "invoice_paid")
PAYMENT_TRIGGERS = ("paid", "invoice_paid")
# Met before the goods are delivered, perhaps: the hold waits for them.
EARLY_TRIGGERS = ("paid", *INVOICE_TRIGGERS)
# As Odoo says that an invoice is paid; one that a credit note has undone is `reversed`, which is not paid.
PAID_STATES = ("paid", "in_payment")

RULE_KINDS = [
    ("percent", "Per cent"),
    ("fixed_unit", "Fixed per unit"),
    ("fixed_order", "Fixed per order"),
]

# What a rate is taken of; see engine.pay.
BASE_KINDS = [
    ("untaxed", "Untaxed value"),
    ("taxed", "Value with taxes"),
    ("list", "List price"),
    ("margin", "Margin"),
]

# What the least and the most that a rule pays are for.
LIMIT_SCOPES = [
    ("unit", "Unit"),
    ("line", "Order line"),
    ("order", "Order"),
    ("period", "Period"),
]

# What a campaign's rule does to the rule that would pay without it.
EFFECTS = [
    ("replace", "Replaces"),
    ("add", "Adds to"),
    ("multiply", "Multiplies"),
]

EXCLUSIONS = [
    ("customer", "The customer brings no commission"),
    ("coupon", "A coupon that excludes commission was used"),
    ("grade_price", "Bought at a grade price"),
]

# Most specific first: in this order rules win.
PRODUCT_SCOPES = [
    ("variant", "Product variant"),
    ("template", "Product"),
    ("category", "Product category"),
    ("tag", "Product tag"),
    ("all", "All products"),
]
AUDIENCES = [
    ("distributor", "One distributor"),
    ("grade", "Grade"),
    ("tag", "Distributor tag"),
    ("all", "All distributors"),
]

ENTRY_STATES = [
    ("held", "Held"),
    ("due", "Due"),
    ("settled", "Settled"),
]

# One accounting move stays readable and quick to post.
MAX_MOVE_LINES = 1000

# Set to True to uninstall the module although its ledger holds rows.
FORCE_UNINSTALL_PARAMETER = "distribution_commission.force_uninstall"
