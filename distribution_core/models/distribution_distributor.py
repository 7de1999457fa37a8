# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..const import APPLICANT_STATES, DISTRIBUTOR_STATES, EARNING_STATES

# What lets a member go neither by SQL nor by the ORM.
GUARD_FUNCTION = "distribution_distributor_guard"

# Changed by methods that check what has to be and note why.
DECIDED_FIELDS = {"state", "state_reason", "parent_id"}


class DistributionDistributor(models.Model):
    _name = "distribution.distributor"
    _description = "Distributor"
    _inherit = ["mail.thread", "mail.activity.mixin", "distribution.portal.mixin"]
    _order = "code, id"
    _rec_names_search = ["code", "partner_id"]
    _parent_store = True
    _check_company_auto = True

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
    )
    program_id = fields.Many2one(
        comodel_name="distribution.program",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self._default_program_id(),
        check_company=True,
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    code = fields.Char(required=True, copy=False, readonly=True, default=lambda self: self.env._("New"))
    state = fields.Selection(
        selection=DISTRIBUTOR_STATES,
        required=True,
        default="draft",
        copy=False,
        index=True,
        tracking=True,
    )
    state_reason = fields.Text(
        string="Reason",
        copy=False,
        readonly=True,
        tracking=True,
        help="Why it was refused, suspended or closed, or what it was asked for. The distributor may read it.",
    )
    grade_id = fields.Many2one(
        comodel_name="distribution.grade",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('program_id', '=', program_id)]",
        tracking=True,
    )
    tag_ids = fields.Many2many("distribution.tag", string="Tags")
    parent_id = fields.Many2one(
        comodel_name="distribution.distributor",
        string="Upline",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('program_id', '=', program_id), ('state', 'in', ('active', 'suspended'))]",
        tracking=True,
        help="The distributor who recruited this one. It earns on its team's sales at the levels the program pays.",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("distribution.distributor", "parent_id", string="Downline")
    binding_ids = fields.One2many("distribution.binding", "distributor_id")
    appeal_ids = fields.One2many("distribution.distributor.appeal", "distributor_id")
    acceptance_ids = fields.One2many(
        comodel_name="distribution.agreement.acceptance", inverse_name="distributor_id", string="Accepted Agreements"
    )
    is_agreement_due = fields.Boolean(
        string="Agreement to Accept",
        compute="_compute_is_agreement_due",
        search="_search_is_agreement_due",
        help="The program has a version of its agreement that the distributor has not accepted. Members stay active, "
        "and who was closed owes nothing.",
    )
    phone = fields.Char(related="partner_id.phone")
    email = fields.Char(related="partner_id.email")

    _partner_program_uniq = models.UniqueIndex(
        "(program_id, partner_id) WHERE merged_into_id IS NULL", "This contact is a distributor of the program already."
    )
    _code_program_uniq = models.UniqueIndex("(program_id, code)", "The code of a distributor is unique in its program.")

    def init(self):
        """Let no member be deleted, made an applicant again or taken to another program, by SQL either: what counts for
        members has no foreign keys."""
        applied = ", ".join(f"'{state}'" for state in APPLICANT_STATES)
        self.env.cr.execute(  # pylint: disable=sql-injection
            f"""
            CREATE OR REPLACE FUNCTION {GUARD_FUNCTION}() RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'Distributor % is a member, or was one: % refused.', OLD.code, TG_OP
                    USING ERRCODE = 'restrict_violation';
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS {GUARD_FUNCTION}_delete ON {self._table};
            CREATE TRIGGER {GUARD_FUNCTION}_delete BEFORE DELETE ON {self._table}
                FOR EACH ROW WHEN (OLD.state NOT IN ({applied})) EXECUTE FUNCTION {GUARD_FUNCTION}();
            DROP TRIGGER IF EXISTS {GUARD_FUNCTION}_update ON {self._table};
            CREATE TRIGGER {GUARD_FUNCTION}_update BEFORE UPDATE OF state, program_id ON {self._table}
                FOR EACH ROW WHEN (
                    OLD.state NOT IN ({applied}) AND (NEW.state IN ({applied}) OR NEW.program_id != OLD.program_id)
                ) EXECUTE FUNCTION {GUARD_FUNCTION}();
            """
        )

    @api.model
    def _default_program_id(self):
        return self.env["distribution.program"].search([("company_id", "parent_of", self.env.company.id)], limit=1)

    # === COMPUTE METHODS === #

    @api.depends("code", "partner_id.name")
    def _compute_display_name(self):
        for distributor in self:
            distributor.display_name = f"{distributor.partner_id.name or ''} ({distributor.code})"

    @api.depends("state", "acceptance_ids", "program_id.agreement_ids.state")
    def _compute_is_agreement_due(self):
        for distributor in self:
            current = distributor.program_id.agreement_id
            is_missing = bool(current) and current not in distributor.acceptance_ids.agreement_id
            distributor.is_agreement_due = is_missing and distributor.state != "closed"

    def _search_is_agreement_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        current = self.env["distribution.program"].search([("agreement_ids.state", "=", "published")]).agreement_id
        accepted = Domain("acceptance_ids", "any", [("agreement_id", "in", current.ids)])
        return Domain("program_id", "in", current.program_id.ids) & Domain("state", "!=", "closed") & ~accepted

    # === CONSTRAINT METHODS === #

    @api.constrains("parent_id", "grade_id", "program_id")
    def _check_same_program(self):
        for distributor in self:
            if distributor.parent_id and distributor.parent_id.program_id != distributor.program_id:
                raise ValidationError(
                    self.env._(
                        "The upline %(upline)s belongs to another program than %(distributor)s.",
                        upline=distributor.parent_id.display_name,
                        distributor=distributor.display_name,
                    )
                )
            if distributor.grade_id and distributor.grade_id.program_id != distributor.program_id:
                raise ValidationError(
                    self.env._(
                        "The grade %(grade)s belongs to another program than %(distributor)s.",
                        grade=distributor.grade_id.name,
                        distributor=distributor.display_name,
                    )
                )

    @api.constrains("partner_id", "program_id")
    def _check_contact_company(self):
        """Refuse a contact of a branch in a program of the parent: the parent could post nothing to it."""
        for distributor in self:
            contact, company = distributor.sudo().partner_id, distributor.company_id
            if not distributor.program_id._takes_member(contact):
                raise ValidationError(
                    self.env._(
                        "%(contact)s belongs to %(company)s, and %(owner)s could not book what it earns. Share the "
                        "contact between the companies, or let it join a program of its own company.",
                        contact=contact.name,
                        company=contact.company_id.name,
                        owner=company.sudo().name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # The caller's own stay as they are: whoever uses them twice would ask for one code twice.
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            if not vals.get("code") or vals["code"] == self.env._("New"):
                vals["code"] = self.env["ir.sequence"].sudo().next_by_code("distribution.distributor")
        # A default may come from anywhere.
        upline = self.default_get(["parent_id"])
        self._check_newcomers([{**upline, **vals} for vals in vals_list])
        distributors = super().create(vals_list)
        distributors._check_first_state()
        distributors.filtered(lambda distributor: distributor.state == "active")._join()
        return distributors

    def write(self, vals):
        if not self.env.su:
            # Refusals name the record: not to whom it is closed.
            self.check_access("write")
            self._check_decided(vals)
        if "parent_id" in vals:
            self._check_move(self.browse(vals["parent_id"]))
        if "program_id" in vals and any(d.program_id.id != vals["program_id"] for d in self):
            raise UserError(self.env._("A distributor stays in its program: close it and create one in the other."))
        return super().write(vals)

    def _check_first_state(self):
        """Let people create applications, and members that exist already, as an import does; nothing else.

        Asked of the records, since a default may come from anywhere.

        :raise UserError: naming who begins otherwise
        """
        for distributor in self if not self.env.su else ():
            if distributor.state not in ("draft", "active") or distributor.state_reason:
                raise UserError(
                    self.env._(
                        "%s begins as an application or as an active distributor: decide on it by the buttons.",
                        distributor.display_name,
                    )
                )

    def _check_decided(self, vals):
        """Leave states, their reasons and the upline of members to the buttons, which check and note what follows.

        Whose membership it is never changes: what a person earned, accepted and was suspended for is the person's own.
        Contacts and memberships of one person are merged.

        :raise UserError: for a value that would change
        """
        for distributor in self:
            if "partner_id" in vals and distributor._has_other_value("partner_id", vals["partner_id"]):
                raise UserError(
                    self.env._(
                        "%s stays the membership of its contact. Use the button Merge where one person has two "
                        "memberships, or merge the contacts where one person has two.",
                        distributor.display_name,
                    )
                )
            changed = {name for name in DECIDED_FIELDS & vals.keys() if distributor._has_other_value(name, vals[name])}
            if changed & {"state", "state_reason"}:
                raise UserError(
                    self.env._("%s: the state is changed by the buttons, with a reason.", distributor.display_name)
                )
            if changed and distributor.state not in APPLICANT_STATES:
                raise UserError(
                    self.env._("%s is moved in the tree by its button, with a reason.", distributor.display_name)
                )

    def _has_other_value(self, name, value):
        field = self._fields[name]
        wanted = field.convert_to_write(field.convert_to_cache(value, self), self)
        return (wanted or False) != (field.convert_to_write(self[name], self) or False)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if any(distributor.state not in APPLICANT_STATES for distributor in self):
            raise UserError(self.env._("Only applications can be deleted. Close the distributor instead."))

    # === ACTION METHODS === #

    def action_view_appeals(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_core.distribution_distributor_appeal_action"
        )
        context = {"default_distributor_id": self.id}
        return {**action, "domain": [("distributor_id", "=", self.id)], "context": context}

    def action_activate(self):
        """Accept an application, end a suspension, or reopen."""
        self.filtered(lambda distributor: distributor.state in APPLICANT_STATES)._join()
        for former in self.filtered(lambda distributor: distributor.state == "closed"):
            former._leave_own_binding()
        self._set_state("active", ("draft", "incomplete", "refused", "suspended", "closed"))

    def action_ask(self, reason=None):
        """Ask an applicant for more: the application stays open."""
        self._set_state("incomplete", ("draft",), reason)

    def action_refuse(self, reason=None):
        """Refuse an application; it may be accepted later."""
        self._set_state("refused", ("draft", "incomplete"), reason)

    def action_suspend(self, reason=None):
        """Keep what is earned and pay nothing out until the suspension ends."""
        self._set_state("suspended", ("active",), reason)

    def action_close(self, reason=None):
        """End the membership: no new orders count for the distributor."""
        self._set_state("closed", ("draft", "incomplete", "active", "suspended"), reason)

    def action_accept_agreement(self):
        """Record that the distributor has accepted the current agreement on paper."""
        self.check_access("write")
        for distributor in self:
            distributor._accept_agreement(distributor.program_id.agreement_id, "staff")

    def action_decide(self):
        """Open the wizard that asks for the reason of a decision, given in the context."""
        self.check_access("write")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "distribution_core.distribution_distributor_decision_action"
            ),
            "context": {
                "default_distributor_ids": self.ids,
                "default_decision": self.env.context.get("decision", "refuse"),
            },
        }

    def action_move(self):
        """Open the wizard that moves a distributor in the tree."""
        self.ensure_one()
        self.check_access("write")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_distributor_move_action"),
            "context": {"default_distributor_id": self.id},
        }

    def action_view_team(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_distributor_action")
        return {**action, "domain": list(self._get_team_domain()), "context": {}}

    def action_view_tree(self):
        """Show the distributor in the tree, its upline above and its downline below."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_core.distribution_distributor_hierarchy_action"
        )
        return {**action, "context": {"hierarchy_res_id": self.id}}

    def action_view_customers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_binding_action")
        context = {"default_distributor_id": self.id, "search_default_valid": 1}
        return {**action, "domain": [("distributor_id", "=", self.id)], "context": context}

    def action_view_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.sale_order_distribution_action")
        return {**action, "domain": self._get_order_domain(), "context": {}}

    # === BUSINESS METHODS === #

    def _accept_agreement(self, agreement, door):
        """Record that a version of the agreement was accepted; once is enough.

        :param agreement: a published version of the program's, empty or None where it has none
        :param str door: where, a key of `const.DOORS`
        :raise UserError: for a version that is no longer the current one
        """
        self.ensure_one()
        if not agreement:
            return
        if agreement != self.program_id.agreement_id:
            raise UserError(self.env._("%s is not the current version of the agreement.", agreement.display_name))
        # Two at once wait for each other: the second finds what the first has written.
        self.partner_id.sudo()._lock_for_distribution()
        if agreement not in self.acceptance_ids.agreement_id:
            vals = {"distributor_id": self.id, "agreement_id": agreement.id, "door": door}
            # Nobody writes what was accepted but this method.
            self.env["distribution.agreement.acceptance"].sudo().create(vals)

    def _check_agreement_accepted(self):
        """Let nobody become a member who has not accepted the current agreement.

        :raise UserError: naming who has to
        """
        due = self.filtered("is_agreement_due")[:1]
        if due:
            raise UserError(
                self.env._(
                    "%(distributor)s has not accepted version %(version)s of the agreement. Let it do so, or record "
                    "that it did on paper.",
                    distributor=due.display_name,
                    version=due.program_id.agreement_id.version,
                )
            )

    def _can_recommend(self):
        """Tell whether new customers and recruits of this distributor count for something."""
        self.ensure_one()
        return self._is_earning() and self.program_id.active

    def _get_self_purchase_earner(self):
        """Return who earns on level 1 when this distributor buys for itself, empty for nobody."""
        self.ensure_one()
        policy = self.program_id.self_purchase
        if policy == "buyer":
            return self
        if policy == "upline":
            return self.parent_id.filtered(lambda upline: upline._is_earning())
        return self.browse()

    def _apply_again(self):
        """Put those that were refused or asked for more before the merchant once more; others stay as they are."""
        again = self.filtered(lambda distributor: distributor.state in ("incomplete", "refused"))
        again._set_state("draft", ("incomplete", "refused"))

    def _join(self):
        """Do what makes members of applicants, besides their state.

        :raise UserError: for who has not accepted the agreement
        """
        self._check_agreement_accepted()
        for applicant in self:
            applicant._leave_own_binding()

    def _leave_own_binding(self):
        """Turn a customer into a distributor: the one it was bound to becomes its upline, unless another was named.

        An application names one. Who comes back names nobody: it goes by whose customer it was last, not by where it
        stood before. Its own orders count as the program says of own purchases from now on, so the binding ends.
        """
        self.ensure_one()
        # Whoever binds the person at the same time comes before or after.
        self.partner_id.sudo()._lock_for_distribution()
        binding = self.env["distribution.binding"]._get_current(self.partner_id, self.program_id)
        if not binding:
            return
        reason = self.env._("The customer became a distributor.")
        upline = binding._get_recommender() if binding._is_valid_at(fields.Datetime.now()) else self.browse()
        # Nobody can stand above itself.
        upline = upline.filtered(lambda one: not one._is_below(self))
        if upline and not self.parent_id:
            self.sudo().parent_id = upline
        elif upline and self.state == "closed" and upline != self.parent_id:
            self._move(upline, True, reason)
        binding._end(reason)

    def _move(self, upline, with_team, reason):
        """Put a distributor below another one; confirmed orders keep their terms.

        :param upline: the new upline, empty for the top of the tree
        :param bool with_team: True to take everybody below along; False leaves those directly below to the old upline
        :param str reason: is kept in the chatter of everybody whose upline changes
        :raise ValidationError: when a cycle would arise
        """
        self.ensure_one()
        before = self.parent_id
        if not with_team:
            self._hand_over_team(before, reason)
        self.check_access("write")
        # Past our own guard, which is for everybody else.
        self.sudo().parent_id = upline
        self._note_move(before, reason)

    def _hand_over_team(self, upline, reason):
        """Put those directly below under another upline, empty for the top of the tree."""
        children = self.child_ids
        children.check_access("write")
        children.sudo().parent_id = upline
        for child in children:
            child._note_move(self, reason)

    def _note_move(self, before, reason):
        self.message_post(
            body=self.env._(
                "Upline changed from %(before)s to %(after)s: %(reason)s",
                before=before.display_name or self.env._("nobody"),
                after=self.parent_id.display_name or self.env._("nobody"),
                reason=reason,
            )
        )

    def _close(self, receiver, with_customers, reason):
        """End a membership and give its team, and its customers if wanted, to somebody else.

        :param receiver: the distributor who gets those directly below and the customers; empty for the company: the
            team stands at the top then, and the customers are bound to nobody
        :raise UserError: where the receiver cannot earn
        """
        self.ensure_one()
        if receiver and not receiver._is_earning():
            raise UserError(self.env._("%s is not active and cannot take a team over.", receiver.display_name))
        # Whoever stands below and takes over goes up first: nobody can stand above itself.
        if receiver and receiver._is_below(self):
            receiver._move(self.parent_id, True, reason)
        self._hand_over_team(receiver, reason)
        self.binding_ids._pass_to(receiver if with_customers else receiver.browse(), reason)
        self.action_close(reason)

    def _set_state(self, state, allowed, reason=None):
        """Move to a state from one of the allowed ones; doing it twice changes nothing.

        :param str reason: shown to the distributor; an older one goes
        :raise UserError: from any other state
        """
        self.check_access("write")
        labels = dict(self._fields["state"]._description_selection(self.env))
        for distributor in self.filtered(lambda d: d.state != state):
            if distributor.state not in allowed:
                raise UserError(
                    self.env._(
                        "%(distributor)s is %(state)s and cannot become %(target)s.",
                        distributor=distributor.display_name,
                        state=labels[distributor.state],
                        target=labels[state],
                    )
                )
            # Past our own guard, which is for everybody else.
            distributor.sudo().write({"state": state, "state_reason": reason})

    def _filter_earning(self):
        return self.filtered(lambda distributor: distributor._is_earning())

    def _contacts_merged(self):
        """Hook: contacts of these memberships have become one."""

    def _is_earning(self):
        self.ensure_one()
        return self.state in EARNING_STATES

    def _get_upline(self, count):
        """Return the chain of an order: this distributor (level 1) and those above it, by true distance.

        :param int count: how many levels at most
        :rtype: list of (level, distributor)
        """
        self.ensure_one()
        # All of them are read together.
        path = [int(distributor_id) for distributor_id in (self.parent_path or "").split("/") if distributor_id]
        chain, distributor = [], self
        while distributor and len(chain) < count:
            chain.append((len(chain) + 1, distributor))
            distributor = distributor.parent_id.with_prefetch(path[-count:])
        return chain

    def _is_below(self, other):
        """Tell whether this distributor stands in another one's team."""
        self.ensure_one()
        return str(other.id) in (self.parent_path or "").split("/")[:-2]
