# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import SQL


class DistributionStockGate(models.Model):
    """Where orders for the same scarce product wait in line.

    What can still be sold is a sum over other orders, and two transactions that both read it would both sell the last
    piece. Whoever places an order counts up the product's gate first: PostgreSQL refuses the second of two, and Odoo
    runs it again on what the first has left.
    """

    _name = "distribution.stock.gate"
    _description = "Queue for a Scarce Product"
    _log_access = False

    product_id = fields.Many2one("product.product", required=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade", readonly=True)
    revision = fields.Integer(required=True, readonly=True)

    _product_company_uniq = models.UniqueIndex("(product_id, company_id)", "A product has one gate in a company.")

    @api.model
    def _pass(self, products, company):
        """Let one transaction at a time order these products, in order of id."""
        self.env.flush_all()
        for product_id in sorted(products.ids):
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO distribution_stock_gate (product_id, company_id, revision) VALUES (%s, %s, 1)
                    ON CONFLICT (product_id, company_id) DO UPDATE SET revision = distribution_stock_gate.revision + 1
                    """,
                    product_id,
                    company.id,
                ),
                log_exceptions=False,
            )
