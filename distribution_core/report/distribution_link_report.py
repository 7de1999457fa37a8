# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.tools import SQL

from ..models.distribution_link import CHANNELS, PURPOSES


class DistributionLinkReport(models.Model):
    """What links brought: a row for each click (or day of clicks) and for each order that counts for the link's
    distributor and came by the link. Rows are not added up here: a filter on links or days uses the tables' indexes.
    """

    _name = "distribution.link.report"
    _description = "Link Analysis"
    _auto = False
    _rec_name = "link_id"
    _order = "date desc, id desc"

    _depends = {
        "distribution.link.click": ["link_id", "date", "count"],
        "distribution.link": ["distributor_id", "program_id", "company_id", "purpose", "channel", "product_tmpl_id"]
        + ["campaign_id", "medium_id", "source_id"],
        "sale.order": ["distribution_link_id", "distribution_distributor_id", "distribution_attribution", "state"]
        + ["date_order", "amount_untaxed", "currency_rate"],
    }

    date = fields.Date(readonly=True)
    link_id = fields.Many2one("distribution.link", readonly=True)
    distributor_id = fields.Many2one("distribution.distributor", readonly=True)
    program_id = fields.Many2one("distribution.program", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    purpose = fields.Selection(selection=PURPOSES, readonly=True)
    channel = fields.Selection(selection=CHANNELS, readonly=True)
    product_tmpl_id = fields.Many2one("product.template", string="Product", readonly=True)
    campaign_id = fields.Many2one("utm.campaign", readonly=True)
    medium_id = fields.Many2one("utm.medium", readonly=True)
    source_id = fields.Many2one("utm.source", readonly=True)
    click_count = fields.Integer(string="Clicks", readonly=True)
    order_count = fields.Integer(string="Orders", readonly=True)
    amount_untaxed = fields.Monetary(
        string="Untaxed Sales", readonly=True, help="In the currency of the program's company, at the orders' rates."
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT fact.id, fact.link_id,
                   COALESCE(fact.date, (fact.moment AT TIME ZONE 'UTC' AT TIME ZONE program.tz)::date) AS date,
                   link.distributor_id, link.program_id, link.company_id,
                   link.purpose, link.channel, link.product_tmpl_id, link.campaign_id, link.medium_id, link.source_id,
                   fact.click_count, fact.order_count, fact.amount_untaxed
              FROM (
                SELECT id * 2 AS id, link_id, date, NULL::timestamp AS moment, count AS click_count, 0 AS order_count,
                       0.0 AS amount_untaxed, NULL::integer AS distributor_id
                  FROM distribution_link_click
                 UNION ALL
                SELECT id * 2 + 1, distribution_link_id, NULL, date_order, 0, 1,
                       amount_untaxed / COALESCE(NULLIF(currency_rate, 0), 1), distribution_distributor_id
                  FROM sale_order
                 WHERE distribution_link_id IS NOT NULL AND state = 'sale'
                   AND distribution_attribution IN ('link', 'code')
              ) AS fact
              JOIN distribution_link AS link ON link.id = fact.link_id
              JOIN distribution_distributor AS owner
                ON owner.id = link.distributor_id
               AND (fact.distributor_id IS NULL OR fact.distributor_id IN (owner.id, owner.merged_into_id))
              JOIN distribution_program AS program ON program.id = link.program_id
            """
        )
