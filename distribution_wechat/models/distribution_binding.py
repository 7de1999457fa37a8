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
        partner = identity.partner_id
        distributor, scanned = self._find_by_code(identity.account_id, scene, code)
        if not distributor or not distributor._can_recommend():
            return "code_unknown", self.browse(), scanned
        if distributor.partner_id == partner:
            return "own_code", self.browse(), scanned
        partner._lock_for_distribution()
        current, now = self._get_current(partner, distributor.program_id), fields.Datetime.now()
        if current and current.distributor_id != distributor and current._is_protected_at(now):
            return "protected", current, scanned
        binding = self._bind(partner, distributor, "qr" if scanned else "code")
        if scanned.purpose == "recruit":
            identity.recruiter_id = distributor
        return "already_yours" if binding == current else "bound", binding, scanned

    @api.model
    def _find_by_code(self, account, scene=None, code=None):
        """Return who made a code.

        :return: the distributor, empty where there is none, and the `scene` record, empty for a code typed in
        :rtype: tuple
        """
        scenes, distributors = self.env["distribution.wechat.scene"], self.env["distribution.distributor"]
        if scene:
            scanned = scenes._find(account, scene)
            return scanned.distributor_id._get_survivor(), scanned
        # People type small letters, too.
        domain = [("program_id", "=", account.program_id.id), ("code", "in", [code, code.upper()])]
        found = distributors.search(domain)
        found = found.filtered(lambda distributor: distributor.code == code) or found[:1]
        return found._get_survivor(), scenes
