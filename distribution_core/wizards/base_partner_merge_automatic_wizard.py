# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Override of `base`: memberships and bindings become one before their contacts do.

        Odoo moves references by SQL, past every guard; two memberships, or two bindings, of one program would meet.
        """
        members = self._merge_distribution(src_partners, dst_partner)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        # Written past the cache.
        self.env.invalidate_all()
        members._contacts_merged()
        return result

    def _merge_distribution(self, src_partners, dst_partner):
        """Merge the memberships of contacts, then leave one binding a program.

        :return: all memberships of the contacts, as superuser
        :raise AccessError: where memberships meet and the user is no manager of the suite
        """
        # Who merges contacts need not see distributors.
        partners = (src_partners | dst_partner).sudo().with_context(active_test=False)
        partners._lock_for_distribution()
        members = partners.distributor_ids.filtered(lambda d: not d.merged_into_id)
        if len(members) > len(members.program_id):
            self.env["res.users"]._check_distribution_role("distribution_core.group_distribution_manager")
        reason = self.env._("The contacts were merged.")
        members._merge_memberships(dst_partner, reason)
        open_members = members.filtered(lambda d: not d.merged_into_id)
        self.env["distribution.binding"].sudo()._end_for_merge(partners, open_members, reason)
        self.env["distribution.binding.request"].sudo()._refuse_for_merge(partners, reason)
        # Odoo deletes every visit of a contact when one of them meets another one's.
        visits = self.env["distribution.visit"].sudo()
        visits.search([("partner_id", "in", src_partners.ids), ("state", "=", "provisional")])._give_to(dst_partner)
        return partners.distributor_ids
