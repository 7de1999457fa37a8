# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

VERDICTS = [
    ("wins", "Pays"),
    ("passes", "Pays the one above: its own does not earn"),
    ("nothing", "Wins, and comes to nothing at this price"),
    ("replaces", "Pays: the campaign replaces the rule"),
    ("adds", "The campaign adds to the rule"),
    ("multiplies", "The campaign multiplies the rule"),
    ("excluded", "Wins and pays nobody"),
    ("campaign", "A campaign replaces it"),
    ("idle", "No rule that pays to add to or multiply"),
    ("product", "A more specific product wins"),
    ("audience", "A more specific distributor wins"),
    ("always", "A rule for a time wins"),
    ("date", "Not valid on this day"),
    ("no_rule", "No rule"),
    ("closed", "Does not earn: not active"),
    ("nobody", "Nobody on this level"),
]


class DistributionCommissionSimulationLine(models.TransientModel):
    _name = "distribution.commission.simulation.line"
    _description = "Rule in the Commission Simulator"

    simulation_id = fields.Many2one(
        comodel_name="distribution.commission.simulation", required=True, ondelete="cascade", index=True
    )
    level = fields.Integer(aggregator=None)
    distributor_id = fields.Many2one(comodel_name="distribution.distributor", ondelete="cascade")
    rule_id = fields.Many2one(comodel_name="distribution.commission.rule", ondelete="cascade")
    product_label = fields.Char(related="rule_id.product_label", related_sudo=False)
    audience_label = fields.Char(related="rule_id.audience_label", related_sudo=False)
    pay_label = fields.Char(related="rule_id.pay_label", related_sudo=False)
    limit_label = fields.Char(related="rule_id.limit_label", related_sudo=False)
    date_from = fields.Date(related="rule_id.date_from", related_sudo=False)
    date_to = fields.Date(related="rule_id.date_to", related_sudo=False)
    verdict = fields.Selection(selection=VERDICTS)
    campaign_id = fields.Many2one(related="rule_id.campaign_id", related_sudo=False)
    period_sales = fields.Monetary(
        string="Sales Before", help="Sales of the period before, where the rule's tiers depend on them."
    )
    currency_id = fields.Many2one(related="simulation_id.currency_id")
    amount = fields.Monetary()
