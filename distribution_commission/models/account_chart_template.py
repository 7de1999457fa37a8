# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class AccountChartTemplate(models.AbstractModel):
    _inherit = "account.chart.template"

    def _post_load_data(self, template_code, company, template_data):
        """Override of `account`: a company that gets its chart of accounts gets the commission accounts with it."""
        result = super()._post_load_data(template_code, company, template_data)
        company = company or self.env.company
        company._create_commission_accounts()
        return result
