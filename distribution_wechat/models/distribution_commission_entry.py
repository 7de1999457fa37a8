# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import models


class DistributionCommissionEntry(models.Model):
    _inherit = "distribution.commission.entry"

    def _get_clawback_reason(self):
        """Return why an amount was taken back, told from the figures it was computed from.

        :return: ``cancelled``, ``returned``, ``credited``, ``changed`` (the order line itself); None for an earning
        :rtype: str or None
        """
        self.ensure_one()
        if self.kind != "clawback":
            return None
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
        }
        return texts.get(self._get_clawback_reason())
