# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, fields, models

from ..engine.amount import Line, Pay, commissions
from ..engine.money import exact


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
            simulation.price_unit = program._get_untaxed_price(product) if program and product else 0.0

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
        if not (self.program_id and self.distributor_id and self.product_id and self.date):
            return []
        compared = [self._compare(level) for level in range(1, self.program_id.level_count + 1)]
        winners = [rate for _vals, rates in compared for rate, verdict in rates if verdict == "wins"]
        amounts = dict(zip(winners, self._get_amounts([rate.pay for rate in winners]), strict=True))
        return [line for vals, rates in compared for line in self._prepare_level_vals(vals, rates, amounts)]

    def _prepare_level_vals(self, vals, rates, amounts):
        if not rates:
            return [{"verdict": "no_rule", **vals}]
        return [
            {
                **vals,
                "rule_id": rate.rule_id,
                "verdict": "excluded" if verdict == "wins" and not rate.pay.is_paying else verdict,
                "amount": float(amounts[rate]) if verdict == "wins" else 0.0,
            }
            for rate, verdict in rates
        ]

    def _compare(self, level):
        """Return who stands on a level, and the rules that are for the product and it.

        :return: values of the line, list of (`engine.rule_index.Rate`, verdict)
        """
        chain = dict(self.distributor_id._origin._get_upline(self.program_id.level_count))
        distributor = chain.get(level)
        vals = {"level": level, "distributor_id": distributor and distributor.id}
        if not distributor or not distributor._is_earning():
            return {**vals, "verdict": "closed" if distributor else "nobody"}, []
        index = self.program_id._origin._get_rule_index()
        keys = self.product_id._origin._get_commission_keys(), distributor._get_commission_keys()
        return vals, index.compare(level, *keys, self.date)

    def _get_amounts(self, pays):
        """Return what the levels get, see `engine.amount.commissions`."""
        line = Line(exact(self.quantity) * exact(self.price_unit), exact(self.quantity))
        unit = Decimal(str(self.currency_id.rounding or 0.01))
        return commissions(pays, line.worth, line, exact(self.program_id.cap_rate), unit)

    def _get_cap(self):
        cap = Pay(rate=exact(self.program_id.cap_rate))
        return float(self._get_amounts([cap])[0])
