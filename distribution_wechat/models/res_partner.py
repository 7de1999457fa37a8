# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _get_shop_address(self, address):
        """Return the delivery address of a customer with these values, created where there is none.

        :param address: `schemas.orders.Address`, as ``wx.chooseAddress`` gives it
        """
        self.ensure_one()
        vals = self._prepare_shop_address_vals(address)
        known = self.search([(name, "=", value or False) for name, value in vals.items()], limit=1)
        return known or self.create(vals)

    def _prepare_shop_address_vals(self, address):
        country = self.env.ref("base.cn")
        # Odoo calls 浙江省 both so and Zhejiang: what it does not know stands with the district.
        states = self.env["res.country.state"].with_context(lang="zh_CN")
        state = states.search([("country_id", "=", country.id), ("name", "=", address.province)], limit=1)
        district = [address.district] if state else [address.province, address.district]
        return {
            "parent_id": self.id,
            "type": "delivery",
            "name": address.name,
            "phone": address.phone,
            "street": address.street,
            "street2": " ".join(part for part in district if part),
            "city": address.city,
            "state_id": state.id,
            "zip": address.postal_code,
            "country_id": country.id,
            "company_id": self.company_id.id,
        }
