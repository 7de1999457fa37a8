# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.payment import reset_payment_provider, setup_provider

from .models.payment_provider import CODE


def post_init_hook(env):
    """Give every company its provider, and Odoo the payment method of the journals, as Odoo's own providers do."""
    setup_provider(env, CODE)


def uninstall_hook(env):
    """Take both away.

    :raise UserError: when payments were made by it
    """
    reset_payment_provider(env, CODE)
