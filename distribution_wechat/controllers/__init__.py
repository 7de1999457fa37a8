# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import bindings
from . import cart
from . import catalogue
from . import centre
from . import dispatcher
from . import membership
from . import notifications
from . import openapi
from . import orders
from . import payments
from . import program
from . import refunds
from . import sessions
from . import website_cart
from . import withdrawals
