# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Lists in parts: a cursor says after which record the next part begins, so nothing is shown twice or skipped."""

import base64
import binascii
import json

from odoo.fields import Domain

from .problem import Problem


def get_page(model, domain, query, field="id", descending=True):
    """Return one part of a list.

    :param model: model or records, with the rights of the reader
    :param domain: what the list holds
    :param query: `schemas.base.PageQuery`
    :param str field: a stored number that sorts the list, never empty; ties go by id
    :return: the records, and the cursor of the next part or None
    :rtype: tuple
    """
    domain, direction = Domain(domain), "desc" if descending else "asc"
    if query.cursor:
        domain &= _after(_decode(query.cursor), field, "<" if descending else ">")
    records = model.search(domain, order=f"{field} {direction}, id {direction}", limit=query.limit + 1)
    shown = records[: query.limit]
    if len(records) <= query.limit:
        return shown, None
    return shown, _encode([shown[-1][field], shown[-1].id])


def _after(position, field, operator):
    value, record_id = position
    return Domain(field, operator, value) | (Domain(field, "=", value) & Domain("id", operator, record_id))


def _encode(position):
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _decode(cursor):
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error):
        position = None
    if not _is_position(position):
        raise Problem(422, "invalid", "The cursor is not one of ours.")
    return position


def _is_position(position):
    """Tell a cursor of ours from anything else: only numbers that a column can hold may reach the database."""
    return (
        isinstance(position, list)
        and [type(part) in (int, float) for part in position] == [True, True]
        and type(position[1]) is int
        and all(abs(part) < 2**31 for part in position)
    )
