# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)

from odoo import api, fields, models

from ..engine.amount import get_line_amounts
from ..engine.money import exact, get_unit
from ..engine.pay import Pay
from ..models.sales_period import SalesPeriod


class DistributionCommissionSimulation(models.TransientModel):
    """Who would earn what on a sale, by which rule, and why not by another; nothing is written to the ledger."""

    _name = "distribution.commission.simulation"
    _description = "Commission Simulator"
    _rec_name = "program_id"

    program_id = fields.Many2one(
        comodel_name="distribution.program", required=True, default=lambda self: self._default_program_id()
    )
    company_id = fields.Many2one(related="program_id.company_id")
    currency_id = fields.Many2one(related="program_id.currency_id")
    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        string="Referred By",
        compute="_compute_distributor_id",
        store=True,
        readonly=False,
        domain="[('program_id', '=', program_id)]",
        help="The distributor to whom the sale is attributed; its upline earns on the levels above.",
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        domain="[('sale_ok', '=', True), ('company_id', 'in', (False, company_id))]",
    )
    quantity = fields.Float(default=1.0, digits="Product Unit")
    price_unit = fields.Float(
        string="Unit Price",
        compute="_compute_price_unit",
        store=True,
        readonly=False,
        digits="Product Price",
        help="Untaxed, after discounts, in the currency of the program.",
    )
    date = fields.Date(
        compute="_compute_date",
        store=True,
        readonly=False,
        help="Day on which the order is confirmed, in the program's time zone.",
    )
    is_no_sale = fields.Boolean(compute="_compute_is_no_sale")
    line_ids = fields.One2many(
        comodel_name="distribution.commission.simulation.line",
        inverse_name="simulation_id",
        compute="_compute_line_ids",
        store=True,
        compute_sudo=False,
    )
    amount_total = fields.Monetary(compute="_compute_amounts", help="What all levels get together.")
    amount_cap = fields.Monetary(string="Cap", compute="_compute_amounts")

    @api.model
    def _default_program_id(self):
        return self.env["distribution.program"].search([("company_id", "parent_of", self.env.company.id)], limit=1)

    # === COMPUTE METHODS === #

    @api.depends("program_id")
    def _compute_distributor_id(self):
        for simulation in self:
            if simulation.distributor_id.program_id != simulation.program_id:
                simulation.distributor_id = False

    @api.depends("program_id")
    def _compute_date(self):
        for simulation in self:
            simulation.date = simulation.program_id and simulation.program_id._get_business_date()

    @api.depends("product_id", "program_id")
    def _compute_price_unit(self):
        for simulation in self:
            program, product = simulation.program_id._origin, simulation.product_id._origin
            simulation.price_unit = float(program._get_price_line(product).worth) if program and product else 0.0

    @api.depends("quantity", "price_unit")
    def _compute_is_no_sale(self):
        for simulation in self:
            simulation.is_no_sale = simulation.quantity <= 0 or simulation.price_unit < 0

    @api.depends("program_id", "distributor_id", "product_id", "quantity", "price_unit", "date")
    def _compute_line_ids(self):
        for simulation in self:
            simulation.line_ids = [fields.Command.clear()] + [
                fields.Command.create(vals) for vals in simulation._prepare_lines_vals()
            ]

    @api.depends("line_ids.amount", "quantity", "price_unit", "program_id.cap_rate")
    def _compute_amounts(self):
        for simulation in self:
            simulation.amount_total = sum(simulation.line_ids.mapped("amount"))
            simulation.amount_cap = simulation._get_cap()

    # === BUSINESS METHODS === #

    def _prepare_lines_vals(self):
        """Return the lines: for each level who it is, every rule that is for the product and that distributor in the
        order in which they win, and what the winner pays.

        :rtype: list of dict
        """
        self.ensure_one()
        program, distributor, product = self.program_id._origin, self.distributor_id._origin, self.product_id._origin
        if not (program and distributor and product and self.date) or self.is_no_sale:
            return []
        links = {link.level: link for link in program._get_chain(distributor, self.env["res.partner"])}
        products = product._get_commission_keys()
        shares = [link.get_share(program._get_rule_index(), products, self.date) for link in links.values()]
        paid = self._get_paid([share for share in shares if share])
        return [
            vals
            for level in range(1, program.level_count + 1)
            for vals in self._prepare_level_vals(level, links.get(level), products, paid.get(level, (None, 0.0, 0.0)))
        ]

    def _get_paid(self, shares):
        """Return what the levels that are paid get.

        :param list shares: `commission_chain.Share`
        :return: level → (share, amount, sales of the period that decided)
        :rtype: dict
        """
        period = SalesPeriod(self.program_id._origin, self.date)
        amounts = self._get_amounts([period.get_left_pay(share) for share in shares])
        return {
            share.level: (share, float(amount), float(period.get_sales(share)) if share.found.is_by_sales else 0.0)
            for share, amount in zip(shares, amounts, strict=True)
        }

    def _prepare_level_vals(self, level, link, products, paid):
        """Return the lines of one level.

        :param link: `commission_chain.Link`, None where nobody stands on the level
        :param list products: keys of the product
        :param tuple paid: see `_get_paid`
        """
        share, amount, sales = paid
        common = {"level": level, "distributor_id": link and link.distributor.id, "period_sales": sales}
        if not link or not (link.is_earning or share):
            return [{**common, "verdict": "closed" if link else "nobody"}]
        compared = self.program_id._origin._get_rule_index().compare(level, products, link.keys, self.date)
        if not compared:
            return [{**common, "verdict": "no_rule"}]
        lines = []
        for rate, verdict in compared:
            vals = {**common, "rule_id": rate.rule_id, "verdict": verdict, "amount": 0.0}
            if share and rate is share.found.rule:
                vals["amount"] = amount
                if not amount and rate.is_paying:
                    vals["verdict"] = "nothing"
                if share.receiver != share.distributor:
                    vals |= {"verdict": "passes", "distributor_id": share.receiver.id}
            elif verdict in ("wins", "replaces") and not rate.is_paying:
                vals["verdict"] = "excluded"
            lines.append(vals)
        return lines

    def _get_amounts(self, pays):
        """Return what the levels get, see `engine.amount.get_line_amounts`."""
        worth, units = exact(self.quantity) * exact(self.price_unit), exact(self.quantity)
        line = self.program_id._origin._get_line(self.product_id._origin, worth, units)
        unit = get_unit(self.currency_id.rounding)
        return get_line_amounts(pays, line, exact(self.program_id.cap_rate), unit)

    def _get_cap(self):
        if not (self.program_id and self.product_id) or self.is_no_sale:
            return 0.0
        return float(self._get_amounts([Pay(rate=exact(self.program_id.cap_rate))])[0])
