# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError


class DistributionCommissionTier(models.Model):
    """What a rule pays once a distributor's sales of the period have reached an amount.

    A tier ends where the next one begins, and below the first the rule's own rate counts: gaps and overlaps cannot be
    written.
    """

    _name = "distribution.commission.tier"
    _description = "Commission Tier"
    _order = "rule_id, amount_from, id"

    rule_id = fields.Many2one(
        comodel_name="distribution.commission.rule", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(related="rule_id.kind")
    currency_id = fields.Many2one(related="rule_id.currency_id")
    amount_from = fields.Monetary(
        string="Sales From",
        required=True,
        aggregator=None,
        help="Sales of the period before the order: this much or more. Below the first tier the rule itself pays.",
    )
    rate = fields.Float(string="Rate (%)", digits=(7, 4), aggregator=None)
    fixed_amount = fields.Monetary(string="Amount", aggregator=None)

    _above_zero = models.Constraint(
        "CHECK(amount_from > 0)", "A tier begins above 0: below the first one the rule itself pays."
    )
    _not_negative = models.Constraint(
        "CHECK((fixed_amount IS NULL OR fixed_amount >= 0) AND (rate IS NULL OR rate BETWEEN 0 AND 100))",
        "An amount is not negative, and a rate lies between 0 and 100 per cent.",
    )
    _no_overlap = models.UniqueIndex("(rule_id, amount_from)", "Two tiers of a rule begin at the same sales.")

    # === CONSTRAINT METHODS === #

    @api.constrains("amount_from", "rate", "fixed_amount", "rule_id")
    def _check_cap(self):
        self.rule_id._check_cap()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        tiers = super().create(vals_list)
        tiers.rule_id._lock()
        return tiers

    def write(self, vals):
        if "rule_id" in vals and any(tier.rule_id.id != vals["rule_id"] for tier in self):
            raise UserError(self.env._("A tier stays with its rule: delete it and create one in the other."))
        self.check_access("write")
        self.rule_id._lock()
        return super().write(vals)

    def unlink(self):
        self.check_access("unlink")
        self.rule_id._lock()
        return super().unlink()
