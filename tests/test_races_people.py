# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Whose customer somebody is, asked by several connections at once. Each test has a database of its own."""

from datetime import timedelta

import pytest
from test_races import race

from odoo import fields
from odoo.exceptions import UserError

from support.small_world import World

AT_ONCE = 3


@pytest.fixture
def world(committing_db):
    """A customer of Ada's whose protection is over, and Ben."""
    world = World(committing_db, "received", 7, confirm=False)
    with committing_db.env() as env:
        binding = env["distribution.binding"].search([])
        binding.protected_until = False
        world.partner_id, world.binding_id = binding.partner_id.id, binding.id
    return world


def get_history(world):
    """Return distributor, state and source of the customer's bindings, the first first."""
    with world.database.env() as env:
        found = env["distribution.binding"].search([("partner_id", "=", world.partner_id)], order="id")
        return [(binding.distributor_id.id, binding.state, binding.source) for binding in found]


def bind(world, distributor_id, source="qr"):
    def action(env):
        partner, distributor = (
            env["res.partner"].browse(world.partner_id),
            env["distribution.distributor"].browse(distributor_id),
        )
        outcome, _binding = env["distribution.binding"]._recommend(partner, distributor, source)
        env.flush_all()
        return outcome

    return action


def request(world, distributor_id):
    with world.database.env() as env:
        vals = {"partner_id": world.partner_id, "distributor_id": distributor_id, "reason": "Appeal"}
        return env["distribution.binding.request"].create(vals).id


def decide(request_id, method):
    def action(env):
        record = env["distribution.binding.request"].browse(request_id)
        record.decision_reason = record.decision_reason or "Because"
        getattr(record, method)()
        env.flush_all()
        return record.state

    return action


def test_two_distributors_at_once_get_a_customer_one_after_the_other(world):
    """The protection of the one who was first keeps the other away."""
    with world.database.env() as env:
        eve = env["distribution.distributor"].create(
            {"partner_id": env["res.partner"].create({"name": "Eve"}).id, "program_id": world.program_id}
        )
        eve.action_activate()
        eve_id = eve.id
    ada, ben = world.distributor_ids
    results = race(world, bind(world, ben), bind(world, eve_id))
    assert sorted(results) == ["bound", "protected"]
    winner = (ben, eve_id)[results.index("bound")]
    assert get_history(world) == [(ada, "ended", "staff"), (winner, "active", "qr")]


def test_the_same_distributor_at_once_is_bound_once(world):
    ada, ben = world.distributor_ids
    results = race(world, *[bind(world, ben)] * AT_ONCE)
    assert sorted(results) == ["already", "already", "bound"]
    assert get_history(world) == [(ada, "ended", "staff"), (ben, "active", "qr")]


def test_two_approvals_at_once_rebind_once(world):
    ada, ben = world.distributor_ids
    request_id = request(world, ben)
    assert race(world, *[decide(request_id, "action_approve")] * AT_ONCE) == ["approved"] * AT_ONCE
    assert get_history(world) == [(ada, "ended", "staff"), (ben, "active", "staff")]
    with world.database.env() as env:
        # Decided once: the state was tracked once.
        values = env["mail.tracking.value"].search([("field_id.model", "=", "distribution.binding.request")])
        assert values.filtered(lambda value: value.field_id.name == "state").mapped("new_value_char") == ["Approved"]


def test_approval_against_refusal_leaves_one_decision(world):
    _ada, ben = world.distributor_ids
    request_id = request(world, ben)
    results = race(world, decide(request_id, "action_approve"), decide(request_id, "action_refuse"))
    assert sum(isinstance(result, UserError) for result in results) == 1
    with world.database.env() as env:
        state = env["distribution.binding.request"].browse(request_id).state
    assert state in results
    assert get_history(world)[-1][0] == (ben if state == "approved" else world.distributor_ids[0])


def test_two_requests_approved_at_once_leave_one_active(world):
    ada, ben = world.distributor_ids
    request_ids = [request(world, ben)]
    with world.database.env() as env:
        env["distribution.binding"].browse(world.binding_id).action_end()
    request_ids.append(request(world, ada))
    race(world, *[decide(request_id, "action_approve") for request_id in request_ids])
    assert [state for _distributor, state, _source in get_history(world)] == ["ended", "ended", "active"]


def test_binding_against_expiry(world):
    """Whoever comes first, the old binding ends once and the new one is not touched."""
    ada, ben = world.distributor_ids
    with world.database.env() as env:
        env["distribution.binding"].browse(world.binding_id).date_from = fields.Datetime.now() - timedelta(days=9)
        env["distribution.binding"].browse(world.binding_id).date_to = fields.Datetime.now() - timedelta(days=1)

    def expire(env):
        env["distribution.binding"]._cron_end_expired()

    race(world, bind(world, ben), expire, bind(world, ben))
    assert get_history(world) == [(ada, "ended", "staff"), (ben, "active", "qr")]
    with world.database.env() as env:
        assert env["distribution.binding"].browse(world.binding_id).end_reason == "Expired."


def test_prolonging_against_expiry_keeps_the_binding(world):
    """The job read a binding as over that is prolonged when it comes to end it, or ends it first; never both."""
    with world.database.env() as env:
        env["distribution.binding"].browse(world.binding_id).date_from = fields.Datetime.now() - timedelta(days=9)
        env["distribution.binding"].browse(world.binding_id).date_to = fields.Datetime.now() - timedelta(days=1)
    later = fields.Datetime.now() + timedelta(days=5)

    with world.database.env() as slow:
        # The job has its snapshot, and then somebody prolongs.
        expired = slow["distribution.binding"].search([("date_to", "<=", fields.Datetime.now())])
        assert expired.ids == [world.binding_id]
        with world.database.env() as env:
            env["distribution.binding"].browse(world.binding_id).date_to = later
        slow["ir.cron"]._run_for_each([expired], type(expired)._end_expired)
    with world.database.env() as env:
        binding = env["distribution.binding"].browse(world.binding_id)
        assert (binding.state, binding.date_to) == ("active", later)


def test_visits_at_once_are_one_and_confirmed_once(world):
    ben = world.distributor_ids[1]
    with world.database.env() as env:
        partner_id = env["res.partner"].create({"name": "Visitor"}).id

    def visit(env):
        return env["distribution.visit"]._note_visit(env["distribution.distributor"].browse(ben), token="t").id

    def confirm(env):
        bound = env["distribution.visit"]._confirm_visits(env["res.partner"].browse(partner_id), token="t")
        env.flush_all()
        return bool(bound)

    assert len(set(race(world, *[visit] * AT_ONCE))) == 1
    assert sorted(race(world, *[confirm] * AT_ONCE)) == [False, False, True]
    with world.database.env() as env:
        found = env["distribution.binding"].search([("partner_id", "=", partner_id)])
        assert (found.distributor_id.id, found.source) == (ben, "link")
        assert env["distribution.visit"].search([]).mapped("state") == ["confirmed"]
