# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestStatements(CommissionCommon):
    """How many SQL statements an order costs: whatever its number of lines and levels."""

    def _count(self, partner, lines, is_reloaded=False):
        """Return the statements of a confirmation, or of the making of an order and its confirmation.

        :param bool is_reloaded: the quotation is an older one
        """
        if is_reloaded:
            order = self._create_order(partner, lines)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        if not is_reloaded:
            order = self._create_order(partner, lines)
        order.action_confirm()
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def test_order_with_three_paid_levels_costs_one_statement_more_than_one_without(self):
        """One reads whose customer it is and the uplines, for any order; the terms come to it."""
        lines = [(self._create_goods(f"Goods {number}"), 1, 100) for number in range(5)]
        for partner in (self.customer, self.stranger):
            self._count(partner, lines)  # fills the caches that outlive an order
        self.assertEqual(self._count(self.customer, lines) - self._count(self.stranger, lines), 1)

    def test_an_older_quotation_costs_no_more(self):
        lines = [(self._create_goods(f"Goods {number}"), 1, 100) for number in range(5)]
        for partner in (self.customer, self.stranger):
            self._count(partner, lines, is_reloaded=True)
        paid, unpaid = (self._count(partner, lines, is_reloaded=True) for partner in (self.customer, self.stranger))
        self.assertEqual(paid - unpaid, 1)
