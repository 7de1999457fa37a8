# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from ..tools.masking import mask_name


class DistributionBindingRequest(models.Model):
    """A recommendation is a question to the customer: stay, or go to who recommended last.

    Front ends ask it. Only the customer answers it there: nobody else's question is found.
    """

    _inherit = "distribution.binding.request"  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    @api.model
    def _get_questions(self, partner, programs):
        """Return what a customer is asked now, the latest first.

        What could not be answered with yes is not asked: while the binding there is now is protected, or where the
        program keeps it by now, or once who recommended earns nothing. Nor is a distributor asked whose customer it is.

        :param partner: the customer, a `res.partner`
        :param programs: `distribution.program` to look in
        """
        others = programs.filtered(lambda program: not program._get_membership(partner)._filter_earning())
        domain = [
            ("kind", "=", "ask"),
            ("state", "=", "draft"),
            ("partner_id", "=", partner.id),
            ("program_id", "in", others.ids),
        ]
        return self.search(domain).filtered(lambda request: request._is_answerable())

    def _is_answerable(self):
        self.ensure_one()
        receiver, now = self.distributor_id._get_survivor(), fields.Datetime.now()
        current = self.env["distribution.binding"]._get_current(self.partner_id, self.program_id)
        is_other = current.distributor_id != receiver and receiver.partner_id != self.partner_id
        return receiver._can_recommend() and is_other and current._get_obstacle(now) not in ("protected", "first")

    def _answer(self, is_agreed):
        """Take the customer's answer; the same answer twice changes nothing.

        :param bool is_agreed: True to go to who recommended, False to stay
        :raise UserError: for a question that was answered otherwise
        """
        self.ensure_one()
        if is_agreed:
            self._accept()
        else:
            self._decline()

    def _get_asker_name(self):
        """Return who recommended, masked."""
        self.ensure_one()
        return mask_name(self.distributor_id._get_survivor().partner_id.name)

    def _get_present_name(self):
        """Return whose customer the person is now, masked; None for nobody's."""
        self.ensure_one()
        bindings = self.env["distribution.binding"]
        current = bindings._find_valid(self.partner_id, self.program_id, fields.Datetime.now())[:1]
        return mask_name(current.distributor_id.partner_id.name) if current else None
