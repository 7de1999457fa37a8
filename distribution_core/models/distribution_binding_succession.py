# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class DistributionBinding(models.Model):
    """A customer goes on with another distributor because somebody decided so: a merge, a closing, a request.

    Whoever was a new customer stays one: what was bought under the first distributor is no reason to pay the next one
    nothing. A distributor who takes over by recommending is another matter: it brings somebody who has bought before.
    """

    _inherit = "distribution.binding"  # pylint: disable=consider-merging-classes-inherited

    customer_since = fields.Datetime(
        compute="_compute_customer_since",
        store=True,
        # Given on creation; writing it is refused.
        readonly=False,
        help="Orders before this moment make an old customer, where the program counts new ones only. It is earlier "
        "than the binding where the customer was handed over by another distributor.",
    )

    # === COMPUTE METHODS === #

    @api.depends("date_from")
    def _compute_customer_since(self):
        for binding in self:
            binding.customer_since = binding.date_from

    # === BUSINESS METHODS === #

    def _pass_to(self, distributor, reason):
        """Go on with another distributor for as long as the customer was bound and protected; the past is kept.

        Ended bindings stay as they are; nobody is bound to itself, and who was moved to another company meanwhile is
        free.

        :param distributor: of the same program; empty for nobody: the customers are free
        :param str reason: why the present bindings end
        """
        active, now = self.filtered(lambda binding: binding.state == "active"), fields.Datetime.now()
        active.partner_id._lock_for_distribution()
        valid = active.filtered(lambda binding: binding._is_valid_at(now) and binding._can_pass_to(distributor))
        if not distributor._filter_earning():
            # Closed meanwhile: it takes no customers.
            valid = valid.browse()
        vals_list = [binding._prepare_passed_vals(distributor, now) for binding in valid]
        active._end(reason)
        self._create_successors(vals_list)

    def _can_pass_to(self, distributor):
        """Tell whether the customer can go on with a distributor."""
        self.ensure_one()
        # Whoever closes a distributor need not have the rights of the customer's company.
        customer = self.sudo().partner_id
        return customer != distributor.partner_id and self.program_id._takes_from(customer.company_id)

    @api.model
    def _rebind(self, partner, distributor, source, reason, previous=None, is_recommended=False):
        """Bind a customer past protection and policy, since somebody decided so who may; validity begins anew.

        :param str reason: why the binding there is ends
        :param previous: the binding the customer had when it was asked for, where that is over by now
        :param bool is_recommended: the customer has decided: nobody's new customer is handed over
        :return: the active binding
        """
        partner._lock_for_distribution()
        current, now = self._get_current(partner, distributor.program_id), fields.Datetime.now()
        is_valid = current and current._is_valid_at(now)
        if is_valid and current.distributor_id == distributor:
            return current
        taken_from = self.browse() if is_recommended else current if is_valid else previous or self.browse()
        vals = taken_from._prepare_successor_vals(partner, distributor, source, now)
        current._end(reason if is_valid else self.env._("Expired."))
        return self._create_successors([vals])

    def _prepare_successor_vals(self, partner, distributor, source, moment):
        """Return the values of the binding that follows this one, which is empty for a customer of nobody."""
        vals = self._prepare_binding_vals(partner, distributor, source, moment)
        return {**vals, "customer_since": self.customer_since} if self else vals

    def _prepare_passed_vals(self, distributor, moment):
        self.ensure_one()
        return {
            **self._prepare_successor_vals(self.partner_id, distributor, self.source, moment),
            "date_to": self.date_to,
            "protected_until": max(self.protected_until, moment) if self.protected_until else False,
        }

    @api.model
    def _create_successors(self, vals_list):
        # One active binding at any moment: the old ones end before the new ones begin.
        self.env["distribution.binding"].flush_model()
        # Past the guard against what people say of a customer: this is what the bindings before said.
        return self.sudo().create(vals_list).sudo(self.env.su)
