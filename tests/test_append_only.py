# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The ledger only grows, whichever door somebody comes through: SQL, ORM, uninstalling."""

from datetime import date

import pytest
from psycopg2 import DatabaseError

from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.distribution_commission.const import FORCE_UNINSTALL_PARAMETER
from odoo.addons.distribution_commission.models.distribution_commission_entry import GUARD_FUNCTION
from odoo.addons.distribution_commission.tests.common import CommissionCommon
from odoo.addons.distribution_core.models.distribution_distributor import GUARD_FUNCTION as MEMBERS

from support.small_world import World

TABLE = "distribution_commission_entry"
# What may move: where an entry stands on its way, and what it is tied to.
MOVING = {"state", "release_date", "accrual_line_id", "settlement_id", "write_date", "write_uid"}
# What each type can be changed to.
CHANGES = {
    "integer": "COALESCE({0}, 0) + 1",
    "numeric": "COALESCE({0}, 0) + 1",
    "double precision": "COALESCE({0}, 0) + 1",
    "character varying": "COALESCE({0}, '') || 'x'",
    "date": "{0} + 1",
    "timestamp without time zone": "{0} + INTERVAL '1 day'",
    "jsonb": "jsonb_build_object('base', '0')",
    "boolean": "NOT COALESCE({0}, FALSE)",
}


@tagged("post_install", "-at_install")
class TestAppendOnly(CommissionCommon):
    @freeze_time("2026-03-02 02:00:00")
    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.sql_db"))
        self.order = self._sell(10)
        picking = self._deliver(self.order)
        self._return(picking, 4)
        entries = self.entry_model.search([("order_id", "=", self.order.id), ("level", "=", 1)], order="id")
        self.earning, self.clawback = entries
        self.guaranteed = self._guarantee()

    def _guarantee(self):
        """Return an entry of no order."""
        vals = {"program_id": self.program.id, "product_scope": "variant", "product_id": self.goods_b.id, "rate": 1}
        self.env["distribution.commission.rule"].create({**vals, "limit_scope": "period", "minimum_amount": 50})
        self._deliver(self._sell(lines=[(self.goods_b, 10, 100.0)]))
        with freeze_time("2026-04-01 02:00:00"):
            self.env["distribution.commission.guarantee"].search([])._converge()
        return self.entry_model.search([("guarantee_id", "!=", False)])

    def _refused(self, query, *parameters):
        """The database refuses a statement by itself, whoever sends it."""
        with self.assertRaisesRegex(DatabaseError, "append-only", msg=query), self.cr.savepoint():
            self.cr.execute(query, parameters)

    def _columns(self):
        self.cr.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s ORDER BY 1", [TABLE]
        )
        return dict(self.cr.fetchall())

    def test_every_column_is_protected_but_those_that_move(self):
        columns = self._columns()
        self.assertLessEqual(MOVING, columns.keys())
        for column in columns.keys() - MOVING:
            change = CHANGES[columns[column]].format(column)
            self._refused(f"UPDATE {TABLE} SET {column} = {change} WHERE id = %s", self.earning.id)
            if column != "id":
                entry = self.guaranteed if column == "guarantee_id" else self.clawback
                self._refused(f"UPDATE {TABLE} SET {column} = NULL WHERE id = %s", entry.id)

    def test_a_protected_column_hides_behind_no_other(self):
        self._refused(f"UPDATE {TABLE} SET state = 'due', amount = amount + 1 WHERE id = %s", self.earning.id)
        self._refused(
            f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE id = %s ON CONFLICT (id) DO UPDATE SET amount = 0",
            self.earning.id,
        )

    def test_states_move_forward_only(self):
        allowed = {("held", "due"), ("due", "settled")}
        states = ("held", "due", "settled")
        for position, before in enumerate(states):
            for after in set(states) - {before}:
                with self.subTest(before=before, after=after), self.cr.savepoint() as savepoint:
                    for step in states[1 : position + 1]:
                        self.cr.execute(f"UPDATE {TABLE} SET state = %s WHERE id = %s", [step, self.earning.id])
                    change = (f"UPDATE {TABLE} SET state = %s WHERE id = %s", after, self.earning.id)
                    if (before, after) in allowed:
                        self.cr.execute(change[0], change[1:])
                    else:
                        self._refused(*change)
                    savepoint.rollback()
        self._refused(f"UPDATE {TABLE} SET state = 'cancelled' WHERE id = %s", self.earning.id)

    def test_release_date_moves_while_held_only(self):
        move = f"UPDATE {TABLE} SET release_date = release_date + 1 WHERE id = %s"
        self.cr.execute(move, [self.earning.id])
        self.cr.execute(f"UPDATE {TABLE} SET state = 'due' WHERE id = %s", [self.earning.id])
        self._refused(move, self.earning.id)

    def test_nothing_is_deleted_by_sql(self):
        self._refused(f"DELETE FROM {TABLE} WHERE id = %s", self.clawback.id)
        self._refused(f"DELETE FROM {TABLE}")
        self._refused(f"TRUNCATE {TABLE} CASCADE")
        # By way of what it points at, too.
        for parent in ("distribution_commission_term", "sale_order", "res_company"):
            self._refused(f"TRUNCATE {parent} CASCADE")

    def test_what_entries_point_at_is_not_deleted(self):
        parents = {
            "distribution_commission_term": self.earning.term_id,
            "distribution_distributor": self.cleo,
            "distribution_program": self.program,
            "distribution_commission_rule": self.earning.term_id.rule_id,
            "sale_order": self.order,
            "sale_order_line": self.order.order_line,
            "stock_picking": self.earning.delivery_id,
        }
        for table, records in parents.items():
            with self.subTest(table), self.assertRaises(DatabaseError), self.cr.savepoint():
                self.cr.execute(f"DELETE FROM {table} WHERE id IN %s", [tuple(records.ids)])

    def test_nothing_changes_by_the_orm(self):
        values = {
            "amount": 1.0,
            "base": 1.0,
            "rate": 99.0,
            "distributor_id": self.ben.id,
            "term_id": self.earning.term_id.id + 1,
            "date": date(2020, 1, 1),
            "explanation": {"base": "0"},
            "kind": "clawback",
        }
        for name, value in values.items():
            with self.subTest(name), self.assertRaises(DatabaseError), self.cr.savepoint():
                self.earning.write({name: value})
                self.env.flush_all()
        with self.assertRaisesRegex(UserError, "append-only"):
            self.earning.unlink()
        with self.assertRaises(UserError):
            self.order.unlink()

    def test_guard_is_renewed_when_the_module_is_updated(self):
        """Whoever drops the trigger finds it again after the next update."""
        self.cr.execute(f"DROP FUNCTION {GUARD_FUNCTION}() CASCADE")
        self.entry_model.init()
        self._refused(f"DELETE FROM {TABLE} WHERE id = %s", self.earning.id)
        self._refused(f"TRUNCATE {TABLE}")


def uninstall(database, module="distribution_commission"):
    with database.env() as env:
        env["ir.module.module"].search([("name", "=", module)]).button_immediate_uninstall()


def installed(database):
    with database.registry.cursor() as cr:
        cr.execute("SELECT state FROM ir_module_module WHERE name = 'distribution_commission'")
        return cr.fetchone()[0]


def test_uninstalling_a_filled_ledger_is_refused_until_it_is_forced(committing_db):
    world = World(committing_db, "shipped", 0)
    with committing_db.env() as env:
        world.ship(env, 10)
    with pytest.raises(UserError, match="Export them"), mute_logger("odoo.modules.registry", "odoo.modules.loading"):
        uninstall(committing_db)
    assert installed(committing_db) == "installed"
    assert world.ledger()[0] == 1
    with committing_db.env() as env:
        env["ir.config_parameter"].set_param(FORCE_UNINSTALL_PARAMETER, "True")
    uninstall(committing_db)
    assert installed(committing_db) == "uninstalled"
    with Registry(committing_db.name).cursor() as cr:
        cr.execute("SELECT to_regclass(%s), COUNT(*) FROM pg_proc WHERE proname = %s", [TABLE, GUARD_FUNCTION])
        assert cr.fetchone() == (None, 0)


def test_uninstalling_is_refused_while_an_order_waits_for_the_ledger(committing_db):
    world = World(committing_db, "shipped", 0)
    with committing_db.env() as env:
        env.company.is_commission_in_background = True
        world.ship(env, 10)
    assert world.ledger()[0] == 0
    with pytest.raises(UserError, match="wait for it"), mute_logger("odoo.modules.registry", "odoo.modules.loading"):
        uninstall(committing_db)


def test_uninstalling_an_empty_ledger_needs_no_force(committing_db):
    """With all that it stands on: members, who last otherwise, go with their module."""
    World(committing_db, "shipped", 0)
    uninstall(committing_db, "distribution_core")
    assert installed(committing_db) == "uninstalled"
    with Registry(committing_db.name).cursor() as cr:
        cr.execute(
            "SELECT to_regclass('distribution_distributor'), COUNT(*) FROM pg_proc WHERE proname = %s", [MEMBERS]
        )
        assert cr.fetchone() == (None, 0)
