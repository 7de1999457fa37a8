# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime

from odoo.tests import TransactionCase


class DistributionCommon(TransactionCase):
    """A tiny world: one program, a chain Ada > Ben > Cleo (Cleo at the bottom), a customer of Cleo's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True, "mail_create_nolog": True})
        cls.company = cls.env.company
        # Orders, programs and money of the world are all in one place and time zone.
        cls.program = cls.env["distribution.program"].create(cls._prepare_program_vals())
        cls.ada, cls.ben, cls.cleo = cls._create_chain("Ada", "Ben", "Cleo")
        cls.customer = cls.env["res.partner"].create({"name": "Customer"})
        cls.stranger = cls.env["res.partner"].create({"name": "Stranger"})
        cls.binding = cls.env["distribution.binding"]._bind(cls.customer, cls.cleo, date_from=datetime(2026, 1, 1))
        cls.product = cls.env["product.product"].create(
            {"name": "Lamp", "type": "service", "list_price": 100.0, "taxes_id": False}
        )

    @classmethod
    def _prepare_program_vals(cls):
        return {
            "name": "Friends",
            "level_count": 3,
            "tz": "Asia/Shanghai",
            "company_id": cls.company.id,
            # For good: the tests play on many days.
            "binding_days": 0,
        }

    @classmethod
    def _create_distributor(cls, name, upline=None, program=None, **vals):
        distributor = cls.env["distribution.distributor"].create(
            {
                "partner_id": cls.env["res.partner"].create({"name": name}).id,
                "program_id": (program or cls.program).id,
                "parent_id": upline.id if upline else False,
                **vals,
            }
        )
        distributor.action_activate()
        return distributor

    @classmethod
    def _create_chain(cls, *names):
        """Create distributors, each below the one before it."""
        chain = []
        for name in names:
            chain.append(cls._create_distributor(name, chain[-1] if chain else None))
        return chain

    @classmethod
    def _create_order(cls, partner=None, lines=None, **vals):
        """Create a quotation.

        :param list lines: (product, quantity, unit price)
        """
        lines = lines or [(cls.product, 1, 100.0)]
        return cls.env["sale.order"].create(
            {
                "partner_id": (partner or cls.customer).id,
                "order_line": [
                    (
                        0,
                        0,
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                            "tax_ids": [(5, 0, 0)],
                        },
                    )
                    for product, quantity, price in lines
                ],
                **vals,
            }
        )
