# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models

# What front ends read for an outcome of `_recommend`, where it is another word.
OUTCOMES = {"already": "already_yours", "kept": "protected", "own": "own_code", "inactive": "code_unknown"}


class DistributionBinding(models.Model):
    _inherit = "distribution.binding"

    @api.model
    def _bind_scanned(self, identity, scene=None, code=None, is_agreed=False):
        """Bind the person who scanned a distributor's code or typed it in.

        A code for recruiting is remembered besides: who made it becomes the upline, should the person apply.

        :param identity: the person's `distribution.wechat.identity`
        :param str scene: of a code that was scanned
        :param str code: a distributor's code, typed in
        :param bool is_agreed: the person was asked, and wants to leave the distributor it has
        :return: the outcome, the binding there is now (may be another distributor's) and the link that was scanned

            ``bound``, ``already_yours``, ``protected`` (another distributor's, who keeps it for now), ``asked``
            (another distributor's, until the person agrees), ``own_code``, ``member`` (a distributor itself), or
            ``code_unknown`` (no such code in this mini-program, or its distributor earns nothing)
        :rtype: tuple
        """
        partner = identity.partner_id
        distributor, scanned = self._find_by_code(identity.account_id, scene, code)
        if not distributor or not distributor._can_recommend():
            return "code_unknown", self.browse(), scanned
        if scanned and distributor.partner_id != partner:
            scanned._register_click(partner=partner)
        outcome, binding = self._recommend(partner, distributor, "qr" if scanned else "code", is_agreed)
        if outcome in ("bound", "already") and scanned.purpose == "recruit":
            identity.recruiter_id = distributor
        return OUTCOMES.get(outcome, outcome), binding, scanned

    @api.model
    def _find_by_code(self, account, scene=None, code=None):
        """Return who made a code.

        :return: the distributor, empty where there is none, and the link, empty for a code typed in
        :rtype: tuple
        """
        links = self.env["distribution.link"]
        if scene:
            scanned = links._find_scanned(account, scene)
            return scanned.distributor_id._get_survivor(), scanned
        return account.program_id._find_distributor(code)._get_survivor(), links
