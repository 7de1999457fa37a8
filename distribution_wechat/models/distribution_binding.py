# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class DistributionBinding(models.Model):
    _inherit = "distribution.binding"

    @api.model
    def _bind_scanned(self, identity, scene=None, code=None):
        """Bind the person who scanned a distributor's code or typed it in.

        A code for recruiting is remembered besides: who made it becomes the upline, should the person apply.

        :param identity: the person's `distribution.wechat.identity`
        :param str scene: of a code that was scanned
        :param str code: a distributor's code, typed in
        :return: the outcome, the binding there is now (may be another distributor's) and the `scene` record

            ``bound``, ``already_yours``, ``protected`` (another distributor's, still protected), ``own_code``, or
            ``code_unknown`` (no such code in this mini-program, or its distributor earns nothing)
        :rtype: tuple
        """
        account, partner = identity.account_id, identity.partner_id
        scanned = self.env["distribution.wechat.scene"]._find(account, scene) if scene else None
        distributor = scanned.distributor_id if scanned else self._find_recommender(account.program_id, code)
        if not distributor or not distributor._can_recommend():
            return "code_unknown", self.browse(), scanned
        if distributor.partner_id == partner:
            return "own_code", self.browse(), scanned
        partner._lock_for_distribution()
        current, now = self._get_current(partner, distributor.program_id), fields.Datetime.now()
        if current and current.distributor_id != distributor and current._is_protected_at(now):
            return "protected", current, scanned
        binding = self._bind(partner, distributor, "qr" if scanned else "code")
        if scanned and scanned.purpose == "recruit":
            identity.recruiter_id = distributor
        return "already_yours" if binding == current else "bound", binding, scanned

    @api.model
    def _find_recommender(self, program, code):
        """Return the distributor of a program with a code, as people type it; empty where there is none."""
        distributors = self.env["distribution.distributor"]
        if not program or not code:
            return distributors
        found = distributors.search([("program_id", "=", program.id), ("code", "in", [code, code.upper()])])
        return found.filtered(lambda distributor: distributor.code == code) or found
