"""The figures of the table, read from the database as decimals."""

from decimal import Decimal

ZERO = Decimal("0.00")


def query(env, sql, company, **parameters):
    """Return the rows of a query on the company as dicts."""
    env.flush_all()
    env.cr.execute(sql, {"company": company.id, **parameters})
    return env.cr.dictfetchall()


def pounds(row, *names):
    """Return the named columns as decimals."""
    return {name: Decimal(row[name] or "0.00") for name in names}


def count_orders(env, company):
    """Return {why an order counts or not: (number, untaxed amount)}."""
    rows = query(
        env,
        """
        SELECT distribution_attribution AS reason, COUNT(*) AS number, SUM(amount_untaxed)::text AS untaxed
          FROM sale_order WHERE company_id = %(company)s AND state = 'sale'
         GROUP BY distribution_attribution
        """,
        company,
    )
    return {row["reason"]: (row["number"], Decimal(row["untaxed"])) for row in rows}


def read_distributors(env, company):
    """Return a dict of figures per distributor, by code."""
    rows = query(
        env,
        """
        SELECT distributor.code, upline.code AS upline,
               (SELECT COUNT(*) FROM sale_order AS sale
                 WHERE sale.distribution_distributor_id = distributor.id AND sale.state = 'sale') AS orders,
               (SELECT SUM(base)::text FROM distribution_commission_entry
                 WHERE distributor_id = distributor.id AND level = 1) AS base,
               account.available::text, account.debt::text,
               (SELECT SUM(amount)::text FROM distribution_withdrawal
                 WHERE distributor_id = distributor.id AND state = 'paid') AS paid
          FROM distribution_distributor AS distributor
          LEFT JOIN distribution_distributor AS upline ON upline.id = distributor.parent_id
          LEFT JOIN distribution_account AS account ON account.distributor_id = distributor.id
         WHERE distributor.company_id = %(company)s
         ORDER BY distributor.code
        """,
        company,
    )
    entries = read_entries(env, company)
    return [
        {
            **{name: row[name] for name in ("code", "upline", "orders")},
            **pounds(row, "base", "available", "debt", "paid"),
            **entries.get(row["code"], dict.fromkeys(ENTRY_FIGURES, ZERO)),
        }
        for row in rows
    ]


ENTRY_FIGURES = ("level1", "level2", "level3", "taken", "total", "held", "due", "settled")


def read_entries(env, company):
    """Return {distributor's code: sums of its ledger}; levels are before what was taken back."""
    rows = query(
        env,
        """
        SELECT distributor.code,
               SUM(amount) FILTER (WHERE level = 1 AND amount > 0)::text AS level1,
               SUM(amount) FILTER (WHERE level = 2 AND amount > 0)::text AS level2,
               SUM(amount) FILTER (WHERE level = 3 AND amount > 0)::text AS level3,
               SUM(amount) FILTER (WHERE amount < 0)::text AS taken,
               SUM(amount)::text AS total,
               SUM(amount) FILTER (WHERE entry.state = 'held')::text AS held,
               SUM(amount) FILTER (WHERE entry.state = 'due')::text AS due,
               SUM(amount) FILTER (WHERE entry.state = 'settled')::text AS settled
          FROM distribution_commission_entry AS entry
          JOIN distribution_distributor AS distributor ON distributor.id = entry.distributor_id
         WHERE entry.company_id = %(company)s
         GROUP BY distributor.code
        """,
        company,
    )
    return {row["code"]: pounds(row, *ENTRY_FIGURES) for row in rows}


def read_trial_balance(env, company):
    """Return the sums by account of the posted journal entries that touch a commission account."""
    accounts = (
        company.commission_expense_account_id
        + company.commission_accrued_account_id
        + company.commission_payable_account_id
    )
    rows = query(
        env,
        """
        SELECT item.account_id, SUM(item.debit)::text AS debit, SUM(item.credit)::text AS credit,
               SUM(item.balance)::text AS balance
          FROM account_move_line AS item
         WHERE item.company_id = %(company)s AND item.parent_state = 'posted'
           AND item.move_id IN (SELECT move_id FROM account_move_line WHERE account_id IN %(accounts)s)
         GROUP BY item.account_id
        """,
        company,
        accounts=tuple(accounts.ids),
    )
    found = {row["account_id"]: pounds(row, "debit", "credit", "balance") for row in rows}
    records = env["account.account"].with_company(company).browse(found)
    return [{"code": a.code, "name": a.name, **found[a.id]} for a in records.sorted("code")]
