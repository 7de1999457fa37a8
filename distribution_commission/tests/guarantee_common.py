# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from unittest.mock import patch

from odoo.tests import freeze_time

from .rules_common import RulesCommon

APRIL = "2026-04-01 02:00:00"


class GuaranteeCommon(RulesCommon):
    """A rule that guarantees an amount for a month, sales, and the look at night."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.guarantees = cls.env["distribution.commission.guarantee"]

    def _least(self, amount, rate=1, **vals):
        """Create a rule that guarantees an amount for a month, without which level 1 gets 1.00 of each mug."""
        vals = {"product_id": self.goods, "limit_scope": "period", "date_from": "2020-01-01", **vals}
        return self._rule(rate=rate, minimum_amount=amount, **vals)

    def _sell_on(self, day, *quantities, deliver=True, **vals):
        with freeze_time(day):
            orders = [self._sell(quantity, **vals) for quantity in quantities]
            for order in orders if deliver else ():
                self._deliver(order)
        return orders

    def _look(self, moment=APRIL):
        """What the scheduled action does at night."""
        crons = type(self.env["ir.cron"])
        with (
            freeze_time(moment),
            patch.object(crons, "_run_for_each", lambda cron, items, work: [work(item) for item in items]),
        ):
            self.guarantees._cron_look()

    def _get_added(self, **vals):
        """Return what was added by month."""
        domain = [(name, "=", getattr(value, "id", value)) for name, value in vals.items()]
        return [guarantee.added_amount for guarantee in self.guarantees.search(domain, order="date_start, level, id")]

    def _get_entries(self):
        return self.entry_model.search([("guarantee_id", "!=", False)], order="id")

    def _get_dated(self):
        return [(entry.amount, str(entry.date)) for entry in self._get_entries()]
