# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Two real connections at once leave the ledger of one. Each test has a database of its own, since it commits."""

import threading
from decimal import Decimal

import pytest
from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure, UniqueViolation

from odoo.exceptions import UserError, ValidationError

from support.small_world import World

RETRIED = (SerializationFailure, DeadlockDetected, LockNotAvailable)


@pytest.fixture
def world(committing_db):
    return World(committing_db, "received", 7)


@pytest.fixture
def shipping_world(committing_db):
    """Commission is earned when the goods leave, and due at once."""
    return World(committing_db, "shipped", 0)


def race(world, *actions):
    """Run actions at once, each in a thread with a connection and retries of its own, as Odoo's HTTP and crons do.

    All of them have read the database before any of them writes.

    :return: what each returned, or the error it ended with
    """
    start, results = threading.Barrier(len(actions), timeout=60), [None] * len(actions)

    def run(position, action):
        for attempt in range(6):
            try:
                with world.database.env() as env:
                    env.cr.execute("SELECT COUNT(*) FROM distribution_commission_entry")  # takes the snapshot
                    if not attempt:
                        start.wait()
                    results[position] = action(env)
                return
            except RETRIED:
                continue
            except (UserError, ValidationError, UniqueViolation) as error:
                results[position] = error
                return

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a race did not end"
    return results


def sweep(world):
    return lambda env: len(env["distribution.commission.term"]._converge_now(env["sale.order"].browse(world.order_id)))


def test_two_sweeps_at_once_write_the_difference_once(world):
    world.miss_a_trigger()
    assert world.ledger() == (0, 0)
    assert sorted(race(world, sweep(world), sweep(world))) == [0, 1]
    assert world.ledger() == (1, Decimal("60.00"))


def test_receipt_against_sweep(world):
    world.miss_a_trigger(4)

    def receive(env):
        env["sale.order"].browse(world.order_id).action_confirm_receipt()

    race(world, receive, sweep(world))
    # The receipt alone writes both deliveries; together with the sweep it must come to no more.
    assert world.ledger()[1] == Decimal("100.00")


def prepare_return(env, picking, quantity):
    wizard = env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking").create({})
    wizard.product_return_moves.write({"quantity": quantity, "to_refund": True})
    back = env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
    back.move_ids.write({"quantity": quantity, "picked": True})
    return back


def test_delivery_against_return(shipping_world):
    with shipping_world.database.env() as env:
        first_id = shipping_world.ship(env, 6).id

    def send_back(env):
        prepare_return(env, env["stock.picking"].browse(first_id), 2).button_validate()

    race(shipping_world, lambda env: shipping_world.ship(env, 4).state, send_back)
    assert shipping_world.ledger()[1] == Decimal("80.00")


def draft_payment(world, amount):
    """Create a payment of the order that the provider has not confirmed yet, and return its id."""
    with world.database.env() as env:
        order = env["sale.order"].browse(world.order_id)
        provider = env["payment.provider"].search([("code", "=", "none")], limit=1)
        provider = provider or env["payment.provider"].create({"name": "Wallet", "code": "none"})
        provider.write({"state": "test", "company_id": env.company.id})
        transaction = env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": env.ref("payment.payment_method_wechat_pay").id,
                "reference": f"{order.name}-{amount}",
                "amount": amount,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "operation": "online_direct",
                "sale_order_ids": [(6, 0, order.ids)],
            }
        )
        return transaction.id


def confirm_payment(transaction_id):
    return lambda env: env["payment.transaction"].browse(transaction_id)._set_done()


def test_two_part_payments_at_once_pay_the_order(committing_db):
    world = World(committing_db, "paid", 7)
    with world.database.env() as env:
        total = env["sale.order"].browse(world.order_id).amount_total
    payments = [draft_payment(world, 400), draft_payment(world, total - 400)]
    race(world, *map(confirm_payment, payments))
    assert world.ledger() == (1, Decimal("100.00"))


def draft_refund(world, amount):
    """Pay the order, and create a refund that the provider has not confirmed yet; return the refund's id."""
    payment_id = draft_payment(world, 1000)
    with world.database.env() as env:
        payment = env["payment.transaction"].browse(payment_id)
        payment._set_done()
        return payment._create_child_transaction(amount, is_refund=True).id


def test_same_refund_twice_at_once_takes_back_once(shipping_world):
    refund_id = draft_refund(shipping_world, 100)
    with shipping_world.database.env() as env:
        shipping_world.ship(env, 10)
    race(shipping_world, confirm_payment(refund_id), confirm_payment(refund_id))
    assert shipping_world.ledger() == (2, Decimal("90.00"))


def test_refund_against_delivery(shipping_world):
    refund_id = draft_refund(shipping_world, 100)
    race(shipping_world, lambda env: shipping_world.ship(env, 10).state, confirm_payment(refund_id))
    assert shipping_world.ledger()[1] == Decimal("90.00")


def get_open_picking(env, world):
    return env["sale.order"].browse(world.order_id).picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))


def test_same_delivery_twice_at_once_earns_once(shipping_world):
    with shipping_world.database.env() as env:
        picking = get_open_picking(env, shipping_world)
        picking.move_ids.write({"quantity": 10, "picked": True})
        picking_id = picking.id

    def validate(env):
        picking = env["stock.picking"].browse(picking_id)
        if picking.state != "done":
            picking.button_validate()

    race(shipping_world, validate, validate)
    assert shipping_world.ledger() == (1, Decimal("100.00"))


def test_same_return_twice_at_once_takes_back_once(shipping_world):
    with shipping_world.database.env() as env:
        back_id = prepare_return(env, shipping_world.ship(env, 10), 4).id

    def validate(env):
        back = env["stock.picking"].browse(back_id)
        if back.state != "done":
            back.button_validate()

    race(shipping_world, validate, validate)
    assert shipping_world.ledger() == (2, Decimal("60.00"))


def test_same_credit_note_twice_at_once_takes_back_once(shipping_world):
    with shipping_world.database.env() as env:
        shipping_world.ship(env, 10)
        invoice = env["sale.order"].browse(shipping_world.order_id)._create_invoices()
        invoice.action_post()
        wizard = env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
        wizard = wizard.create({"journal_id": invoice.journal_id.id, "date": invoice.date})
        wizard.reverse_moves()
        wizard.new_move_ids.invoice_line_ids.quantity = 4
        credit_id = wizard.new_move_ids.id

    def post(env):
        env["account.move"].browse(credit_id).action_post()

    race(shipping_world, post, post)
    assert shipping_world.ledger() == (2, Decimal("60.00"))


def test_return_and_credit_note_at_once_take_back_once(shipping_world):
    """The same four pieces come back and are credited in the same moment."""
    with shipping_world.database.env() as env:
        back_id = prepare_return(env, shipping_world.ship(env, 10), 4).id
        invoice = env["sale.order"].browse(shipping_world.order_id)._create_invoices()
        invoice.action_post()
        wizard = env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
        wizard = wizard.create({"journal_id": invoice.journal_id.id, "date": invoice.date})
        wizard.reverse_moves()
        wizard.new_move_ids.invoice_line_ids.quantity = 4
        credit_id = wizard.new_move_ids.id
    race(
        shipping_world,
        lambda env: env["stock.picking"].browse(back_id).button_validate(),
        lambda env: env["account.move"].browse(credit_id).action_post(),
    )
    assert shipping_world.ledger() == (2, Decimal("60.00"))


def test_same_payment_twice_at_once_confirms_and_freezes_once(committing_db):
    """A payment that is reported twice confirms its quotation once: one term, and one sum after the delivery."""
    world = World(committing_db, "shipped", 0, confirm=False)
    with committing_db.env() as env:
        order = env["sale.order"].browse(world.order_id)
        provider = env["payment.provider"].search([("code", "=", "none")], limit=1)
        # The machine may lack what prints the order.
        order._get_confirmation_template().report_template_ids = False
        transaction = env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": env.ref("payment.payment_method_unknown").id,
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "sale_order_ids": [(6, 0, order.ids)],
            }
        )
        transaction_id = transaction.id

    def report(env):
        transaction = env["payment.transaction"].browse(transaction_id)
        transaction._set_done()
        transaction._check_amount_and_confirm_order()

    race(world, report, report)
    with committing_db.env() as env:
        order = env["sale.order"].browse(world.order_id)
        assert order.state == "sale"
        assert len(order.commission_term_ids) == 1
        world.ship(env, 10)
    assert world.ledger() == (1, Decimal("100.00"))


def test_receipt_twice_at_once_earns_once(world):
    with world.database.env() as env:
        world.ship(env, 10)

    def receive(env):
        env["sale.order"].browse(world.order_id).action_confirm_receipt()

    results = race(world, receive, receive)
    assert sum(isinstance(result, UserError) for result in results) == 1, results
    assert world.ledger() == (1, Decimal("100.00"))


def make_due(shipping_world):
    """Ship the whole order and end its hold: 100 are due."""
    with shipping_world.database.env() as env:
        shipping_world.ship(env, 10)
    with shipping_world.database.env() as env:
        program = env["distribution.program"].browse(shipping_world.program_id)
        env["distribution.commission.entry"]._release(program)


def test_settling_twice_at_once_settles_once(shipping_world):
    def settle(env):
        program = env["distribution.program"].browse(shipping_world.program_id)
        settlements = env["distribution.settlement"]._create_from_due(program)
        settlements.action_post()
        return len(settlements)

    make_due(shipping_world)
    assert sorted(race(shipping_world, settle, settle)) == [0, 1]
    with shipping_world.database.env() as env:
        assert env["distribution.account"].search([]).mapped("available") == [100.0]


def test_paying_out_twice_at_once_reserves_once(shipping_world):
    def pay(env):
        journal = env["account.journal"].search([("type", "=", "bank")], limit=1)
        account = env["distribution.account"].search([])
        return env["distribution.payout.run"]._create_run(env.company, journal, {account: Decimal("60.00")}).id

    make_due(shipping_world)
    with shipping_world.database.env() as env:
        env["distribution.settlement"]._create_from_due(
            env["distribution.program"].browse(shipping_world.program_id)
        ).action_post()
    results = race(shipping_world, pay, pay)
    assert sum(isinstance(result, UserError) for result in results) == 1, results
    with shipping_world.database.env() as env:
        account = env["distribution.account"].search([])
        assert (account.available, account.reserved) == (40.0, 60.0)


def test_confirming_a_payment_twice_at_once_books_once(shipping_world):
    make_due(shipping_world)
    with shipping_world.database.env() as env:
        env["distribution.settlement"]._create_from_due(
            env["distribution.program"].browse(shipping_world.program_id)
        ).action_post()
        journal = env["account.journal"].search([("type", "=", "bank")], limit=1)
        account = env["distribution.account"].search([])
        run_id = env["distribution.payout.run"]._create_run(env.company, journal, {account: Decimal("100.00")}).id

    def confirm(env):
        run = env["distribution.payout.run"].browse(run_id)
        run._confirm_paid(run.withdrawal_ids, run.create_date.date())

    results = race(shipping_world, confirm, confirm)
    assert sum(isinstance(result, UserError) for result in results) == 1
    with shipping_world.database.env() as env:
        discharged = env["account.move.line"].search([("debit", "=", 100), ("journal_id.type", "=", "bank")])
        assert len(discharged) == 1
        assert env["distribution.account"]._get_book_differences(env.company) == []


def test_two_moves_at_once_make_no_cycle(world):
    ada, ben = world.distributor_ids

    def move(distributor_id, upline_id):
        def action(env):
            env["distribution.distributor"].browse(distributor_id).parent_id = upline_id

        return action

    results = race(world, move(ada, ben), move(ben, ada))
    assert sum(isinstance(result, ValidationError) for result in results) == 1
    with world.database.env() as env:
        assert not env["distribution.distributor"].browse(world.distributor_ids)._has_cycle()


def test_two_bindings_at_once_leave_one(world):
    with world.database.env() as env:
        partner_id = env["res.partner"].create({"name": "New customer"}).id

    def bind(distributor_id):
        def action(env):
            distributor = env["distribution.distributor"].browse(distributor_id)
            binding = env["distribution.binding"]._bind(env["res.partner"].browse(partner_id), distributor)
            env.flush_all()
            return binding.id

        return action

    results = race(world, *[bind(distributor_id) for distributor_id in world.distributor_ids])
    assert sum(isinstance(result, int) for result in results) == 1
    with world.database.env() as env:
        assert (
            env["distribution.binding"].search_count([("partner_id", "=", partner_id), ("state", "=", "active")]) == 1
        )


def test_two_rules_at_once_keep_to_the_cap_together(world):
    """Each fits beside the 10 % of level 1, both do not: 10 + 15 + 15 is above 30."""
    with world.database.env() as env:
        env["distribution.program"].browse(world.program_id).level_count = 3

    def add(level):
        def action(env):
            rule = env["distribution.commission.rule"].create(
                {"program_id": world.program_id, "level": level, "rate": 15}
            )
            env.flush_all()
            return rule.id

        return action

    results = race(world, add(2), add(3))
    assert sum(isinstance(result, ValidationError) for result in results) == 1, results
    with world.database.env() as env:
        assert env["distribution.program"].browse(world.program_id).total_rate == 25.0


def test_old_snapshot_leaves_its_rules_to_nobody(world):
    def get_rate(env):
        program = env["distribution.program"].browse(world.program_id)
        product = env["product.product"].search([("is_storable", "=", True)], limit=1)
        found = program._resolve_rule(1, product, program.distributor_ids[:1])
        return float(found.get_pay(0).rate)

    with world.database.env() as old:
        old.cr.execute("SELECT COUNT(*) FROM distribution_commission_entry")  # takes the snapshot
        with world.database.env() as env:
            env["distribution.program"].browse(world.program_id).rule_ids.rate = 12
        assert get_rate(old) == 10
    with world.database.env() as env:
        assert get_rate(env) == 12


def test_two_orders_at_once_share_what_is_left_of_a_period(world):
    """At most 150 in a month, of which the world's own order has taken 100: two more share 50."""
    with world.database.env() as env:
        rule = env["distribution.program"].browse(world.program_id).rule_ids
        rule.write({"limit_scope": "period", "maximum_amount": 150})
        first = env["sale.order"].browse(world.order_id)
        copies = [first.copy().id for _position in range(2)]

    def confirm(order_id):
        def action(env):
            order = env["sale.order"].browse(order_id)
            order.action_confirm()
            env.flush_all()
            return order.commission_term_ids.expected_amount

        return action

    results = race(world, *[confirm(order_id) for order_id in copies])
    assert sorted(results) == [0, 50], results
