# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import re
from html import unescape

from odoo.tests import HttpCase

from .common import DistributionCommon


class PortalCommon(DistributionCommon, HttpCase):
    """People who use the portal as their browsers do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # With a website its company counts, and it is the one of the people here.
        cls.program._get_shown().filtered(lambda program: program != cls.program).active = False
        cls.carl = cls._create_user("Carl")

    @classmethod
    def _create_user(cls, name, partner=None):
        """Create somebody who logs in to the portal, with the name in small letters as login and password."""
        return (
            cls.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": name,
                    "login": f"{name.lower()}-login",
                    "password": f"{name.lower()}-login",
                    "lang": "en_US",
                    "group_ids": [(6, 0, cls.env.ref("base.group_portal").ids)],
                    **({"partner_id": partner.id} if partner else {}),
                }
            )
        )

    @classmethod
    def _publish_agreement(cls, text="<p>Be honest</p>"):
        agreement = cls.env["distribution.agreement"].create({"program_id": cls.program.id, "text": text})
        agreement.action_publish()
        return agreement

    def log_in(self, user):
        self.authenticate(user.login, user.login)

    def open(self, url):
        """Open a page that has to be there.

        :return: what it says, see `_get_content`
        """
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        return self._get_content(answer)

    def send(self, url, page=None, **typed):
        """Send a form.

        :param str page: where the form is, the address itself if it is left out
        :return: what the page says that is shown then
        """
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.url_open(page or url).text)[1]
        answer = self.url_open(url, data={**typed, "csrf_token": token})
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        self.shown = answer.url
        return self._get_content(answer)

    def _get_content(self, answer):
        """Return a page without head and foot, without what HTML makes of quotes, with single spaces."""
        content = answer.text.partition('<div id="wrap"')[2].partition("<footer")[0]
        self.assertTrue(content, answer.url)
        return " ".join(unescape(content).split())
