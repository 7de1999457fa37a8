# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.distribution_core.const import APPLICANT_STATES

from ..tools import encryption
from ..tools.masking import mask_name

_logger = logging.getLogger(__name__)


class DistributionDistributor(models.Model):
    _inherit = "distribution.distributor"

    real_name_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    real_name = fields.Char(
        compute="_compute_real_name",
        inverse="_inverse_real_name",
        groups="distribution_core.group_distribution_user",
        help="As WeChat has verified it; WeChat compares it from ¥2,000. Kept encrypted, shown masked.",
    )
    date_agreed = fields.Datetime(
        string="Agreed On",
        readonly=True,
        copy=False,
        help="When the person accepted the agreement in the mini-program.",
    )

    # === COMPUTE METHODS === #

    @api.depends("real_name_encrypted")
    def _compute_real_name(self):
        for distributor in self:
            stored = distributor.sudo().real_name_encrypted
            try:
                distributor.real_name = mask_name(encryption.decrypt(self.env, stored)) if stored else False
            except UserError:
                # Without the server's key nothing is shown, and nothing is lost.
                distributor.real_name = "***"

    def _inverse_real_name(self):
        for distributor in self:
            name = (distributor.real_name or "").strip()
            if "*" not in name:
                distributor.sudo().real_name_encrypted = encryption.encrypt(self.env, name) if name else False

    # === BUSINESS METHODS: REAL NAME === #

    def _has_real_name(self):
        self.ensure_one()
        return bool(self.sudo().real_name_encrypted)

    def _get_real_name(self):
        """Return the real name in clear, for WeChat only."""
        self.ensure_one()
        _logger.info("The real name of distributor %s was read for a transfer", self.id)
        return encryption.decrypt(self.env, self.sudo().real_name_encrypted)

    # === BUSINESS METHODS: MEMBERSHIP === #

    def _can_recommend(self):
        """Tell whether new customers and recruits of this distributor count for something."""
        self.ensure_one()
        return self._is_earning() and self.program_id.active

    @api.model
    def _apply(self, identity, upline=None, name=None):
        """Return the person's membership, an application written if there is none, or submitted again.

        The upline is who is named in the application, else who recruited the person by a code, else whose customer
        the person is.

        :param identity: the person's `distribution.wechat.identity`
        :param upline: a distributor of the program
        :param str name: the person's name, for a new application only
        """
        identity.partner_id._lock_for_distribution()
        membership = identity._get_distributor()
        if membership:
            membership._apply_again()
            return membership
        if name:
            identity.partner_id.name = name
        return self.create(self._prepare_application_vals(identity, upline or self._find_upline(identity)))

    @api.model
    def _prepare_application_vals(self, identity, upline):
        return {
            "partner_id": identity.partner_id.id,
            "program_id": identity.account_id.program_id.id,
            "parent_id": upline.id,
            "date_agreed": fields.Datetime.now(),
        }

    @api.model
    def _find_upline(self, identity):
        program = identity.account_id.program_id
        bindings = self.env["distribution.binding"]._find_valid(identity.partner_id, program, fields.Datetime.now())
        for distributor in (identity.recruiter_id._get_survivor(), bindings.distributor_id):
            if distributor.program_id == program and distributor._can_recommend():
                return distributor
        return self.browse()

    # === BUSINESS METHODS: FIGURES === #

    def _get_summary_amounts(self):
        """Return what the distributor reads of its money with the current company, by state. Extension point.

        A constant number of queries, whatever the size of history and team, as long as fewer than 1,000 order lines
        are open; each thousand more takes the same once again.

        :return: pending, held, due, available, in_withdrawal, waiting_confirmation, paid, taken_back, debt
        :rtype: dict of Decimal
        """
        self.ensure_one()
        own = self._get_own_domain()
        account = self.env["distribution.account"].search(own)
        entries = self.env["distribution.commission.entry"]
        ledger = dict(entries._read_group(own + [("state", "!=", "settled")], ["state"], ["amount:sum"]))
        taken_back = entries._read_group(own + [("kind", "=", "clawback")], [], ["amount:sum"])[0][0]
        withdrawals = self.env["distribution.withdrawal"]._read_group(own, ["state"], ["amount:sum"])
        withdrawn = dict(withdrawals)
        transfers = self.env["distribution.wechat.transfer"]
        waiting = transfers._read_group(own + [("state", "=", "wait_user_confirm")], [], ["amount:sum"])[0][0] or 0.0
        figures = {
            "held": ledger.get("held"),
            "due": ledger.get("due"),
            "available": account.available,
            "requested": withdrawn.get("requested"),
            "in_withdrawal": withdrawn.get("reserved"),
            "waiting_confirmation": waiting,
            "paid": withdrawn.get("paid"),
            "taken_back": -(taken_back or 0.0),
            "debt": account.debt,
        }
        exact = {key: Decimal(repr(amount or 0)) for key, amount in figures.items()}
        # What waits for the person is not under review any more.
        exact["in_withdrawal"] += exact.pop("requested") - exact["waiting_confirmation"]
        return {"pending": self._get_pending_amount(), **exact}

    def _get_own_domain(self):
        """Return the domain of what belongs to this distributor with the current company."""
        self.ensure_one()
        return [("distributor_id", "=", self.id), ("company_id", "=", self.env.company.id)]

    def _get_pending_amount(self):
        """Return what can still be earned on confirmed orders, exactly as the terms compute it.

        :rtype: Decimal
        """
        terms = self.env["distribution.commission.term"].browse(self._get_open_term_ids())
        return sum((Decimal(repr(amount)) for amount in terms.mapped("pending_amount")), Decimal(0))

    def _get_open_term_ids(self):
        """Return the terms that may have something pending.

        A line is never worth more to its terms than its own subtotal: discounts, returns and credits only lower it.
        Terms that have earned that much have nothing pending; the others are few, and are computed one by one, as are
        those that pay by the unit.
        """
        self.env.flush_all()
        query = SQL(
            """
            SELECT term.id
              FROM distribution_commission_term AS term
              JOIN sale_order AS sale ON sale.id = term.order_id AND sale.state = 'sale'
              JOIN sale_order_line AS line ON line.id = term.line_id
              LEFT JOIN (
                SELECT term_id, SUM(amount) AS amount
                  FROM distribution_commission_entry
                 WHERE distributor_id = %(distributor)s AND company_id = %(company)s
                 GROUP BY term_id
              ) AS earned ON earned.term_id = term.id
             WHERE term.distributor_id = %(distributor)s
               AND term.company_id = %(company)s
               AND term.state = 'active'
               AND (term.base_kind != 'untaxed'
                    OR COALESCE(term.fixed_amount, 0) + COALESCE(term.order_amount, 0)
                       + COALESCE(term.minimum_amount, 0) > 0
                    OR line.price_subtotal * term.rate / 100 / term.currency_rate
                       > COALESCE(earned.amount, 0) + %(tolerance)s)
             ORDER BY term.id
            """,
            distributor=self.id,
            company=self.env.company.id,
            # Less than half of the smallest unit is never rounded up to something.
            tolerance=0.49 * self.env.company.currency_id.rounding,
        )
        return [row[0] for row in self.env.execute_query(query)]

    def _get_next_release_date(self):
        """Return when the next hold ends, None when nothing is held."""
        domain = [*self._get_own_domain(), ("state", "=", "held")]
        return self.env["distribution.commission.entry"]._read_group(domain, [], ["release_date:min"])[0][0] or None

    def _get_next_settlement_date(self):
        """Return when due commission is settled next, None where that is by hand or the distributor is suspended."""
        self.ensure_one()
        return None if self.state == "suspended" else self.program_id.next_settlement_date or None

    def _get_earnings_by_period(self):
        """Return what was earned less what was taken back, on business dates of the program.

        :return: today, yesterday, this_month
        :rtype: dict of Decimal
        """
        today = self.program_id._get_business_date()
        yesterday, month = today - timedelta(days=1), today.replace(day=1)
        domain = [*self._get_own_domain(), ("date", ">=", min(yesterday, month)), ("date", "<=", today)]
        groups = self.env["distribution.commission.entry"]._read_group(domain, ["date:day"], ["amount:sum"])
        by_day = {date: Decimal(repr(amount)) for date, amount in groups}
        this_month = sum((amount for date, amount in by_day.items() if date >= month), Decimal(0))
        return {
            "today": by_day.get(today, Decimal(0)),
            "yesterday": by_day.get(yesterday, Decimal(0)),
            "this_month": this_month,
        }

    # === BUSINESS METHODS: TEAM AND CUSTOMERS === #

    def _get_team_domain(self, levels):
        """Return the domain of the distributors some steps below this one; applications do not count.

        :param levels: distances, 1 for those recruited by this distributor
        """
        self.ensure_one()
        steps = (Domain(".".join(["parent_id"] * level), "=", self.id) for level in levels)
        return Domain.OR(steps) & Domain("state", "not in", APPLICANT_STATES)

    def _get_team_counts(self):
        """Return how many distributors stand below each of these, down to the program's levels.

        :return: distributor id → level → count
        :rtype: dict
        """
        counts = defaultdict(dict)
        if not self:
            return counts
        self.env.flush_all()
        query = SQL(
            """
            WITH RECURSIVE team (top_id, id, level, state) AS (
                SELECT parent_id, id, 1, state FROM distribution_distributor WHERE parent_id IN %(tops)s
                 UNION ALL
                SELECT team.top_id, below.id, team.level + 1, below.state
                  FROM distribution_distributor AS below
                  JOIN team ON team.id = below.parent_id
                 WHERE team.level < %(levels)s
            )
            SELECT top_id, level, COUNT(*) FROM team WHERE state NOT IN %(applicants)s GROUP BY top_id, level
            """,
            applicants=APPLICANT_STATES,
            tops=tuple(self.ids),
            levels=max(self.program_id.mapped("level_count")),
        )
        for top_id, level, count in self.env.execute_query(query):
            counts[top_id][level] = count
        return counts

    def _get_customer_domain(self):
        """Return the domain of the bindings that are valid now."""
        self.ensure_one()
        lasting = Domain("date_to", "=", False) | Domain("date_to", ">", fields.Datetime.now())
        return Domain("distributor_id", "=", self.id) & Domain("state", "=", "active") & lasting

    def _get_sales(self):
        """Return the confirmed orders that count for each of these with the current company.

        :return: distributor id → number of orders, and their untaxed amount in company currency as a Decimal
        :rtype: dict
        """
        if not self:
            return {}
        self.env.flush_all()
        currency = self.env.company.currency_id
        query = SQL(
            """
            SELECT distribution_distributor_id, COUNT(*),
                   ROUND(SUM(amount_untaxed / COALESCE(NULLIF(currency_rate, 0), 1)::numeric), %(digits)s)::text
              FROM sale_order
             WHERE distribution_distributor_id IN %(distributors)s AND company_id = %(company)s AND state = 'sale'
             GROUP BY distribution_distributor_id
            """,
            distributors=tuple(self.ids),
            company=self.env.company.id,
            digits=currency.decimal_places,
        )
        return {row[0]: (row[1], Decimal(row[2])) for row in self.env.execute_query(query)}
