# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_program
from . import distribution_grade
from . import distribution_tag
from . import distribution_distributor
from . import distribution_distributor_tree
from . import distribution_distributor_figures
from . import distribution_distributor_merge
from . import distribution_distributor_review
from . import distribution_distributor_appeal
from . import distribution_binding
from . import distribution_binding_merge
from . import base_partner_merge_automatic_wizard
from . import ir_cron
from . import res_partner
from . import res_users
from . import sale_order
