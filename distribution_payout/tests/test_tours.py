# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import HttpCase, new_test_user, tagged

from .common import PayoutCommon

GROUPS = "distribution_core.group_distribution_finance,account.group_account_invoice"


@tagged("post_install", "-at_install")
class TestTours(HttpCase, PayoutCommon):
    def test_due_commission_is_settled_and_paid_out(self):
        new_test_user(self.env, "tour_finance", GROUPS)
        self.program.hold_days = 0
        self._deliver(self._sell(10))
        self.entry_model._release(self.program)
        self.start_tour("/odoo/commission-settlements", "distribution_payout_tour", login="tour_finance")
        self.assertAccount(self.cleo)
        self.assertBooksAgree()
