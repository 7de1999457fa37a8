# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""WeChat, as the rest of the suite sees it: wechatpy and wechatpayv3 with their traps closed.

Nothing here knows Odoo. Nothing here is called inside a transaction that can be tried again.
"""
