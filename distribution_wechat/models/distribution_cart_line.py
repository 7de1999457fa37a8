# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import SQL


class DistributionCartLine(models.Model):
    """What somebody means to buy in a mini-program. It becomes an order when it is placed, not before."""

    _name = "distribution.cart.line"
    _description = "Mini-Program Cart Line"
    _order = "id"

    identity_id = fields.Many2one(
        comodel_name="distribution.wechat.identity", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="identity_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="identity_id.partner_id", string="Customer", store=True, index=True)
    product_id = fields.Many2one(
        comodel_name="product.product", required=True, index=True, ondelete="cascade", readonly=True
    )
    quantity = fields.Integer(required=True, readonly=True)

    _product_uniq = models.UniqueIndex("(identity_id, product_id)", "A product stands in a cart once.")
    _quantity_positive = models.Constraint("CHECK(quantity > 0)", "A cart holds at least one piece of a product.")

    @api.model
    def _set_quantity(self, identity, product, quantity):
        """Put a quantity of a product into somebody's cart in place of what was there; 0 takes it out.

        :param int quantity: pieces
        """
        self.flush_model()
        if quantity:
            query = SQL(
                """
                INSERT INTO distribution_cart_line
                       (identity_id, company_id, partner_id, product_id, quantity, create_date, write_date)
                VALUES (%(identity)s, %(company)s, %(partner)s, %(product)s, %(quantity)s, %(now)s, %(now)s)
                ON CONFLICT (identity_id, product_id)
                DO UPDATE SET quantity = EXCLUDED.quantity, write_date = EXCLUDED.write_date
                """,
                identity=identity.id,
                company=identity.company_id.id,
                partner=identity.partner_id.id,
                product=product.id,
                quantity=quantity,
                now=fields.Datetime.now(),
            )
            # Two at once are a collision, which Odoo tries again: no error for the log.
            self.env.cr.execute(query, log_exceptions=False)
            self.invalidate_model(flush=False)
        else:
            self._get_of(identity).filtered(lambda line: line.product_id == product).unlink()

    @api.model
    def _get_of(self, identity):
        return self.search([("identity_id", "=", identity.id)])
