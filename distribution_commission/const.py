# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Constants of the ledger."""

TRIGGERS = [
    ("shipped", "Shipped"),
    ("received", "Received"),
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
