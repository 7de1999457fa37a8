# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from urllib.parse import urlencode

from odoo import api, models

from ..tools.forms import clean

JOIN_URL = "/distribution/join"


class DistributionProgram(models.Model):
    """The way in on the website and in the portal."""

    _inherit = "distribution.program"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _get_shown(self):
        """Return the programs that the website and the portal show, of the visitor's companies and their parents."""
        return self.search([("company_id", "parent_of", self.env.companies.ids)])

    def _get_join_url(self, inviter=None):
        """Return the page by which people join, empty where the website is another company's.

        :param inviter: the `distribution.distributor` whose code is put in the form
        :rtype: str
        """
        self.ensure_one()
        if self.company_id not in self.env.companies.parent_ids:
            return ""
        url = f"{JOIN_URL}/{self.id}"
        return f"{url}?{urlencode({'code': inviter.code})}" if inviter else url

    @api.model
    def _get_offers(self, partner):
        """Return the programs that a person has not joined and that take everybody: the free way.

        :param partner: `res.partner`
        """
        free = self._get_shown().filtered(lambda program: program.join_policy != "invitation")
        return free.filtered(lambda program: program._takes_member(partner) and not program._get_membership(partner))

    @api.model
    def _get_offers_after_order(self, partner):
        """Return the programs that the portal offers to a person who has bought something, see `_is_offered_to`."""
        return self._get_shown().filtered(lambda program: program._is_offered_to(partner))

    def _find_distributor(self, code):
        """Return whose code somebody has typed in; people type small letters, too.

        :param str code: of a distributor
        :return: the distributor, empty for none
        """
        self.ensure_one()
        domain = [("program_id", "=", self.id), ("code", "in", [code, code.upper()])]
        found = self.env["distribution.distributor"].search(domain)
        return found.filtered(lambda distributor: distributor.code == code) or found[:1]

    def _find_inviter(self, code):
        """Return who invites by a code, empty for nobody who can recommend.

        :param str code: of a distributor or of a link, as it was typed; nothing is harmless, too
        """
        self.ensure_one()
        code = clean(code)
        link = self.env["distribution.link"]._find(code).filtered(lambda link: link._is_open())
        inviter = (self._find_distributor(code) or link.distributor_id)._get_survivor()
        return inviter.filtered(lambda one: one.program_id == self and one._can_recommend())
