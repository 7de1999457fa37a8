# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The distribution centre over HTTP: what a distributor earned, in figures and entry by entry."""

from decimal import Decimal

import pytest

from odoo import fields

from support.centre import Shop, assert_problem, ok


@pytest.fixture
def shop(live):
    return Shop(live)


# === MONEY === #


def figures(person, **expected):
    summary = ok(person.get("/me/summary"))
    assert {name: summary[name] for name in expected} == expected
    return summary


def pay_out(live, person, paid, begun):
    """Pay one amount out, and only begin to pay another."""
    with live.env() as env:
        account = env["distribution.account"].search([("distributor_id", "=", person.distributor_id)])
        bank = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", live.company_id)], limit=1)
        runs = env["distribution.payout.run"]
        run, _open = (runs._create_run(env.company, bank, {account: Decimal(amount)}) for amount in (paid, begun))
        run._confirm_paid(run.withdrawal_ids, fields.Date.today())


def test_money_through_every_state(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora, days_ago=40)
    figures(dora, currency="CNY", pending="0.00", customers=1, orders=0, next_release_date=None)
    first = shop.sell(carl, 3, days_ago=30, ship=False)
    figures(dora, pending="30.00", held="0.00", orders=1)
    shop.ship(first, days_ago=30)
    with live.env() as env:
        release = env["distribution.commission.entry"].search([("order_id", "=", first)]).release_date
    figures(dora, pending="0.00", held="30.00", next_release_date=release.isoformat(), today="0.00", due="0.00")
    shop.release()
    figures(dora, held="0.00", due="30.00", next_release_date=None, next_settlement_date=None, available="0.00")
    shop.settle()
    figures(dora, due="0.00", available="30.00")
    pay_out(live, dora, paid="12", begun="10")
    figures(dora, available="8.00", in_withdrawal="10.00", waiting_confirmation="0.00", paid="12.00")
    shop.take_back(first, 2)
    shop.settle()
    figures(dora, available="0.00", debt="12.00", taken_back="20.00", today="-20.00", paid="12.00")
    shop.sell(carl, 1)
    summary = figures(dora, held="10.00", today="-10.00", this_month="-10.00", orders=2)
    # What was earned less what was taken back is in exactly one place each.
    sums = {name: Decimal(summary[name]) for name in ("held", "due", "available", "in_withdrawal", "paid", "debt")}
    debt = sums.pop("debt")
    assert sum(sums.values()) - debt == Decimal("30") - Decimal("20") + Decimal("10")


def test_suspension_holds_the_settlement(live, shop):
    dora = shop.distributor("Dora")
    with live.env() as env:
        program = env["distribution.program"].browse(live.program_id)
        program.settlement_period = "daily"
        tomorrow = program.next_settlement_date.isoformat()
    try:
        figures(dora, next_settlement_date=tomorrow)
        with live.env() as env:
            env["distribution.distributor"].browse(dora.distributor_id).action_suspend()
        figures(dora, next_settlement_date=None)
    finally:
        with live.env() as env:
            env["distribution.program"].browse(live.program_id).settlement_period = "manual"


def test_yesterday_is_a_day_of_the_program(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora, days_ago=5)
    shop.sell(carl, 1, days_ago=1)
    figures(dora, today="0.00", yesterday="10.00")


def trade_in_every_way(live, shop, carl):
    """Leave orders open, half sent, discounted, returned, cancelled, and finished with an odd amount."""
    shop.sell(carl, 3, 33.33, ship=False)
    shop.sell(carl, 1, 0.05)
    shop.sell(carl, 1, 0.05, ship=False)
    shop.sell(carl, 1, 0.04)
    shop.sell(carl, 7, 12.34, discount=5.55)
    shop.sell(carl, 7, 12.34, discount=5.55, ship=False)
    shop.take_back(shop.sell(carl, 5, 9.99), 2)
    cancelled = shop.sell(carl, 5, 9.99, ship=False)
    partly = shop.sell(carl, 4, 19.99, ship=False)
    with live.env() as env:
        env["sale.order"].browse(cancelled)._action_cancel()
        picking = env["sale.order"].browse(partly).picking_ids
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.with_context(skip_backorder=True).button_validate()
        picking._confirm_receipt()
    with live.env() as env:
        # More was ordered after everything had been earned.
        env["sale.order"].browse(shop.sell(carl, 1, 50.0)).order_line.product_uom_qty = 2


def test_pending_is_what_the_terms_say_to_the_fen(live, shop):
    """However an order stands, the short cut loses nothing."""
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora)
    trade_in_every_way(live, shop, carl)
    with live.env() as env:
        terms = env["distribution.commission.term"].search([("distributor_id", "=", dora.distributor_id)])
        every = sum((Decimal(repr(amount)) for amount in terms.mapped("pending_amount")), Decimal(0))
        distributor = env["distribution.distributor"].browse(dora.distributor_id)
        candidates = distributor.with_company(live.company_id)._get_open_term_ids()
        assert set(candidates) < set(terms.ids)
    assert every > 20
    figures(dora, pending=f"{every:.2f}")


def count_queries(live, person):
    with live.env() as env:
        distributor = env["distribution.distributor"].browse(person.distributor_id).with_company(live.company_id)
        distributor.mapped("program_id.level_count")
        env.flush_all()
        before = env.cr.sql_log_count
        distributor._get_summary_amounts()
        distributor._get_earnings_by_period()
        distributor._get_next_release_date()
        distributor.read(["team_count", "customer_count", "order_count"])
        return env.cr.sql_log_count - before


def test_figures_take_the_same_queries_however_many_there_are(live, shop):
    _ada, dora = shop.chain("Ada", "Dora")
    carl = shop.person("Carl")
    shop.bind(carl, dora, days_ago=5)
    shop.sell(carl, 2, days_ago=3)

    def grow(name):
        below = shop.distributor(name, dora)
        shop.distributor(name * 2, below)
        buyer = shop.person("Buyer")
        shop.bind(buyer, below)
        shop.sell(buyer, 1)
        for one in (buyer, carl):
            shop.sell(one, 1, ship=False)

    grow("A")
    small, team = count_queries(live, dora), ok(dora.get("/me/summary"))["team"]
    for name in "BCDE":
        grow(name)
    assert count_queries(live, dora) == small
    assert [level["count"] for level in ok(dora.get("/me/summary"))["team"]] == [5 * level["count"] for level in team]


# === ENTRIES === #


def test_entries_tell_why_and_hide_people(live, shop):
    ada, ben = shop.chain("Ada", "Ben")
    carl = shop.person("Carl")
    shop.bind(carl, ben)
    order_id = shop.sell(carl, 4)
    shop.take_back(order_id, 1)
    with live.env() as env:
        number = env["sale.order"].browse(order_id).name
    clawback, earning = ok(ben.get("/me/entries"))["items"]
    assert (earning["order"], earning["buyer"], earning["level"]) == (number, "C**", 1)
    assert (earning["base"], earning["rate"], earning["amount"]) == ("400.00", "10", "40.00")
    assert (earning["state"], earning["kind"], earning["reason"]) == ("held", "earning", None)
    assert "Rate 10 %" in earning["why"]
    assert number in earning["why"]
    assert (clawback["kind"], clawback["reason"], clawback["amount"]) == ("clawback", "returned", "-10.00")
    assert clawback["reason_text"] == "Goods were returned."
    above = ok(ada.get("/me/entries"))["items"]
    assert [(entry["level"], entry["buyer"], entry["amount"]) for entry in above] == [
        (2, None, "-5.00"),
        (2, None, "20.00"),
    ]
    assert ok(ben.get(f"/me/entries/{earning['id']}")) == earning
    assert_problem(ada.get(f"/me/entries/{earning['id']}"), 404, "not_found")


def test_why_is_in_the_readers_language(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora)
    shop.sell(carl, 1)
    with live.env() as env:
        env["res.lang"]._activate_lang("zh_CN")
        env["res.partner"].browse(dora.partner_id).lang = "zh_CN"
    why = ok(dora.get("/me/entries", headers={"Accept-Language": "en-US"}))["items"][0]["why"]
    assert any("\u4e00" <= character <= "\u9fff" for character in why), why


@pytest.mark.parametrize("reason", ["cancelled", "credited", "changed"])
def test_reason_of_a_clawback(live, shop, reason):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora)
    order_id = shop.sell(carl, 2)
    with live.env() as env:
        order = env["sale.order"].browse(order_id)
        if reason == "cancelled":
            order._action_cancel()
        elif reason == "changed":
            order.order_line.price_unit = 80
        else:
            invoice = order._create_invoices()
            invoice.action_post()
            wizard = env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
            wizard = wizard.create({"journal_id": invoice.journal_id.id})
            wizard.reverse_moves()
            wizard.new_move_ids.invoice_line_ids.price_unit = 10
            wizard.new_move_ids.action_post()
    assert ok(dora.get("/me/entries", params={"kind": "clawback"}))["items"][0]["reason"] == reason


def page_through(person, path, limit):
    """Return the ids on all pages of a list."""
    seen, cursor = [], None
    while True:
        page = ok(person.get(path, params={"limit": limit, **({"cursor": cursor} if cursor else {})}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            return seen


def test_what_is_guaranteed_for_a_month_has_no_order(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora, days_ago=120)
    with live.env() as env:
        vals = {"program_id": live.program_id, "level": 1, "rate": 10, "limit_scope": "period", "minimum_amount": 50}
        rule = env["distribution.commission.rule"].create(
            {**vals, "audience": "distributor", "distributor_id": dora.distributor_id}
        )
    order = shop.sell(carl, 3, days_ago=90)
    with live.env() as env:
        guarantees = env["distribution.commission.guarantee"]
        guarantees._look(guarantees.search([("rule_id", "=", rule.id)]))
    added, earned = ok(dora.get("/me/entries", headers={"Accept-Language": "en-US"}))["items"]
    assert (earned["amount"], added["amount"]) == ("30.00", "20.00")
    assert (added["order"], added["buyer"], added["kind"], added["reason"]) == (None, None, "earning", None)
    assert added["product"].startswith("Guaranteed for ")
    assert "They have brought 30.00." in added["why"]
    assert ok(dora.get(f"/me/entries/{added['id']}"))["amount"] == "20.00"
    shop.take_back(order, 3)
    gone = ok(dora.get("/me/entries", params={"kind": "clawback"}, headers={"Accept-Language": "en-US"}))["items"]
    assert {each["reason"] for each in gone} == {"returned", "guarantee"}
    assert "What the sales of the period have brought has changed." in {each["reason_text"] for each in gone}


def test_entries_are_filtered_and_paged(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora, days_ago=40)
    shop.sell(carl, 1, days_ago=30)
    shop.settle()
    for _number in range(4):
        shop.sell(carl, 1)

    def count(**params):
        return len(ok(dora.get("/me/entries", params=params))["items"])

    with live.env() as env:
        today = env["distribution.program"].browse(live.program_id)._get_business_date().isoformat()
    assert (count(), count(state="held"), count(state="settled"), count(state="due")) == (5, 4, 1, 0)
    assert (count(kind="clawback"), count(level=1), count(level=2)) == (0, 5, 0)
    assert (count(date_from=today), count(date_to="2000-01-01")) == (4, 0)
    assert_problem(dora.get("/me/entries", params={"level": 4}), 422, "invalid")
    seen = page_through(dora, "/me/entries", limit=2)
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)
