# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_distributor_decision
from . import distribution_distributor_merge
from . import distribution_distributor_move
from . import distribution_distributor_move_line
from . import distribution_setup_company
from . import base_partner_merge_automatic_wizard
