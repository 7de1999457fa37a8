# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Rows that are complete when they are made: one statement, without what the ORM does for each."""

from odoo.tools import SQL


def insert_rows(model, vals_list):
    """Insert rows by one statement: fifteen take a fifth of the time `create` does.

    For models whose stored fields are neither computed nor checked in Python; rights are the caller's business.

    :param model: recordset of the model, empty
    :param list vals_list: dicts with the same keys; what they leave out gets the field's default. Numbers are written
        as they come, never False: the caller has rounded what has to be
    :return: the new records
    """
    if not vals_list:
        return model.browse()
    common = _get_common_vals(model, vals_list[0])
    rows = [{**common, **vals} for vals in vals_list]
    fields = [model._fields[name] for name in rows[0]]
    records = model.browse(row[0] for row in model.env.execute_query(_get_insert_query(model, fields, rows)))
    _invalidate_inverses(records, fields, rows)
    records.modified([field.name for field in fields], create=True)
    return records


def _get_common_vals(model, given):
    """Return what all rows have that the caller leaves out: defaults and, where it is kept, who made them and when."""
    stored = [name for name, field in model._fields.items() if field.store and field.column_type and name != "id"]
    common = model.default_get([name for name in stored if name not in given])
    if model._log_access:
        now, uid = model.env.cr.now(), model.env.uid
        common |= {"create_date": now, "write_date": now, "create_uid": uid, "write_uid": uid}
    return common


def _get_insert_query(model, fields, rows):
    """Return the statement; what all rows have in common is converted, sent and read once."""
    common, varying = {}, {}
    for field in fields:
        values = [row[field.name] for row in rows]
        if values.count(values[0]) == len(rows):
            [common[field]] = _get_column(field, model, values[:1])
        else:
            varying[field] = _get_column(field, model, values)
    # A column that is not named is empty.
    common = {field: value for field, value in common.items() if value is not None}
    if not varying:
        first = next(iter(common))
        varying = {first: [common.pop(first)] * len(rows)}
    # Plain text: an object for each of the names costs more than the rest.
    names = ", ".join([f'"{field.name}"' for field in (*common, *varying)])
    row_names = ", ".join([f'"{field.name}"' for field in varying])
    targets = ", ".join(["%s"] * len(common) + [f'"row"."{f.name}"::{f.column_type[0]}' for f in varying])
    places = ", ".join(["%s"] * len(rows))
    return SQL(
        f"INSERT INTO %s ({names}) SELECT {targets} FROM (VALUES {places}) AS row ({row_names}) RETURNING id",
        SQL.identifier(model._table),
        *common.values(),
        # A tuple for a row: the driver writes it in one go.
        *zip(*varying.values(), strict=True),
    )


def _get_column(field, model, values):
    """Return values as the column of a field takes them."""
    if field.type == "many2one":
        return [value or None for value in values]
    # A float that names digits is rounded to them.
    if field.type in ("monetary", "integer") or (field.type == "float" and not field._digits):
        return values
    return [field.convert_to_column_insert(value, model) for value in values]


def _invalidate_inverses(records, fields, rows):
    """Let the lists the new records belong to be read again."""
    for field in filter(lambda field: field.type == "many2one", fields):
        for inverse in records.pool.field_inverses[field]:
            owners = {row[field.name] for row in rows if row[field.name]}
            owners = records.env[inverse.model_name].browse(owners)
            owners.invalidate_recordset([inverse.name], flush=False)
