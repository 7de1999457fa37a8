# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Scheduled work on real transactions: what fails is left out and told, what collides is tried again."""

import story
from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import freeze_time


def test_what_fails_does_not_stop_the_others(committing_db):
    with committing_db.env() as env:
        first, broken, second = env["distribution.program"].create(
            [{"name": "First"}, {"name": "Broken"}, {"name": "Second"}]
        )

        def work(program):
            if program == broken:
                raise AssertionError("a mistake of ours")
            if program == first:
                program.name = "Half done"
                program.flush_recordset()
                raise UserError("No journal")
            program.name = "Done"

        env.cr.commit()
        env["ir.cron"]._run_for_each(first + broken + second, work)
        first_id, second_id = first.id, second.id
    with committing_db.env() as env:
        first, second = env["distribution.program"].browse([first_id, second_id])
        assert (first.name, second.name) == ("First", "Done")
        assert "No journal" in first.message_ids[0].body


def test_what_collides_is_rolled_back_and_tried_again(committing_db):
    tries = []
    with committing_db.env() as env:
        program = env["distribution.program"].create({"name": "Program"})
        env.cr.commit()

        def work(record):
            tries.append(record.sequence)
            record.sequence += 1
            record.flush_recordset()
            if len(tries) < 3:
                raise SerializationFailure()

        env["ir.cron"]._run_for_each(program, work)
        assert tries == [10, 10, 10]
    with committing_db.env() as env:
        assert env["distribution.program"].browse(program.id).sequence == 11


def test_daily_crons_carry_an_order_from_shipping_to_the_account(committing_db):
    """The scheduled actions as the server runs them, one day after the other."""
    with committing_db.env() as env:
        if not env.company.chart_template:
            env["account.chart.template"].try_loading("generic_coa", env.company, install_demo=False)
        with freeze_time("2026-03-02 02:00:00"):
            program = story.create_program(env)
            program.write({"settlement_period": "monthly", "settlement_day": 1})
            chain = story.create_chain(env, program)
            order = story.create_order(env, chain[-1])
            order.action_confirm()
            story.ship(order)
        env.cr.commit()
        crons = env["ir.cron"].search([("cron_name", "like", "Distribution:")], order="priority, id")
        for day in ("2026-03-03", "2026-03-12", "2026-04-01", "2026-04-02"):
            with freeze_time(f"{day} 02:00:00"):
                for cron in crons:
                    cron.ir_actions_server_id.with_context(lastcall=False).run()
        account = env["distribution.account"].search([("distributor_id", "=", chain[-1].id)])
        assert account.available == 100.0
        assert env["distribution.settlement"].search([]).mapped(lambda s: str(s.date)) == ["2026-04-01"]
        assert env["distribution.account"]._get_book_differences(env.company) == []
