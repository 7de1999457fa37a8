# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def _load_module_terms(self, modules, langs, overwrite=False):
        """Override of Odoo: a language that is added later reaches the commission accounts, which no data file has."""
        result = super()._load_module_terms(modules, langs, overwrite=overwrite)
        if "distribution_commission" in modules:
            companies = self.env["res.company"].search([("commission_journal_id", "!=", False)])
            companies._translate_commission_accounts(langs)
        return result
