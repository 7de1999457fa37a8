# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models

from .distribution_wechat_transfer import FINAL_STATES

# Half of the scheduled action's interval: its rounds within one run go on to others, its next run finds all again.
ASK_AGAIN_AFTER = timedelta(minutes=5)


class DistributionWechatTransfer(models.Model):
    """Transfers go on by themselves, each in its turn."""

    _inherit = "distribution.wechat.transfer"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _trigger_crons(self):
        for name in ("send_transfers_cron", "query_transfers_cron"):
            self.env.ref(f"distribution_wechat.{name}").sudo()._trigger()

    @api.model
    def _cron_send(self):
        """Send the transfers whose turn it is."""
        now = fields.Datetime.now()
        domain = [("state", "=", "intent"), ("cancel_requested", "=", False)]
        self._advance_in_turn([*domain, "|", ("retry_at", "=", False), ("retry_at", "<=", now)])

    @api.model
    def _cron_query(self):
        """Ask WeChat how everything stands that was sent and has not ended: notifications get lost."""
        domain = [("state", "not in", FINAL_STATES), "|", ("state", "!=", "intent"), ("cancel_requested", "=", True)]
        before = fields.Datetime.now() - ASK_AGAIN_AFTER
        self._advance_in_turn([*domain, "|", ("checked_at", "=", False), ("checked_at", "<", before)])

    @api.model
    def _advance_in_turn(self, domain):
        """Go on with the transfers of a domain, those that have waited longest first.

        Odoo ends a run after some seconds: in a fixed order the last ones would never have their turn.
        """
        transfers = self.search(domain, order="checked_at NULLS FIRST, id")
        blocked = transfers.filtered(lambda transfer: transfer._get_account_problem())
        blocked._alert_of_accounts()
        self.env["ir.cron"]._run_for_each(transfers - blocked, type(self)._take_turn)

    def _take_turn(self):
        self.checked_at = fields.Datetime.now()
        # Whatever becomes of it, it has had its turn.
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self._advance_in_company()

    def _advance_in_company(self):
        self._as_robot()._advance()
