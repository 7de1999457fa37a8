# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class DistributionAccount(models.Model):
    """What a company owes one distributor. Only settlement and money out touch it, never a sale."""

    _name = "distribution.account"
    _description = "Commission Account"
    _inherit = ["distribution.portal.mixin"]
    _order = "company_id, distributor_id"
    _rec_name = "distributor_id"

    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor", required=True, index=True, ondelete="restrict", readonly=True
    )
    partner_id = fields.Many2one(related="distributor_id.partner_id")
    program_id = fields.Many2one(related="distributor_id.program_id", store=True, index=True)
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, index=True, ondelete="restrict", readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    available = fields.Monetary(readonly=True, required=True, default=0.0, help="Settled and free to be withdrawn.")
    reserved = fields.Monetary(readonly=True, required=True, default=0.0, help="Asked for, not paid out yet.")
    debt = fields.Monetary(readonly=True, required=True, default=0.0, help="Taken back after it was paid out.")
    revision = fields.Integer(readonly=True, required=True, default=0, aggregator=None)
    held_amount = fields.Monetary(string="Held", compute="_compute_ledger_amounts")
    due_amount = fields.Monetary(string="Due", compute="_compute_ledger_amounts")

    _distributor_company_uniq = models.UniqueIndex(
        "(distributor_id, company_id)", "A distributor has one account with a company."
    )
    _not_negative = models.Constraint(
        "CHECK(available >= 0 AND reserved >= 0 AND debt >= 0)", "No figure of a commission account can be negative."
    )

    # === COMPUTE METHODS === #

    def _compute_ledger_amounts(self):
        groups = self.env["distribution.commission.entry"]._read_group(
            [("distributor_id", "in", self.distributor_id.ids), ("state", "in", ("held", "due"))],
            ["distributor_id", "company_id", "state"],
            ["amount:sum"],
        )
        sums = {(distributor, company, state): amount for distributor, company, state, amount in groups}
        for account in self:
            account.held_amount = sums.get((account.distributor_id, account.company_id, "held"), 0.0)
            account.due_amount = sums.get((account.distributor_id, account.company_id, "due"), 0.0)

    @api.model
    def _get_portal_fields(self):
        names = ("distributor_id", "program_id", "company_id", "currency_id")
        figures = ("available", "reserved", "debt", "held_amount", "due_amount")
        return super()._get_portal_fields().union(names, figures)

    # === ACTION METHODS === #

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_entry_action"
        )
        domain = [("distributor_id", "=", self.distributor_id.id), ("company_id", "=", self.company_id.id)]
        return {**action, "domain": domain, "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def _get_or_create(self, distributors, company):
        """Return the accounts of distributors with a company, created where missing."""
        domain = [("distributor_id", "in", distributors.ids), ("company_id", "=", company.id)]
        accounts = self.search(domain)
        missing = distributors - accounts.distributor_id
        return accounts + self.create([{"distributor_id": d.id, "company_id": company.id} for d in missing])

    @api.model
    def _add_settlement(self, settlement):
        """Add the lines of a settlement: debt is repaid first, a negative amount takes from available and then makes
        debt. Accounts that are missing are opened.
        """
        self._open_for(settlement)
        net = "(account.available - account.debt + delta.amount)"
        self._execute_update(
            f"available = GREATEST({net}, 0), debt = GREATEST(-{net}, 0)",
            SQL(
                """
                SELECT account.id, line.amount
                  FROM distribution_settlement_line AS line
                  JOIN distribution_account AS account USING (distributor_id, company_id)
                 WHERE line.settlement_id = %s
                """,
                settlement.id,
            ),
        )

    @api.model
    def _open_for(self, settlement):
        """Open the accounts that the distributors of a settlement do not have yet."""
        self.env.flush_all()
        lines = "SELECT distributor_id, company_id FROM distribution_settlement_line WHERE settlement_id = %s"
        self._open(SQL(lines, settlement.id))

    @api.model
    def _open_for_entries(self, vals_list):
        """Open the accounts of those whose first entries these are: a list of accounts shows all that is on the way.

        :param list vals_list: values of entries
        """
        pairs = sorted({(vals["distributor_id"], vals["company_id"]) for vals in vals_list})
        if pairs:
            self._open(SQL("VALUES %s", SQL(", ").join(SQL("(%s, %s)", *pair) for pair in pairs)))

    @api.model
    def _open(self, pairs):
        """Open the accounts that are missing by one statement.

        :param SQL pairs: query of distributor ids and company ids
        """
        uid, now = self.env.uid, fields.Datetime.now()
        query = SQL(
            """
            INSERT INTO distribution_account
                   (distributor_id, company_id, program_id, available, reserved, debt, revision,
                    create_uid, create_date, write_uid, write_date)
            SELECT distributor.id, pair.company_id, distributor.program_id, 0, 0, 0, 0, %s, %s, %s, %s
              FROM (%s) AS pair (distributor_id, company_id)
              JOIN distribution_distributor AS distributor ON distributor.id = pair.distributor_id
             WHERE NOT EXISTS (
                SELECT FROM distribution_account AS account
                 WHERE account.distributor_id = pair.distributor_id AND account.company_id = pair.company_id
             )
             ORDER BY distributor.id
                ON CONFLICT (distributor_id, company_id) DO NOTHING
            RETURNING distributor_id
            """,
            *(uid, now, uid, now),
            pairs,
        )
        # A collision is tried again: no error for the log.
        self.env.cr.execute(query, log_exceptions=False)
        opened = self.env["distribution.distributor"].browse(row[0] for row in self.env.cr.fetchall())
        opened.invalidate_recordset(["commission_account_ids"], flush=False)

    def _reserve(self, amounts):
        """Move amounts from available to reserved.

        :param dict amounts: account id → Decimal, positive
        :raise UserError: where less is available
        """
        self._update_figures(
            "available = account.available - delta.amount, reserved = account.reserved + delta.amount",
            amounts,
            "account.available >= delta.amount",
        )

    def _release_reserved(self, amounts):
        """Give reserved amounts back: debt that arose meanwhile is repaid first.

        :param dict amounts: account id → Decimal, positive
        """
        net = "(account.available - account.debt + delta.amount)"
        self._update_figures(
            f"reserved = account.reserved - delta.amount, available = GREATEST({net}, 0), debt = GREATEST(-{net}, 0)",
            amounts,
            "account.reserved >= delta.amount",
        )
        self.browse(sorted(amounts))._bring_together()

    def _pay_reserved(self, amounts):
        """Take amounts that were paid out off reserved.

        :param dict amounts: account id → Decimal, positive
        """
        self._update_figures("reserved = account.reserved - delta.amount", amounts, "account.reserved >= delta.amount")

    def _update_figures(self, assignments, amounts, condition="TRUE"):
        """Compute new figures inside the database, on decimals, under a lock taken in order of id.

        The update counts a revision whether or not a figure changes: that is what makes two of them wait in line.

        :param str assignments: SQL of our own making, no user input
        :raise UserError: where the condition does not hold for every account
        """
        if not amounts:
            return
        rows = SQL(", ").join(SQL("(%s, %s::numeric)", key, str(amounts[key])) for key in sorted(amounts))
        self._execute_update(assignments, SQL("VALUES %s", rows), condition)
        changed = {row[0] for row in self.env.cr.fetchall()}
        refused = self.browse(sorted(set(amounts) - changed))
        if refused:
            raise UserError(
                self.env._(
                    "The account of %(distributor)s does not hold enough for this: %(available)s available, "
                    "%(reserved)s reserved.",
                    distributor=refused[0].distributor_id.display_name,
                    available=refused[0].available,
                    reserved=refused[0].reserved,
                )
            )

    def _execute_update(self, assignments, delta, condition="TRUE"):
        """Run the update of `_update_figures`; the ids of the changed accounts can be fetched afterwards.

        :param delta: `SQL` that selects id and amount
        """
        self.flush_model()
        query = SQL(
            f"""
            WITH delta AS (
                SELECT account.id, change.amount FROM distribution_account AS account
                  JOIN (%s) AS change (id, amount) ON change.id = account.id
                 ORDER BY account.id
                   FOR NO KEY UPDATE OF account
            )
            UPDATE distribution_account AS account
               SET {assignments}, revision = account.revision + 1
              FROM delta
             WHERE account.id = delta.id AND {condition}
            RETURNING account.id
            """,
            delta,
        )
        # A collision is tried again: no error for the log.
        self.env.cr.execute(query, log_exceptions=False)
        self.invalidate_model(["available", "reserved", "debt", "revision"], flush=False)

    # === RECONCILIATION OF THE TWO BOOKS === #

    @api.model
    def _get_book_differences(self, company):
        """Compare the commission ledger with the general ledger, per distributor and account.

        :return: dicts with distributor_id, account (`accrued` or `payable`), ledger, books; empty when they agree
        :rtype: list
        """
        if not company.commission_accrued_account_id or not company.commission_payable_account_id:
            return []
        self.env.flush_all()
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH ledger AS (
                    SELECT distributor_id, %(accrued)s AS account_id, SUM(amount) AS amount
                      FROM distribution_commission_entry
                     WHERE company_id = %(company)s AND state != 'settled' AND accrual_line_id IS NOT NULL
                     GROUP BY distributor_id
                     UNION ALL
                    SELECT distributor_id, %(payable)s, available + reserved - debt
                      FROM distribution_account WHERE company_id = %(company)s
                ), books AS (
                    SELECT distribution_distributor_id AS distributor_id, account_id, -SUM(balance) AS amount
                      FROM account_move_line
                     WHERE company_id = %(company)s AND parent_state = 'posted'
                       AND account_id IN (%(accrued)s, %(payable)s)
                     GROUP BY distribution_distributor_id, account_id
                )
                SELECT distributor_id,
                       CASE account_id WHEN %(accrued)s THEN 'accrued' ELSE 'payable' END AS account,
                       COALESCE(ledger.amount, 0)::text AS ledger,
                       COALESCE(books.amount, 0)::text AS books
                  FROM ledger FULL JOIN books USING (distributor_id, account_id)
                 WHERE COALESCE(ledger.amount, 0) != COALESCE(books.amount, 0)
                 ORDER BY distributor_id, account
                """,
                company=company.id,
                accrued=company.commission_accrued_account_id.id,
                payable=company.commission_payable_account_id.id,
            )
        )
        return rows
