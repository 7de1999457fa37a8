# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.exceptions import UserError


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `account`: what is paid past the payout runs would be paid twice.

        :raise UserError: when a commission balance is matched with an item of somebody else, or of nobody
        """
        partials = super().create(vals_list)
        for partial in partials:
            items = partial.debit_move_id | partial.credit_move_id
            distributors = items.mapped("distribution_distributor_id")
            if distributors and (len(distributors) > 1 or not all(item.distribution_distributor_id for item in items)):
                raise UserError(
                    self.env._(
                        "The balance of %s is paid by a payout run, which takes it off the commission account too.",
                        distributors[0].sudo().display_name,
                    )
                )
        return partials

    def unlink(self):
        """Override of `account`: an invoice whose payment is taken away is not paid any more."""
        invoices = (self.debit_move_id | self.credit_move_id).move_id
        result = super().unlink()
        invoices.exists()._converge_commission_payment()
        return result
