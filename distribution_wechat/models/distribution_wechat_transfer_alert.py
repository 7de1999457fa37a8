# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from .distribution_wechat_transfer import FINAL_STATES


class DistributionWechatTransfer(models.Model):
    """Finance is told of what only a person can mend, once."""

    _inherit = "distribution.wechat.transfer"  # pylint: disable=consider-merging-classes-inherited

    def _alert(self, summary, note):
        """Tell finance of something only a person can mend, once."""
        self.ensure_one()
        if summary not in self.activity_ids.mapped("summary"):
            self.activity_schedule(
                "mail.mail_activity_data_todo", summary=summary, note=note, user_id=self._get_responsible().id
            )

    def _clear_alerts(self):
        self.activity_ids.filtered(lambda activity: activity.automated).unlink()

    def _get_responsible(self):
        """Return who is told: who made the run if that is one of finance, else any of finance in the company."""
        group = self.env.ref("distribution_core.group_distribution_finance")
        users = group.all_user_ids.filtered(lambda user: user.active and self.company_id in user.company_ids)
        creator = self.run_id.create_uid
        return creator if creator in users else users.sorted("id")[:1] or self.env.ref("base.user_admin")

    def _alert_of_accounts(self):
        """Tell finance once of each account, at the oldest transfer, not at each one and not at each run."""
        summary = self.env._("The WeChat account cannot be used")
        for transfers in self.grouped("account_id").values():
            open_ones = self.search([("account_id", "=", transfers.account_id.id), ("state", "not in", FINAL_STATES)])
            if summary not in open_ones.activity_ids.mapped("summary"):
                oldest = transfers.sorted("id")[0]
                oldest._alert(summary, oldest._get_account_problem())
        # What comes next is rolled back when it fails, and says nothing of these.
        self.env.cr.commit()  # pylint: disable=invalid-commit
