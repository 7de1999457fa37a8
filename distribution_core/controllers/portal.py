# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from werkzeug.exceptions import NotFound

from odoo.http import request, route
from odoo.tools.urls import urljoin

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..const import APPLICANT_STATES
from ..models.distribution_program_joining import JOIN_URL

# How many rows of a list the first page shows.
FIRST_ROWS = 5


class DistributionPortal(CustomerPortal):
    """The distribution centre of merchants without a mini-program.

    Rows are read with the rights of the person, so record rules say whose they are; figures are summed up for the
    person's own membership by name.
    """

    _distribution_url = "/my/distribution"

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "distribution_count" in counters:
            values["distribution_count"] = len(self._get_memberships())
        if "distribution_offer_count" in counters:
            offers = request.env["distribution.program"].sudo()._get_offers(request.env.user.partner_id)
            values["distribution_offer_count"] = len(offers) if request.env.user._is_portal() else 0
        return values

    @route(_distribution_url, type="http", auth="user", website=True, readonly=True)
    def portal_my_distribution(self):
        """Open the person's membership: the one that is active, where there are several; else the way in."""
        memberships = self._get_memberships()
        if not memberships:
            return request.redirect(JOIN_URL if request.env.user._is_portal() else "/my")
        return request.redirect(self._get_membership_url(memberships[0]))

    @route(f"{_distribution_url}/<int:distributor_id>", type="http", auth="user", website=True, readonly=True)
    def portal_my_membership(self, distributor_id):
        """Show the membership with the first rows of each list."""
        membership = self._get_membership(distributor_id)
        return request.render("distribution_core.portal_my_distribution", self._prepare_membership_values(membership))

    @route(
        [
            f"{_distribution_url}/<int:distributor_id>/<any(team,customers,entries,withdrawals):topic>",
            f"{_distribution_url}/<int:distributor_id>/<any(team,customers,entries,withdrawals):topic>/page/<int:page>",
        ],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_distribution_rows(self, distributor_id, topic, page=1):
        """Show one list, page by page."""
        membership = self._get_membership(distributor_id)
        sources = self._get_row_sources(membership)
        if topic not in sources:
            raise NotFound
        model, domain, template = sources[topic]
        url = f"{self._get_membership_url(membership)}/{topic}"
        pager = portal_pager(url=url, total=model.search_count(domain), page=page, step=self._items_per_page)
        rows = model.search(domain, limit=self._items_per_page, offset=pager["offset"])
        values = self._prepare_page_values(membership)
        return request.render(
            "distribution_core.portal_my_distribution_rows",
            {**values, topic: rows, "topic": topic, "rows_template": template, "pager": pager},
        )

    # === WHOSE === #

    def _get_memberships(self):
        """Return the memberships of the person in the companies it sees, those that earn first.

        What was merged into another of them is only that one's past.
        """
        memberships = request.env["distribution.distributor"].sudo()
        own = memberships.search([("partner_id", "=", request.env.user.partner_id.id)])
        own = own.filtered(lambda one: one.merged_into_id not in own).sudo(False)
        return own._filtered_access("read").sorted(lambda one: not one.sudo()._is_earning())

    def _get_membership(self, distributor_id):
        """Return one of the person's memberships.

        :raise NotFound: for anybody else's
        """
        membership = self._get_memberships().filtered(lambda one: one.id == distributor_id)
        if not membership:
            raise NotFound
        return membership

    def _get_membership_url(self, membership):
        return f"{self._distribution_url}/{membership.id}"

    # === WHAT === #

    def _get_row_sources(self, membership):
        """Return what the lists are made of. Extension point.

        :return: topic → model, domain and template
        :rtype: dict
        """
        own = [("distributor_id", "=", membership.id)]
        env = membership.env
        return {
            "team": (env["distribution.masked.member"], own, "distribution_core.portal_team_table"),
            "customers": (env["distribution.masked.customer"], own, "distribution_core.portal_customers_table"),
        }

    def _prepare_page_values(self, membership):
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "distribution",
            "membership": membership,
            "membership_url": self._get_membership_url(membership),
        }

    def _prepare_membership_values(self, membership):
        """Return what the page of a membership shows. Extension point."""
        member = membership.sudo()
        values = {
            **self._prepare_page_values(membership),
            "memberships": self._get_memberships(),
            "state_reason": member.state_reason,
            "is_member": member.state not in APPLICANT_STATES,
            "agreement": member.program_id.agreement_id if member.is_agreement_due else None,
            "appeals": membership.env["distribution.distributor.appeal"].search([("distributor_id", "=", member.id)]),
            "invitation_url": self._get_invitation_url(member),
            "typed": {},
            "errors": {},
            "team_counts": member._get_paid_levels(),
            "customer_count": member.customer_count,
            "order_count": member.order_count,
            "sales": member.sales_total,
            "currency": member.currency_id,
        }
        for topic, (model, domain, _template) in self._get_row_sources(membership).items():
            rows = model.search(domain, limit=FIRST_ROWS + 1)
            values |= {topic: rows[:FIRST_ROWS], f"has_more_{topic}": len(rows) > FIRST_ROWS}
        return values

    def _get_invitation_url(self, member):
        """Return the address that brings recruits to the distributor's team, empty while none would count."""
        path = member.program_id._get_join_url(member) if member._can_recommend() else ""
        return urljoin(member.get_base_url(), path) if path else ""
