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

# What an attribution, and what follows from it, needs to know of a distributor.
MEMBER_FIELDS = ("partner_id", "program_id", "company_id", "state", "grade_id", "parent_id", "parent_path")
# What the statement reads, beside what is wanted of the programs.
READ_FIELDS = {
    "distribution.distributor": (*MEMBER_FIELDS, "code", "merged_into_id"),
    "distribution.binding": ("partner_id", "distributor_id", "state", "date_from", "date_to"),
    "distribution.link": ("code", "distributor_id", "active", "attribution_days"),
}
_MEMBER_COLUMNS = SQL(", ".join(f"member.{name}" for name in ("id", *MEMBER_FIELDS)))


class Claim(NamedTuple):
    """Why an order may count for a distributor."""

    kind: str
    distributor_id: int
    program_id: int
    # Where the claim is on record: a binding or a link.
    record_id: int | None
    # Of the program, and then whose binding it is: the buyer's own goes before that of the company it works for.
    rank: tuple
    # Why it does not count, see `_get_problem` (`scope` is found out later), empty when it does; and when it ended.
    problem: str
    ended_on: str | None


class Question(NamedTuple):
    """What is known of an order before anything is read: ids, 0 or empty where there is none."""

    # The order's company and its parents.
    companies: tuple
    # The customer, and then the company it buys for.
    partners: tuple
    # The person who served the customer.
    salesperson: int
    # The distributor a manager chose.
    chosen: int
    # What was typed in.
    code: str
    # The link by which the customer came, and when it was opened.
    link: int
    opened: object


def get_query(question, program_fields):
    """Return the query of all an order may count by, with the distributors, their uplines, and the programs of these.

    Most of its time is planning: it asks only for what the order has, and what follows is decided in Python.

    :param tuple program_fields: names of what is wanted of the programs
    :return: a row for each distributor met. ``kind`` says why: ``person`` (it is the customer, or who served it), a
        kind of claims, or None for who stands above, or what it was merged into
    """
    return SQL(
        """
        WITH RECURSIVE named (kind, record_id, distributor_id, customer_id, is_open, is_over, date_to) AS (
            %(named)s
        ), chain AS (
            SELECT kind, record_id, customer_id, is_open, is_over, date_to, %(member)s, merged_into_id,
                   CASE WHEN kind = 'person' THEN 0 ELSE 1 END AS step
              FROM named JOIN distribution_distributor AS member ON member.id = named.distributor_id
             UNION ALL
            SELECT NULL, NULL, NULL, NULL, NULL, NULL, %(member)s, member.merged_into_id,
                   chain.step + (chain.merged_into_id IS NULL)::integer
              FROM chain
              JOIN distribution_distributor AS member ON member.id = COALESCE(chain.merged_into_id, chain.parent_id)
             WHERE chain.step < %(levels)s
        )
        SELECT chain.*%(program)s FROM chain JOIN distribution_program AS program ON program.id = chain.program_id
        """,
        named=SQL(" UNION ALL ").join(_get_named(question)),
        member=_MEMBER_COLUMNS,
        program=SQL("".join(f', program."{name}" AS "program.{name}"' for name in program_fields)),
        levels=MAX_LEVELS,
    )


def _get_named(question):
    """Return the queries of `get_query` that name distributors, one for each way the order has."""
    values = {**question._asdict(), "now": fields.Datetime.now()}
    if question.salesperson:
        values["persons"] = (*question.partners, question.salesperson)
    else:
        values["persons"] = question.partners
    # People type small letters, too.
    values["codes"] = (question.code, question.code.upper())
    yield SQL(
        """
        SELECT 'binding', id, distributor_id, partner_id, TRUE, date_to <= %(now)s, date_to
          FROM distribution_binding
         WHERE partner_id IN %(partners)s AND state = 'active' AND date_from <= %(now)s
         UNION ALL
        (SELECT 'binding', id, distributor_id, partner_id, TRUE, TRUE, date_to
           FROM distribution_binding
          WHERE partner_id IN %(partners)s AND state = 'ended' ORDER BY date_to DESC LIMIT 1)
         UNION ALL
        SELECT 'person', NULL, id, partner_id, TRUE, FALSE, NULL
          FROM distribution_distributor WHERE partner_id IN %(persons)s
        """,
        **values,
    )
    if question.chosen:
        yield SQL("SELECT 'manual', NULL, %s, NULL, TRUE, FALSE, NULL", question.chosen)
    if question.code:
        yield SQL(
            """
            SELECT 'code', NULL, id, NULL, TRUE, FALSE, NULL FROM distribution_distributor WHERE code IN %(codes)s
             UNION ALL
            SELECT 'code', id, distributor_id, NULL, active, FALSE, NULL
              FROM distribution_link WHERE code = %(code)s
            """,
            **values,
        )
    if question.link:
        yield SQL(
            """
            SELECT 'link', id, distributor_id, NULL, active,
                   %(opened)s::timestamp + attribution_days * INTERVAL '1 day' <= %(now)s,
                   %(opened)s::timestamp + attribution_days * INTERVAL '1 day'
              FROM distribution_link WHERE id = %(link)s
            """,
            **values,
        )


def get_own(rows, question):
    """Return the ids of the customer's own memberships that earn, in programs that count.

    :param list rows: dicts, see `get_query`
    """
    members = {row["id"]: row for row in rows}
    persons = [row for row in rows if row["kind"] == "person" and row["customer_id"] in question.partners]
    # A person's own is also what a membership of the person was merged into.
    own = {row["merged_into_id"] or row["id"] for row in persons}
    return [
        member_id
        for member_id in own
        if members[member_id]["state"] in EARNING_STATES and _is_counting(members[member_id], question)
    ]


def _is_counting(row, question):
    """Tell whether a row's program takes orders of the company."""
    return row["program.active"] and row["program.company_id"] in question.companies


def get_claims(rows, own, question):
    """Return the claims in the order in which they go before each other.

    :param list rows: dicts, see `get_query`
    :param list own: ids of the customer's own memberships
    """
    members = {row["id"]: row for row in rows}
    own_programs = {members[member_id]["program_id"] for member_id in own}
    claims = [
        _get_claim(kind, row, members[row["merged_into_id"] or row["id"]], own_programs, question)
        for row in rows
        if (kind := _get_claim_kind(row, question))
    ]
    valid = {(claim.kind, claim.program_id) for claim in claims if not claim.problem}
    # A binding that ended because another began says nothing.
    told = [claim for claim in claims if claim.problem != "ended" or (claim.kind, claim.program_id) not in valid]
    # A salesperson whose two memberships were merged claims the order once.
    return sorted(dict.fromkeys(told), key=lambda claim: (PRECEDENCE.index(claim.kind), claim.rank))


def _get_claim_kind(row, question):
    """Return by what of `PRECEDENCE` a row lets the order count, None where it does not."""
    if row["kind"] == "person":
        is_server = row["customer_id"] == question.salesperson and row["program.is_salesperson_counted"]
        return "salesperson" if is_server and _is_counting(row, question) else None
    # Another company may have distributors with the same code.
    if row["kind"] == "code" and not row["record_id"] and not _is_counting(row, question):
        return None
    return row["kind"]


def _get_claim(kind, row, member, own_programs, question):
    """Return what a row claims.

    :param dict member: the row of whom it counts for: what names a distributor that was merged into another one counts
        for that one
    """
    distance = int(row["customer_id"] != question.partners[0]) if kind == "binding" else None
    return Claim(
        kind,
        member["id"],
        member["program_id"],
        row["record_id"],
        (member["program.sequence"], member["program_id"], distance),
        _get_problem(row, member, own_programs, question),
        fields.Datetime.to_string(row["date_to"]) or None,
    )


def _get_problem(row, member, own_programs, question):
    """Return why a claim does not count by itself, empty when it does.

    :param own_programs: ids of the programs in which the customer is a distributor itself
    :return: ``company``, ``program``, ``self``, ``archived``, ``ended``, or ``closed``
    """
    if member["program.company_id"] not in question.companies:
        return "company"
    if not member["program.active"]:
        return "program"
    if member["program_id"] in own_programs:
        return "self"
    if not row["is_open"]:
        return "archived"
    if row["is_over"]:
        return "ended"
    if member["state"] not in EARNING_STATES:
        return "closed"
    return ""


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
