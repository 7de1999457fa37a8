# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_payout_wizard
from . import distribution_payout_wizard_line
from . import distribution_payout_confirm
from . import distribution_withdrawal_fail
from . import distribution_withdrawal_approve
