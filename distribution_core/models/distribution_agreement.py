# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty

# What a version says, and to whom.
TERMS = {"program_id", "text"}


class DistributionAgreement(models.Model):
    """A version of what distributors of a program agree to. What was published never changes."""

    _name = "distribution.agreement"
    _description = "Distributor Agreement"
    _inherit = ["mail.thread"]
    _order = "program_id, version desc"
    _rec_name = "version"

    program_id = fields.Many2one(
        comodel_name="distribution.program", required=True, index=True, ondelete="restrict", copy=False
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    version = fields.Integer(readonly=True, required=True, copy=False, aggregator=None)
    text = fields.Html(translate=True, help="What the distributor reads and accepts, in each language of yours.")
    state = fields.Selection(
        selection=[("draft", "Draft"), ("published", "Published")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    date = fields.Datetime(string="Published On", readonly=True, copy=False)
    acceptance_ids = fields.One2many("distribution.agreement.acceptance", "agreement_id")
    acceptance_count = fields.Integer(string="Accepted By", compute="_compute_acceptance_count")

    _version_uniq = models.UniqueIndex("(program_id, version)", "A program has each version of its agreement once.")
    _published_date = models.Constraint("CHECK(state = 'draft' OR date IS NOT NULL)", "A published version has a date.")

    # === COMPUTE METHODS === #

    @api.depends("program_id.name", "version")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = self.env._(
                "%(program)s, version %(version)s", program=agreement.program_id.name, version=agreement.version
            )

    @api.depends("acceptance_ids")
    def _compute_acceptance_count(self):
        groups = self.env["distribution.agreement.acceptance"]._read_group(
            [("agreement_id", "in", self.ids)], ["agreement_id"], ["__count"]
        )
        counts = dict(groups)
        for agreement in self:
            agreement.acceptance_count = counts.get(agreement, 0)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # Numbers are given in the order of writing, whatever the caller says, and texts are published by hand.
            vals |= {"state": "draft", "date": False, "version": self._get_next_version(vals.get("program_id"))}
        # One by one: each takes the number after the one before it.
        return self.browse().union(*(super(DistributionAgreement, self).create([vals]) for vals in vals_list))

    def write(self, vals):
        if {"state", "date", "version"} & vals.keys():
            raise UserError(self.env._("A version gets its number by itself, and is published by its button."))
        if not TERMS.isdisjoint(vals):
            self._check_draft()
        return super().write(vals)

    def _update_field_translations(self, field_name, translations, digest=None, source_lang=""):
        """Override of Odoo: a translation is what somebody has accepted, too."""
        if field_name in TERMS:
            self._check_draft()
        return super()._update_field_translations(field_name, translations, digest=digest, source_lang=source_lang)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self._check_draft()

    def _check_draft(self):
        """Refuse to change what was published.

        :raise UserError: naming the version
        """
        published = self.filtered(lambda agreement: agreement.state == "published")[:1]
        if published:
            raise UserError(
                self.env._(
                    "%s was published and never changes: write a new version. Distributors are then asked again.",
                    published.display_name,
                )
            )

    # === ACTION METHODS === #

    def action_publish(self):
        """Make it the version that applicants accept from now on; publishing twice changes nothing."""
        self.check_access("write")
        for agreement in self.filtered(lambda agreement: agreement.state == "draft"):
            if is_html_empty(agreement.text):
                raise UserError(self.env._("%s has no text yet.", agreement.display_name))
            agreement._set_published()

    # === BUSINESS METHODS === #

    def _set_published(self):
        """Write past our own guard, which is for everybody else."""
        return super().write({"state": "published", "date": fields.Datetime.now()})

    @api.model
    def _get_next_version(self, program_id):
        last = self.sudo().search([("program_id", "=", program_id)], order="version desc", limit=1)
        return last.version + 1
