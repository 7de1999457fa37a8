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
