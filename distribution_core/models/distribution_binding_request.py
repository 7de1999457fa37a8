# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..const import BINDING_SOURCES, REQUEST_KINDS, REQUEST_STATES

MANAGER = "distribution_core.group_distribution_manager"

# What people write; everything else follows from it, or from the decision.
FIELDS_OF_REQUESTER = {"reason", "decision_reason"}
DECISION_FIELDS = ("decided_by_id", "decided_on", "binding_id", "decision_reason")


class DistributionBindingRequest(models.Model):
    """Somebody asks that a customer belongs to another distributor; nothing changes until it is approved."""

    _name = "distribution.binding.request"
    _description = "Binding Request"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "create_date desc, id desc"
    # Whoever asks may say more; deciding is another matter.
    _mail_post_access = "read"

    kind = fields.Selection(
        selection=REQUEST_KINDS,
        required=True,
        default="change",
        help="Recommendation: a second distributor recommends, and the program asks the customer.\n"
        "Appeal: a distributor or a customer says that the binding is wrong.\n"
        "Change: the merchant wants another distributor to look after the customer.",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
    )
    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        string="To",
        required=True,
        index=True,
        ondelete="restrict",
        # The company follows from it: a check against the company would offer nobody while it is empty.
        domain="[('state', 'in', ('active', 'suspended'))]",
    )
    program_id = fields.Many2one(related="distributor_id.program_id", store=True, index=True)
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    from_distributor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        string="From",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        help="Whose customer it was when the request was made. Empty: nobody's.",
    )
    source = fields.Selection(selection=BINDING_SOURCES, required=True, default="staff", readonly=True)
    reason = fields.Text(required=True, tracking=True)
    state = fields.Selection(
        selection=REQUEST_STATES,
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    decision_reason = fields.Text(string="Decision", copy=False, tracking=True, help="Why it was decided like this.")
    decided_by_id = fields.Many2one("res.users", string="Decided By", readonly=True, copy=False, ondelete="restrict")
    decided_on = fields.Datetime(readonly=True, copy=False)
    binding_id = fields.Many2one(
        comodel_name="distribution.binding",
        string="Binding Made",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
    )

    _open_uniq = models.UniqueIndex(
        "(program_id, partner_id, distributor_id) WHERE state = 'draft'",
        "The same was asked for already and is not decided yet.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id.name", "distributor_id.display_name")
    def _compute_display_name(self):
        # A salesperson reads of a request to take its distributor's customer who is to get it.
        for request in self.sudo():
            request.display_name = f"{request.partner_id.name or ''} → {request.distributor_id.display_name or ''}"

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "distributor_id")
    def _check_receiver(self):
        for request in self:
            if request.partner_id == request.distributor_id.partner_id:
                raise ValidationError(
                    self.env._("A distributor is not bound to itself: %s.", request.sudo().partner_id.name)
                )
            if request.distributor_id == request.from_distributor_id:
                raise ValidationError(
                    self.env._(
                        "%(customer)s is bound to %(distributor)s already.",
                        customer=request.sudo().partner_id.name,
                        distributor=request.distributor_id.display_name,
                    )
                )
            request._check_receiver_earns()

    @api.constrains("partner_id", "distributor_id")
    def _check_customer_company(self):
        for request in self:
            request.program_id._check_takes_customer(request.partner_id)

    def _check_receiver_earns(self):
        if not self.distributor_id._get_survivor()._is_earning():
            raise UserError(self.env._("%s is not active and takes no customers.", self.distributor_id.display_name))

    # === CRUD METHODS === #

    def _check_access(self, operation):
        """Override of `base`: whoever looks over others' shoulders asks for nothing, see SECURITY.md.

        The control roles read what a user reads, and rights add up: no list of rights can take this one away again.
        """
        if operation == "create" and not self.env.su and self.env.user._only_controls_distribution():
            return self, lambda: AccessError(self.env._("Control roles read requests and make none."))
        return super()._check_access(operation)

    @api.model_create_multi
    def create(self, vals_list):
        requests = super().create([self._prepare_request(vals) for vals in vals_list])
        requests._plan_decision()
        return requests

    def write(self, vals):
        """Let people write reasons while a request is open, and nothing else.

        :raise UserError: through any door, the web client's or an interface's
        """
        if not self.env.su:
            # Refusals name the record: not to whom it is closed.
            self.check_access("write")
            for request in self:
                request._check_write(vals)
        return super().write(vals)

    @api.model
    def _prepare_request(self, vals):
        """Return the values of a new request: from whom it is to be taken is read, not believed.

        :raise UserError: for one that says it is decided
        """
        # A default may come from anywhere.
        given = {**self.default_get(["partner_id", "distributor_id", "state", "kind", *DECISION_FIELDS]), **vals}
        is_decided = given.get("state", "draft") != "draft" or any(given.get(name) for name in DECISION_FIELDS)
        if is_decided and not self.env.su:
            raise UserError(self.env._("A request is decided after it is made."))
        if given.get("kind") == "ask" and not self.env.su:
            raise UserError(self.env._("A customer is asked because somebody recommended: nobody asks by hand."))
        partner = self.env["res.partner"].browse(given.get("partner_id"))
        distributor = self.env["distribution.distributor"].browse(given.get("distributor_id"))
        if not partner or not distributor:
            return vals
        program, bindings = distributor.program_id, self.env["distribution.binding"].sudo()
        return {
            **vals,
            "program_id": program.id,
            "company_id": program.company_id.id,
            "from_distributor_id": bindings._find_valid(partner, program, fields.Datetime.now()).distributor_id.id,
            "source": vals.get("source", "staff") if self.env.su else "staff",
        }

    def _check_write(self, vals):
        mine = {name for name in vals if name in self._fields and not name.startswith(("message_", "activity_"))}
        if mine - FIELDS_OF_REQUESTER:
            raise UserError(
                self.env._(
                    "%s: a request is decided by its buttons. Make another one to ask for something else.",
                    self.display_name,
                )
            )
        if mine and self.state != "draft":
            raise UserError(self.env._("%s: the request is decided and stays as it was.", self.display_name))

    # === ACTION METHODS === #

    def action_approve(self):
        """Give the customers to the other distributors, past protection; approving twice changes nothing."""
        self.env["res.users"]._check_distribution_role(MANAGER)
        for request in self._get_open("approved"):
            request._approve(request.decision_reason)

    def action_refuse(self):
        """Leave the customers where they are; refusing twice changes nothing.

        :raise UserError: where the reason is missing
        """
        self.env["res.users"]._check_distribution_role(MANAGER)
        for request in self._get_open("refused"):
            if not request.decision_reason:
                raise UserError(self.env._("%s: say in the decision why it is refused.", request.display_name))
            request._set_decided("refused")

    # === BUSINESS METHODS === #

    @api.model
    def _get_or_create(self, partner, distributor, source):
        """Return the open request that a distributor gets the customer it has recommended, made the first time.

        Who calls it has locked the customer.
        """
        domain = [("partner_id", "=", partner.id), ("distributor_id", "=", distributor.id), ("state", "=", "draft")]
        return self.search(domain) or self.create(self._prepare_ask_vals(partner, distributor, source))

    @api.model
    def _prepare_ask_vals(self, partner, distributor, source):
        return {
            "kind": "ask",
            "partner_id": partner.id,
            "distributor_id": distributor.id,
            "source": source,
            "reason": self.env._("%s has recommended to the customer.", distributor.display_name),
        }

    @api.model
    def _is_declined(self, binding, distributor):
        """Tell whether the customer of a binding, or somebody for it, said no to another distributor before."""
        domain = [
            ("partner_id", "=", binding.partner_id.id),
            ("distributor_id", "=", distributor.id),
            ("kind", "=", "ask"),
            ("state", "=", "refused"),
            ("decided_on", ">=", binding.date_from),
        ]
        return bool(self.search_count(domain, limit=1))

    def _accept(self):
        """Take the customer's yes to another recommendation; yes twice changes nothing.

        Front ends call it for the customer, who can do no more than the program allows. Whoever is taken over like this
        has bought before, and is no new customer of the next distributor.

        :raise UserError: while the customer's binding is protected, or the request was refused
        """
        self.ensure_one()
        if not self._get_open("approved"):
            return
        bindings = self.env["distribution.binding"]
        current, now = bindings._get_current(self.partner_id, self.program_id), fields.Datetime.now()
        if self.kind != "ask" or current._get_obstacle(now) in ("protected", "first"):
            current._check_takeover(self.distributor_id._get_survivor(), now)
        self._approve(self.env._("The customer agreed."), is_recommended=True)

    def _decline(self):
        """Take the customer's no to another recommendation."""
        self.ensure_one()
        if self._get_open("refused"):
            self._set_decided("refused", self.env._("The customer stays with the distributor it has."))

    @api.model
    def _refuse_for_merge(self, partners, reason):
        """Leave one open request of a kind to contacts that become one, none that gives a person to itself.

        :param partners: all of the contacts
        :param str reason: kept on those that are refused
        """
        domain = [("partner_id", "in", partners.ids), ("state", "=", "draft")]
        for distributor, group in self.search(domain, order="id").grouped("distributor_id").items():
            for request in group if distributor.partner_id in partners else group[1:]:
                request._set_decided("refused", reason)
        self.flush_model()

    def _get_open(self, state):
        """Return those to be decided. Two who decide at once wait for each other.

        :param str state: what they are to become; those that are it are left out
        :raise UserError: for one that was decided otherwise
        """
        self.partner_id._lock_for_distribution()
        rest = self.filtered(lambda request: request.state != state)
        for request in rest:
            if request.state != "draft":
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(request)s is decided: %(state)s.",
                        request=request.display_name,
                        state=labels[request.state],
                    )
                )
        return rest

    def _approve(self, decision_reason, is_recommended=False):
        self.ensure_one()
        self._check_receiver_earns()
        names = {"distributor": self.distributor_id.display_name, "reason": self.reason}
        reason = self.env._("Given to %(distributor)s: %(reason)s", **names)
        binding = self.env["distribution.binding"]._rebind(
            self.partner_id,
            self.distributor_id._get_survivor(),
            self.source,
            reason,
            None if is_recommended else self._get_previous_binding(),
            is_recommended,
        )
        self._set_decided("approved", decision_reason, binding)

    def _get_previous_binding(self):
        """Return the binding the customer had when it was asked for; it may have run out while nobody decided."""
        self.ensure_one()
        domain = [("partner_id", "=", self.partner_id.id), ("distributor_id", "=", self.from_distributor_id.id)]
        return self.env["distribution.binding"].search(domain, order="date_from desc, id desc", limit=1)

    def _set_decided(self, state, decision_reason=None, binding=None):
        """Record the decision and take it off the list of things to do."""
        self._write_decision(
            {
                "state": state,
                "decision_reason": decision_reason or self.decision_reason,
                "decided_by_id": self.env.user.id,
                "decided_on": fields.Datetime.now(),
                "binding_id": binding.id if binding else False,
            }
        )
        # Another manager may have decided.
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    def _write_decision(self, vals):
        """Write past our own guard, which is for everybody else."""
        return super().write(vals)

    def _plan_decision(self):
        """Put each request on the list of the one who decides on what concerns its receiver."""
        for request in self:
            if responsible := request.distributor_id._get_responsible():
                # Whoever asks may not write on the request.
                # It reads in the language of who is to do it.
                text = request.with_context(lang=responsible.lang).env._("Decide on the request")
                request.sudo().activity_schedule("mail.mail_activity_data_todo", summary=text, user_id=responsible.id)
