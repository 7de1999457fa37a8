# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import http
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.distribution_core.tools.masking import mask_name

from ..schemas.base import PageQuery
from ..schemas.centre import (
    Customer,
    CustomerPage,
    Entry,
    EntryPage,
    EntryQuery,
    LevelCount,
    Summary,
    TeamMember,
    TeamPage,
    TeamQuery,
)
from ..tools.money import to_text
from .api import endpoint
from .current import NOT_A_DISTRIBUTOR, get_distributor
from .paging import get_page
from .problem import Problem
from .times import to_utc


class CentreController(http.Controller):
    """What a distributor reads: money, entries, team, customers. Other people's names are masked, phones never shown.

    Everything is asked for the distributor's own records by name, since customers have no rights on them.
    """

    @endpoint("GET", "/me/summary", answer=Summary, readonly=True, problems=[NOT_A_DISTRIBUTOR])
    def get_summary(self):
        """Sum up my money by state, my team, customers and orders."""
        distributor = get_distributor()
        currency = distributor.env.company.currency_id
        amounts = {**distributor._get_summary_amounts(), **distributor._get_earnings_by_period()}
        return Summary(
            currency=currency.name,
            next_release_date=distributor._get_next_release_date(),
            next_settlement_date=distributor._get_next_settlement_date(),
            team=[LevelCount(level=level, count=count) for level, count in distributor._get_paid_levels()],
            customers=distributor.customer_count,
            orders=distributor.order_count,
            **{name: to_text(currency, amount) for name, amount in amounts.items()},
        )

    @endpoint("GET", "/me/entries", query=EntryQuery, answer=EntryPage, readonly=True, problems=[NOT_A_DISTRIBUTOR])
    def get_entries(self, query):
        """List my commission, each row with its why."""
        distributor = get_distributor()
        domain = Domain(distributor._get_own_domain())
        for name in ("state", "kind", "level"):
            if getattr(query, name) is not None:
                domain &= Domain(name, "=", getattr(query, name))
        if query.date_from:
            domain &= Domain("date", ">=", query.date_from)
        if query.date_to:
            domain &= Domain("date", "<=", query.date_to)
        entries, cursor = get_page(distributor.env["distribution.commission.entry"], domain, query)
        return EntryPage(items=[self._entry_answer(entry) for entry in entries], next_cursor=cursor)

    @endpoint("GET", "/me/entries/<int:entry_id>", answer=Entry, readonly=True, problems=[NOT_A_DISTRIBUTOR])
    def get_entry(self, entry_id):
        """Read one row of my commission."""
        distributor = get_distributor()
        domain = [("id", "=", entry_id), *distributor._get_own_domain()]
        entry = distributor.env["distribution.commission.entry"].search(domain)
        if not entry:
            raise Problem(404, "not_found", request.env._("There is no such record."))
        return self._entry_answer(entry)

    @endpoint("GET", "/me/team", query=TeamQuery, answer=TeamPage, readonly=True, problems=[NOT_A_DISTRIBUTOR])
    def get_team(self, query):
        """List the distributors below me, down to the program's levels, the newest first."""
        distributor = get_distributor()
        paid = range(1, distributor.program_id.level_count + 1)
        levels = [level for level in paid if query.level in (None, level)]
        members, cursor = get_page(distributor, distributor._get_team_domain(levels), query)
        items = [self._member_answer(distributor, member) for member in members]
        return TeamPage(items=items, next_cursor=cursor)

    @endpoint("GET", "/me/customers", query=PageQuery, answer=CustomerPage, readonly=True, problems=[NOT_A_DISTRIBUTOR])
    def get_customers(self, query):
        """List the customers who are bound to me now, the newest first."""
        distributor = get_distributor()
        bindings, cursor = get_page(distributor.env["distribution.binding"], distributor._get_customer_domain(), query)
        items = [
            Customer(
                name=mask_name(binding.partner_id.name), since=to_utc(binding.date_from), until=to_utc(binding.date_to)
            )
            for binding in bindings
        ]
        return CustomerPage(items=items, next_cursor=cursor)

    def _entry_answer(self, entry):
        currency = entry.currency_id
        return Entry(
            id=entry.id,
            order=entry.order_id.name or None,
            buyer=entry._get_masked_buyer() or None,
            product=entry._get_product_name(),
            level=entry.level,
            kind=entry.kind,
            state=entry.state,
            date=entry.date,
            release_date=entry.release_date or None,
            currency=currency.name,
            base=to_text(currency, entry.base),
            rate=f"{Decimal(repr(entry.rate)).normalize():f}",
            amount=to_text(currency, entry.amount),
            why=entry._get_why() or None,
            reason=entry._get_clawback_reason(),
            reason_text=entry._get_clawback_reason_text(),
        )

    def _member_answer(self, distributor, member):
        program = distributor.program_id
        return TeamMember(
            name=mask_name(member.partner_id.name),
            level=member.depth - distributor.depth,
            state=member.state,
            grade=member.grade_id.name or None,
            joined_on=program._get_business_date(member.create_date),
            orders=member.order_count,
            sales=to_text(member.currency_id, member.sales_total),
            team_count=sum(count for _level, count in member._get_paid_levels()),
        )
