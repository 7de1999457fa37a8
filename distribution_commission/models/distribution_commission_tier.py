# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class DistributionCommissionTier(models.Model):
    """What a rule pays once a distributor's sales of the period have reached an amount."""

    _name = "distribution.commission.tier"
    _description = "Commission Tier"
    _order = "rule_id, amount_from, id"

    rule_id = fields.Many2one(
        comodel_name="distribution.commission.rule", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(related="rule_id.kind")
    currency_id = fields.Many2one(related="rule_id.currency_id")
    amount_from = fields.Monetary(
        string="Sales From", aggregator=None, help="Sales of the period before the order: this much or more."
    )
    amount_to = fields.Monetary(
        string="Sales Below", aggregator=None, help="The next tier begins here. Empty: without an end."
    )
    rate = fields.Float(string="Rate (%)", digits=(7, 4), aggregator=None)
    fixed_amount = fields.Monetary(string="Amount", aggregator=None)

    _not_negative = models.Constraint(
        "CHECK(amount_from >= 0 AND amount_to >= 0 AND fixed_amount >= 0 AND rate BETWEEN 0 AND 100)",
        "Sales and amounts of a tier cannot be negative, and a rate lies between 0 and 100 per cent.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("amount_from", "amount_to", "rate", "fixed_amount", "rule_id")
    def _check_rule(self):
        self.rule_id._check_tiers()
        self.rule_id._check_cap()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        self.env["distribution.commission.rule"].browse({vals["rule_id"] for vals in vals_list})._lock()
        return super().create(vals_list)

    def write(self, vals):
        self.check_access("write")
        self.rule_id._lock()
        return super().write(vals)

    def unlink(self):
        self.check_access("unlink")
        rules = self.rule_id
        rules._lock()
        result = super().unlink()
        rules._check_tiers()
        return result
