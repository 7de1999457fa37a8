# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import dispatcher
from . import notifications
from . import openapi
from . import sessions
from . import withdrawals
