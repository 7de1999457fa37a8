# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import freeze_time

from odoo.addons.distribution_commission.tests.common import CommissionCommon


class PayoutCommon(CommissionCommon):
    """The tiny world with money in the bank."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.payable = cls.company.commission_payable_account_id

    def _earn_and_settle(self, quantity=10, day="2026-03-01", settled_on="2026-04-01"):
        with freeze_time(f"{day} 02:00:00"):
            order = self._sell(quantity)
            picking = self._deliver(order)
        with freeze_time(f"{settled_on} 02:00:00"):
            self._settle()
        return order, picking

    def _create_run(self):
        wizard = self.env["distribution.payout.wizard"].create({"journal_id": self.bank.id})
        return self.env["distribution.payout.run"].browse(wizard.action_create_run()["res_id"])

    def _pay(self, run, date=None):
        wizard = self.env["distribution.payout.confirm"].create({"run_id": run.id, **({"date": date} if date else {})})
        wizard.action_confirm()

    def _withdrawal(self, run, distributor):
        return run.withdrawal_ids.filtered(lambda withdrawal: withdrawal.distributor_id == distributor)

    def _payable_items(self, distributor):
        return self.env["account.move.line"].search(
            [("account_id", "=", self.payable.id), ("distribution_distributor_id", "=", distributor.id)], order="id"
        )
