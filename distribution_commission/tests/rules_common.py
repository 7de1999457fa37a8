# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from contextlib import contextmanager

from odoo.exceptions import ValidationError

from .common import CommissionCommon


class RulesCommon(CommissionCommon):
    """Categories, a tag and a grade to make rules for. All products pay 10 %, 5 % and 2 %."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.drinks = cls.env["product.category"].create({"name": "Drinks"})
        cls.tea = cls.env["product.category"].create({"name": "Tea", "parent_id": cls.drinks.id})
        cls.gold = cls.env["distribution.grade"].create({"name": "Gold", "program_id": cls.program.id})
        cls.new = cls.env["product.tag"].create({"name": "New"})

    def _rule(self, level=1, rate=10.0, **vals):
        """Create a rule; its scope and audience follow from what is named."""
        scopes = {
            "product_id": "variant",
            "product_tmpl_id": "template",
            "categ_id": "category",
            "product_tag_id": "tag",
        }
        audiences = {"distributor_id": "distributor", "grade_id": "grade", "distribution_tag_id": "tag"}
        for name, record in list(vals.items()):
            if name in scopes:
                vals["product_scope"] = scopes[name]
            if name in audiences:
                vals["audience"] = audiences[name]
            vals[name] = getattr(record, "id", record)
        return self.env["distribution.commission.rule"].create(
            {"program_id": self.program.id, "level": level, "rate": rate, **vals}
        )

    @contextmanager
    def assertRefused(self, message):
        with self.assertRaisesRegex(ValidationError, message), self.cr.savepoint():
            yield

    def _fix(self, amount, level=1, **vals):
        return self._rule(level, rate=0, kind="fixed_unit", fixed_amount=amount, **vals)

    def _simulate(self, **vals):
        values = {"program_id": self.program.id, "distributor_id": self.cleo.id, "product_id": self.goods.id, **vals}
        simulation = self.env["distribution.commission.simulation"].create(values)
        return simulation, [(line.level, line.verdict, line.amount) for line in simulation.line_ids]

    def _get_term(self, order, level=1):
        return order.commission_term_ids.filtered(lambda term: term.level == level and term.state == "active")

    def _get_why(self, order, level=1):
        """Return the explanation of the last entry of a level."""
        return self._get_term(order, level).entry_ids.sorted("id")[-1].why
