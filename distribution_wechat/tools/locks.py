# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who changes the same rows waits in line."""

from odoo.tools import SQL


def wait_in_line(records):
    """Take the rows of records until the transaction ends; who comes second starts anew with what the first one left.

    The rows are written in any case: a transaction that began before another one's change was committed is refused by
    PostgreSQL, and Odoo runs it again. Always in id order, so that two never wait for each other.
    """
    if not records:
        return
    records.flush_recordset()
    table = SQL.identifier(records._table)
    records.env.cr.execute(
        SQL(
            """
            WITH locked AS (SELECT id FROM %(table)s WHERE id IN %(ids)s ORDER BY id FOR NO KEY UPDATE)
            UPDATE %(table)s AS taken SET write_uid = taken.write_uid FROM locked WHERE taken.id = locked.id
            """,
            table=table,
            ids=tuple(records.ids),
        ),
        # Coming second is no error.
        log_exceptions=False,
    )
    records.invalidate_recordset(flush=False)
