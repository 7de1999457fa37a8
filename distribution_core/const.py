# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Constants of the house: the law and the platform's rules set them, not the merchant."""

# Never more than three paid levels, the compliance guard refuses a fourth (禁止传销条例 art. 7 and platform practice).
MAX_LEVELS = 3

# Paths are indexed, and PostgreSQL refuses to index more than 2,704 bytes: 300 ids of eight digits fit.
MAX_DEPTH = 300

DISTRIBUTOR_STATES = [
    ("draft", "Applied"),
    ("incomplete", "Asked for More"),
    ("refused", "Refused"),
    ("active", "Active"),
    ("suspended", "Suspended"),
    ("closed", "Closed"),
]

# Not a member yet, or never.
APPLICANT_STATES = ("draft", "incomplete", "refused")

# Suspension holds what is earned, it does not forfeit it: a suspended distributor still earns.
EARNING_STATES = ("active", "suspended")

# How a customer came to a distributor.
BINDING_SOURCES = [
    ("staff", "Staff"),
    ("import", "Import"),
    ("qr", "QR Code"),
    ("link", "Link"),
    ("code", "Distributor Code"),
    ("share", "Share"),
    ("order", "First Order"),
    ("store", "Store"),
]
