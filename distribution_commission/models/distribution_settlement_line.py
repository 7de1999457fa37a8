# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import SQL, split_every

from ..const import MAX_MOVE_LINES


class DistributionSettlementLine(models.Model):
    _name = "distribution.settlement.line"
    _description = "Commission Settlement Line"
    _inherit = ["distribution.portal.mixin"]
    _order = "settlement_id desc, distributor_id"
    _rec_name = "distributor_id"

    settlement_id = fields.Many2one(
        comodel_name="distribution.settlement", required=True, index=True, ondelete="restrict", readonly=True
    )
    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor", required=True, index=True, ondelete="restrict", readonly=True
    )
    partner_id = fields.Many2one(related="distributor_id.partner_id")
    company_id = fields.Many2one(related="settlement_id.company_id", store=True, index=True)
    program_id = fields.Many2one(related="settlement_id.program_id", store=True)
    currency_id = fields.Many2one(related="settlement_id.company_id.currency_id")
    date = fields.Date(related="settlement_id.date", store=True)
    # Not stored: posting a settlement writes one row, however many lines there are.
    state = fields.Selection(related="settlement_id.state")
    amount = fields.Monetary(
        required=True, readonly=True, help="Earnings less clawbacks; a negative amount is taken from the account."
    )
    entry_ids = fields.One2many("distribution.commission.entry", compute="_compute_entry_ids")
    entry_count = fields.Integer(readonly=True)
    move_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Payable Journal Item",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
    )

    _settlement_distributor_uniq = models.UniqueIndex(
        "(settlement_id, distributor_id)", "A settlement has one line for a distributor."
    )

    # === COMPUTE METHODS === #

    @api.depends("settlement_id", "distributor_id")
    def _compute_entry_ids(self):
        for line in self:
            line.entry_ids = self.env["distribution.commission.entry"].search(line._get_entries_domain())

    @api.model
    def _get_portal_fields(self):
        names = ("settlement_id", "distributor_id", "program_id", "company_id", "currency_id")
        return super()._get_portal_fields().union(names, ("date", "state", "amount", "entry_count"))

    def _get_entries_domain(self):
        self.ensure_one()
        return [("settlement_id", "=", self.settlement_id.id), ("distributor_id", "=", self.distributor_id.id)]

    # === ACTION METHODS === #

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_entry_action"
        )
        return {**action, "domain": self._get_entries_domain(), "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def _insert_for(self, settlement, entries):
        """Write the lines of a settlement by one statement: a distributor's share is summed up by the database.

        :param entries: `Query` of the entries
        :return: sum of the amounts, number of lines, number of entries
        :rtype: tuple
        """
        uid, now = self.env.uid, fields.Datetime.now()
        query = SQL(
            """
            WITH added AS (
                INSERT INTO distribution_settlement_line
                       (settlement_id, distributor_id, company_id, program_id, date, amount, entry_count,
                        create_uid, create_date, write_uid, write_date)
                SELECT %s, distributor_id, %s, %s, %s, SUM(amount), COUNT(*), %s, %s, %s, %s
                  FROM %s WHERE %s
                 GROUP BY distributor_id ORDER BY distributor_id
                RETURNING amount, entry_count
            )
            SELECT SUM(amount), COUNT(*), SUM(entry_count) FROM added
            """,
            *(settlement.id, settlement.company_id.id, settlement.program_id.id, settlement.date),
            *(uid, now, uid, now),
            entries.from_clause,
            entries.where_clause,
        )
        return self.env.execute_query(query)[0]

    def _post_moves(self):
        """Post accrued commission to commission payable and reconcile both accounts per distributor.

        A negative line posts with sides swapped: the debit on the payable is the distributor's debt.
        """
        with_amount = self.filtered(lambda line: not line.currency_id.is_zero(line.amount))
        for batch in split_every(MAX_MOVE_LINES // 2, with_amount.ids, self.browse):
            batch._post_move()
        accrued = self._get_accrual_lines() | self._get_settlement_accrued_lines()
        accrued._reconcile_commission()
        self.env["account.move.line"]._reconcile_commission_payable(self.company_id, self.distributor_id)

    def _post_move(self):
        self = self.settlement_id.company_id._in_own_language(self)
        settlement, company = self.settlement_id, self.settlement_id.company_id
        lines_vals = [vals for line in self for vals in line._prepare_move_lines_vals()]
        ref = self.env._("Commission settlement %s", settlement.name)
        move = self.env["account.move"]._create_commission_move(company, settlement.date, ref, lines_vals)
        payable = move.line_ids.filtered(lambda aml: aml.account_id == company.commission_payable_account_id)
        by_distributor = payable.grouped("distribution_distributor_id")
        for line in self:
            line.move_line_id = by_distributor[line.distributor_id]

    def _prepare_move_lines_vals(self):
        """Return the two journal items of a settlement line."""
        self.ensure_one()
        company = self.company_id
        common = {
            "name": self.env._(
                "Settlement %(name)s, %(code)s", name=self.settlement_id.name, code=self.distributor_id.code
            ),
            "partner_id": self.distributor_id.partner_id.id,
            "distribution_distributor_id": self.distributor_id.id,
        }
        return [
            {**common, "account_id": company.commission_accrued_account_id.id, "balance": self.amount},
            {**common, "account_id": company.commission_payable_account_id.id, "balance": -self.amount},
        ]

    def _get_settlement_accrued_lines(self):
        accrued_account = self.company_id.commission_accrued_account_id
        return self.move_line_id.move_id.line_ids.filtered(lambda aml: aml.account_id == accrued_account)

    def _get_accrual_lines(self):
        """Return the journal items in which the settled entries were accrued."""
        query = SQL(
            "SELECT DISTINCT accrual_line_id FROM distribution_commission_entry WHERE settlement_id IN %s",
            tuple(self.settlement_id.ids or [0]),
        )
        return self.env["account.move.line"].browse(sorted(row[0] for row in self.env.execute_query(query)))
