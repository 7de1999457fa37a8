# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The distribution centre's tests: the merchant who trades, and people with names nobody else may read."""

import contextlib
import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from odoo import fields
from odoo.tests import freeze_time

serial = itertools.count(1)


class Shop:
    """What the merchant does for the tests, and people with names that must never be read by others."""

    def __init__(self, live):
        self.live = live

    def person(self, name):
        """Return somebody with a name and a phone of their own that only they may read."""
        person = self.live.person(name)
        person.clear_name, person.clear_phone = f"{name} Secretname{next(serial)}", f"+86138{next(serial):08d}"
        with self.live.env() as env:
            partner = env["res.partner"].browse(person.partner_id)
            partner.write({"name": person.clear_name, "phone": person.clear_phone})
        return person

    def distributor(self, name, upline=None):
        person = self.person(name)
        person.become_distributor(upline)
        with self.live.env() as env:
            person.code = env["distribution.distributor"].browse(person.distributor_id).code
        return person

    def chain(self, *names):
        """Return distributors, each below the one before."""
        people = []
        for name in names:
            people.append(self.distributor(name, people[-1] if people else None))
        return people

    def scene(self, distributor, purpose="shop", **values):
        answer = distributor.post("/me/codes", {"purpose": purpose, **values})
        assert answer.status_code == 200, answer.text
        return answer.json()["scene"]

    @contextlib.contextmanager
    def on(self, days_ago):
        """Yield the merchant's environment some days ago."""
        with freeze_time(fields.Datetime.now() - timedelta(days=days_ago)), self.live.env() as env:
            yield env

    def sell(self, buyer, quantity=1, price=100.0, days_ago=0, ship=True, discount=0.0):
        """Sell to a person; shipped goods are received at once.

        :return: id of the order
        """
        with self.on(days_ago) as env:
            lines = [{"product_id": self.live.product_id, "product_uom_qty": quantity, "price_unit": price}]
            if discount:
                lines.append({"product_id": self.service(env).id, "product_uom_qty": 1, "price_unit": -discount})
            order = env["sale.order"].create(
                {"partner_id": buyer.partner_id, "order_line": [fields.Command.create(line) for line in lines]}
            )
            order.action_confirm()
        if ship:
            self.ship(order.id, days_ago)
        return order.id

    def service(self, env):
        values = {"name": "Discount", "type": "service", "taxes_id": False, "company_id": self.live.company_id}
        return env["product.product"].create(values)

    def ship(self, order_id, days_ago=0):
        with self.on(days_ago) as env:
            order = env["sale.order"].browse(order_id)
            for move in order.picking_ids.move_ids:
                move.write({"quantity": move.product_uom_qty, "picked": True})
            order.picking_ids.with_context(skip_backorder=True).button_validate()
            order.action_confirm_receipt()

    def take_back(self, order_id, quantity):
        with self.live.env() as env:
            picking = env["sale.order"].browse(order_id).picking_ids[:1]
            wizard = env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking")
            wizard = wizard.create({})
            wizard.product_return_moves.write({"quantity": quantity, "to_refund": True})
            back = env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
            back.move_ids.write({"quantity": quantity, "picked": True})
            back.button_validate()

    def release(self):
        with self.live.env() as env:
            env["distribution.commission.entry"]._release(env["distribution.program"].browse(self.live.program_id))

    def settle(self):
        self.release()
        with self.live.env() as env:
            program = env["distribution.program"].browse(self.live.program_id)
            env["distribution.settlement"]._create_from_due(program).action_post()

    def bind(self, customer, distributor, days_ago=0):
        with self.on(days_ago) as env:
            partner = env["res.partner"].browse(customer.partner_id)
            env["distribution.binding"]._bind(
                partner, env["distribution.distributor"].browse(distributor.distributor_id)
            )


def ok(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def assert_problem(answer, status, code):
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    return answer.json()


def bindings_of(live, person):
    with live.env() as env:
        found = env["distribution.binding"].search([("partner_id", "=", person.partner_id)], order="id")
        return [(binding.distributor_id.id, binding.source, binding.state) for binding in found]


def at_once(*calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
