# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import distribution_api_idempotency
from . import distribution_api_token
from . import distribution_cart_line
from . import distribution_refund_request
from . import distribution_refund_request_line
from . import distribution_stock_gate
from . import distribution_wechat_account
from . import distribution_wechat_identity
from . import ir_http
from . import payment_provider
from . import payment_transaction
from . import product_product
from . import product_template
from . import res_partner
from . import sale_order
from . import stock_picking
