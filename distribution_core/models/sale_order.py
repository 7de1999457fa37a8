# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..const import EARNING_STATES

ATTRIBUTION_FIELDS = {"distribution_distributor_id", "distribution_program_id", "distribution_attribution"}

# Customers read their orders in the portal, and salespeople in the back office: who earns is for the suite's roles.
READERS = "distribution_core.group_distribution_user"


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
        programs = self.env["distribution.program"].search([("company_id", "parent_of", self.company_id.id)])
        own = self.env["distribution.distributor"].search(
            [("partner_id", "in", partners.ids), ("program_id", "in", programs.ids), ("state", "in", EARNING_STATES)]
        )
        chosen = self.distribution_distributor_id if self._is_attribution_chosen() else own.browse()
        if chosen and chosen._is_earning() and chosen.program_id not in own.program_id:
            return self._prepare_attribution_of(chosen, "manual")
        bindings = self.env["distribution.binding"]._find_valid(
            partners, programs - own.program_id, fields.Datetime.now()
        )
        bound = bindings.distributor_id.filtered(lambda distributor: distributor._is_earning())[:1]
        if bound:
            return self._prepare_attribution_of(bound, "binding")
        return self._prepare_attribution_of(own.browse(), "self" if own else "none")

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
