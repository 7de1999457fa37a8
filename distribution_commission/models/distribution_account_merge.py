# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, models


class DistributionAccount(models.Model):
    """What becomes of the accounts of distributors that were merged.

    Money is owed to whoever earned it, and taxed as theirs: a merge of memberships moves none of it, the merged one is
    settled and paid as before. Once the contacts are one, so is the payee: then what the merged one holds, its debt
    too, goes to the survivor's account, now and whenever more arrives.
    """

    _inherit = "distribution.account"

    @api.model
    def _bring_together_settled(self, settlement):
        """Take along what a settlement has added to accounts of merged distributors."""
        merged = settlement.line_ids.distributor_id.filtered("merged_into_id")
        domain = [("distributor_id", "in", merged.ids), ("company_id", "=", settlement.company_id.id)]
        self.search(domain)._bring_together()

    def _bring_together(self):
        """Put what accounts of merged distributors hold on the survivor's, where both are of one contact.

        What is reserved follows if it comes back. Doing it twice changes nothing.
        """
        for account in self.sudo().sorted("id"):
            survivor = account.distributor_id.merged_into_id
            if survivor and survivor.partner_id == account.distributor_id.partner_id:
                account._transfer_to(self.sudo()._get_or_create(survivor, account.company_id))

    def _transfer_to(self, other):
        """Move what is available, or owed by the distributor, to another account, in both books.

        :param other: an account with the same company
        """
        self.ensure_one()
        # Locks both, in order of id: nothing changes between the reading and the writing.
        self._update_figures("available = account.available", {self.id: Decimal(0), other.id: Decimal(0)})
        amount = Decimal(repr(self.available)) - Decimal(repr(self.debt))
        if not amount:
            return
        net = "(account.available - account.debt + delta.amount)"
        self._update_figures(
            f"available = GREATEST({net}, 0), debt = GREATEST(-{net}, 0)", {self.id: -amount, other.id: amount}
        )
        self._post_transfer(other, float(amount))

    def _post_transfer(self, other, amount):
        company = self.company_id
        ref = self.env._(
            "Commission accounts brought together: %(merged)s into %(survivor)s",
            merged=self.distributor_id.code,
            survivor=other.distributor_id.code,
        )
        lines_vals = [
            account._prepare_transfer_line_vals(ref, balance) for account, balance in ((self, amount), (other, -amount))
        ]
        date = self.program_id._get_business_date()
        self.env["account.move"]._create_commission_move(company, date, ref, lines_vals)
        self.env["account.move.line"]._reconcile_commission_payable(company, (self | other).distributor_id)

    def _prepare_transfer_line_vals(self, ref, balance):
        self.ensure_one()
        return {
            "name": ref,
            "account_id": self.company_id.commission_payable_account_id.id,
            "partner_id": self.distributor_id.partner_id.id,
            "distribution_distributor_id": self.distributor_id.id,
            "balance": balance,
        }
