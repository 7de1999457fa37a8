# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who is asking. Customers have no rights on the suite's models: what an endpoint reads for them starts here."""

from odoo.http import request

from .problem import Problem

NOT_A_DISTRIBUTOR = (404, "not_a_distributor")


def get_identity():
    """Return who the person is in the mini-program they logged in to.

    :return: `distribution.wechat.identity` with all rights, in the mini-program's company
    """
    token = request.env["distribution.api.token"].sudo().browse(request.distribution_token_id)
    return token.identity_id.with_company(token.company_id)


def get_distributor():
    """Return the person's membership in the mini-program's program, in any state.

    :return: `distribution.distributor` with all rights, in the mini-program's company
    :raise Problem: 404 when the person never applied
    """
    distributor = get_identity()._get_distributor()
    if not distributor:
        raise Problem(*NOT_A_DISTRIBUTOR, request.env._("You are not a distributor: apply first."))
    return distributor


def get_earning_distributor(identity):
    """Return the person's membership in the mini-program's program while it is active, else an empty record."""
    program = identity.account_id.program_id
    member = [("program_id", "=", program.id), ("partner_id", "=", identity.partner_id.id), ("state", "=", "active")]
    return program.env["distribution.distributor"].search(member, limit=1)
