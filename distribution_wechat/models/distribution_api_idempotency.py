# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import hashlib
import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import encryption

KEPT_HOURS = 24


class DistributionApiIdempotency(models.Model):
    """A request that may be sent again, with the answer it got: the same key never does the same thing twice."""

    _name = "distribution.api.idempotency"
    _description = "Answered Request"
    _log_access = False

    user_id = fields.Many2one(comodel_name="res.users", required=True, ondelete="cascade", readonly=True)
    key_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    fingerprint = fields.Char(required=True, readonly=True, help="Hash of method, path and body.")
    # Answers hold addresses and amounts of a person.
    answer_encrypted = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    claimed_at = fields.Datetime(required=True, readonly=True, index=True)

    _key_uniq = models.UniqueIndex("(user_id, key_hash)", "An idempotency key stands for one request.")

    @api.model
    def _fingerprint(self, method, path, body):
        return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()

    @api.model
    def _claim(self, user, key, fingerprint):
        """Return the row of a user's key, written if there is none.

        The write happens in any case: a transaction that began before another one's row was committed is refused by
        PostgreSQL, and Odoo runs it again on what is there then.
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO distribution_api_idempotency (user_id, key_hash, fingerprint, claimed_at)
                VALUES (%s, %s, %s, %s)
                ON CONFLICT (user_id, key_hash) DO UPDATE SET user_id = EXCLUDED.user_id
                RETURNING id
                """,
                user.id,
                hashlib.sha256(key.encode()).hexdigest(),
                fingerprint,
                fields.Datetime.now(),
            ),
            log_exceptions=False,
        )
        return self.browse(self.env.cr.fetchone()[0])

    def _get_answer(self):
        """Return the answer the request got, None when it has none yet."""
        self.ensure_one()
        stored = self.answer_encrypted
        return json.loads(encryption.decrypt(self.env, stored)) if stored else None

    def _set_answer(self, answer):
        self.ensure_one()
        self.answer_encrypted = encryption.encrypt(self.env, json.dumps(answer))

    @api.autovacuum
    def _gc_old(self):
        limit = fields.Datetime.now() - timedelta(hours=KEPT_HOURS)
        self.sudo().search([("claimed_at", "<", limit)], limit=10000).unlink()
