# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class DistributionCommissionSourceMixin(models.AbstractModel):
    """A line of a sale on which commission is earned; implemented by sale order lines, open to other channels."""

    _name = "distribution.commission.source.mixin"
    _description = "Source of Commission"

    def _get_commission_role(self):
        """Tell what the line is to commission.

        :return: `goods` (earns), `discount` (reduces what the goods earn on) or `other` (does not count)
        :rtype: str
        """
        raise NotImplementedError

    def _get_commission_facts(self):
        """Return what happened to the lines: sent, returned, invoiced, credited.

        :return: line id → `engine.eligible_base.LineFacts`
        :rtype: dict
        """
        raise NotImplementedError
