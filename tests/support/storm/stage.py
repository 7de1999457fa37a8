# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What every room of the storm needs: the database, the merchant's hands, what front ends may hear."""

import datetime

from psycopg2 import OperationalError

from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..money_out import QUERY, SEND
from ..payments import EXPIRE, SWEEP

SCARCE = 6
CRONS = (
    SWEEP,
    EXPIRE,
    SEND,
    QUERY,
    "distribution_commission.confirm_receipts_cron",
    "distribution_commission.release_entries_cron",
    "distribution_commission.post_accruals_cron",
    "distribution_commission.settle_cron",
    "distribution_commission.sweep_commission_cron",
    "distribution_core.end_expired_bindings_cron",
)


class Stage:
    """Asking and acting, for all rooms."""

    def sql(self, query, *params):
        """Return rows of the database as it is now."""
        with self.live.database.registry.cursor() as cr:
            cr.execute(query, params)
            return cr.fetchall()

    def _called(self, answer):
        """Check that an answer is one of those a front end has to expect."""
        if answer.status_code >= 500:
            assert (answer.status_code, answer.json()["code"]) == (502, "wechat_unavailable"), answer.text
        assert answer.status_code not in (400, 401, 403, 405), (answer.request.url, answer.text)
        return answer

    def _told(self, answer):
        document = answer.json()
        known = ("code", "id", "status", "state", "total", "amount")
        return f"{answer.status_code} " + " ".join(f"{name}={document[name]}" for name in known if name in document)

    def _waiting_transfers(self):
        bills = self.simulator.ledger()["transfers"]
        return sorted(number for number, bill in bills.items() if bill["state"] == "WAIT_USER_CONFIRM")

    def _run(self, cron):
        self._retry(lambda: self.live.run_cron(cron))

    def _as_merchant(self, action):
        def run():
            with self.live.env() as env:
                return action(env)

        return self._retry(run)

    def _retry(self, action):
        """Run it again after a collision, as Odoo does with whatever the merchant clicks."""
        for left in reversed(range(5)):
            try:
                return action()
            except OperationalError as error:
                if not left or not isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                    raise
        return None


def ago(seconds):
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None, microsecond=0)
    return now - datetime.timedelta(seconds=seconds)
