# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_api_idempotency
from . import distribution_api_token
from . import distribution_binding
from . import distribution_commission_entry
from . import distribution_distributor
from . import distribution_wechat_account
from . import distribution_wechat_identity
from . import distribution_wechat_scene
from . import ir_http
from . import sale_order
