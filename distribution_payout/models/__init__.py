# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_account
from . import distribution_distributor
from . import distribution_program
from . import distribution_withdrawal
from . import distribution_payout_run
