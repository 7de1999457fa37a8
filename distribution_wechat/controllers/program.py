# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import http
from odoo.tools import is_html_empty

from ..schemas.centre import Agreement, Program
from .api import endpoint
from .current import get_identity
from .times import to_utc


class ProgramController(http.Controller):
    """What a person reads before applying."""

    @endpoint("GET", "/program", answer=Program, readonly=True)
    def get_program(self):
        """Introduce the program: its texts, how to join, and the agreement."""
        program = get_identity().account_id.program_id
        return Program(
            name=program.name,
            join_policy=program.join_policy,
            introduction=self._get_text(program.introduction),
            rules=self._get_text(program.rules),
            how_to_earn=self._get_text(program.how_to_earn),
            contact=self._get_text(program.contact),
            agreement=self._agreement_answer(program.agreement_id),
        )

    def _get_text(self, html):
        return None if is_html_empty(html) else str(html)

    def _agreement_answer(self, agreement):
        if not agreement:
            return None
        return Agreement(version=agreement.version, text=str(agreement.text), published_at=to_utc(agreement.date))
