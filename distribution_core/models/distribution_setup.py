# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.tools import is_html_empty

MANAGER = "distribution_core.group_distribution_manager"


class DistributionSetup(models.AbstractModel):
    """The panel that takes a merchant from nothing to a running program. What is done is read from the records."""

    _name = "distribution.setup"
    _description = "Distribution Setup"

    # === ACTION METHODS === #

    @api.model
    def get_panel(self):
        """Return what the panel shows, False where it was closed or the user sets nothing up.

        :return: `steps`, each with `name`, `title`, `text`, `button` and `is_done`
        :rtype: dict
        """
        if not self.env.user.has_group(MANAGER) or self.env.company.is_distribution_setup_closed:
            return False
        return {"steps": self._get_steps()}

    @api.model
    def open_step(self, name):
        """Return the action of a step: where its work is done.

        :param str name: as in `get_panel`
        """
        self.env["res.users"]._check_distribution_role(MANAGER)
        openers = {step["name"]: getattr(self, f"_open_{step['name']}") for step in self._get_steps()}
        return openers[name]() if name in openers else False

    @api.model
    def close(self):
        """Hide the panel for everybody in the company; the menu brings it back."""
        self._set_closed(True)

    @api.model
    def action_reopen(self):
        """Show the panel again, above the programs."""
        self._set_closed(False)
        return self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_program_action")

    # === BUSINESS METHODS === #

    @api.model
    def _set_closed(self, is_closed):
        self.env["res.users"]._check_distribution_role(MANAGER)
        # Whoever sets programs up need not administer the company.
        self.env.company.sudo().is_distribution_setup_closed = is_closed

    @api.model
    def _get_program(self):
        """Return the program that is being set up: the first of the company."""
        return self.env["distribution.distributor"]._default_program_id()

    @api.model
    def _get_steps(self):
        """Return the steps in their order. Extension point: a step `x` is opened by a method `_open_x`."""
        program = self._get_program()
        return [
            {
                "name": "company",
                "title": self.env._("Company and Time Zone"),
                "text": self.env._("Say where you do business: months, holds and posting dates follow its time zone."),
                "button": self.env._("Set"),
                "is_done": self._is_company_set(),
            },
            {
                "name": "program",
                "title": self.env._("Program"),
                "text": self.env._("Paid levels, whose customer is whose, and who may join. Joining is always free."),
                "button": self.env._("Open") if program else self.env._("Create"),
                "is_done": bool(program),
            },
            {
                "name": "agreement",
                "title": self.env._("Agreement and Texts"),
                "text": self.env._("Publish what distributors agree to, and introduce the program to them."),
                "button": self.env._("Write"),
                "is_done": bool(program.agreement_id) and not is_html_empty(program.introduction),
            },
            {
                "name": "distributor",
                "title": self.env._("First Distributor"),
                "text": self.env._("Enrol somebody you trust; others follow by the distributor's code."),
                "button": self.env._("Enrol"),
                "is_done": self._has_distributor(program),
            },
        ]

    @api.model
    def _is_company_set(self):
        partner = self.env.company.sudo().partner_id
        return bool(partner.country_id and partner.tz)

    @api.model
    def _has_distributor(self, program):
        domain = [("program_id", "=", program.id), ("state", "=", "active")]
        return bool(program and self.env["distribution.distributor"].search_count(domain, limit=1))

    @api.model
    def _open_company(self):
        return self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_setup_company_action")

    @api.model
    def _open_program(self):
        return self._prepare_form_action("distribution.program", self._get_program())

    @api.model
    def _open_agreement(self):
        return self._open_program()

    @api.model
    def _open_distributor(self):
        program = self._get_program()
        action = self._prepare_form_action("distribution.distributor", self.env["distribution.distributor"])
        return {**action, "context": {"default_program_id": program.id}} if program else self._open_program()

    @api.model
    def _prepare_form_action(self, model_name, record):
        return {
            "type": "ir.actions.act_window",
            "res_model": model_name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
