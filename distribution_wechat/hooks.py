# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError

from odoo.addons.payment import reset_payment_provider, setup_provider

from .models.payment_provider import CODE


def post_init_hook(env):
    """Give every company its provider, and Odoo the payment method of the journals, as Odoo's own providers do."""
    setup_provider(env, CODE)


def uninstall_hook(env):
    """Take both away.

    :raise UserError: when payments were made by it, or money is under way at WeChat
    """
    accounts = env["distribution.wechat.account"].with_context(active_test=False).search([])
    busy = accounts.filtered(lambda account: account._has_money_under_way())
    if busy:
        raise UserError(
            env._(
                "%s: payments, refunds or transfers are under way at WeChat, and nobody would learn how they end.",
                ", ".join(busy.mapped("name")),
            )
        )
    reset_payment_provider(env, CODE)
