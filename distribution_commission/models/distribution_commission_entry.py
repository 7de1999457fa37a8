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
    is_own_purchase = fields.Boolean(readonly=True, help="Lowers revenue, instead of being an expense.")
    level = fields.Integer(required=True, readonly=True, aggregator=None)
    rate = fields.Float(string="Rate (%)", digits=(7, 4), required=True, readonly=True, aggregator=None)
    base = fields.Monetary(required=True, readonly=True, help="By how much the eligible base changed.")
    amount = fields.Monetary(required=True, readonly=True)
    date = fields.Date(required=True, readonly=True, help="Business date in the program's time zone.")
    explanation = fields.Json(readonly=True)
    why = fields.Text(compute="_compute_why", help="How the amount was reached.")
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

    @api.depends("explanation")
    def _compute_why(self):
        for entry in self:
            entry.why = entry._get_why()

    def _get_why(self):
        """Return in words how the amount was reached."""
        self.ensure_one()
        facts = self.explanation
        if not facts:
            return False
        if self.guarantee_id:
            return "\n".join(self.sudo().guarantee_id._get_why(facts))
        sentences = [
            self._get_base_sentence(facts),
            *self._get_refund_sentences(facts),
            *self._get_share_sentences(facts),
            *self._get_pay_sentences(facts),
            *self._get_limit_sentences(facts),
            *self._get_cap_sentences(facts),
            self.env._(
                "Earned so far: %(target)s. Before, the ledger had %(before)s: it changes by %(change)s.",
                target=facts["target"],
                before=facts["before"],
                change=str(Decimal(facts["target"]) - Decimal(facts["before"])),
            ),
        ]
        return "\n".join(sentences)

    def _get_base_sentence(self, facts):
        figures = {key: facts[key] for key in ("base", "currency", "sent", "kept", "money")}
        if facts.get("measure") == "ordered":
            return self.env._(
                "Eligible base %(base)s %(currency)s: the smallest of %(sent)s ordered and paid, %(kept)s kept by the "
                "customer and %(money)s that stays paid.",
                **figures,
            )
        if facts.get("measure") == "invoiced":
            return self.env._(
                "Eligible base %(base)s %(currency)s: the smallest of %(sent)s invoiced, %(kept)s kept by the customer "
                "and %(money)s left of the invoices.",
                **figures,
            )
        return self.env._(
            "Eligible base %(base)s %(currency)s: the smallest of %(sent)s sent out, %(kept)s kept by the customer "
            "and %(money)s invoiced or to be invoiced.",
            **figures,
        )

    def _get_refund_sentences(self, facts):
        if not Decimal(facts.get("refunded", "0")):
            return []
        return [
            self.env._(
                "The last is without %(refunded)s %(currency)s that were refunded and not credited: the line's part of "
                "what the order gave back.",
                refunded=facts["refunded"],
                currency=facts["currency"],
            )
        ]

    def _get_share_sentences(self, facts):
        """Say whose share it is where it passed up, and what a campaign and sales of the period had to do with it."""
        sentences = []
        if facts.get("passed_from"):
            sentences.append(
                self.env._(
                    "This is the share of %(distributor)s on level %(level)s, who did not earn: it passed up.",
                    distributor=self.env["distribution.distributor"].browse(facts["passed_from"]).code,
                    level=facts["level"],
                )
            )
        if facts.get("own_purchase") == "own":
            sentences.append(
                self.env._("The distributor bought this itself: what it gets lowers revenue, and is no expense.")
            )
        if facts.get("own_purchase") == "team":
            sentences.append(self.env._("A distributor below bought this itself: the program pays its upline for it."))
        if campaign := self.sudo().term_id.campaign_id:
            sentences.append(self.env._("Campaign %s is counted in.", campaign.name))
        if facts.get("period_sales"):
            owner = facts.get("passed_from") or self.distributor_id.id
            sentences.append(
                self.env._(
                    "Sales of %(distributor)s in the period before the order were %(sales)s %(currency)s.",
                    distributor=self.env["distribution.distributor"].browse(owner).code,
                    sales=facts["period_sales"],
                    currency=self.currency_id.name,
                )
            )
        return sentences

    def _get_pay_sentences(self, facts):
        common = {"currency": self.currency_id.name, "level": facts["level"], "order": self.sudo().order_id.name}
        has_amount = "per_unit" in facts or "per_order" in facts
        sentences = [self._get_rate_sentence(facts, common)] if "rated" in facts or not has_amount else []
        if "per_unit" in facts:
            sentences.append(
                self.env._(
                    "%(fixed)s %(currency)s for each of %(units)s units sent, kept and paid, on level %(level)s, "
                    "frozen when order %(order)s was confirmed.",
                    fixed=facts["per_unit"],
                    units=facts["units"],
                    **common,
                )
            )
        if "per_order" in facts:
            sentences.append(
                self.env._(
                    "%(fixed)s %(currency)s for the order on level %(level)s, shared out to its lines by value, frozen "
                    "when order %(order)s was confirmed.",
                    fixed=facts["per_order"],
                    **common,
                )
            )
        return sentences

    def _get_rate_sentence(self, facts, common):
        figures = {**common, "rate": facts["rate"], "rated": facts.get("rated", "0")}
        if facts["base_kind"] == "taxed":
            return self.env._(
                "Rate %(rate)s %% of %(rated)s %(currency)s with taxes on level %(level)s, frozen when order %(order)s "
                "was confirmed.",
                **figures,
            )
        if facts["base_kind"] == "list":
            return self.env._(
                "Rate %(rate)s %% of %(rated)s %(currency)s, %(units)s units at the list price of %(price)s, on level "
                "%(level)s, frozen when order %(order)s was confirmed.",
                units=facts["units"],
                price=facts["list_price"],
                **figures,
            )
        if facts["base_kind"] == "margin":
            return self.env._(
                "Rate %(rate)s %% of a margin of %(rated)s %(currency)s on level %(level)s: the base less a cost of "
                "%(cost)s for each of %(units)s units. Rate and cost were frozen when order %(order)s was confirmed.",
                units=facts["kept_units"],
                cost=facts["cost"],
                **figures,
            )
        return self.env._(
            "Rate %(rate)s %% on level %(level)s, frozen when order %(order)s was confirmed.",
            rate=facts["rate"],
            level=facts["level"],
            order=common["order"],
        )

    def _get_limit_sentences(self, facts):
        """Say which limit of the rule the line met; a fen that moves when they are shared out is no limit."""
        raised = Decimal(facts["uncapped"]) > Decimal(facts["by_itself"])
        limit = facts.get("minimum" if raised else "maximum")
        if facts["by_itself"] == facts["uncapped"] or not limit:
            return []
        field = self.env["distribution.commission.term"]._fields["limit_scope"]
        scope = dict(field._description_selection(self.env))[facts["scope"]].lower()
        figures = {"amount": facts["by_itself"], "limit": limit, "scope": scope, "limited": facts["uncapped"]}
        if raised:
            return [
                self.env._(
                    "Of itself this would be %(amount)s. The rule pays at least %(limit)s for each %(scope)s, of which "
                    "this line has %(limited)s.",
                    **figures,
                )
            ]
        if facts["scope"] == "period":
            return [
                self.env._(
                    "Of itself this would be %(amount)s. Of the most that the rule pays in a period other orders had "
                    "taken %(used)s, and left %(limit)s; this line has %(limited)s of it.",
                    used=facts["period_used"],
                    **{key: figures[key] for key in ("amount", "limit", "limited")},
                )
            ]
        return [
            self.env._(
                "Of itself this would be %(amount)s. The rule pays at most %(limit)s for each %(scope)s, of which this "
                "line has %(limited)s.",
                **figures,
            )
        ]

    def _get_cap_sentences(self, facts):
        uncapped = facts["uncapped"]
        if Decimal(uncapped) <= Decimal(facts["target"]):
            return []
        return [
            self.env._(
                "By itself this would be %(uncapped)s: the levels of the line together are scaled to the cap of "
                "%(cap)s %% of the base.",
                uncapped=uncapped,
                cap=facts["cap_rate"],
            )
        ]

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
