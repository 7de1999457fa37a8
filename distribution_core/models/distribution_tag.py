# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from random import randint

from odoo import fields, models


class DistributionTag(models.Model):
    """A word of the merchant's own to sort distributors by; rules may be for one."""

    _name = "distribution.tag"
    _description = "Distributor Tag"
    # Not by the name, which each language sorts otherwise: the order decides whose rule counts.
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="Of a distributor's tags with rules, the first one counts.")
    color = fields.Integer(default=lambda self: randint(1, 11), aggregator=None)
    distributor_ids = fields.Many2many("distribution.distributor", string="Distributors")

    # Every translated name has this key: it is the source, in whatever language it was written.
    _name_uniq = models.UniqueIndex("((name ->> 'en_US'))", "A tag of this name exists already.")
