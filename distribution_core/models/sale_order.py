# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..const import EARNING_STATES, MAX_LEVELS

ATTRIBUTION_FIELDS = {"distribution_distributor_id", "distribution_program_id", "distribution_attribution"}

# Customers read their orders in the portal, and salespeople in the back office: who earns is for the suite's roles.
READERS = "distribution_core.group_distribution_salesperson"

# What an attribution needs to know of a distributor and of a binding.
MEMBER_FIELDS = ("partner_id", "program_id", "company_id", "state", "grade_id", "parent_id", "parent_path")
BINDING_FIELDS = ("partner_id", "program_id", "company_id", "state", "distributor_id")


def _insert_cache(model, rows, names):
    """Put what was read into the cache, as a read of the ORM does: what is changed and not written yet stays.

    :param list rows: dicts of columns, none of which is translated, a date or a list
    """
    records = model.browse(row["id"] for row in rows)
    for name in names:
        model._fields[name]._insert_cache(records, [row[name] for row in rows])


class SaleOrder(models.Model):
    _inherit = "sale.order"

    distribution_program_id = fields.Many2one(
        comodel_name="distribution.program",
        groups=READERS,
        index="btree_not_null",
        copy=False,
        readonly=True,
        ondelete="restrict",
    )
    distribution_distributor_id = fields.Many2one(
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
            ("binding", "The customer's binding"),
            ("self", "Self-purchase of a distributor"),
            ("none", "No distributor"),
        ],
        string="Attribution",
        groups=READERS,
        copy=False,
        readonly=True,
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("distribution_distributor_id", "company_id")
    def _check_distribution_company(self):
        for order in self.sudo().filtered("distribution_distributor_id"):
            if order.distribution_distributor_id.company_id not in order.company_id.parent_ids:
                raise ValidationError(
                    self.env._(
                        "%(distributor)s belongs to a program of another company than order %(order)s.",
                        distributor=order.distribution_distributor_id.display_name,
                        order=order.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_attribution_role(vals)
        return super().create([self._prepare_choice_vals(vals) for vals in vals_list])

    def write(self, vals):
        if ATTRIBUTION_FIELDS.isdisjoint(vals):
            return super().write(vals)
        self._check_attribution_role(vals)
        frozen = self._filter_attribution_frozen()
        frozen._check_attribution_same(vals)
        # What is frozen stays as it is, its reason too.
        super(SaleOrder, frozen).write({key: value for key, value in vals.items() if key not in ATTRIBUTION_FIELDS})
        return super(SaleOrder, self - frozen).write(self._prepare_choice_vals(vals))

    # === BUSINESS METHODS === #

    def _action_confirm(self):
        """Override of `sale` to freeze the attribution before anything is derived from it."""
        self._freeze_attribution()
        return super()._action_confirm()

    def _filter_attribution_frozen(self):
        return self.filtered(lambda order: order.state == "sale" or order._is_attribution_kept())

    def _check_attribution_same(self, vals):
        """Refuse to move a confirmed order from one distributor to another.

        :raise UserError: when a value would change
        """
        for order in self.sudo():
            if any(
                order._fields[name].convert_to_write(order[name], order) != vals[name]
                for name in ATTRIBUTION_FIELDS & vals.keys()
            ):
                raise UserError(self.env._("The attribution of order %s was frozen when it was confirmed.", order.name))

    @api.model
    def _prepare_choice_vals(self, vals):
        """Note that a distributor was chosen by a person: a choice outlives the binding when the order is confirmed."""
        if "distribution_distributor_id" not in vals or "distribution_attribution" in vals:
            return vals
        return {**vals, "distribution_attribution": "manual" if vals["distribution_distributor_id"] else False}

    @api.model
    def _check_attribution_role(self, vals):
        """Let managers choose the distributor of a quotation, and nobody write what is derived from the choice.

        :raise AccessError: through any door, the web client's or an interface's
        """
        if vals.get("distribution_distributor_id"):
            self.env["res.users"]._check_distribution_role("distribution_core.group_distribution_manager")
        if not self.env.su and (vals.get("distribution_program_id") or vals.get("distribution_attribution")):
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
        """Return program, distributor and reason of the order's attribution.

        A distributor chosen on the quotation goes before the customer's binding. Programs of the order's company and
        of its parents compete by sequence. A distributor's own order (self-purchase) counts for nobody in its program.
        """
        self.ensure_one()
        partners = self.partner_id | self.partner_id.commercial_partner_id
        own, bindings = self._read_attribution(partners)
        chosen = self.distribution_distributor_id if self._is_attribution_chosen() else own.browse()
        if chosen and chosen._is_earning() and chosen.program_id not in own.program_id:
            return self._prepare_attribution_of(chosen, "manual")
        candidates = bindings.filtered(lambda binding: binding.program_id not in own.program_id)._sort_for(partners)
        bound = candidates.distributor_id.filtered(lambda distributor: distributor._is_earning())[:1]
        if bound:
            return self._prepare_attribution_of(bound, "binding")
        return self._prepare_attribution_of(own.browse(), "self" if own else "none")

    def _read_attribution(self, partners):
        """Return whose own memberships and which valid bindings may count for the order.

        One statement reads them, and the uplines, into the cache: orders are confirmed often.

        :param partners: the customer and its commercial entity
        :return: memberships of the customer that earn, its valid bindings, in programs of the order's company and of
            its parents
        """
        self.ensure_one()
        distributor_model, binding_model = self.env["distribution.distributor"], self.env["distribution.binding"]
        for model in (distributor_model, binding_model, self.env["distribution.program"]):
            model.flush_model()
        rows = self.env.execute_query_dict(self._get_attribution_query(partners))
        members = [row for row in rows if row["kind"] != "binding"]
        bound = [row for row in rows if row["kind"] == "binding"]
        _insert_cache(distributor_model, members, MEMBER_FIELDS)
        _insert_cache(binding_model, bound, BINDING_FIELDS)
        own_ids = [row["id"] for row in members if row["kind"] == "own"]
        return distributor_model.browse(own_ids), binding_model.browse(row["id"] for row in bound)

    def _get_attribution_query(self, partners):
        chosen = self.distribution_distributor_id.id if self._is_attribution_chosen() else 0
        return SQL(
            """
            WITH RECURSIVE program AS (
                SELECT id FROM distribution_program WHERE active AND company_id IN %(companies)s
            ), own AS (
                SELECT id FROM distribution_distributor
                 WHERE partner_id IN %(partners)s AND state IN %(earning)s AND program_id IN (SELECT id FROM program)
            ), binding AS (
                SELECT * FROM distribution_binding
                 WHERE partner_id IN %(partners)s AND program_id IN (SELECT id FROM program) AND state = 'active'
                   AND date_from <= %(now)s AND (date_to IS NULL OR date_to > %(now)s)
            ), chain (id, parent_id, step) AS (
                SELECT id, parent_id, 1 FROM distribution_distributor
                 WHERE id = %(chosen)s OR id IN (SELECT distributor_id FROM binding)
                 UNION
                SELECT above.id, above.parent_id, step + 1
                  FROM distribution_distributor AS above JOIN chain ON above.id = chain.parent_id
                 WHERE step < %(levels)s
            )
            SELECT CASE WHEN id IN (SELECT id FROM own) THEN 'own' ELSE 'member' END AS kind, id, partner_id,
                   program_id, company_id, state, grade_id, parent_id, parent_path, NULL::integer AS distributor_id
              FROM distribution_distributor
             WHERE id IN (SELECT id FROM own UNION SELECT id FROM chain)
             UNION ALL
            SELECT 'binding', id, partner_id, program_id, company_id, state, NULL, NULL, NULL, distributor_id
              FROM binding
            """,
            companies=tuple(self.company_id.parent_ids.ids),
            partners=tuple(partners.ids),
            earning=EARNING_STATES,
            now=fields.Datetime.now(),
            chosen=chosen,
            levels=MAX_LEVELS,
        )

    def _is_attribution_chosen(self):
        """Tell a distributor chosen by a person from one left over from an earlier confirmation."""
        return bool(self.distribution_distributor_id) and self.distribution_attribution == "manual"

    @api.model
    def _prepare_attribution_of(self, distributor, reason):
        return {
            "distribution_program_id": distributor.program_id.id,
            "distribution_distributor_id": distributor.id,
            "distribution_attribution": reason,
        }
