# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A small shop in a database of its own, for tests that race or crash."""

from decimal import Decimal


class World:
    """A small shop in a database of its own, with one order confirmed under a program's terms.

    :param bool confirm: False leaves the order a quotation
    """

    def __init__(self, database, trigger, hold_days, confirm=True):
        self.database, self.confirm = database, confirm
        self.terms = {"trigger": trigger, "hold_days": hold_days}
        with database.env() as env:
            self._set_up(env)

    def _set_up(self, env):
        if not env.company.chart_template:
            env["account.chart.template"].try_loading("generic_coa", env.company, install_demo=False)
        # Who races or crashes here looks at the ledger at once; `test_background` takes this back.
        env.company.is_commission_in_background = False
        program = env["distribution.program"].create(
            {
                "name": "Friends",
                **self.terms,
                "settlement_period": "manual",
                "binding_days": 0,
                "rule_ids": [(0, 0, {"level": 1, "rate": 10})],
            }
        )
        self.program_id = program.id
        self.distributor_ids = [self._create_distributor(env, name).id for name in ("Ada", "Ben")]
        customer = env["res.partner"].create({"name": "Customer"})
        env["distribution.binding"]._bind(customer, env["distribution.distributor"].browse(self.distributor_ids[0]))
        product = env["product.product"].create(
            {"name": "Mug", "type": "consu", "is_storable": True, "invoice_policy": "order", "taxes_id": False}
        )
        location = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1).lot_stock_id
        env["stock.quant"]._update_available_quantity(product, location, 1000)
        order = env["sale.order"].create(
            {
                "partner_id": customer.id,
                "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 10, "price_unit": 100})],
            }
        )
        if self.confirm:
            order.action_confirm()
        self.order_id = order.id

    def _create_distributor(self, env, name):
        distributor = env["distribution.distributor"].create(
            {"partner_id": env["res.partner"].create({"name": name}).id, "program_id": self.program_id}
        )
        distributor.action_activate()
        return distributor

    def ship(self, env, quantity):
        """Ship some of what is open and leave a backorder."""
        order = env["sale.order"].browse(self.order_id)
        picking = order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        picking.move_ids.write({"quantity": quantity, "picked": True})
        picking.with_context(skip_backorder=True).button_validate()
        return picking

    def miss_a_trigger(self, *later):
        """Leave a difference between what happened and the ledger, as after an event that got lost.

        :param later: quantities shipped on other deliveries, still on their way
        """
        with self.database.env() as env:
            picking = self.ship(env, 6)
            for quantity in later:
                self.ship(env, quantity)
            env.flush_all()
            env.cr.execute("UPDATE stock_picking SET commission_received_on = date_done WHERE id = %s", [picking.id])

    def ledger(self):
        with self.database.env() as env:
            env.cr.execute("SELECT COUNT(*), COALESCE(SUM(amount), 0)::text FROM distribution_commission_entry")
            count, amount = env.cr.fetchone()
            return count, Decimal(amount)
