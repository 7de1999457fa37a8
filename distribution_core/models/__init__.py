# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_program
from . import distribution_agreement
from . import distribution_agreement_acceptance
from . import distribution_setup
from . import distribution_grade
from . import distribution_tag
from . import distribution_distributor
from . import distribution_binding
from . import distribution_link
from . import distribution_link_click
from . import distribution_binding_request
from . import distribution_visit
from . import ir_cron
from . import res_company
from . import res_partner
from . import res_users
from . import sale_order
