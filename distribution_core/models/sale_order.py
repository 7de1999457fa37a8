# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..const import APPLICANT_STATES
from ..fields import CopiedMany2one, LastingMany2one
from . import attribution

# What a manager or the customer says an order counts by, and what follows from it.
CHOICE_FIELDS = {"distribution_distributor_id", "distribution_code", "distribution_link_id", "distribution_link_on"}
DERIVED_FIELDS = {"distribution_program_id", "distribution_attribution", "distribution_attribution_facts"}
ATTRIBUTION_FIELDS = CHOICE_FIELDS | DERIVED_FIELDS

# Customers read their orders in the portal, and salespeople in the back office: who earns is for the suite's roles.
READERS = "distribution_core.group_distribution_salesperson"


def _insert_cache(model, columns, rows):
    """Put what was read into the cache, as a read of the ORM does: what is changed and not written yet stays.

    :param dict columns: name of a field → its column in the rows
    :param dict rows: id → dict of columns, as the cache has them
    """
    records = model.browse(rows)
    for name, column in columns.items():
        model._fields[name]._insert_cache(records, [row[column] for row in rows.values()])


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # The distributor's, which keeps its program.
    distribution_program_id = CopiedMany2one(
        comodel_name="distribution.program",
        groups=READERS,
        index="btree_not_null",
        copy=False,
        readonly=True,
        ondelete="restrict",
    )
    distribution_distributor_id = LastingMany2one(
        comodel_name="distribution.distributor",
        string="Distributor",
        groups=READERS,
        index="btree_not_null",
        copy=False,
        ondelete="restrict",
        tracking=True,
        domain="[('state', 'in', ('active', 'suspended')), ('company_id', 'parent_of', company_id)]",
        help="The distributor this order counts for. It is settled when the order is confirmed and never changes then.",
    )
    distribution_attribution = fields.Selection(
        selection=[
            ("manual", "Chosen on the quotation"),
            ("code", "Code typed in"),
            ("link", "Link opened"),
            ("binding", "The customer's binding"),
            ("salesperson", "Salesperson"),
            ("self", "Self-purchase of a distributor"),
            ("scope", "Customer who does not count for the program"),
            ("none", "No distributor"),
        ],
        string="Attribution",
        groups=READERS,
        copy=False,
        readonly=True,
    )
    distribution_code = fields.Char(
        string="Distributor Code",
        copy=False,
        tracking=True,
        help="The code of a distributor, or of a link of one, that the customer has named. It goes before links and "
        "bindings.",
    )
    distribution_link_id = fields.Many2one(
        comodel_name="distribution.link",
        string="Link",
        groups=READERS,
        index="btree_not_null",
        copy=False,
        ondelete="restrict",
        domain="[('company_id', 'parent_of', company_id)]",
        help="The distributor's link by which the customer came. It counts within its attribution window.",
    )
    distribution_link_on = fields.Datetime(string="Link Opened On", groups=READERS, copy=False, readonly=True)
    distribution_attribution_facts = fields.Json(groups=READERS, copy=False, readonly=True)
    distribution_attribution_note = fields.Text(
        string="Explanation",
        compute="_compute_distribution_attribution_note",
        groups=READERS,
        help="What decided for whom the order counts, and why nothing else did.",
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "partner_id", "user_id", "company_id", *sorted(ATTRIBUTION_FIELDS))
    @api.depends_context("lang")
    def _compute_distribution_attribution_note(self):
        for order in self:
            # Whoever reads the explanation need not have rights on the distributor of another program.
            order.distribution_attribution_note = order.sudo()._explain_attribution()

    # === CONSTRAINT METHODS === #

    @api.constrains("distribution_distributor_id", "company_id")
    def _check_distribution_distributor(self):
        for order in self.sudo():
            distributor = order.distribution_distributor_id
            company = distributor.company_id
            # Mostly there is one company.
            if company and company != order.company_id and company not in order.company_id.parent_ids:
                raise ValidationError(
                    self.env._(
                        "%(distributor)s belongs to a program of another company than order %(order)s.",
                        distributor=distributor.display_name,
                        order=order.name,
                    )
                )
            if distributor.state in APPLICANT_STATES:
                raise ValidationError(
                    self.env._(
                        "%(distributor)s is no distributor yet, and order %(order)s cannot count for an applicant.",
                        distributor=distributor.display_name,
                        order=order.name,
                    )
                )

    @api.constrains("distribution_code", "company_id")
    def _check_distribution_code(self):
        """Refuse a code that would not count where it is typed in, not when the order is confirmed."""
        for order in self.sudo().filtered("distribution_code"):
            order._get_code_owner(order.distribution_code)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        links, companies = self.env["distribution.link"].sudo(), self.env["res.company"].sudo()
        for vals in vals_list:
            self.browse()._check_attribution_role(vals)
        visits = [
            links._get_visit_vals(companies.browse(vals.get("company_id") or self.env.company.id)) for vals in vals_list
        ]
        orders = super().create(
            [self._prepare_choice_vals({**visit, **vals}) for visit, vals in zip(visits, vals_list, strict=True)]
        )
        # An import may bring orders that are confirmed already.
        orders.filtered(lambda order: order.state == "sale")._freeze_attribution()
        return orders

    def _add_missing_default_values(self, values):
        """Override of Odoo: a default may come from anywhere, and is held to the same as what is given."""
        completed = super()._add_missing_default_values(values)
        names = (ATTRIBUTION_FIELDS & completed.keys()) - values.keys()
        self.browse()._check_attribution_role({name: completed[name] for name in names})
        return completed

    def write(self, vals):
        if ATTRIBUTION_FIELDS.isdisjoint(vals):
            return super().write(vals)
        self._check_attribution_role(vals)
        frozen = self._filter_attribution_frozen()
        frozen._check_attribution_same(vals)
        # What is frozen stays as it is, its reason too.
        super(SaleOrder, frozen).write({key: value for key, value in vals.items() if key not in ATTRIBUTION_FIELDS})
        return super(SaleOrder, self - frozen).write(self._prepare_choice_vals(vals))

    # === MAIL METHODS === #

    def _mail_track(self, tracked_fields, initial_values):
        """Override of `mail`: for whom an order counts by itself once it is confirmed is no change to report.

        The order explains it. What somebody chose, and another distributor at a new confirmation, is reported.
        """
        name = "distribution_distributor_id"
        if not initial_values.get(name) and self.sudo().distribution_attribution != "manual":
            initial_values = {key: value for key, value in initial_values.items() if key != name}
        return super()._mail_track(tracked_fields, initial_values)

    # === BUSINESS METHODS === #

    def _action_confirm(self):
        """Override of `sale` to freeze the attribution before anything is derived from it."""
        self._freeze_attribution()
        result = super()._action_confirm()
        self.sudo()._bind_customers()
        return result

    def _bind_customers(self):
        """Bind who came by a link or named a code to whom the order counts for, where the program's policy allows it.

        From the order's own date on: it makes nobody an old customer.
        """
        for order in self.filtered(lambda order: order._is_customer_new_to_distributor()):
            self.env["distribution.binding"]._recommend(
                order.partner_id,
                order.distribution_distributor_id,
                order.distribution_attribution,
                date_from=order.date_order,
            )

    def _is_customer_new_to_distributor(self):
        """Tell whether an order counts by a link or a code, and its customer is not bound to the distributor yet."""
        self.ensure_one()
        bound = {"kind": "binding", "distributor": self.distribution_distributor_id.id, "verdict": "later"}
        facts = self.distribution_attribution_facts or []
        return self.distribution_attribution in ("link", "code") and not any(bound.items() <= f.items() for f in facts)

    def _filter_attribution_frozen(self):
        return self.filtered(lambda order: order.state == "sale" or order._is_attribution_kept())

    def _check_attribution_same(self, vals):
        """Refuse to move a confirmed order from one distributor to another.

        :raise UserError: when a value would change
        """
        for order in self.sudo():
            if order._get_attribution_changes(vals):
                raise UserError(self.env._("The attribution of order %s was frozen when it was confirmed.", order.name))

    def _get_attribution_changes(self, vals):
        """Return the names of what values would change of an attribution; for no orders: what they would set."""
        wanted = {name: self._convert_choice(name, vals[name]) for name in ATTRIBUTION_FIELDS & vals.keys()}
        return {
            name
            for name, value in wanted.items()
            if any(order._convert_choice(name, order[name]) != value for order in self) or (not self and value)
        }

    def _convert_choice(self, name, value):
        """Return a value as it is kept, so that what comes through an interface compares with what is there."""
        field = self._fields[name]
        if name == "distribution_code":
            value = self._clean_code(value)
        return field.convert_to_write(field.convert_to_cache(value, self), self) or False

    @api.model
    def _clean_code(self, code):
        # PostgreSQL takes no null characters, and the portal's form may send anything, an interface a number.
        return str(code or "").replace("\0", "").strip() or False

    @api.model
    def _prepare_choice_vals(self, vals):
        """Note what was chosen by a person: a choice outlives the binding when the order is confirmed."""
        vals = dict(vals)
        if "distribution_distributor_id" in vals and "distribution_attribution" not in vals:
            vals["distribution_attribution"] = "manual" if vals["distribution_distributor_id"] else False
        if "distribution_code" in vals:
            vals["distribution_code"] = self._clean_code(vals["distribution_code"])
        if "distribution_link_id" in vals and not vals.get("distribution_link_on"):
            vals["distribution_link_on"] = fields.Datetime.now() if vals["distribution_link_id"] else False
        return vals

    def _check_attribution_role(self, vals):
        """Let managers choose the distributor of a quotation, and nobody write what is derived from the choice.

        A code may be typed in by anybody who may write the quotation: it comes from the customer.

        :raise AccessError: through any door, the web client's or an interface's
        """
        if self.env.su:
            return
        changes = self.sudo()._get_attribution_changes(vals)
        if changes & {"distribution_distributor_id", "distribution_link_id"}:
            self.env["res.users"]._check_distribution_role("distribution_core.group_distribution_manager")
        if changes & (DERIVED_FIELDS | {"distribution_link_on"}):
            raise AccessError(self.env._("Program and reason of an attribution follow from the distributor."))

    def _is_attribution_kept(self):
        """Tell whether an order that is confirmed again keeps the attribution it had. Extension point."""
        self.ensure_one()
        return False

    def _freeze_attribution(self):
        for order in self:
            if order._is_attribution_kept():
                continue
            # Anyone who may confirm an order may freeze it; programs and bindings are not theirs to read.
            vals = order.sudo()._prepare_attribution_vals()
            order.sudo()._write_attribution(vals)

    def _write_attribution(self, vals):
        """Write past our own guard, which is for everybody else."""
        return super().write(vals)

    def _prepare_attribution_vals(self):
        """Return program, distributor and reason of the order's attribution, and how it was found.

        What goes before what is `attribution.PRECEDENCE`. Programs of the order's company and of its parents compete
        by sequence. A customer counts for a program only within its scope. A distributor's own order (self-purchase)
        counts for nobody else in its program, and for whom the program says.
        """
        self.ensure_one()
        partners = self._get_attribution_partners()
        own, claims = self._read_attribution(partners)
        claims, winner = self._choose_claim(claims, partners)
        distributor_id, reason = (winner.distributor_id, winner.kind) if winner else (False, "none")
        if not winner and own:
            distributor_id, reason = self._get_self_purchase_earner(own, partners).id, "self"
        elif not winner and any(claim.problem == "scope" for claim in claims):
            reason = "scope"
        vals = {
            "distribution_program_id": own.browse(distributor_id or []).program_id.id,
            "distribution_distributor_id": distributor_id,
            "distribution_attribution": reason,
            "distribution_attribution_facts": attribution.get_facts(claims, winner, self.distribution_code),
        }
        if winner and winner.kind == "code" and winner.record_id:
            # The code was a link's: the order is one that the link brought.
            vals["distribution_link_id"] = winner.record_id
        return vals

    def _choose_claim(self, claims, partners):
        """Return the claims, with those for which the customer is out of the program's scope marked, and the winner.

        :param list claims: `attribution.Claim`, what goes first first
        :param partners: the customer and its commercial entity
        :return: claims, and the one an order counts by or None
        :rtype: tuple
        """
        claims = list(claims)
        while winner := attribution.choose(claims):
            program = self.env["distribution.program"].browse(winner.program_id)
            binding = self.env["distribution.binding"].browse(winner.record_id if winner.kind == "binding" else [])
            if program._is_customer_in_scope(partners, binding, self):
                return claims, winner
            claims[claims.index(winner)] = winner._replace(problem="scope")
        return claims, None

    @api.model
    def _get_self_purchase_earner(self, own, partners):
        """Return for whom an own purchase counts: the first of the buyer's programs that pays decides.

        :param own: memberships of the customer that earn
        :param partners: the customer and its commercial entity
        :return: a distributor, empty for nobody
        """
        ordered = own.sorted(lambda d: (d.program_id.sequence, d.program_id.id, d.partner_id != partners[:1]))
        earners = (member._get_self_purchase_earner() for member in ordered)
        return next(filter(None, earners), own.browse())

    def _get_attribution_partners(self):
        """Return the customer, and the company it buys for."""
        return self.partner_id._origin | self.partner_id.commercial_partner_id._origin

    def _read_attribution(self, partners):
        """Return the customer's own memberships, and what the order may count by.

        One statement reads it, and the uplines and programs into the cache: orders are confirmed often.

        :param partners: the customer and its commercial entity
        :return: memberships that earn, in programs of the order's company and of its parents; the
            `attribution.Claim` in order
        :rtype: tuple
        """
        self.ensure_one()
        members, programs = self.env["distribution.distributor"], self.env["distribution.program"]
        question, names = self._get_attribution_question(partners), programs._get_attribution_fields()
        programs.flush_model(names)
        for name, used in attribution.READ_FIELDS.items():
            self.env[name].flush_model(used)
        rows = self.env.execute_query_dict(attribution.get_query(question, names))
        columns = {name: name for name in attribution.MEMBER_FIELDS}
        _insert_cache(members, columns, {row["id"]: row for row in rows})
        columns = {name: f"program.{name}" for name in names}
        _insert_cache(programs, columns, {row["program_id"]: row for row in rows})
        own = attribution.get_own(rows, question)
        return members.browse(own), attribution.get_claims(rows, own, question)

    def _get_attribution_question(self, partners):
        """Return what the order says of whom it may count for."""
        return attribution.Question(
            companies=tuple(self.company_id.parent_ids.ids),
            partners=tuple(partners.ids),
            salesperson=self.user_id.partner_id._origin.id or 0,
            chosen=self.distribution_distributor_id._origin.id if self._is_attribution_chosen() else 0,
            code=self.distribution_code or "",
            link=self.distribution_link_id._origin.id or 0,
            opened=self.distribution_link_on or None,
        )

    def _is_attribution_chosen(self):
        """Tell a distributor chosen by a person from one left over from an earlier confirmation."""
        if not self.distribution_distributor_id:
            return False
        # On a form that is not saved yet the choice is what differs from the record.
        is_changed = self.distribution_distributor_id != self._origin.distribution_distributor_id
        return is_changed or self.distribution_attribution == "manual"

    # === BUSINESS METHODS: CODES AND EXPLANATIONS === #

    def _get_code_owner(self, code):
        """Return the distributor a code stands for with the order's company.

        :param str code: of a distributor or of a link
        :raise ValidationError: for a code that would not count
        """
        self.ensure_one()
        companies = self.company_id.parent_ids
        domain = [("code", "in", (code, code.upper())), ("company_id", "in", companies.ids)]
        found = self.env["distribution.distributor"].search(domain)
        link = self.env["distribution.link"]._find(code).filtered(lambda link: link.company_id in companies)
        if not found and not link:
            raise ValidationError(self.env._("There is no distributor and no link with the code %s.", code))
        owners = found._get_survivor().filtered(lambda owner: owner._is_earning() and owner.program_id.active)
        if not owners and link and link._is_open():
            owners = link._get_owner()
        if not owners:
            raise ValidationError(self.env._("The code %s is not in use any more.", code))
        return owners[:1]

    def _note_customer_code(self, code):
        """Put a code that the customer has typed in on the quotation; one that would not count changes nothing.

        :param str code: as it was typed; nothing takes the code away
        :return: whether it counts
        :rtype: bool
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self.write({"distribution_code": code})
        except UserError:
            return False
        return True

    def _explain_attribution(self):
        """Return in words for whom the order counts and why, or would count if it were confirmed now.

        :rtype: str
        """
        self.ensure_one()
        if self.state == "cancel" or not self._get_attribution_partners():
            return ""
        distributor, reason = self.distribution_distributor_id, self.distribution_attribution
        facts, is_preview = self.distribution_attribution_facts or [], self.state != "sale"
        if is_preview:
            vals = self._prepare_attribution_vals()
            distributor = distributor.browse(vals["distribution_distributor_id"] or [])
            reason, facts = vals["distribution_attribution"], vals["distribution_attribution_facts"]
        return attribution.explain(self.env, distributor, reason, facts, is_preview)
