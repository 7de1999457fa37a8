# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import functools
import logging

from psycopg2 import OperationalError

from odoo import api, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import html2plaintext

_logger = logging.getLogger(__name__)

MAX_TRIES = 5


class IrCron(models.Model):
    _inherit = "ir.cron"

    @api.model
    def _run_for_each(self, items, work, note_failure=None):
        """Do a piece of work for each item, committing after each; one that fails does not stop the others.

        A piece that meets another transaction is rolled back whole and tried again: inside a savepoint it would keep
        the old snapshot and fail for ever. What a person has to mend is logged, and posted on the record if it has a
        chatter.

        :param items: records of one model
        :param work: called with one record
        :param note_failure: called with a record and the error, once its work was rolled back, to remember it
        """
        for done, item in enumerate(items, start=1):
            try:
                self._run_with_retries(work, item)
            except Exception as error:
                # A mistake of ours with one item must not keep the others waiting.
                self.env.cr.rollback()
                if note_failure:
                    self._note_failure(functools.partial(note_failure, error=error), item)
                self._report_failure(item, error)
            if not self._commit_progress(1, remaining=len(items) - done):
                break

    @api.model
    def _note_failure(self, work, item):
        try:
            self._run_with_retries(work, item)
        except OperationalError:
            # Somebody is at work on the item: others need not wait until it can be noted.
            self.env.cr.rollback()

    @api.model
    def _run_with_retries(self, work, item):
        """Return what a piece of work returns, which is rolled back and done again at once after a collision."""
        for tries_left in reversed(range(MAX_TRIES)):
            try:
                result = work(item)
                self.env.flush_all()
                return result
            except OperationalError as error:
                if not tries_left or not isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                    raise
                self.env.cr.rollback()
        return None

    @api.model
    def _report_failure(self, item, error):
        if not isinstance(error, UserError):
            _logger.error("%s was left out", item, exc_info=error)
            return
        _logger.warning("%s was left out: %s", item, error)
        if not isinstance(item, self.pool["mail.thread"]):
            return
        body = self.env._("The scheduled action could not be carried out: %s", error)
        last = item.message_ids.sorted("id")[-1:]
        # The same news at every run would bury the record's history.
        if body not in html2plaintext(last.body or ""):
            item.message_post(body=body)
