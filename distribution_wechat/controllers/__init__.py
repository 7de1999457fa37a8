# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import dispatcher  # first: declaring a route needs its type
from . import bindings
from . import centre
from . import membership
from . import notifications
from . import openapi
from . import sessions
