# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_datetime, split_every

from ..const import BINDING_SOURCES

# What a binding is: it says whose customer somebody was, and stays true afterwards.
IDENTITY_FIELDS = {
    "partner_id",
    "distributor_id",
    "program_id",
    "company_id",
    "source",
    "date_from",
    "customer_since",
}

# What only ending it says.
ENDING_FIELDS = {"state", "end_reason"}

DATE_FIELDS = {"date_to", "protected_until"}

# What is looked at when a customer is bound.
GUARDED_FIELDS = ("partner_id", "distributor_id", "date_from", "state", "end_reason", "source", "customer_since")

# What people may say of how a customer came to a distributor; the others are what front ends saw.
SOURCES_OF_PEOPLE = ("staff", "import", "store")

EXPIRED_AT_ONCE = 500


class DistributionBinding(models.Model):
    _name = "distribution.binding"
    _description = "Customer Binding"
    _inherit = ["mail.thread"]
    _order = "date_from desc, id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
    )
    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        # The company follows from it: a check against the company would offer nobody while it is empty.
        domain="[('state', 'in', ('active', 'suspended'))]",
    )
    program_id = fields.Many2one(related="distributor_id.program_id", store=True, index=True)
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    source = fields.Selection(
        selection=BINDING_SOURCES,
        required=True,
        default=lambda self: self._default_source(),
        readonly=True,
    )
    date_from = fields.Datetime(string="From", required=True, default=fields.Datetime.now)
    date_to = fields.Datetime(
        string="Until",
        compute="_compute_dates",
        store=True,
        readonly=False,
        tracking=True,
        help="Orders confirmed from this moment on no longer count for the distributor. Empty: for good.",
    )
    protected_until = fields.Datetime(
        compute="_compute_dates",
        store=True,
        readonly=False,
        tracking=True,
        help="Until this moment no other distributor can take the customer over.",
    )
    state = fields.Selection(
        selection=[("active", "Active"), ("ended", "Ended")],
        required=True,
        default="active",
        readonly=True,
        copy=False,
        tracking=True,
    )
    end_reason = fields.Char(readonly=True, copy=False)
    effect = fields.Text(compute="_compute_effect", help="What the binding and the program's policy come to now.")
    history_count = fields.Integer(compute="_compute_counts")
    request_count = fields.Integer(compute="_compute_counts")

    _active_uniq = models.UniqueIndex(
        "(program_id, partner_id) WHERE state = 'active'",
        "The customer is bound to a distributor of this program already.",
    )
    _dates_order = models.Constraint(
        "CHECK(date_to IS NULL OR date_to >= date_from)",
        "A binding cannot end before it begins.",
    )

    @api.model
    def _default_source(self):
        return "import" if self.env.context.get("import_file") else "staff"

    # === COMPUTE METHODS === #

    @api.depends("partner_id.display_name")
    def _compute_display_name(self):
        # Managers of the parent company read of a branch's customers whose they are.
        for binding in self.sudo():
            binding.display_name = binding.partner_id.display_name

    @api.depends("date_from", "distributor_id")
    def _compute_dates(self):
        for binding in self:
            program, start = binding.program_id, binding.date_from or fields.Datetime.now()
            days = program.binding_days
            binding.date_to = start + timedelta(days=days) if days else False
            binding.protected_until = start + timedelta(days=program.protection_days)

    @api.depends("state", "date_from", "date_to", "protected_until", "program_id.binding_policy")
    @api.depends_context("lang", "tz")
    def _compute_effect(self):
        now = fields.Datetime.now()
        for binding in self:
            sentences = binding._explain_policy(now) if binding._is_valid_at(now) else [binding._explain_end()]
            binding.effect = " ".join(sentences)

    def _compute_counts(self):
        for binding in self:
            domain = binding._get_history_domain()
            binding.history_count = self.search_count(domain)
            binding.request_count = self.env["distribution.binding.request"].search_count(domain)

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "distributor_id")
    def _check_not_self(self):
        for binding in self:
            if binding.partner_id == binding.distributor_id.partner_id:
                raise ValidationError(self.env._("A distributor is not bound to itself: %s.", binding.display_name))

    @api.constrains("partner_id", "distributor_id")
    def _check_customer_company(self):
        for binding in self:
            binding.program_id._check_takes_customer(binding.partner_id)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Bind customers under the rules of the program, whichever door they come through.

        :raise UserError: where the customer belongs to somebody already, saying to whom and until when
        """
        return super().create([self._prepare_room(vals) for vals in vals_list])

    def write(self, vals):
        """Keep what a binding says, but for its dates while it is active.

        :raise UserError: through any door, the web client's or an interface's
        """
        if not self.env.su:
            for binding in self:
                binding._check_write(vals)
        return super().write(vals)

    def _load_records(self, data_list, update=False):
        """Override of `base` to have rows of an import tried one by one where something is wrong with some of them.

        Odoo does so itself, but tells what a person has to mend about its first row, too.
        """
        try:
            return super()._load_records(data_list, update)
        except UserError as error:
            if len(data_list) == 1:
                raise
            raise RuntimeError("The rows are tried one by one") from error

    @api.model
    def _prepare_room(self, vals):
        """End what the new binding takes over, and return its values completed."""
        # A default may come from anywhere.
        given = {**self.default_get(GUARDED_FIELDS), **vals}
        self._check_create(given)
        partner = self.env["res.partner"].browse(given.get("partner_id"))
        distributor = self.env["distribution.distributor"].browse(given.get("distributor_id"))
        if not partner or not distributor:
            return vals
        if not distributor._is_earning():
            raise UserError(self.env._("%s is not active and takes no customers.", distributor.display_name))
        partner._lock_for_distribution()
        current, now = self._get_current(partner, distributor.program_id), fields.Datetime.now()
        current._check_takeover(distributor, now)
        is_valid = current and current._is_valid_at(now)
        current._end(self.env._("Bound to %s.", distributor.display_name) if is_valid else self.env._("Expired."))
        # There is one active binding at any moment, the database sees to it: the old one ends before the new begins.
        current.flush_recordset()
        # Given by a context, they would not be computed.
        program = distributor.program_id
        return {**vals, "program_id": program.id, "company_id": program.company_id.id}

    @api.model
    def _check_create(self, vals):
        """Refuse what nobody can know when a customer is bound.

        :raise UserError: for a state that is not the first, a beginning still to come, or what only front ends see
        """
        # A second for clocks that differ.
        latest = fields.Datetime.now() + timedelta(seconds=1)
        if vals.get("date_from") and fields.Datetime.to_datetime(vals["date_from"]) > latest:
            raise UserError(self.env._("A binding cannot begin in the future."))
        if self.env.su:
            return
        if vals.get("state", "active") != "active" or vals.get("end_reason"):
            raise UserError(self.env._("A binding begins as active: it is ended afterwards, with a reason."))
        if vals.get("customer_since"):
            raise UserError(self.env._("Since when somebody is a customer follows from the bindings there were."))
        if vals.get("source", "staff") not in SOURCES_OF_PEOPLE:
            raise UserError(self.env._("A binding made by hand has the source staff, store or import."))

    def _check_write(self, vals):
        changed = {
            name
            for name in (IDENTITY_FIELDS | ENDING_FIELDS | DATE_FIELDS) & vals.keys()
            if self._fields[name].convert_to_write(self._fields[name].convert_to_cache(vals[name], self), self)
            != self._fields[name].convert_to_write(self[name], self)
        }
        if changed & IDENTITY_FIELDS:
            raise UserError(
                self.env._(
                    "%s: a binding says what was. To change whose customer it is, request a change.",
                    self.display_name,
                )
            )
        if changed & ENDING_FIELDS:
            raise UserError(self.env._("%s: a binding is ended by its button, with a reason.", self.display_name))
        if changed and self.state == "ended":
            raise UserError(self.env._("%s: the binding has ended and stays as it was.", self.display_name))

    # === ACTION METHODS === #

    def action_end(self):
        """End the binding: orders confirmed from now on do not count for the distributor."""
        self._end(self.env._("Ended by %s.", self.env.user.name))

    def action_request(self):
        """Open a new request to give the customer to another distributor."""
        self.ensure_one()
        self.check_access("read")
        self.env["distribution.binding.request"].check_access("create")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Request a Change"),
            "res_model": "distribution.binding.request",
            "view_mode": "form",
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_from_distributor_id": self.distributor_id.id,
            },
        }

    def action_view_history(self):
        """Show every binding the customer has had in the program."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_binding_action")
        return {**action, "domain": self._get_history_domain(), "context": {}}

    def action_view_requests(self):
        """Show what was asked for the customer in the program."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_binding_request_action")
        context = {"default_partner_id": self.partner_id.id}
        return {**action, "domain": self._get_history_domain(), "context": context}

    # === BUSINESS METHODS === #

    @api.model
    def _bind(self, partner, distributor, source="staff", date_from=None):
        """Bind a customer to a distributor, or keep the binding there is to the same one.

        Two at once for the same customer wait for each other (see `res.partner._lock_for_distribution`).

        :param partner: the customer, a `res.partner`
        :param distributor: a `distribution.distributor`
        :param str source: how the binding came about, a key of `source`
        :param datetime date_from: naive UTC; now when omitted
        :return: the active binding
        :raise UserError: while another distributor's binding is protected
        """
        partner._lock_for_distribution()
        current = self._get_current(partner, distributor.program_id)
        if current and current.distributor_id == distributor and current._is_valid_at(fields.Datetime.now()):
            return current
        moment = date_from or fields.Datetime.now()
        return self.create(self._prepare_binding_vals(partner, distributor, source, moment))

    @api.model
    def _recommend(self, partner, distributor, source, is_agreed=False, date_from=None):
        """Bind a customer to who recommends, as far as the program's policy allows; nothing is raised.

        :param partner: the customer, a `res.partner`
        :param distributor: the `distribution.distributor` who recommends
        :param str source: how, a key of `source`
        :param bool is_agreed: the customer was asked, and wants to change
        :param datetime date_from: when the binding begins, naive UTC; now when omitted
        :return: the outcome, and the binding there is now (may be another distributor's)

            ``bound``, ``already`` (to the same one), ``protected`` (another distributor's, for some days), ``kept``
            (another distributor's while it is valid), ``asked`` (another distributor's until the request is accepted),
            ``own`` (the customer recommends itself), ``member`` (it is a distributor of the program, whose orders are
            its own) or ``inactive`` (nothing counts for the distributor)
        :rtype: tuple
        """
        if not distributor._is_earning() or not distributor.program_id._takes_from(partner.sudo().company_id):
            return "inactive", self.browse()
        if distributor.partner_id == partner:
            return "own", self.browse()
        partner._lock_for_distribution()
        if distributor.program_id._get_membership(partner)._filter_earning():
            return "member", self.browse()
        current, now = self._get_current(partner, distributor.program_id), fields.Datetime.now()
        if current and current.distributor_id == distributor and current._is_valid_at(now):
            return "already", current
        obstacle = current._get_obstacle(now)
        if obstacle == "ask":
            return current._ask(distributor, source, is_agreed)
        if obstacle:
            return {"protected": "protected", "first": "kept"}[obstacle], current
        return "bound", self._bind(partner, distributor, source, date_from)

    def _ask(self, distributor, source, is_agreed):
        """Ask whether the customer changes to another distributor; whoever said no is not asked again.

        :return: outcome and binding, as `_recommend` does
        """
        self.ensure_one()
        requests = self.env["distribution.binding.request"]
        if not is_agreed and requests._is_declined(self, distributor):
            return "kept", self
        request = requests._get_or_create(self.partner_id, distributor, source)
        if not is_agreed:
            return "asked", self
        request._accept()
        return "bound", request.binding_id

    @api.model
    def _get_current(self, partner, program):
        """Return the customer's active binding in a program: one or none, its dates not looked at."""
        return self.search([("partner_id", "=", partner.id), ("program_id", "=", program.id), ("state", "=", "active")])

    @api.model
    def _prepare_binding_vals(self, partner, distributor, source, date_from):
        return {
            "partner_id": partner.id,
            "distributor_id": distributor.id,
            "source": source,
            "date_from": date_from,
        }

    def _is_valid_at(self, moment):
        self.ensure_one()
        return self.state == "active" and self.date_from <= moment and (not self.date_to or moment < self.date_to)

    def _get_recommender(self):
        """Return the distributor who would be the upline, should the customer join; empty for nobody.

        A customer who does not count for the program has nobody to thank for.
        """
        if not self or not self.distributor_id._is_earning():
            return self.distributor_id.browse()
        self.ensure_one()
        customers = self.partner_id | self.partner_id.commercial_partner_id
        is_counting = self.program_id._is_customer_in_scope(customers, self)
        return self.distributor_id if is_counting else self.distributor_id.browse()

    def _is_protected_at(self, moment):
        return self._is_valid_at(moment) and bool(self.protected_until) and moment < self.protected_until

    def _get_obstacle(self, moment):
        """Tell what keeps another distributor from taking the customer over.

        :return: ``protected``, ``first`` (the policy keeps the first), ``ask`` (the customer has to agree), else None
        """
        if not self or not self._is_valid_at(moment):
            return None
        if self._is_protected_at(moment):
            return "protected"
        policy = self.program_id.binding_policy
        return None if policy == "last" else policy

    def _get_kept_until(self):
        """Return until when another distributor cannot take the customer over by recommending; False for good."""
        self.ensure_one()
        is_protected = self._is_protected_at(fields.Datetime.now())
        return self.protected_until if is_protected and self.program_id.binding_policy != "first" else self.date_to

    def _check_takeover(self, distributor, moment):
        """Refuse to bind a customer who belongs to somebody.

        :param distributor: who would take over
        :raise UserError: which says until when, and what to do
        """
        if not self or not self._is_valid_at(moment):
            return
        names = {"customer": self.display_name, "distributor": self.distributor_id.display_name}
        if self.distributor_id == distributor:
            raise UserError(self.env._("%(customer)s is bound to %(distributor)s already.", **names))
        obstacle = self._get_obstacle(moment)
        if obstacle == "protected":
            date = fields.Date.to_string(self.program_id._get_business_date(self.protected_until))
            raise UserError(
                self.env._("%(customer)s belongs to another distributor until %(date)s.", date=date, **names)
                + self._advise()
            )
        if obstacle == "first":
            raise UserError(
                self.env._("%(customer)s stays with %(distributor)s: the first keeps a customer.", **names)
                + self._advise()
            )
        if obstacle == "ask":
            raise UserError(self.env._("%(customer)s has to agree to leave %(distributor)s.", **names) + self._advise())

    def _advise(self):
        return " " + self.env._("A manager can approve a change: request one on the binding.")

    def _end(self, reason):
        """End the active ones among the bindings; ending twice changes nothing."""
        active = self.filtered(lambda binding: binding.state == "active")
        now = fields.Datetime.now()
        for binding in active:
            date_to = min(binding.date_to or now, now)
            vals = {"state": "ended", "end_reason": reason, "date_to": max(date_to, binding.date_from)}
            binding._write_end(vals)

    def _write_end(self, vals):
        """Write past our own guard, which is for everybody else."""
        return super().write(vals)

    @api.model
    def _find_valid(self, partners, programs, moment):
        """Return the valid bindings of customers in programs at a moment, the lowest program sequence first.

        :param partners: the customer and its commercial entity
        :param datetime moment: naive UTC
        """
        window = Domain("date_from", "<=", moment) & (Domain("date_to", "=", False) | Domain("date_to", ">", moment))
        domain = Domain("partner_id", "in", partners.ids) & Domain("program_id", "in", programs.ids)
        names = ["partner_id", "distributor_id", "program_id"]
        return self.search_fetch(domain & Domain("state", "=", "active") & window, names)._sort_for(partners)

    def _sort_for(self, partners):
        """Return the bindings of a customer as they go before each other: by program, then the buyer's own before that
        of the company the buyer works for.

        :param partners: the customer and its commercial entity
        """
        return self.sorted(lambda b: (b.program_id.sequence, b.program_id.id, b.partner_id.id != partners[:1].id))

    @api.model
    def _cron_end_expired(self):
        """End what is over. Whoever binds the same customer at that time and the job wait for each other."""
        expired = self.search([("state", "=", "active"), ("date_to", "<=", fields.Datetime.now())], order="id")
        batches = [self.browse(ids) for ids in split_every(EXPIRED_AT_ONCE, expired.ids)]
        self.env["ir.cron"]._run_for_each(batches, type(self)._end_expired)

    def _end_expired(self):
        """End those among the bindings that are over; somebody may have prolonged one meanwhile."""
        now = fields.Datetime.now()
        expired = self.filtered(lambda binding: binding.date_to and binding.date_to <= now)
        expired._end(self.env._("Expired."))

    # === BUSINESS METHODS: EXPLAINING === #

    def _get_history_domain(self):
        self.ensure_one()
        return [("partner_id", "=", self.partner_id.id), ("program_id", "=", self.program_id.id)]

    def _explain_policy(self, now):
        """Return sentences that say what a valid binding and the program's policy come to.

        :rtype: list of str
        """
        self.ensure_one()
        sentences = [
            self.env._("Orders confirmed before %s count for the distributor.", self._format_moment(self.date_to))
            if self.date_to
            else self.env._("Orders count for the distributor for good.")
        ]
        if self._is_protected_at(now):
            until = self._format_moment(self.protected_until)
            sentences.append(self.env._("Until %s no other distributor can take the customer over.", until))
        texts = {
            "first": self.env._("The first keeps the customer: others can take over only when the binding is over."),
            "last": self.env._("Without protection, the next distributor who recommends takes the customer over."),
            "ask": self.env._("Without protection, the next who recommends takes over if the customer agrees."),
        }
        return [*sentences, texts.get(self.program_id.binding_policy, "")]

    def _explain_end(self):
        self.ensure_one()
        if not self.date_to:
            return ""
        return self.env._("Orders confirmed since %s do not count.", self._format_moment(self.date_to))

    def _format_moment(self, moment):
        """Return a moment in the reader's time zone, as the dates beside the explanation."""
        return format_datetime(self.env, moment, tz=self.env.context.get("tz"), dt_format="short")
