# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who is asking: the person logged in, as a distributor of the mini-program's program."""

from odoo.http import request

from .problem import Problem

NOT_A_DISTRIBUTOR = (403, "not_a_distributor")


def _find_own_identity():
    """Return the `distribution.wechat.identity` behind the token, with all rights."""
    return request.env["distribution.api.token"].sudo().browse(request.distribution_token_id).identity_id


def _find_own_distributor():
    """Return the distributor who is logged in, with all rights.

    :raise Problem: 403 for everybody else
    """
    identity = _find_own_identity()
    domain = [
        ("partner_id", "=", identity.partner_id.id),
        ("program_id", "=", identity.account_id.program_id.id),
        ("state", "!=", "draft"),
    ]
    distributor = request.env["distribution.distributor"].sudo().search(domain)
    if not distributor:
        raise Problem(*NOT_A_DISTRIBUTOR, "You are not a distributor here.")
    return distributor
