# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError


class JoiningRefused(UserError):
    """Somebody cannot join a program, or not yet.

    :param str reason: `program_closed` (also to the person's company), `invitation_required`, `agreement_required` or
        `answer_required`
    """

    def __init__(self, message, reason):
        super().__init__(message)
        self.reason = reason
