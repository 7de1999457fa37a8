# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.distribution_core.tools.masking import mask_name


class DistributionCommissionEntry(models.Model):
    """What a distributor reads of an entry, in the portal and in the mini-program."""

    _name = "distribution.commission.entry"
    _inherit = ["distribution.commission.entry", "distribution.portal.mixin"]

    # It names orders and codes, which who reads the entry may read in it.
    why = fields.Text(compute_sudo=True)
    order_name = fields.Char(compute="_compute_order_facts", compute_sudo=True)
    product_name = fields.Char(compute="_compute_order_facts", compute_sudo=True)
    masked_buyer = fields.Char(string="Buyer", compute="_compute_order_facts", compute_sudo=True)

    # === COMPUTE METHODS === #

    @api.depends("order_id", "line_id", "guarantee_id", "level")
    def _compute_order_facts(self):
        for entry in self:
            entry.order_name = entry.order_id.name
            entry.product_name = entry._get_product_name()
            entry.masked_buyer = entry._get_masked_buyer()

    @api.model
    def _get_portal_fields(self):
        names = ("distributor_id", "program_id", "company_id", "currency_id", "kind", "level", "rate", "base", "amount")
        told = ("date", "state", "release_date", "why", "order_name", "product_name", "masked_buyer")
        return super()._get_portal_fields().union(names, told)

    # === BUSINESS METHODS === #

    def _get_product_name(self):
        """Return what the amount is for: the product, or the period for which something is guaranteed."""
        self.ensure_one()
        return self.guarantee_id.display_name or self.line_id.product_id.name or self.line_id.name

    def _get_masked_buyer(self):
        """Return who bought, masked; False above level 1, where the buyer is somebody else's customer."""
        self.ensure_one()
        return mask_name(self.order_id.partner_id.name) if self.level == 1 and self.order_id else False

    def _get_clawback_reason(self):
        """Return why an amount was taken back, told from the figures it was computed from.

        :return: ``cancelled``, ``returned``, ``credited``, ``changed`` (the order line itself),
            ``guarantee`` (what was sold has brought more, or is no longer sold); None for an earning
        :rtype: str or None
        """
        self.ensure_one()
        if self.kind != "clawback":
            return None
        if self.guarantee_id:
            return "guarantee"
        facts = {key: Decimal(self.explanation[key]) for key in ("sent", "kept", "money")}
        # A cancelled order has no figures at all; one whose goods all came back still knows what was sent.
        if not any(facts.values()) and self.order_id.state == "cancel":
            return "cancelled"
        if facts["kept"] < facts["sent"] and facts["kept"] <= facts["money"]:
            return "returned"
        if facts["money"] < min(facts["sent"], facts["kept"]):
            return "credited"
        return "changed"

    def _get_clawback_reason_text(self):
        """Return the reason in the reader's language, None for an earning."""
        texts = {
            "cancelled": self.env._("The order was cancelled."),
            "returned": self.env._("Goods were returned."),
            "credited": self.env._("A part of the price was credited to the customer."),
            "changed": self.env._("The order was changed."),
            "guarantee": self.env._("What the sales of the period have brought has changed."),
        }
        return texts.get(self._get_clawback_reason())
