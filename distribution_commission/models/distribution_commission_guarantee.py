# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from .bulk import insert_rows

# What the terms of a guarantee have in common.
KEY = ("distributor_id", "rule_id", "level", "company_id")


class DistributionCommissionGuarantee(models.Model):
    """The least that a rule pays a distributor for the sales of a period.

    The first order that is confirmed under the rule freezes the period, whatever becomes of the program's sales period
    afterwards. When it has ended, the ledger gets what the period's sales have brought less than the minimum, and
    follows them from then on.
    """

    _name = "distribution.commission.guarantee"
    _description = "Guaranteed Commission"
    _order = "date_end desc, id desc"
    # Made with an order, which says by whom and when.
    _log_access = False

    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor", required=True, ondelete="cascade", readonly=True
    )
    rule_id = fields.Many2one(
        comodel_name="distribution.commission.rule", required=True, index=True, ondelete="cascade", readonly=True
    )
    level = fields.Integer(required=True, readonly=True, aggregator=None)
    program_id = fields.Many2one(comodel_name="distribution.program", required=True, ondelete="restrict", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", required=True, ondelete="restrict", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, ondelete="restrict", readonly=True)
    date_start = fields.Date(string="From", required=True, readonly=True)
    date_end = fields.Date(string="To", required=True, readonly=True, help="Last day, in the program's time zone.")
    revision = fields.Integer(
        default=0, required=True, readonly=True, aggregator=None, help="Counts the looks at the period once it ended."
    )
    entry_ids = fields.One2many("distribution.commission.entry", "guarantee_id", readonly=True)
    minimum_amount = fields.Monetary(
        string="Guaranteed",
        compute="_compute_amounts",
        help="The highest minimum that was agreed on with an order of the period whose goods were kept; while nothing "
        "is earned, that was agreed on at all.",
    )
    earned_amount = fields.Monetary(
        string="Earned",
        compute="_compute_amounts",
        help="Commission by the rule for sales of the period, less what was taken back.",
    )
    added_amount = fields.Monetary(string="Added", compute="_compute_amounts", aggregator="sum")
    state = fields.Selection(
        selection=[("running", "Running"), ("ended", "Ended")], compute="_compute_state", search="_search_state"
    )

    _period_uniq = models.UniqueIndex(
        "(distributor_id, rule_id, level, company_id, date_start)",
        "A rule guarantees a distributor one minimum for a period.",
    )
    _dates_in_order = models.Constraint("CHECK(date_start <= date_end)", "A period ends before it begins.")

    # === COMPUTE METHODS === #

    @api.depends("date_start", "date_end")
    def _compute_display_name(self):
        for guarantee in self:
            guarantee.display_name = self.env._(
                "Guaranteed for %(start)s to %(end)s",
                start=format_date(self.env, guarantee.date_start),
                end=format_date(self.env, guarantee.date_end),
            )

    @api.depends("entry_ids.amount")
    def _compute_amounts(self):
        figures = self._get_figures()
        added = dict(
            self.env["distribution.commission.entry"]._read_group(
                [("guarantee_id", "in", self.ids)], ["guarantee_id"], ["amount:sum"]
            )
        )
        for guarantee in self:
            own = figures.get(guarantee.id, {})
            guarantee.minimum_amount = float(own.get("minimum") or own.get("agreed") or 0)
            guarantee.earned_amount = float(own.get("earned") or 0)
            guarantee.added_amount = added.get(guarantee, 0.0)

    @api.depends("date_end")
    def _compute_state(self):
        for guarantee in self:
            guarantee.state = "ended" if guarantee._has_ended() else "running"

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        # It has ended for everybody since two days: each program has its own time zone.
        recent = self.search([("date_end", ">=", "today -2d")])
        running = Domain("id", "in", recent.filtered(lambda guarantee: not guarantee._has_ended()).ids)
        domains = {"running": running, "ended": ~running}
        return Domain.OR(domains[state] for state in value if state in domains)

    def _field_to_sql(self, alias, field_expr, query=None):
        """Let groups of a list say what was added; all that is read of a guarantee's entries is read by its rules."""
        if field_expr != "added_amount":
            return super()._field_to_sql(alias, field_expr, query)
        return SQL(
            "(SELECT COALESCE(SUM(amount), 0) FROM distribution_commission_entry WHERE guarantee_id = %s)",
            SQL.identifier(alias, "id"),
            to_flush=self.env["distribution.commission.entry"]._fields["amount"],
        )

    def _has_ended(self):
        self.ensure_one()
        return self.date_end < self.program_id._get_business_date()

    # === ACTION METHODS === #

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_entry_action"
        )
        return {**action, "domain": [("guarantee_id", "=", self.id)], "context": {}}

    def action_view_terms(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_term_action"
        )
        return {**action, "domain": self._get_terms_domain(), "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def _promise(self, vals_list):
        """Freeze the periods of new terms that guarantee a minimum for one.

        :param list vals_list: values of the terms
        """
        names = (*KEY, "program_id", "currency_id", "date")
        # An own purchase is no sale.
        guaranteed = [
            vals
            for vals in vals_list
            if vals["limit_scope"] == "period" and vals["minimum_amount"] and not vals["is_own_purchase"]
        ]
        for values in sorted({tuple(vals[name] for name in names) for vals in guaranteed}):
            self._freeze_period(dict(zip(names, values, strict=True)))

    @api.model
    def _freeze_period(self, vals):
        """Create the guarantee of a day, unless an earlier one is for this day too.

        :param dict vals: of `KEY`, with program, currency and date
        """
        day, key = vals.pop("date"), [(name, "=", vals[name]) for name in KEY]
        if self.search([*key, ("date_start", "<=", day), ("date_end", ">=", day)], limit=1):
            return
        # Two orders that do so at once meet there: the later one is tried again, and finds it.
        self.env["distribution.distributor"].browse(vals["distributor_id"])._lock_sales_period()
        program = self.env["distribution.program"].browse(vals["program_id"])
        start, end = program._get_period_start(day), program._get_period_end(day)
        others = self.search([*key, ("date_start", "<=", end), ("date_end", ">=", start)])
        # The program had another sales period before: no day is in two.
        ends = [other.date_end + timedelta(days=1) for other in others if other.date_end < day]
        starts = [other.date_start - timedelta(days=1) for other in others if other.date_start > day]
        insert_rows(self, [{**vals, "date_start": max([start, *ends]), "date_end": min([end, *starts])}])

    def _get_terms_domain(self):
        """Return the domain of all terms that count for this guarantee, also of those without a minimum: made before
        the rule had one, or since it has none."""
        self.ensure_one()
        return [
            *((name, "=", self[name] if name == "level" else self[name].id) for name in KEY),
            ("date", ">=", self.date_start),
            ("date", "<=", self.date_end),
            ("is_own_purchase", "=", False),
        ]

    def _get_figures(self, is_at_end=False):
        """Return what the ledger holds for the periods' sales.

        :param bool is_at_end: what it held when they ended
        :return: id → dict of `earned`; `minimum` and `hold_days`: the most of what has earned; `agreed`: the highest
            minimum of all; `date` of the last entry, `last_date` of what was added last; `minimums`: what was agreed on
            with what is kept → the first day on which some of that is due, None if it is not known yet
        :rtype: dict
        """
        if not self.ids:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH term AS (
                    SELECT guarantee.id AS guarantee_id,
                           CASE WHEN COUNT(entry.id) > 0 THEN term.hold_days END AS hold_days,
                           CASE WHEN term.limit_scope = 'period' THEN term.minimum_amount END AS minimum,
                           SUM(entry.amount) AS amount, MAX(entry.date) AS date,
                           MIN(entry.release_date) FILTER (WHERE entry.kind = 'earning') AS due
                      FROM distribution_commission_guarantee AS guarantee
                      LEFT JOIN distribution_commission_term AS term ON %s
                      LEFT JOIN distribution_commission_entry AS entry
                        ON entry.term_id = term.id AND (entry.date <= guarantee.date_end OR NOT %s)
                     WHERE guarantee.id IN %s
                     GROUP BY guarantee.id, term.id
                ), kept AS (
                    SELECT guarantee_id, minimum, MIN(due) AS due
                      FROM term WHERE amount > 0 AND minimum > 0 GROUP BY guarantee_id, minimum
                )
                SELECT guarantee_id, COALESCE(SUM(amount), 0)::text AS earned, MAX(minimum)::text AS agreed,
                       MAX(minimum) FILTER (WHERE amount > 0)::text AS minimum, MAX(hold_days) AS hold_days,
                       MAX(date) AS date,
                       (SELECT MAX(added.date) FROM distribution_commission_entry AS added
                         WHERE added.guarantee_id = term.guarantee_id) AS last_date,
                       (SELECT jsonb_object_agg(kept.minimum::text, kept.due) FROM kept
                         WHERE kept.guarantee_id = term.guarantee_id) AS minimums
                  FROM term GROUP BY guarantee_id
                """,
                self._get_membership(),
                is_at_end,
                tuple(self.ids),
            )
        )
        return {row.pop("guarantee_id"): row for row in rows}

    def _get_due_amounts(self, is_at_end=False):
        """Return what the periods' sales have earned by the days on which it becomes due.

        :param bool is_at_end: what the ledger held when they ended
        :return: id → list of (day, amount); without a day what waits for its goods to be delivered
        :rtype: dict
        """
        due = defaultdict(list)
        if not self.ids:
            return due
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT guarantee.id, entry.release_date, SUM(entry.amount)::text
                  FROM distribution_commission_guarantee AS guarantee
                  JOIN distribution_commission_term AS term ON %s
                  JOIN distribution_commission_entry AS entry
                    ON entry.term_id = term.id AND (entry.date <= guarantee.date_end OR NOT %s)
                 WHERE guarantee.id IN %s
                 GROUP BY guarantee.id, entry.release_date
                """,
                self._get_membership(),
                is_at_end,
                tuple(self.ids),
            )
        )
        for guarantee_id, day, amount in rows:
            due[guarantee_id].append((day, Decimal(amount)))
        return due

    @api.model
    def _get_membership(self):
        """Return the condition under which a row of `term` counts for one of `guarantee`: see `_get_terms_domain`."""
        same = SQL(" AND ").join(
            SQL("term.%s = guarantee.%s", SQL.identifier(name), SQL.identifier(name)) for name in KEY
        )
        return SQL(
            "%s AND term.date BETWEEN guarantee.date_start AND guarantee.date_end AND term.is_own_purchase IS NOT TRUE",
            same,
        )
