# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who asks, and what that person may know."""

from odoo.http import request


def get_identity():
    """Return the WeChat identity behind the request's token, with all rights: portal users have none here."""
    return request.env["distribution.api.token"].sudo().browse(request.distribution_token_id).identity_id


def get_earning_program(identity):
    """Return the mini-program's program if the person is an active distributor of it, else an empty record."""
    program = identity.account_id.program_id
    member = [("program_id", "=", program.id), ("partner_id", "=", identity.partner_id.id), ("state", "=", "active")]
    is_distributor = program and program.env["distribution.distributor"].search_count(member, limit=1)
    return program if is_distributor else program.browse()


def get_image_url(record, field):
    """Return the address of a picture that everybody may see."""
    # The write date makes the address another one when the picture changes, so it may be kept for ever.
    version = int((record.write_date or record.create_date).timestamp())
    return f"{record.get_base_url()}/web/image/{record._name}/{record.id}/{field}?unique={version}"
