# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is guaranteed for a period is added once, whoever looks at it at the same time, and whatever breaks off."""

from decimal import Decimal

import pytest
from test_crashes import crash_everywhere
from test_races import RETRIED, prepare_return, race

from odoo.tools import mute_logger

from support.small_world import World


@pytest.fixture
def world(committing_db):
    """Two orders of ten mugs, 10 % of which is commission, at least 500.00 in the month before this."""
    world = World(committing_db, "shipped", 0, confirm=False)
    with world.database.env() as env:
        rules = env["distribution.program"].browse(world.program_id).rule_ids
        rules.write({"limit_scope": "period", "minimum_amount": 500})
        first = env["sale.order"].browse(world.order_id)
        orders = first | first.copy()
        orders.action_confirm()
        world.picking_ids = [order.picking_ids.id for order in orders]
        env.flush_all()
        env.cr.execute("UPDATE distribution_commission_term SET date = date - 100")
        env.cr.execute(
            "UPDATE distribution_commission_guarantee SET date_start = date_start - 100, date_end = date_end - 100"
        )
    return world


def ship(picking_id):
    def run(env):
        picking = env["stock.picking"].browse(picking_id)
        picking.move_ids.write({"quantity": 10, "picked": True})
        picking.button_validate()

    return run


def look(env):
    guarantees = env["distribution.commission.guarantee"]
    guarantees._look(guarantees.search([]))


def get_amounts(world):
    """Return what the orders have brought, and what was added."""
    with world.database.env() as env:
        guarantee = env["distribution.commission.guarantee"].search([])
        return Decimal(str(guarantee.earned_amount)), Decimal(str(guarantee.added_amount))


def test_two_deliveries_at_once(world):
    with world.database.env() as env:
        look(env)
    assert race(world, *map(ship, world.picking_ids)) == [None, None]
    assert get_amounts(world) == (200, 300)


def test_delivery_against_the_first_look(world):
    """Whichever comes first: the look is for what it saw, and the delivery follows it or is seen."""
    with world.database.env() as env:
        ship(world.picking_ids[0])(env)
    assert race(world, look, ship(world.picking_ids[1])) == [None, None]
    with world.database.env() as env:
        assert env["distribution.commission.guarantee"].search([]).revision
    assert get_amounts(world) == (200, 300)


def test_two_returns_at_once(world):
    with world.database.env() as env:
        for picking_id in world.picking_ids:
            ship(picking_id)(env)

    def send_back(picking_id):
        return lambda env: prepare_return(env, env["stock.picking"].browse(picking_id), 10).button_validate()

    race(world, *map(send_back, world.picking_ids))
    assert get_amounts(world) == (0, 0)


def test_looking_twice_at_once_adds_once(world):
    with world.database.env() as env:
        ship(world.picking_ids[0])(env)
        env.cr.execute("DELETE FROM distribution_commission_event")
    assert race(world, look, look) == [None, None]
    assert get_amounts(world) == (100, 200)


@mute_logger("odoo.sql_db")
def test_exception_at_each_statement_leaves_all_or_nothing(world):
    """A delivery, the first look, a delivery that it follows, a settlement, and a return. At most 30 % of what
    was sold may be paid in all.
    """

    def send_back(env):
        env["stock.picking"].browse(back_id).button_validate()

    def settle(env):
        program = env["distribution.program"].browse(world.program_id)
        env["distribution.commission.entry"]._release(program)
        env["distribution.settlement"]._create_from_due(program).action_post()

    for action, amounts in (
        (ship(world.picking_ids[0]), (100, 0)),
        (look, (100, 200)),
        (ship(world.picking_ids[1]), (200, 300)),
        (settle, (200, 300)),
    ):
        assert crash_everywhere(world.database, action) > 0
        assert get_amounts(world) == amounts
    with world.database.env() as env:
        back_id = prepare_return(env, env["stock.picking"].browse(world.picking_ids[1]), 4).id
    assert crash_everywhere(world.database, send_back) > 0
    assert get_amounts(world) == (160, 320)


def test_no_day_is_in_two_periods(committing_db):
    """An order that read the month before the program was given quarters, confirmed after one that read those."""
    world = World(committing_db, "shipped", 0, confirm=False)
    with world.database.env() as env:
        env["distribution.program"].browse(world.program_id).rule_ids.write(
            {"limit_scope": "period", "minimum_amount": 500}
        )
        later_id = env["sale.order"].browse(world.order_id).copy().id
    with world.database.env() as old:
        old.cr.execute("SELECT COUNT(*) FROM distribution_commission_entry")  # takes the snapshot
        with world.database.env() as env:
            env["distribution.program"].browse(world.program_id).sales_period = "quarter"
        with world.database.env() as env:
            env["sale.order"].browse(world.order_id).action_confirm()
        with pytest.raises(RETRIED):
            old["sale.order"].browse(later_id).action_confirm()
        old.cr.rollback()
    with world.database.env() as env:
        env["sale.order"].browse(later_id).action_confirm()
        assert len(env["distribution.commission.guarantee"].search([])) == 1


def test_two_first_orders_of_a_period_at_once_make_one_guarantee(committing_db):
    world = World(committing_db, "shipped", 0, confirm=False)
    with world.database.env() as env:
        rules = env["distribution.program"].browse(world.program_id).rule_ids
        rules.write({"limit_scope": "period", "minimum_amount": 500})
        order_ids = [world.order_id, env["sale.order"].browse(world.order_id).copy().id]
    race(world, *(lambda env, i=order_id: env["sale.order"].browse(i).action_confirm() for order_id in order_ids))
    with world.database.env() as env:
        assert len(env["distribution.commission.guarantee"].search([])) == 1
        assert set(env["sale.order"].browse(order_ids).mapped("state")) == {"sale"}
