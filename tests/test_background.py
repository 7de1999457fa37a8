# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Commission in the background, on real connections: nothing that happens meanwhile is lost, nothing counts twice."""

from decimal import Decimal

import pytest
from test_crashes import crash_everywhere
from test_races import prepare_return, race

from odoo.tools import mute_logger

from support.small_world import World


@pytest.fixture
def world(committing_db):
    world = World(committing_db, "shipped", 7)
    with world.database.env() as env:
        env.company.is_commission_in_background = True
    return world


def work_off(env):
    events = env["distribution.commission.event"]
    events._work_off(events._get_waiting([]))


def count_events(world):
    with world.database.env() as env:
        return env["distribution.commission.event"].search_count([])


def test_two_workers_earn_once(world):
    with world.database.env() as env:
        world.ship(env, 10)
    assert world.ledger() == (0, 0)
    race(world, work_off, work_off)
    assert world.ledger() == (1, Decimal("100.00"))
    assert not count_events(world)


def test_return_during_the_look_is_looked_at_next(world):
    with world.database.env() as env:
        picking_id = world.ship(env, 10).id
    with world.database.env() as looking:
        # The look has its snapshot, in which nothing came back.
        waiting = looking["distribution.commission.event"]._get_waiting([])
        with world.database.env() as env:
            prepare_return(env, env["stock.picking"].browse(picking_id), 4).button_validate()
        looking["distribution.commission.event"]._work_off(waiting)
    assert world.ledger() == (1, Decimal("100.00"))
    assert count_events(world), "the return is forgotten"
    with world.database.env() as env:
        work_off(env)
    assert world.ledger() == (2, Decimal("60.00"))


def test_warehouse_does_not_wait_for_the_ledger(world):
    """A delivery and a look at the same order touch no row in common: neither waits, neither is tried again."""
    with world.database.env() as env:
        world.ship(env, 6)
    with world.database.env() as looking:
        work_off(looking)
        with world.database.env() as env:
            env.cr.execute("SET LOCAL lock_timeout = '2s'")
            world.ship(env, 4)
    with world.database.env() as env:
        work_off(env)
    assert world.ledger()[1] == Decimal("100.00")


def test_scheduled_action_looks_at_what_waits(world):
    with world.database.env() as env:
        world.ship(env, 10)
    with world.database.env() as env:
        env.ref("distribution_commission.work_off_events_cron").method_direct_trigger()
    assert world.ledger() == (1, Decimal("100.00"))
    assert not count_events(world)


def test_orders_that_always_fail_do_not_starve_others(world):
    """Those that failed least often are looked at first, and the list says what was wrong."""
    with world.database.env() as env:
        world.ship(env, 10)
        good = env["sale.order"].browse(world.order_id)
        bad = [ship_copy(env, good) for _number in range(2)]
        # Older than the good one, which nothing has happened to yet.
        env["distribution.commission.event"].search([("order_id", "=", good.id)]).unlink()
        refuse_entries_of(env, bad)
    for _turn in range(2):
        look(world, limit=2)
    with world.database.env() as env:
        env["distribution.commission.event"]._note(env["sale.order"].browse(world.order_id))
    look(world, limit=2)
    assert world.ledger() == (1, Decimal("100.00"))
    with world.database.env() as env:
        events = env["distribution.commission.event"].search([])
        assert sorted(events.order_id.ids) == sorted(bad)
        # The older of the two had the place that the good one left.
        tries = {event.order_id.id: event.try_count for event in events}
        assert tries == {bad[0]: 3, bad[1]: 2}
        assert set(events.mapped("error")) == {"RaiseException"}
        assert all(events.mapped("tried_at"))
        env.cr.execute("DROP TRIGGER refuse ON distribution_commission_entry")
    look(world, limit=2)
    assert not count_events(world)
    assert world.ledger() == (3, Decimal("300.00"))


def look(world, limit):
    with world.database.env() as env, mute_logger("odoo.sql_db", "odoo.addons.distribution_core.models.ir_cron"):
        env["distribution.commission.event"]._cron_work_off(limit)


def ship_copy(env, order):
    """Sell and ship the same again.

    :return: id of the order
    """
    copy = order.copy()
    copy.action_confirm()
    copy.picking_ids.move_ids.write({"quantity": 10, "picked": True})
    copy.picking_ids.button_validate()
    return copy.id


def refuse_entries_of(env, order_ids):
    """Let the database refuse to write anything about some orders in the ledger."""
    condition = ", ".join(str(order_id) for order_id in order_ids)
    env.cr.execute(
        f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'No'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON distribution_commission_entry
           FOR EACH ROW WHEN (NEW.order_id IN ({condition})) EXECUTE FUNCTION refuse()
        """  # pylint: disable=sql-injection
    )


def test_crashes_leave_all_or_nothing(world):
    assert crash_everywhere(world.database, lambda env: world.ship(env, 10)) > 50
    assert count_events(world) and world.ledger() == (0, 0)
    assert crash_everywhere(world.database, work_off) > 5
    assert world.ledger() == (1, Decimal("100.00"))
    assert not count_events(world)
