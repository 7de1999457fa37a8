# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Lists in parts: a cursor says after which record the next part begins, so nothing is shown twice or skipped."""

import base64
import binascii

from odoo.fields import Domain

from .problem import Problem


def get_page(model, domain, query):
    """Return one part of a list, the newest records first.

    :param model: model or records, with the rights of the reader
    :param domain: what the list holds
    :param query: `schemas.base.PageQuery`
    :return: the records, and the cursor of the next part or None
    :rtype: tuple
    """
    domain = Domain(domain)
    if query.cursor:
        domain &= Domain("id", "<", _decode(query.cursor))
    records = model.search(domain, order="id desc", limit=query.limit + 1)
    shown = records[: query.limit]
    return shown, _encode(shown[-1].id) if len(records) > query.limit else None


def _encode(record_id):
    return base64.urlsafe_b64encode(str(record_id).encode()).decode()


def _decode(cursor):
    try:
        return int(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error) as error:
        raise Problem(422, "invalid", "The cursor is not one of ours.") from error
