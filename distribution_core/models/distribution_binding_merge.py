# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class DistributionBinding(models.Model):
    """What becomes of bindings when distributors or contacts are merged."""

    _inherit = "distribution.binding"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        distributors = self.env["distribution.distributor"].browse(
            vals["distributor_id"] for vals in vals_list if vals.get("distributor_id")
        )
        survivors = distributors._lock_survivors()
        return super().create(
            [
                {**vals, "distributor_id": survivors.get(vals.get("distributor_id"), vals.get("distributor_id"))}
                for vals in vals_list
            ]
        )

    # === BUSINESS METHODS === #

    def _pass_to(self, distributor, reason):
        """Go on with another distributor for as long as the customer was bound and protected; the past is kept.

        Ended bindings stay as they are; nobody is bound to itself.

        :param distributor: of the same program
        :param str reason: why the present bindings end
        """
        active, now = self.filtered(lambda binding: binding.state == "active"), fields.Datetime.now()
        active.partner_id._lock_for_distribution()
        valid = active.filtered(lambda b: b._is_valid_at(now) and b.partner_id != distributor.partner_id)
        if not distributor._is_earning():
            # Closed meanwhile: it takes no customers.
            valid = valid.browse()
        vals_list = [binding._prepare_passed_vals(distributor, now) for binding in valid]
        active._end(reason)
        # One active binding at any moment: the old ones end before the new ones begin.
        active.flush_recordset()
        self.create(vals_list)

    def _prepare_passed_vals(self, distributor, moment):
        self.ensure_one()
        return {
            **self._prepare_binding_vals(self.partner_id, distributor, self.source, moment),
            "date_to": self.date_to,
            "protected_until": max(self.protected_until, moment) if self.protected_until else False,
        }

    def _get_predecessor(self):
        """Return the binding to the distributor that was merged into this one's, where this one went on from it."""
        self.ensure_one()
        domain = [
            ("partner_id", "=", self.partner_id.id),
            ("program_id", "=", self.program_id.id),
            ("distributor_id.merged_into_id", "=", self.distributor_id._get_survivor().id),
            ("state", "=", "ended"),
            ("date_to", ">=", self.date_from),
            ("id", "<", self.id),
        ]
        return self.search(domain, order="id desc", limit=1)

    @api.model
    def _end_for_merge(self, partners, members, reason):
        """Leave one active binding per program to contacts that become one, none where it is a distributor itself.

        :param partners: all of the contacts
        :param members: memberships of the contacts that are not merged
        :param str reason: kept on those that end
        """
        bindings = self.search([("partner_id", "in", partners.ids), ("state", "=", "active")])
        for program, group in bindings.grouped("program_id").items():
            own = members.filtered(lambda d, program=program: d.program_id == program)
            kept = self.browse() if own._filter_earning() else group._choose_for_merge()
            (group - kept.filtered(lambda b, own=own: b.distributor_id not in own))._end(reason)
        bindings.flush_recordset()

    def _choose_for_merge(self):
        """Return the binding there would be if the customer had been one contact all along.

        A later one takes the customer over unless protection or the program's policy stood in the way when it began,
        as it does for one contact. Bindings that have run out count only where no other is left.
        """
        now = fields.Datetime.now()
        candidates = self.filtered(lambda binding: binding._is_valid_at(now)) or self
        kept = self.browse()
        for binding in candidates.sorted(lambda b: (b.date_from, b.id)):
            if not kept or not kept._get_obstacle(binding.date_from):
                kept = binding
        return kept
