# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError

MANAGER = "distribution_core.group_distribution_manager"
# What the distributor says, and what a manager decides, is not rewritten afterwards.
APPEAL_FIELDS = {"distributor_id", "text"}
DECISION_FIELDS = {"state", "decided_by_id", "decided_on"}


class DistributionDistributorAppeal(models.Model):
    """A suspended distributor asks for another look at the suspension."""

    _name = "distribution.distributor.appeal"
    _description = "Appeal Against a Suspension"
    _inherit = ["mail.thread", "mail.activity.mixin", "distribution.portal.mixin"]
    _order = "id desc"
    _rec_name = "distributor_id"

    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('state', '=', 'suspended')]",
    )
    program_id = fields.Many2one(related="distributor_id.program_id", store=True, index=True)
    company_id = fields.Many2one(related="distributor_id.company_id", store=True, index=True)
    user_id = fields.Many2one(related="distributor_id.user_id")
    suspension_reason = fields.Text(readonly=True, help="Why the distributor was suspended.")
    text = fields.Text(string="Appeal", required=True, help="What the distributor says.")
    state = fields.Selection(
        selection=[("open", "To Decide"), ("granted", "Granted"), ("rejected", "Rejected")],
        required=True,
        default="open",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    decision_reason = fields.Text(copy=False, tracking=True, help="The distributor may read it.")
    decided_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    decided_on = fields.Datetime(readonly=True, copy=False)

    _open_uniq = models.UniqueIndex(
        "(distributor_id) WHERE state = 'open'", "An appeal of this distributor is waiting for a decision already."
    )

    @api.model
    def _get_portal_fields(self):
        names = ("distributor_id", "program_id", "company_id", "create_date", "suspension_reason", "text")
        return super()._get_portal_fields().union(names, ("state", "decision_reason", "decided_on"))

    @api.model
    def _has_field_access(self, field, operation):
        """Override to let a distributor write its appeal; once made it is changed by nobody, see `write`."""
        if operation == "write" and field.name in APPEAL_FIELDS and self._is_read_in_portal():
            return True
        return super()._has_field_access(field, operation)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # A distributor writes its appeal and nothing else, through any door.
        appeals = super().create(
            [{name: value for name, value in vals.items() if name in APPEAL_FIELDS} for vals in vals_list]
        )
        for appeal in appeals.sudo():
            if appeal.distributor_id.state != "suspended":
                raise UserError(
                    self.env._("%s is not suspended: there is nothing to appeal.", appeal.distributor_id.display_name)
                )
            appeal.suspension_reason = appeal.distributor_id.state_reason
            appeal.distributor_id.message_post(body=self.env._("Appeal against the suspension: %s", appeal.text))
            appeal._plan_decision()
        return appeals

    def write(self, vals):
        self.check_access("write")
        if not self.env.su and (APPEAL_FIELDS | DECISION_FIELDS | {"suspension_reason"}) & vals.keys():
            raise UserError(self.env._("An appeal stays as it is: decide on it by its buttons."))
        if "decision_reason" in vals and any(appeal.state != "open" for appeal in self):
            raise UserError(self.env._("The appeal is decided."))
        return super().write(vals)

    # === ACTION METHODS === #

    def action_grant(self):
        """End the suspension."""
        decided = self._decide("granted")
        decided.distributor_id.filtered(lambda d: d.state == "suspended").action_activate()

    def action_reject(self):
        """Leave the suspension as it is."""
        self._decide("rejected")

    # === BUSINESS METHODS === #

    @api.model
    def _make(self, distributor, text):
        """Make an appeal; the same once more is the appeal there is.

        Two at once wait for each other.

        :param distributor: a suspended `distribution.distributor`
        :param str text: what it says
        :raise UserError: for who is not suspended, and while an appeal that says something else waits for its decision
        """
        distributor.sudo().partner_id._lock_for_distribution()
        waiting = self._find_open(distributor)
        if waiting and waiting.text != text:
            raise UserError(self.env._("Your appeal is being looked at: wait for the answer."))
        return waiting or self.create({"distributor_id": distributor.id, "text": text})

    @api.model
    def _find_open(self, distributor):
        return self.search([("distributor_id", "=", distributor.id), ("state", "=", "open")])

    def _decide(self, state):
        """Decide on the open ones among the appeals, and tell the distributor.

        :return: those decided now: doing it twice changes nothing
        :raise UserError: without a reason
        """
        self.check_access("write")
        self.env["res.users"]._check_distribution_role(MANAGER)
        decided = self.filtered(lambda appeal: appeal.state == "open")
        for appeal in decided:
            if not (appeal.decision_reason or "").strip():
                raise UserError(self.env._("Give a reason for the decision: the distributor may read it."))
            appeal.sudo().write({"state": state, "decided_by_id": self.env.uid, "decided_on": fields.Datetime.now()})
            appeal.distributor_id.message_post(
                body=appeal._get_answer(), partner_ids=appeal.distributor_id.partner_id.ids
            )
        # Another manager may have decided.
        decided.sudo().activity_unlink(["mail.mail_activity_data_todo"])
        # Another appeal may follow at once: the database allows one open at a time.
        decided.flush_recordset()
        return decided

    def _plan_decision(self):
        """Put the appeal on the list of the one who decides on what concerns its distributor."""
        self.ensure_one()
        if responsible := self.distributor_id._get_responsible():
            # It reads in the language of who is to do it.
            text = self.with_context(lang=responsible.lang).env._("Decide on the appeal")
            self.activity_schedule("mail.mail_activity_data_todo", summary=text, user_id=responsible.id)

    def _get_answer(self):
        self.ensure_one()
        if self.state == "granted":
            return self.env._("The appeal was granted, the suspension ends: %s", self.decision_reason)
        return self.env._("The appeal was rejected, the suspension stays: %s", self.decision_reason)
