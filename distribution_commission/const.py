# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Constants of the ledger."""

TRIGGERS = [
    ("shipped", "Shipped"),
    ("received", "Received"),
]

RULE_KINDS = [
    ("percent", "Per cent"),
    ("fixed_unit", "Fixed per unit"),
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
