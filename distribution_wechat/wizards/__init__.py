# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_refund_approve
from . import distribution_refund_refuse
from . import distribution_withdrawal_approve
from . import distribution_wechat_transfer_close
