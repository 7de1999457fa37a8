# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which distributor an order counts for, and why others do not: decided on plain rows, told in the reader's language.

`sale.order` reads the rows by the one statement that is here and writes what comes out.
"""

from typing import NamedTuple

from odoo import fields
from odoo.tools import SQL, format_date

from ..const import EARNING_STATES, MAX_LEVELS

# What goes before what: a choice of the merchant's, what the customer said, opened, is; and who served the customer.
PRECEDENCE = ("manual", "code", "link", "binding", "salesperson")


class Claim(NamedTuple):
    """Why an order may count for a distributor."""

    kind: str
    distributor_id: int
    program_id: int
    # Where the claim is on record: a binding or a link.
    record_id: int | None
    # Of the program, and then whose binding it is: the buyer's own goes before that of the company it works for.
    rank: tuple
    # Why it does not count, see `get_problem` (`scope` is found out later), empty when it does; and when it ended.
    problem: str
    ended_on: str | None


def get_query(companies, partners, chosen, code, link, opened, user):
    """Return the query of all an order may count by, and of the distributors and their uplines.

    :param tuple companies: ids of the order's company and of its parents
    :param tuple partners: ids of the customer, and then of the company it buys for
    :param int chosen: id of the distributor a manager chose, 0 for none
    :param str code: what was typed in, empty for nothing
    :param int link: id of the link by which the customer came, 0 for none
    :param datetime opened: when it was opened
    :param int user: id of the salesperson, 0 for none
    :return: rows of kind ``own`` (the customer's own memberships) and ``member`` (others), and of the kinds of claims
    """
    return SQL(
        """
        WITH RECURSIVE program AS (
            SELECT id FROM distribution_program WHERE active AND company_id IN %(companies)s
        ), own AS (
            -- A person's own is also what a membership of the person was merged into.
            SELECT DISTINCT one.id
              FROM distribution_distributor AS mine
              JOIN distribution_distributor AS one ON one.id = COALESCE(mine.merged_into_id, mine.id)
             WHERE mine.partner_id IN %(partners)s AND one.state IN %(earning)s
               AND one.program_id IN (SELECT id FROM program)
        ), named (kind, id, distributor_id, partner_id, active, is_over, date_to) AS (
            SELECT 'manual', NULL::integer, id, NULL::integer, TRUE, FALSE, NULL::timestamp
              FROM distribution_distributor WHERE id = %(chosen)s
             UNION ALL
            SELECT 'code', NULL, id, NULL, TRUE, FALSE, NULL
              FROM distribution_distributor
             WHERE code IN %(codes)s AND program_id IN (SELECT id FROM program)
             UNION ALL
            SELECT 'code', id, distributor_id, NULL, active, FALSE, NULL
              FROM distribution_link WHERE code = %(code)s
             UNION ALL
            SELECT 'link', id, distributor_id, NULL, active,
                   %(opened)s::timestamp + attribution_days * INTERVAL '1 day' <= %(now)s,
                   %(opened)s::timestamp + attribution_days * INTERVAL '1 day'
              FROM distribution_link WHERE id = %(link)s
             UNION ALL
            SELECT 'binding', id, distributor_id, partner_id, TRUE, date_to <= %(now)s, date_to
              FROM distribution_binding
             WHERE partner_id IN %(partners)s AND state = 'active' AND date_from <= %(now)s
             UNION ALL
            (SELECT 'binding', id, distributor_id, partner_id, TRUE, TRUE, date_to
               FROM distribution_binding
              WHERE partner_id IN %(partners)s AND state = 'ended' ORDER BY date_to DESC LIMIT 1)
             UNION ALL
            SELECT 'salesperson', NULL, member.id, NULL, TRUE, FALSE, NULL
              FROM res_users AS salesperson
              JOIN distribution_distributor AS member ON member.partner_id = salesperson.partner_id
              JOIN distribution_program AS counting ON counting.id = member.program_id
             WHERE salesperson.id = %(user)s AND counting.is_salesperson_counted
               AND counting.id IN (SELECT id FROM program)
        ), claim AS (
            -- What names a distributor that was merged into another one counts for that one.
            SELECT named.kind, named.id, COALESCE(one.merged_into_id, one.id) AS distributor_id, named.partner_id,
                   named.active, named.is_over, named.date_to
              FROM named JOIN distribution_distributor AS one ON one.id = named.distributor_id
        ), chain (id, parent_id, step) AS (
            SELECT id, parent_id, CASE WHEN id IN (SELECT id FROM own) THEN 0 ELSE 1 END
              FROM distribution_distributor
             WHERE id IN (SELECT distributor_id FROM claim UNION SELECT id FROM own)
             UNION
            SELECT above.id, above.parent_id, step + 1
              FROM distribution_distributor AS above JOIN chain ON above.id = chain.parent_id
             WHERE step < %(levels)s
        )
        SELECT CASE WHEN id IN (SELECT id FROM own) THEN 'own' ELSE 'member' END AS kind, id, partner_id,
               program_id, company_id, state, grade_id, parent_id, parent_path, NULL::integer AS record_id,
               NULL::integer AS distributor_id, NULL::integer AS sequence, NULL::integer AS distance,
               NULL::boolean AS is_near, NULL::boolean AS is_running, NULL::boolean AS active,
               NULL::boolean AS is_over, NULL::timestamp AS date_to
          FROM distribution_distributor
         WHERE id IN (SELECT id FROM chain)
         UNION ALL
        SELECT claim.kind, NULL, claim.partner_id, member.program_id, NULL, member.state, NULL, NULL, NULL, claim.id,
               member.id, program.sequence, (claim.partner_id != %(partner)s)::integer,
               program.company_id IN %(companies)s, program.active, claim.active, claim.is_over, claim.date_to
          FROM claim
          JOIN distribution_distributor AS member ON member.id = claim.distributor_id
          JOIN distribution_program AS program ON program.id = member.program_id
        """,
        companies=companies,
        partners=partners,
        partner=partners[0],
        earning=EARNING_STATES,
        now=fields.Datetime.now(),
        chosen=chosen,
        code=code,
        # People type small letters, too.
        codes=(code, code.upper()),
        link=link,
        opened=opened,
        user=user,
        levels=MAX_LEVELS,
    )


def get_problem(row, own_programs):
    """Return why a claim does not count by itself, empty when it does.

    :param dict row: a claim as `sale.order` reads it
    :param own_programs: ids of the programs in which the customer is a distributor itself
    :return: ``company``, ``program``, ``self``, ``archived``, ``ended``, or ``closed``
    """
    if not row["is_near"]:
        return "company"
    if not row["is_running"]:
        return "program"
    if row["program_id"] in own_programs:
        return "self"
    if not row["active"]:
        return "archived"
    if row["is_over"]:
        return "ended"
    if row["state"] not in EARNING_STATES:
        return "closed"
    return ""


def get_claims(rows, own_programs):
    """Return the claims in the order in which they go before each other.

    :param list rows: dicts, see `get_problem`
    """
    claims = [
        Claim(
            row["kind"],
            row["distributor_id"],
            row["program_id"],
            row["record_id"],
            (row["sequence"], row["program_id"], row["distance"]),
            get_problem(row, own_programs),
            fields.Datetime.to_string(row["date_to"]) or None,
        )
        for row in rows
    ]
    valid = {(claim.kind, claim.program_id) for claim in claims if not claim.problem}
    # A binding that ended because another began says nothing.
    told = [claim for claim in claims if claim.problem != "ended" or (claim.kind, claim.program_id) not in valid]
    # A salesperson whose two memberships were merged claims the order once.
    return sorted(dict.fromkeys(told), key=lambda claim: (PRECEDENCE.index(claim.kind), claim.rank))


def choose(claims):
    """Return the claim an order counts by, None for none."""
    return next((claim for claim in claims if not claim.problem), None)


def get_facts(claims, winner, code=None):
    """Return what is kept of the decision, to be told by `explain`: ids only, no names, nothing of other companies.

    :param str code: what was typed in
    :rtype: list of dict
    """
    facts = [
        {
            "kind": claim.kind,
            "distributor": None if claim.problem == "company" else claim.distributor_id,
            "verdict": claim.problem or ("won" if claim == winner else "later"),
            "on": claim.ended_on,
        }
        for claim in claims
    ]
    if code and not any(claim.kind == "code" for claim in claims):
        facts.append({"kind": "code", "distributor": None, "verdict": "unknown", "on": None})
    return facts


def explain(env, distributor, reason, facts, is_preview):
    """Return a decision in words: for whom the order counts, and a line for each claim.

    :param env: of the reader, with rights on distributors
    :param distributor: whom it counts for, empty for nobody
    :param str reason: as `sale.order` keeps it
    :param list facts: as `get_facts` gives them
    :param bool is_preview: whether it can still change
    :rtype: str
    """
    if distributor and reason == "self":
        first = env._("Counts for %s: a distributor bought for itself.", distributor.display_name)
    elif distributor and is_preview:
        first = env._("Would count for %s.", distributor.display_name)
    elif distributor:
        first = env._("Counts for %s.", distributor.display_name)
    elif reason == "self":
        first = env._("Counts for nobody: the customer is a distributor itself.")
    else:
        first = env._("Counts for nobody.")
    return "\n".join([first, *(_explain_one(env, fact) for fact in facts)])


def _explain_one(env, fact):
    distributor = env["distribution.distributor"].browse(fact["distributor"] or []).exists()
    verdict = _get_verdict(env, fact)
    if fact["verdict"] == "won" and distributor.state == "suspended":
        verdict = env._("decides; suspended, so what it earns is held")
    values = {"kind": _get_kind(env, fact["kind"]), "distributor": distributor.display_name, "verdict": verdict}
    if not distributor:
        return env._("%(kind)s: %(verdict)s.", **values)
    return env._("%(kind)s, %(distributor)s: %(verdict)s.", **values)


def _get_kind(env, kind):
    return {
        "manual": env._("Chosen on the quotation"),
        "code": env._("Code typed in"),
        "link": env._("Link opened"),
        "binding": env._("The customer's binding"),
        "salesperson": env._("Salesperson"),
    }[kind]


def _get_verdict(env, fact):
    moment = fields.Datetime.to_datetime(fact["on"])
    ended_on = format_date(env, fields.Datetime.context_timestamp(env.user, moment)) if moment else ""
    return {
        "won": env._("decides"),
        "later": env._("another goes first"),
        "company": env._("belongs to another company"),
        "program": env._("the program is archived"),
        "self": env._("the customer is a distributor of the program itself"),
        "archived": env._("is archived"),
        "ended": env._("ended on %(date)s", date=ended_on),
        "closed": env._("is not an active distributor"),
        "scope": env._("the program does not count this customer"),
        "unknown": env._("there is no such code"),
    }[fact["verdict"]]
