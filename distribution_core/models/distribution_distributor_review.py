# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import plaintext2html

from .distribution_setup import MANAGER

REVIEW = "distribution_core.mail_activity_type_review"


class DistributionDistributor(models.Model):
    """Who looks after a distributor, and reviews its application."""

    _inherit = "distribution.distributor"  # pylint: disable=consider-merging-classes-inherited

    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        tracking=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Looks after the distributor and reviews its application. Salespeople see their own, and those whose "
        "contact is theirs.",
    )

    # === COMPUTE METHODS === #

    @api.depends("program_id")
    def _compute_user_id(self):
        for distributor in self:
            distributor.user_id = distributor.user_id or distributor.program_id.user_id

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        distributors = super().create(vals_list)
        distributors._plan_review()
        return distributors

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self.filtered(lambda d: d.state != "draft").activity_unlink([REVIEW])
            self._plan_review()
        elif "user_id" in vals:
            self.activity_unlink([REVIEW])
            self._plan_review()
        return result

    # === BUSINESS METHODS === #

    def _note_message(self, text):
        """Keep what an applicant says for whoever reviews the application.

        :param str text: plain, empty or None for nothing
        """
        self.ensure_one()
        if text:
            self.message_post(body=plaintext2html(text))

    def _plan_review(self):
        """Ask whoever is responsible to decide on the applications among these."""
        for application in self.filtered(lambda d: d.state == "draft"):
            if responsible := application._get_responsible():
                application.activity_schedule(REVIEW, user_id=responsible.id)

    def _get_responsible(self):
        """Return the one who decides on what concerns the distributor, so that it is on one list of things to do.

        Its salesperson, whoever is responsible for the program, or made it; of these the first who may decide, which
        a mere salesperson may not. Where none of them may, the manager who has been one of the company's for longest.

        :return: a `res.users`, empty where the company has no manager
        """
        self.ensure_one()
        # Who applies or asks need not see users.
        program = self.sudo().program_id
        managers = self.env.ref(MANAGER).sudo().all_user_ids.sorted("id")
        deciding = managers.filtered(lambda u: u.active and not u.share and program.company_id in u.company_ids)
        named = (self.sudo().user_id, program.user_id, program.create_uid)
        return next((user for user in named if user in deciding), deciding[:1])
