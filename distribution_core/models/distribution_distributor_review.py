# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import plaintext2html

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
        for application in self.filtered(lambda d: d.state == "draft" and d.user_id):
            application.activity_schedule(REVIEW, user_id=application.user_id.id)
