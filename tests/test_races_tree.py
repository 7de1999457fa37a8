# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Moves, merges, approvals and bindings on two real connections at once. Each test has a database of its own."""

import pytest
from test_races import race

from odoo.exceptions import UserError, ValidationError

from support.small_world import World


@pytest.fixture
def world(committing_db):
    return World(committing_db, "received", 7, confirm=False)


def move(distributor_id, upline_id):
    def action(env):
        env["distribution.distributor"].browse(distributor_id)._move(
            env["distribution.distributor"].browse(upline_id), True, "Race"
        )
        env.flush_all()
        return "moved"

    return action


def merge(distributor_id, survivor_id):
    def action(env):
        distributors = env["distribution.distributor"]
        distributors.browse(distributor_id)._merge_into(distributors.browse(survivor_id), "Race")
        env.flush_all()
        return "merged"

    return action


def finish(world):
    """Do what the scheduled action does as soon as a move or a merge is over."""
    with world.database.env() as env:
        assert env["ir.cron.trigger"].search_count(
            [("cron_id", "=", env.ref("distribution_core.finish_merges_cron").id)]
        )
        env["distribution.distributor"]._finish_merges(env["distribution.program"].browse(world.program_id))


def enrol(world, upline_id=False, **vals):
    def action(env):
        distributor = env["distribution.distributor"].create(
            {
                "partner_id": env["res.partner"].create({"name": "Cleo"}).id,
                "program_id": world.program_id,
                "parent_id": upline_id,
                **vals,
            }
        )
        env.flush_all()
        return distributor.id

    return action


def test_two_moves_of_teams_at_once_make_no_cycle(world):
    """Three in a row: each move alone is right, together they would make a circle."""
    ada, ben = world.distributor_ids
    with world.database.env() as env:
        cleo = enrol(world, ben)(env)
    results = race(world, move(ada, cleo), move(ben, ada))
    assert sum(isinstance(result, ValidationError) for result in results) == 1, results
    with world.database.env() as env:
        distributors = env["distribution.distributor"].browse([ada, ben, cleo])
        assert not distributors._has_cycle()
        assert not distributors._find_wrong_paths(distributors.program_id)


def test_application_is_approved_once(world):
    ada, ben = world.distributor_ids
    with world.database.env() as env:
        application_id = enrol(world)(env)
        distributor = env["distribution.distributor"].browse(application_id)
        binding_id = (
            env["distribution.binding"]._bind(distributor.partner_id, env["distribution.distributor"].browse(ben)).id
        )

    def approve(env):
        env["distribution.distributor"].browse(application_id).action_activate()
        env.flush_all()
        return "approved"

    assert race(world, approve, approve) == ["approved", "approved"]
    with world.database.env() as env:
        distributor = env["distribution.distributor"].browse(application_id)
        assert (distributor.state, distributor.parent_id.id) == ("active", ben)
        assert env["distribution.binding"].browse(binding_id).state == "ended"
        changes = distributor.message_ids.tracking_value_ids.filtered(lambda value: value.field_id.name == "state")
        assert len(changes) == 1


def test_merge_against_bind_loses_no_customer(world):
    ada, ben = world.distributor_ids
    with world.database.env() as env:
        partner_id = env["res.partner"].create({"name": "New customer"}).id

    def bind(env):
        env["distribution.binding"]._bind(
            env["res.partner"].browse(partner_id), env["distribution.distributor"].browse(ada)
        )
        env.flush_all()
        return "bound"

    assert race(world, merge(ada, ben), bind) == ["merged", "bound"]
    finish(world)
    with world.database.env() as env:
        active = env["distribution.binding"].search([("partner_id", "=", partner_id), ("state", "=", "active")])
        assert active.distributor_id.id == ben


def test_bind_unseen_by_the_merge_follows(world):
    """The merge has read the database before the customer was bound, and is committed after it."""
    ada, ben = world.distributor_ids
    with world.database.env() as old:
        old.cr.execute("SELECT COUNT(*) FROM distribution_binding")  # takes the snapshot
        with world.database.env() as env:
            partner_id = env["res.partner"].create({"name": "New customer"}).id
            binding = env["distribution.binding"]._bind(
                env["res.partner"].browse(partner_id), env["distribution.distributor"].browse(ada)
            )
            newcomer_id = enrol(world, ada)(env)
        merge(ada, ben)(old)
    with world.database.env() as env:
        binding = env["distribution.binding"].browse(binding.id)
        assert (binding.state, binding.distributor_id.id) == ("active", ada), "Not seen: else there is nothing to test"
    finish(world)
    with world.database.env() as env:
        active = env["distribution.binding"].search([("partner_id", "=", partner_id), ("state", "=", "active")])
        assert active.distributor_id.id == ben
        assert env["distribution.distributor"].browse(newcomer_id).parent_id.id == ben


def test_newcomer_unseen_by_a_move_gets_the_right_path(world):
    ada, ben = world.distributor_ids
    with world.database.env() as old:
        old.cr.execute("SELECT COUNT(*) FROM distribution_distributor")  # takes the snapshot
        with world.database.env() as env:
            newcomer_id = enrol(world, ada)(env)
        move(ada, ben)(old)
    finish(world)
    with world.database.env() as env:
        newcomer = env["distribution.distributor"].browse(newcomer_id)
        assert newcomer.parent_path == f"{ben}/{ada}/{newcomer_id}/"


def test_merge_against_move_leaves_nobody_below_the_merged_one(world):
    ada, ben = world.distributor_ids
    with world.database.env() as env:
        cleo = enrol(world)(env)
    results = race(world, merge(ada, ben), move(cleo, ada))
    assert results[0] == "merged"
    finish(world)
    with world.database.env() as env:
        upline = env["distribution.distributor"].browse(cleo).parent_id
        expected = ben if results[1] == "moved" else False
        assert upline.id == expected
        assert expected or isinstance(results[1], ValidationError)


def test_two_merges_into_each_other_leave_one(world):
    ada, ben = world.distributor_ids
    results = race(world, merge(ada, ben), merge(ben, ada))
    assert sum(isinstance(result, UserError) for result in results) == 1, results
    with world.database.env() as env:
        distributors = env["distribution.distributor"].browse([ada, ben])
        assert sorted(distributors.mapped("state")) == ["active", "closed"]
        assert len(distributors.merged_into_id) == 1
