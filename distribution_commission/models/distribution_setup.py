# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class DistributionSetup(models.AbstractModel):
    _inherit = "distribution.setup"

    @api.model
    def _get_steps(self):
        """Override of `distribution_core` to add the rules that pay, once there is a program."""
        steps, program = super()._get_steps(), self._get_program()
        position = [step["name"] for step in steps].index("program") + 1
        return [*steps[:position], self._prepare_rule_step(program), *steps[position:]]

    @api.model
    def _prepare_rule_step(self, program):
        return {
            "name": "rule",
            "title": self.env._("Commission Rule"),
            "text": self.env._("Say what each paid level gets. All levels together keep to the program's cap."),
            "button": self.env._("Set"),
            "is_done": any(rule.is_paying for rule in program.rule_ids.filtered("active")),
        }

    @api.model
    def _open_rule(self):
        program = self._get_program()
        return program.action_view_rules() if program else self._open_program()
