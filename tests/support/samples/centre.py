"""Binding, membership, codes, the distributor's figures, entries, team, customers."""

from datetime import timedelta

from odoo import fields

from . import Sample


def recruiter(person):
    """Return an active distributor whose name the person must not learn."""
    other = person.live.person("Recruiter")
    other.become_distributor()
    return other


def distributor_code(person):
    with person.live.env() as env:
        return env["distribution.distributor"].browse(person.distributor_id).code


def as_distributor(make=lambda person: {}):
    """Make the person a distributor before a value is made."""

    def made(person):
        if not getattr(person, "distributor_id", None):
            person.become_distributor()
        return make(person)

    return made


def bind(person):
    return {"code": distributor_code(recruiter(person))}


def apply(person):
    code = distributor_code(recruiter(person))
    with person.live.env() as env:
        version = env["distribution.program"].browse(person.live.program_id).agreement_id.version
    return {"agreement_accepted": True, "agreement_version": version or None, "name": "Table Person", "code": code}


def current_agreement(person):
    """Publish a version of the agreement, which everybody is asked to accept."""
    with person.live.env() as env:
        agreement = env["distribution.agreement"].create({"program_id": person.live.program_id})
        agreement.text = "<p>Be honest</p>"
        agreement.action_publish()
        return {"version": agreement.version}


def suspended(person):
    as_distributor()(person)
    with person.live.env() as env:
        env["distribution.distributor"].browse(person.distributor_id).action_suspend("Somebody complained")
    return {"text": "It was somebody else"}


def question(person):
    """Let a second distributor recommend to the person, whom the program asks then."""
    ids = [recruiter(person).distributor_id for _time in "12"]
    with person.live.env() as env:
        program = env["distribution.program"].browse(person.live.program_id)
        before, program.binding_policy = program.binding_policy, "ask"
        partner, bindings = env["res.partner"].browse(person.partner_id), env["distribution.binding"]
        first, second = env["distribution.distributor"].browse(ids)
        bindings._bind(partner, first, date_from=fields.Datetime.now() - timedelta(days=20))
        bindings._recommend(partner, second, "link")
        program.binding_policy = before
        asked = env["distribution.binding.request"].search([("partner_id", "=", partner.id)])
        return {"question_id": asked.id}


def own_scene(person):
    as_distributor()(person)
    answer = person.post("/me/codes", {"purpose": "shop"})
    assert answer.status_code == 200, answer.text
    return {"scene": answer.json()["scene"]}


def own_entry(person):
    """Let the person earn on an order that was sent out and received."""
    as_distributor()(person)
    with person.live.env() as env:
        customer = env["res.partner"].create({"name": "Table Customer"})
        distributor = env["distribution.distributor"].browse(person.distributor_id)
        env["distribution.binding"]._bind(customer, distributor)
        line = {"product_id": person.live.product_id, "product_uom_qty": 1, "price_unit": 100.0}
        order = env["sale.order"].create({"partner_id": customer.id, "order_line": [(0, 0, line)]})
        order.action_confirm()
        for move in order.picking_ids.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        order.picking_ids.with_context(skip_backorder=True).button_validate()
        order.action_confirm_receipt()
        entry = env["distribution.commission.entry"].search([("distributor_id", "=", distributor.id)], limit=1)
        return {"entry_id": entry.id}


SAMPLES = {
    ("POST", "/bindings"): Sample(body=bind),
    ("GET", "/program"): Sample(),
    ("GET", "/me"): Sample(),
    ("GET", "/me/distributor"): Sample(query=as_distributor()),
    ("POST", "/me/distributor"): Sample(body=apply),
    ("POST", "/me/agreement"): Sample(body=as_distributor(current_agreement)),
    ("POST", "/me/appeals"): Sample(body=suspended),
    ("POST", "/me/questions/<int:question_id>"): Sample(
        path=question, foreign=question, body=lambda person: {"agreed": True}
    ),
    ("POST", "/me/codes"): Sample(body=as_distributor(lambda person: {"purpose": "shop"})),
    ("GET", "/me/codes/<string:scene>/image"): Sample(path=own_scene, foreign=own_scene),
    ("GET", "/me/summary"): Sample(query=as_distributor()),
    ("GET", "/me/entries"): Sample(query=as_distributor(lambda person: {"state": "held", "level": "1"})),
    ("GET", "/me/entries/<int:entry_id>"): Sample(path=own_entry, foreign=own_entry),
    ("GET", "/me/team"): Sample(query=as_distributor(lambda person: {"level": "1"})),
    ("GET", "/me/customers"): Sample(query=as_distributor()),
}
