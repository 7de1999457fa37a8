# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import APPLICANT_STATES
from ..tools.masking import mask_name


class DistributionDistributor(models.Model):
    """What a distributor reads of its membership, its team and its customers, in the portal and in the mini-program."""

    _inherit = "distribution.distributor"  # pylint: disable=consider-merging-classes-inherited

    # === COMPUTE METHODS === #

    @api.depends_context("uid")
    def _compute_display_name(self):
        """Override to mask the names of others for everybody outside the company.

        Odoo shows the name of a record to whoever sees a field that points at it, without a look at the rights on it.
        """
        if self.env.user._is_internal():
            return super()._compute_display_name()
        for distributor in self:
            member = distributor.sudo()
            own = member.partner_id == self.env.user.partner_id
            name = (member.partner_id.name or "") if own else mask_name(member.partner_id.name)
            distributor.display_name = f"{name} ({member.code})"

    @api.model
    def _search_display_name(self, operator, value):
        """Override to let the portal find by code only: who may guess names would read them."""
        if self._is_read_in_portal():
            return [("code", operator, value)]
        return super()._search_display_name(operator, value)

    @api.model
    def _get_portal_fields(self):
        names = ("code", "state", "grade_id", "parent_id", "program_id", "company_id", "create_date")
        return super()._get_portal_fields().union(names)

    # === BUSINESS METHODS: TEAM AND CUSTOMERS === #

    def _get_team_domain(self, levels):
        """Return the domain of the distributors some steps below this one; applications, and who was merged into
        another one, do not count.

        :param levels: distances, 1 for those recruited by this distributor
        """
        self.ensure_one()
        steps = (Domain(".".join(["parent_id"] * level), "=", self.id) for level in levels)
        return Domain.OR(steps) & Domain("state", "not in", APPLICANT_STATES) & Domain("merged_into_id", "=", False)

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
            WITH RECURSIVE team (top_id, id, level, state, merged_into_id) AS (
                SELECT parent_id, id, 1, state, merged_into_id FROM distribution_distributor WHERE parent_id IN %(tops)s
                 UNION ALL
                SELECT team.top_id, below.id, team.level + 1, below.state, below.merged_into_id
                  FROM distribution_distributor AS below
                  JOIN team ON team.id = below.parent_id
                 WHERE team.level < %(levels)s
            )
            SELECT top_id, level, COUNT(*) FROM team
             WHERE state NOT IN %(applicants)s AND merged_into_id IS NULL
             GROUP BY top_id, level
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
