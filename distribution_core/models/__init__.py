# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_portal_mixin
from . import distribution_program
from . import distribution_grade
from . import distribution_tag
from . import distribution_distributor
from . import distribution_distributor_centre
from . import distribution_binding
from . import distribution_masked_member
from . import distribution_masked_customer
from . import ir_cron
from . import res_partner
from . import res_users
from . import sale_order
