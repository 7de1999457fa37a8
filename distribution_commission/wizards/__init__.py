# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_settlement_wizard
from . import distribution_settlement_wizard_line
