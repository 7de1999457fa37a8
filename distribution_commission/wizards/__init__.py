# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_commission_simulation
from . import distribution_commission_simulation_line
from . import distribution_distributor_merge
from . import distribution_settlement_wizard
from . import distribution_settlement_wizard_line
