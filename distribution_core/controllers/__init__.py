# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import link
from . import portal
from . import joining
from . import appeals
from . import recommendations
from . import sale_portal
