# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The story of the README, read as an accountant: every journal item, its date, its partner, what is left open."""

from datetime import date

import story

from odoo.tests import tagged

from odoo.addons.distribution_payout.tests.common import PayoutCommon


@tagged("post_install", "-at_install")
class TestAccountant(PayoutCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order, cls.chain = story.play(cls.env)
        cls.items = cls.env["account.move.line"].search(
            [("distribution_distributor_id", "in", cls.chain.ids)], order="date, move_id, id"
        )

    def _items_of(self, distributor):
        """Return (date, account, balance, what is left open) of a distributor's journal items."""
        accounts = {
            self.company.commission_expense_account_id: "expense",
            self.company.commission_accrued_account_id: "accrued",
            self.company.commission_payable_account_id: "payable",
        }
        return [
            (item.date, accounts[item.account_id], item.balance, item.amount_residual)
            for item in self.items.filtered(lambda item: item.distribution_distributor_id == distributor)
        ]

    def test_every_step_is_booked_on_its_day(self):
        for distributor, earned, taken_back in zip(self.chain, (20.0, 50.0, 100.0), (6.0, 15.0, 30.0), strict=True):
            self.assertEqual(
                self._items_of(distributor),
                [
                    (date(2026, 3, 3), "expense", earned, 0.0),
                    (date(2026, 3, 3), "accrued", -earned, 0.0),
                    (date(2026, 4, 1), "accrued", earned, 0.0),
                    (date(2026, 4, 1), "payable", -earned, 0.0),
                    (date(2026, 4, 5), "payable", earned, 0.0),
                    (date(2026, 4, 20), "expense", -taken_back, 0.0),
                    (date(2026, 4, 20), "accrued", taken_back, 0.0),
                    (date(2026, 5, 1), "accrued", -taken_back, 0.0),
                    (date(2026, 5, 1), "payable", taken_back, taken_back),
                ],
            )

    def test_moves_balance_and_are_posted(self):
        moves = self.items.move_id
        self.assertEqual(len(moves), 5)
        self.assertEqual(set(moves.mapped("state")), {"posted"})
        for move in moves:
            self.assertEqual(sum(line.debit for line in move.line_ids), sum(line.credit for line in move.line_ids))

    def test_every_commission_line_carries_its_partner(self):
        for item in self.items:
            self.assertEqual(item.partner_id, item.distribution_distributor_id.partner_id)
        self.assertTrue(all(line.partner_id for line in self.items.move_id.line_ids))

    def test_labels_carry_codes_not_names(self):
        for item in self.items:
            self.assertIn(item.distribution_distributor_id.code, item.name)
            self.assertNotIn(item.partner_id.name, item.name)

    def test_debt_is_on_the_account_and_in_the_books(self):
        for distributor, debt in zip(self.chain, ("6", "15", "30"), strict=True):
            self.assertAccount(distributor, debt=debt)
        self.assertBooksAgree()
