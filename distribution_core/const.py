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

# Who keeps a customer that two distributors recommend.
BINDING_POLICIES = [
    ("first", "The first, while the binding is valid"),
    ("last", "The last, once protection is over"),
    ("ask", "The customer agrees, once protection is over"),
]

REQUEST_KINDS = [
    ("ask", "Recommendation"),
    ("appeal", "Appeal"),
    ("change", "Change"),
]

REQUEST_STATES = [
    ("draft", "To Decide"),
    ("approved", "Approved"),
    ("refused", "Refused"),
]

VISIT_STATES = [
    ("provisional", "Provisional"),
    ("confirmed", "Confirmed"),
    ("passed", "Passed Over"),
]

# How long a visit waits to be confirmed where nobody says otherwise.
VISIT_DAYS = 30

# Who may join a program. Every way is free of charge: none asks for a payment, a purchase or a number of recruits
# (禁止传销条例 art. 7).
JOIN_POLICIES = [
    ("review", "Anyone, after a review"),
    ("open", "Anyone who accepts"),
    ("invitation", "By invitation, after a review"),
]

# Who earns when a distributor buys for itself.
SELF_PURCHASES = [
    ("nobody", "Nobody"),
    ("buyer", "The buyer, and its upline above it"),
    ("upline", "The buyer's upline, as if it had referred the order"),
]

CUSTOMER_SCOPES = [
    ("all", "All customers"),
    ("new", "New customers"),
    ("tags", "Customers with a tag"),
]

# Where a distributor accepted the agreement.
DOORS = [
    ("staff", "On paper, recorded by staff"),
    ("mini_program", "Mini-program"),
    ("portal", "Website or portal"),
]
