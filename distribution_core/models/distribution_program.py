# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.base.models.res_partner import _tz_get

from ..const import BINDING_POLICIES, CUSTOMER_SCOPES, JOIN_POLICIES, MAX_DEPTH, MAX_LEVELS, SELF_PURCHASES
from ..exceptions import JoiningRefused


class DistributionProgram(models.Model):
    _name = "distribution.program"
    _description = "Distribution Program"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10, help="When an order fits several programs, the lowest sequence takes it.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="Orders of this company and of its branches can count for the program.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    level_count = fields.Integer(
        string="Paid Levels",
        default=1,
        required=True,
        tracking=True,
        help="How many levels of the upline earn on an order, counted from the distributor who referred the buyer.",
    )
    max_depth = fields.Integer(
        string="Deepest Level of the Tree",
        default=0,
        tracking=True,
        help="How many distributors may stand above each other. Newcomers and moves that would go deeper are refused; "
        f"those who stand deeper already stay. 0 means the technical limit of {MAX_DEPTH}.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        tracking=True,
        default=lambda self: self._default_user_id(),
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Decides on applications and on requests for customers, unless a distributor has a salesperson who may.",
    )
    binding_days = fields.Integer(
        string="Binding Validity (Days)",
        default=30,
        tracking=True,
        help="How long a customer belongs to a distributor. 0 means for good.",
    )
    protection_days = fields.Integer(
        string="Binding Protection (Days)",
        default=15,
        tracking=True,
        help="How long no other distributor can take the customer over.",
    )
    attribution_days = fields.Integer(
        string="Attribution Window (Days)",
        default=30,
        required=True,
        tracking=True,
        help="How long after a visitor opened a distributor's link an order still counts for it. New links start "
        "with it.",
    )
    is_salesperson_counted = fields.Boolean(
        string="Salesperson's Orders Count",
        tracking=True,
        help="Orders that no code, link or binding claims count for the salesperson, if it is a distributor.",
    )
    binding_policy = fields.Selection(
        selection=BINDING_POLICIES,
        string="Who Keeps a Customer",
        required=True,
        default="last",
        tracking=True,
        help="What becomes of a customer whom a second distributor recommends. Under protection the binding stays. "
        "After it the first keeps the customer while the binding is valid, or the last takes over, or the customer is "
        "asked. Managers change bindings at any time, by approving a request.",
    )
    tz = fields.Selection(
        selection=_tz_get,
        string="Time Zone",
        required=True,
        default=lambda self: self._default_tz(),
        tracking=True,
        help="Months, holds and posting dates are counted in this time zone.",
    )
    join_policy = fields.Selection(
        selection=JOIN_POLICIES,
        string="Who May Join",
        required=True,
        default="review",
        tracking=True,
        help="Joining is free in each case: no payment, no purchase and no recruits are ever a condition.\n"
        "After a review: whoever applies waits for your decision.\n"
        "Anyone who accepts: whoever applies, and accepts the agreement if there is one, is active at once.\n"
        "By invitation: an application needs the code or the link of an active distributor.",
    )
    is_offered_after_order = fields.Boolean(
        string="Offered After an Order",
        tracking=True,
        help="Whoever has bought something is shown an offer to join. It is an offer only: others join as freely.",
    )
    self_purchase = fields.Selection(
        selection=SELF_PURCHASES,
        string="Own Purchases Pay",
        required=True,
        default="nobody",
        tracking=True,
        help="Who earns on what a distributor buys itself. What the buyer earns is money back to a customer: it lowers "
        "revenue. What others earn is an expense.",
    )
    customer_scope = fields.Selection(
        selection=CUSTOMER_SCOPES,
        string="Customers That Count",
        required=True,
        default="all",
        tracking=True,
        help="New customers: those who had no confirmed order with the company before they were bound. Whoever comes "
        "without a binding is new with the first order only.\n"
        "Customers with a tag: those who, or whose company, have one of the tags.",
    )
    scope_tag_ids = fields.Many2many(
        comodel_name="res.partner.category",
        relation="distribution_program_scope_tag_rel",
        string="Tags of Customers That Count",
    )
    agreement_ids = fields.One2many("distribution.agreement", "program_id", string="Agreements")
    agreement_id = fields.Many2one(
        comodel_name="distribution.agreement",
        string="Current Agreement",
        compute="_compute_agreement_id",
        help="The latest published version. Applicants accept it, members are asked again.",
    )
    # What front ends show. Read apart: confirming an order needs none of it.
    introduction = fields.Html(translate=True, prefetch="texts")
    rules = fields.Html(translate=True, prefetch="texts", help="What distributors may do and may not.")
    how_to_earn = fields.Html(translate=True, prefetch="texts")
    contact = fields.Html(translate=True, prefetch="texts")
    tree_revision = fields.Integer(readonly=True, copy=False)
    grade_ids = fields.One2many("distribution.grade", "program_id")
    distributor_ids = fields.One2many("distribution.distributor", "program_id")
    distributor_count = fields.Integer(compute="_compute_distributor_count")
    binding_count = fields.Integer(compute="_compute_binding_count")
    order_count = fields.Integer(compute="_compute_order_count")

    _level_count_range = models.Constraint(
        f"CHECK(level_count BETWEEN 1 AND {MAX_LEVELS})",
        "A program pays between one and three levels.",
    )
    _max_depth_range = models.Constraint(
        f"CHECK(max_depth BETWEEN 0 AND {MAX_DEPTH})", f"The tree is at most {MAX_DEPTH} distributors deep."
    )
    _days_positive = models.Constraint(
        "CHECK(binding_days >= 0 AND protection_days >= 0)",
        "Validity and protection of a binding cannot be negative.",
    )

    _attribution_days_positive = models.Constraint(
        "CHECK(attribution_days > 0)", "The attribution window is at least one day."
    )

    @api.model
    def _default_tz(self):
        return self.env.company.partner_id.tz or "Asia/Shanghai"

    @api.model
    def _default_user_id(self):
        # The system itself, which installs data, looks after nothing.
        return self.env.user.filtered(lambda user: user.active and not user.share)

    # === COMPUTE METHODS === #

    @api.depends("agreement_ids.state")
    def _compute_agreement_id(self):
        for program in self:
            published = program.agreement_ids.filtered(lambda agreement: agreement.state == "published")
            program.agreement_id = published.sorted("version")[-1:]

    def _compute_distributor_count(self):
        self._compute_count("distribution.distributor", "distributor_count")

    def _compute_binding_count(self):
        self._compute_count("distribution.binding", "binding_count")

    def _compute_order_count(self):
        # A count only: seeing the orders needs rights on orders.
        groups = (
            self.env["sale.order"]
            .sudo()
            ._read_group(
                [("distribution_program_id", "in", self.ids), ("state", "=", "sale")],
                ["distribution_program_id"],
                ["__count"],
            )
        )
        counts = dict(groups)
        for program in self:
            program.order_count = counts.get(program, 0)

    def _compute_count(self, model_name, field_name):
        counts = dict(self.env[model_name]._read_group([("program_id", "in", self.ids)], ["program_id"], ["__count"]))
        for program in self:
            program[field_name] = counts.get(program, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("join_policy", "is_offered_after_order")
    def _check_free_way(self):
        """Keep buying from becoming the way in: an offer stands beside a way that is open to everybody.

        Where only the invited join, an offer to those who have bought would be that (禁止传销条例 art. 7).
        """
        for program in self:
            if program.is_offered_after_order and program.join_policy == "invitation":
                raise ValidationError(
                    self.env._(
                        "%s takes only those who are invited: an offer after an order would make buying the way in. "
                        "Let everybody apply, or make no offer.",
                        program.name,
                    )
                )

    @api.constrains("customer_scope", "scope_tag_ids")
    def _check_scope_tags(self):
        for program in self:
            if program.customer_scope == "tags" and not program.scope_tag_ids:
                raise ValidationError(self.env._("Say which tags the customers have that count for %s.", program.name))

    # === CRUD METHODS === #

    def write(self, vals):
        if "company_id" in vals:
            moved = self.filtered(lambda program: program.company_id.id != vals["company_id"])
            if moved.distributor_ids:
                raise UserError(
                    self.env._("%s has distributors already and stays in its company.", moved[0].display_name)
                )
        return super().write(vals)

    # === ACTION METHODS === #

    def action_view_distributors(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_distributor_action")
        return {**action, "domain": [("program_id", "=", self.id)], "context": {"default_program_id": self.id}}

    def action_view_bindings(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_binding_action")
        return {**action, "domain": [("program_id", "=", self.id)], "context": {"default_program_id": self.id}}

    def action_view_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.sale_order_distribution_action")
        return {**action, "domain": [("distribution_program_id", "=", self.id)]}

    def action_write_agreement(self):
        """Open the draft of the agreement; where there is none, one that begins with the current version's text."""
        self.ensure_one()
        self.check_access("write")
        draft = self.agreement_ids.filtered(lambda agreement: agreement.state == "draft")[:1]
        if not draft:
            current = self.agreement_id
            draft = current.copy({"program_id": self.id}) if current else current.create({"program_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Agreement"),
            "res_model": "distribution.agreement",
            "res_id": draft.id,
            "view_mode": "form",
        }

    # === BUSINESS METHODS: JOINING === #

    def _apply(self, partner, inviter=None, agreement=None, door="staff", message=None):
        """Return a person's membership: an application, written or submitted again, or what there is already.

        Every door by which people apply ends here. No payment or purchase is asked for. The upline is the inviter,
        else whose customer the person is.

        :param partner: `res.partner` who applies
        :param inviter: `distribution.distributor` whose code or link brought the person
        :param agreement: the `distribution.agreement` that the person has accepted
        :param str door: where it was accepted, a key of `const.DOORS`
        :param str message: what the person says, or answers to what it was asked for
        :raise JoiningRefused: where the policy, or a missing acceptance or answer, stands in the way
        """
        self.ensure_one()
        partner._lock_for_distribution()
        membership = self._get_membership(partner)
        if membership and membership.state not in ("incomplete", "refused"):
            return membership
        self._check_joining(partner, inviter, agreement, membership)
        if membership.state == "incomplete" and not message:
            raise JoiningRefused(self.env._("Answer what you were asked for."), "answer_required")
        if membership:
            membership._accept_agreement(agreement, door)
            membership._note_message(message)
            membership._apply_again()
            return membership
        membership = self.env["distribution.distributor"].create(self._prepare_application_vals(partner, inviter))
        membership._accept_agreement(agreement, door)
        membership._note_message(message)
        if self.join_policy == "open":
            membership.action_activate()
        return membership

    def _get_membership(self, partner):
        """Return the person's membership, whatever its state; empty if there is none."""
        self.ensure_one()
        domain = [("program_id", "=", self.id), ("partner_id", "=", partner.id)]
        memberships = self.env["distribution.distributor"].search(domain)
        # Of several the others were merged: after a merge of distributors alone, into somebody else's.
        return memberships.filtered(lambda membership: not membership.merged_into_id) or memberships[:1]

    def _find_agreement(self, version):
        """Return a published version of the agreement, empty where there is none.

        :param int version: its number, or None
        """
        self.ensure_one()
        return self.agreement_ids.filtered(lambda one: one.state == "published" and one.version == version)

    def _check_joining(self, partner, inviter, agreement, membership):
        """Refuse an application that the program does not take.

        :param partner: `res.partner` who applies
        :param inviter: a distributor, empty or None
        :param agreement: what the person has accepted, empty or None
        :param membership: the application that is made again, else empty: who has applied before was invited then, and
            accepts once what it has accepted
        :raise JoiningRefused: see `exceptions`
        """
        self.ensure_one()
        if not self.active:
            raise JoiningRefused(self.env._("No applications are taken at present."), "program_closed")
        if not self._takes_member(partner):
            raise JoiningRefused(
                self.env._("You are with another company than this program. Tell us if that is wrong."),
                "program_closed",
            )
        is_invited = bool(inviter) and inviter.program_id == self and inviter._can_recommend()
        if self.join_policy == "invitation" and not is_invited and not membership:
            raise JoiningRefused(
                self.env._("This program takes only those who are invited: name the code of an active distributor."),
                "invitation_required",
            )
        is_accepted = membership and not agreement and not membership.is_agreement_due
        if self.agreement_id and agreement != self.agreement_id and not is_accepted:
            raise JoiningRefused(
                self.env._("Read and accept version %s of the agreement first.", self.agreement_id.version),
                "agreement_required",
            )

    def _prepare_application_vals(self, partner, inviter=None):
        self.ensure_one()
        return {
            "partner_id": partner.id,
            "program_id": self.id,
            "parent_id": (inviter or self._find_recommender(partner)).id,
        }

    def _find_recommender(self, partner):
        """Return whose customer a person is, as far as this counts for the program; empty for nobody's."""
        self.ensure_one()
        binding = self.env["distribution.binding"]._find_valid(partner, self, fields.Datetime.now())[:1]
        return binding._get_recommender()

    def _is_offered_to(self, partner):
        """Tell whether front ends offer a person to join: the program does so, and the person has bought something.

        An offer, no condition: who has bought nothing joins as freely.
        """
        self.ensure_one()
        is_offered = self.is_offered_after_order and self.active and self._takes_member(partner)
        return is_offered and not self._get_membership(partner) and self._has_bought(partner)

    # === BUSINESS METHODS: CUSTOMERS === #

    @api.model
    def _get_attribution_fields(self):
        """Return the names of what attributing an order, and what follows from it, reads of a program. Extension point.

        They are read with the attribution: columns that hold what the cache does, so no translated ones.

        :rtype: tuple of str
        """
        decided_by = ("sequence", "active", "company_id", "is_salesperson_counted", "customer_scope", "self_purchase")
        return (*decided_by, "level_count", "tz")

    def _takes_from(self, company):
        """Tell whether what belongs to a company may have to do with the program: a customer, a product.

        Orders of branches count, too, and branches use what is their parent's.

        :param company: a `res.company`; empty for what all companies share
        """
        self.ensure_one()
        company, own = company.sudo(), self.sudo().company_id
        return not company or company in own.parent_ids or own in company.parent_ids

    def _takes_member(self, partner):
        """Tell whether a contact can become a distributor: the program's company could post nothing to a branch's."""
        self.ensure_one()
        company = partner.sudo().company_id
        return not company or company in self.sudo().company_id.parent_ids

    def _check_takes_customer(self, partner):
        """Refuse a customer of a company that has nothing to do with the program.

        :raise ValidationError: naming both
        """
        if not self._takes_from(partner.sudo().company_id):
            raise ValidationError(
                self.env._(
                    "%(customer)s is a contact of another company than program %(program)s. Share the contact between "
                    "the companies first.",
                    customer=partner.sudo().name,
                    program=self.name,
                )
            )

    def _is_customer_in_scope(self, customers, binding=None, order=None):
        """Tell whether a customer counts for the program. Extension point: it decides for every order.

        :param customers: the customer and its commercial entity
        :param binding: the `distribution.binding` by which the customer would count, empty or None for another reason
        :param order: the `sale.order` in question, which makes nobody an old customer
        """
        self.ensure_one()
        if self.customer_scope == "tags":
            return bool(customers.category_id & self.scope_tag_ids)
        if self.customer_scope != "new":
            return True
        # Not the beginning of the binding: who was handed over, or whose distributor was merged, is no old customer.
        return not self._has_bought(customers, order, before=binding.customer_since if binding else None)

    def _has_bought(self, customers, order=None, before=None):
        """Tell whether a customer, or somebody of the same company, has a confirmed order.

        :param order: `sale.order` that does not count
        :param datetime before: only orders before this moment count; naive UTC
        """
        self.ensure_one()
        domain = Domain("partner_id", "child_of", customers.commercial_partner_id.ids)
        domain &= Domain("state", "=", "sale") & Domain("company_id", "child_of", self.company_id.id)
        if before:
            domain &= Domain("date_order", "<", before)
        if order:
            domain &= Domain("id", "!=", order.id)
        # Whether there is one: seeing the orders needs rights on orders.
        return bool(self.env["sale.order"].sudo().search_count(domain, limit=1))

    # === BUSINESS METHODS === #

    def _lock_tree(self, exclusive):
        """Serialise changes of the upline tree: moves among each other and against newcomers.

        Odoo reads a snapshot: two moves that each see no cycle could make one together, and a newcomer could copy
        the path of an upline that is being moved. PostgreSQL refuses the later one, Odoo retries it.

        :param bool exclusive: True for a move, False for a newcomer (newcomers do not wait for each other)
        """
        if exclusive:
            query = "UPDATE distribution_program SET tree_revision = coalesce(tree_revision, 0) + 1 WHERE id IN %s"
        else:
            query = "SELECT id FROM distribution_program WHERE id IN %s FOR SHARE"
        if self:
            self.env.flush_all()
            # A collision is tried again: no error for the log.
            self.env.cr.execute(SQL(query, tuple(sorted(self.ids))), log_exceptions=False)
            self.invalidate_recordset(["tree_revision"], flush=False)

    def _get_business_date(self, moment=None):
        """Return the calendar date of a moment in the program's time zone.

        :param datetime moment: naive UTC, as Odoo stores it; now when omitted.
        :rtype: datetime.date
        """
        self.ensure_one()
        moment = moment or fields.Datetime.now()
        return pytz.utc.localize(moment).astimezone(pytz.timezone(self.tz)).date()

    def _get_business_day_start(self, date):
        """Return the moment (naive UTC) at which a calendar date begins in the program's time zone.

        :param datetime.date date: a date in the program's time zone
        :rtype: datetime.datetime
        """
        self.ensure_one()
        midnight = datetime.combine(date, datetime.min.time())
        return pytz.timezone(self.tz).localize(midnight).astimezone(pytz.utc).replace(tzinfo=None)
