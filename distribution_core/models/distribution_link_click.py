# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

# How long every click has a row of its own; then there is one a day and link.
KEPT_MONTHS = 3


class DistributionLinkClick(models.Model):
    """Clicks of a link. Rows are only added: nobody who clicks waits for, or fails because of, somebody else.

    Nothing about the visitor is kept.
    """

    _name = "distribution.link.click"
    _description = "Click"
    _order = "date desc, id desc"
    _rec_name = "link_id"
    _log_access = False

    link_id = fields.Many2one("distribution.link", required=True, index=True, ondelete="cascade")
    date = fields.Date(required=True, index=True, help="The day in the program's time zone.")
    count = fields.Integer(required=True, default=1)

    @api.model
    def _cron_squeeze(self):
        """Add the clicks of days long past up, one row for each link and day; the sums stay what they are."""
        last = fields.Date.today() - relativedelta(months=KEPT_MONTHS)
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                WITH many AS (
                    SELECT link_id, date FROM distribution_link_click
                     WHERE date < %(last)s GROUP BY link_id, date HAVING COUNT(*) > 1
                ), gone AS (
                    DELETE FROM distribution_link_click AS click USING many
                     WHERE click.link_id = many.link_id AND click.date = many.date
                    RETURNING click.link_id, click.date, click.count
                )
                INSERT INTO distribution_link_click (link_id, date, count)
                SELECT link_id, date, SUM(count) FROM gone GROUP BY link_id, date
                """,
                last=last,
            )
        )
        self.invalidate_model()
