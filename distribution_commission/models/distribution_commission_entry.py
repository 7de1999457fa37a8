# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, groupby, split_every

from odoo.addons.distribution_core.fields import CopiedMany2one

from ..const import ENTRY_STATES, MAX_MOVE_LINES
from ..engine.convergence import Row
from .bulk import insert_rows

GUARD_FUNCTION = "distribution_commission_entry_guard"

# Identity, parties, figures: what an entry says can never change, through no door. A migration that adds a column
# here fills it first and then replaces the function.
PROTECTED_COLUMNS = (
    "id term_id guarantee_id revision kind reverses_id delivery_id distributor_id program_id company_id currency_id "
    "order_id line_id is_own_purchase level rate base amount date explanation create_date create_uid"
).split()


class DistributionCommissionEntry(models.Model):
    """One signed row of the ledger. Rows are only ever added; the database itself refuses anything else.

    It belongs to a term, or to a guarantee: what a period brings less than that belongs to no order.
    """

    _name = "distribution.commission.entry"
    _description = "Commission Entry"
    _order = "id desc"

    term_id = fields.Many2one(
        comodel_name="distribution.commission.term", index=True, ondelete="restrict", readonly=True
    )
    guarantee_id = fields.Many2one(
        comodel_name="distribution.commission.guarantee",
        string="Guarantee",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
    )
    revision = fields.Integer(required=True, readonly=True, aggregator=None)
    kind = fields.Selection(selection=[("earning", "Earning"), ("clawback", "Clawback")], required=True, readonly=True)
    reverses_id = fields.Many2one(
        comodel_name="distribution.commission.entry",
        string="Takes Back",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
    )
    delivery_id = fields.Many2one(
        comodel_name="stock.picking", index="btree_not_null", ondelete="restrict", readonly=True
    )
    # All that is copied is the term's, or the guarantee's.
    distributor_id = CopiedMany2one(
        comodel_name="distribution.distributor", required=True, index=True, ondelete="restrict", readonly=True
    )
    # Neither program nor company is indexed by itself: so few values find nothing, and every state an entry goes
    # through writes all indexes.
    program_id = CopiedMany2one(comodel_name="distribution.program", required=True, ondelete="restrict", readonly=True)
    company_id = CopiedMany2one(comodel_name="res.company", required=True, ondelete="restrict", readonly=True)
    currency_id = CopiedMany2one(comodel_name="res.currency", required=True, ondelete="restrict", readonly=True)
    order_id = CopiedMany2one(comodel_name="sale.order", index=True, ondelete="restrict", readonly=True)
    line_id = CopiedMany2one(
        comodel_name="sale.order.line",
        string="Order Line",
        index=True,
        ondelete="restrict",
        readonly=True,
    )
    product_id = fields.Many2one(related="line_id.product_id")
    is_own_purchase = fields.Boolean(readonly=True, help="Lowers revenue, instead of being an expense.")
    level = fields.Integer(required=True, readonly=True, aggregator=None)
    rate = fields.Float(string="Rate (%)", digits=(7, 4), required=True, readonly=True, aggregator=None)
    base = fields.Monetary(required=True, readonly=True, help="By how much the eligible base changed.")
    amount = fields.Monetary(required=True, readonly=True)
    date = fields.Date(required=True, readonly=True, help="Business date in the program's time zone.")
    explanation = fields.Json(readonly=True)
    why = fields.Text(compute="_compute_why", help="How the amount was reached.")
    pay_label = fields.Char(string="Pays", compute="_compute_pay_label", help="What was agreed on for the whole line.")
    state = fields.Selection(selection=ENTRY_STATES, required=True, readonly=True, default="held")
    release_date = fields.Date(
        readonly=True, help="When the hold ends and the entry is due. Empty until the goods are delivered."
    )
    accrual_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Accrual Journal Item",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
    )
    # The settlement, not its line: one value for all of them, so that tying a million is cheap. The line is the one of
    # the settlement and the distributor.
    settlement_id = fields.Many2one(
        comodel_name="distribution.settlement",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
    )
    accrual_move_id = fields.Many2one(related="accrual_line_id.move_id", string="Accrual Journal Entry")

    _source_known = models.Constraint(
        "CHECK(num_nonnulls(term_id, guarantee_id) = 1 "
        "AND (term_id IS NULL) = (order_id IS NULL) AND (term_id IS NULL) = (line_id IS NULL))",
        "An entry belongs to a term and its order line, or to a guarantee.",
    )
    _release_date_known = models.Constraint(
        "CHECK(state = 'held' OR release_date IS NOT NULL)", "The hold of an entry that is due has an end."
    )
    # An assertion: the lock on the term makes a violation impossible; it would be a bug, not a race.
    _posting_uniq = models.UniqueIndex(
        "(term_id, revision, COALESCE(reverses_id, 0), COALESCE(delivery_id, 0))",
        "The same change of a term cannot be posted twice.",
    )
    _guarantee_posting_uniq = models.UniqueIndex(
        "(guarantee_id, revision) WHERE guarantee_id IS NOT NULL",
        "The same change of a guarantee cannot be posted twice.",
    )
    _release_idx = models.Index("(release_date, program_id) WHERE state = 'held'")
    # By program only: a settlement then meets the entries in the order in which they lie in the table.
    _due_idx = models.Index("(program_id) WHERE state = 'due' AND settlement_id IS NULL")
    _unposted_idx = models.Index("(company_id, date) WHERE accrual_line_id IS NULL")

    def init(self):
        """Make the table append-only in PostgreSQL, for SQL as for the ORM."""
        self._create_guard()

    @api.model
    def _create_guard(self):
        same = " AND ".join(f"OLD.{column} IS NOT DISTINCT FROM NEW.{column}" for column in PROTECTED_COLUMNS)
        self.env.cr.execute(  # pylint: disable=sql-injection
            f"""
            CREATE OR REPLACE FUNCTION {GUARD_FUNCTION}() RETURNS trigger AS $$
            BEGIN
                IF TG_OP = 'UPDATE' THEN
                    IF {same}
                       AND (OLD.state = 'held' OR OLD.release_date = NEW.release_date)
                       AND (OLD.state = NEW.state
                            OR (OLD.state = 'held' AND NEW.state = 'due')
                            OR (OLD.state = 'due' AND NEW.state = 'settled')) THEN
                        RETURN NEW;
                    END IF;
                END IF;
                RAISE EXCEPTION 'The commission ledger is append-only: % of entries refused.', TG_OP
                    USING ERRCODE = 'restrict_violation';
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS distribution_commission_entry_guard_row ON {self._table};
            CREATE TRIGGER distribution_commission_entry_guard_row BEFORE UPDATE OR DELETE ON {self._table}
                FOR EACH ROW EXECUTE FUNCTION {GUARD_FUNCTION}();
            DROP TRIGGER IF EXISTS distribution_commission_entry_guard_truncate ON {self._table};
            CREATE TRIGGER distribution_commission_entry_guard_truncate BEFORE TRUNCATE ON {self._table}
                FOR EACH STATEMENT EXECUTE FUNCTION {GUARD_FUNCTION}();
            """
        )

    # === COMPUTE METHODS === #

    @api.depends("line_id.order_id.name", "guarantee_id", "level", "kind")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for entry in self:
            # Whoever may read the ledger may read the order's number in it.
            source = entry.sudo().order_id.name or entry.sudo().guarantee_id.display_name
            entry.display_name = f"{source} L{entry.level} {kinds.get(entry.kind, '')}"

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Commission entries are never deleted: the ledger is append-only."))

    # === ACTION METHODS === #

    def action_view_order(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
        }

    # === BUSINESS METHODS === #

    @api.model
    def _insert(self, vals_list):
        """Write entries; whoever has no account yet gets one.

        :param list vals_list: see `bulk.insert_rows`
        :return: the new entries
        """
        entries = insert_rows(self, vals_list)
        self.env["distribution.account"]._open_for_entries(vals_list)
        return entries

    @api.model
    def _get_rows_by_term(self, terms):
        """Return what the ledger holds for terms.

        :return: term id → list of `engine.convergence.Row`, in order of id
        :rtype: dict
        """
        rows = defaultdict(list)
        if not terms:
            return rows
        query = SQL(
            """
            SELECT term_id, id, amount::text, base::text, COALESCE(delivery_id, 0), COALESCE(reverses_id, 0)
              FROM distribution_commission_entry
             WHERE term_id IN %s
             ORDER BY id
            """,
            tuple(terms.ids),
        )
        self.flush_model()
        for term_id, entry_id, amount, base, delivery_id, reverses_id in self.env.execute_query(query):
            rows[term_id].append(Row(entry_id, Decimal(amount), Decimal(base), delivery_id, reverses_id))
        return rows

    @api.model
    def _release(self, program):
        """End the holds of a program that have run out.

        :return: how many entries became due
        :rtype: int
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE distribution_commission_entry
                   SET state = 'due', write_date = %s, write_uid = %s
                 WHERE program_id = %s AND state = 'held' AND release_date <= %s
                """,
                fields.Datetime.now(),
                self.env.uid,
                program.id,
                program._get_business_date(),
            )
        )
        self.invalidate_model(["state"], flush=False)
        return self.env.cr.rowcount

    @api.model
    def _cron_release(self):
        """End the holds that have run out, program by program."""
        groups = self._read_group([("state", "=", "held")], ["program_id"])
        programs = self.env["distribution.program"].union(*(program for (program,) in groups))
        self.env["ir.cron"]._run_for_each(programs, self._release)

    # === ACCOUNTING === #

    @api.model
    def _cron_post_accruals(self):
        """Post the journal entries of what was earned and taken back, company by company."""
        companies = self.env["res.company"].search([("commission_journal_id", "!=", False)], order="id")
        self.env["ir.cron"]._run_for_each(companies, self._post_accruals_of)

    @api.model
    def _post_accruals_of(self, company):
        return self._post_accruals_in([("company_id", "=", company.id)])

    def _post_accruals(self):
        """Post the accrual of these entries, see `_post_accruals_in`."""
        return self._post_accruals_in([("id", "in", self.ids)])

    @api.model
    def _post_accruals_in(self, domain):
        """Post the accrual of entries that have none: per company, business day and kind.

        An earning debits commission expense and credits accrued commission; a clawback the reverse, on its own date.
        What a distributor gets for its own purchase is debited to revenue: it is money back to a customer.
        The database sums up per distributor: no entry is loaded.

        :param domain: which entries
        :return: the posted moves
        """
        moves = self.env["account.move"]
        self.env.flush_all()
        pending = Domain(domain) & Domain("accrual_line_id", "=", False)
        for (company_id, date, kind), rows in groupby(self._get_pending_sums(pending), lambda row: row[:3]):
            company = self.env["res.company"].browse(company_id)
            company._check_commission_accounts()
            of_move = pending & Domain("company_id", "=", company_id) & Domain("date", "=", date)
            of_move &= Domain("kind", "=", kind)
            # Accrued and expense, and own purchases where there are some.
            items = 3 if any(Decimal(row[5]) for row in rows) else 2
            for batch in split_every(MAX_MOVE_LINES // items, [(row[3], row[4:]) for row in rows]):
                moves += self._post_accrual_move(company, date, dict(batch), of_move)
        return moves

    @api.model
    def _get_pending_sums(self, pending):
        """Return rows of company, date, kind, distributor (ids), amount, and how much of it is for own purchases, in
        the order of posting."""
        query = self._search(pending)
        return self.env.execute_query(
            SQL(
                """
                SELECT company_id, date, kind, distributor_id, SUM(amount)::text,
                       COALESCE(SUM(amount) FILTER (WHERE is_own_purchase), 0)::text
                  FROM %s WHERE %s
                 GROUP BY company_id, date, kind, distributor_id
                 ORDER BY company_id, date, kind DESC, distributor_id
                """,
                query.from_clause,
                query.where_clause or SQL("TRUE"),
            )
        )

    @api.model
    def _post_accrual_move(self, company, date, amounts, of_move):
        """Post one move and tie the entries to its items.

        :param dict amounts: distributor id → amount and what of it is for own purchases, decimal strings
        :param of_move: domain of the entries, of these and other distributors
        """
        self = company._in_own_language(self)
        distributors = self.env["distribution.distributor"].browse(amounts)
        lines_vals = [
            vals
            for distributor in distributors
            for vals in self._prepare_accrual_lines_vals(company, distributor, *map(Decimal, amounts[distributor.id]))
        ]
        move = self.env["account.move"]._create_commission_move(
            company, date, self.env._("Commission earned and taken back, %s", fields.Date.to_string(date)), lines_vals
        )
        accrued = move.line_ids.filtered(lambda line: line.account_id == company.commission_accrued_account_id)
        self._tie_to_items({line.distribution_distributor_id.id: line.id for line in accrued}, of_move)
        return move

    @api.model
    def _tie_to_items(self, items, domain):
        """Write the journal items of entries by one statement.

        :param dict items: distributor id → journal item id
        """
        self.env.flush_all()
        query = SQL(
            """
            UPDATE distribution_commission_entry
               SET accrual_line_id = item.id, write_uid = %s, write_date = %s
              FROM (VALUES %s) AS item (distributor_id, id)
             WHERE distribution_commission_entry.distributor_id = item.distributor_id AND %s
            """,
            self.env.uid,
            fields.Datetime.now(),
            SQL(", ").join(SQL("(%s, %s)", *pair) for pair in items.items()),
            self._search(domain).where_clause,
        )
        # A collision is tried again: no error for the log.
        self.env.cr.execute(query, log_exceptions=False)
        self.invalidate_model(["accrual_line_id"], flush=False)

    @api.model
    def _prepare_accrual_lines_vals(self, company, distributor, amount, own_amount):
        """Return the debits and the credit of one distributor's entries; labels carry codes, not names.

        :param Decimal amount: what was earned, less what was taken back
        :param Decimal own_amount: what of it is for own purchases
        """
        common = {
            "name": self.env._("Commission %s", distributor.code),
            "partner_id": distributor.partner_id.id,
            "distribution_distributor_id": distributor.id,
        }
        balances = [(company.commission_accrued_account_id, -amount)]
        if own_amount:
            balances.insert(0, (company.commission_contra_account_id, own_amount))
        if amount != own_amount or not own_amount:
            balances.insert(0, (company.commission_expense_account_id, amount - own_amount))
        return [{**common, "account_id": account.id, "balance": float(balance)} for account, balance in balances]
