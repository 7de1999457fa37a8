# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.distribution_core.const import MAX_LEVELS


class DistributionCommissionRule(models.Model):
    _name = "distribution.commission.rule"
    _description = "Commission Rule"
    _order = "program_id, level, id"
    _check_company_auto = True

    program_id = fields.Many2one(
        comodel_name="distribution.program",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    active = fields.Boolean(default=True)
    level = fields.Integer(
        required=True,
        default=1,
        aggregator=None,
        help="1 is the distributor who referred the buyer, 2 its upline, 3 the next one up.",
    )
    rate = fields.Float(
        string="Rate (%)",
        digits=(7, 4),
        required=True,
        aggregator=None,
        help="Per cent of the untaxed value of the order line.",
    )

    _level_range = models.Constraint(
        f"CHECK(level BETWEEN 1 AND {MAX_LEVELS})", "Commission goes to levels 1 to 3: more is not lawful."
    )
    _rate_range = models.Constraint("CHECK(rate BETWEEN 0 AND 100)", "A rate lies between 0 and 100 per cent.")
    _level_program_uniq = models.UniqueIndex("(program_id, level) WHERE active", "A program has one rule for a level.")

    # === COMPUTE METHODS === #

    @api.depends("program_id.name", "level", "rate")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = self.env._(
                "%(program)s, level %(level)s: %(rate)s %%",
                program=rule.program_id.name or "",
                level=rule.level,
                rate=f"{rule.rate:g}",
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("rate", "level", "active", "program_id")
    def _check_cap(self):
        self.program_id._check_cap()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """Terms point at the rule they were made by: such a rule is archived, not deleted."""
        used = self.env["distribution.commission.term"].sudo().search([("rule_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(self.env._("%s was applied to orders: archive it instead.", used.rule_id.display_name))
