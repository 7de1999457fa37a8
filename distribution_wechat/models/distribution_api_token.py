# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import hashlib
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

ACCESS_HOURS = 2
REFRESH_DAYS = 30


class DistributionApiToken(models.Model):
    """A login of the mini-program: an access token for two hours, a refresh token to renew it for thirty days.

    Only their hashes are kept. A refresh token works once; used again it has been stolen, and the login ends.
    """

    _name = "distribution.api.token"
    _description = "Mini-Program Login"
    _order = "id desc"
    _log_access = True

    user_id = fields.Many2one(comodel_name="res.users", required=True, index=True, ondelete="cascade", readonly=True)
    identity_id = fields.Many2one(
        comodel_name="distribution.wechat.identity", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="identity_id.company_id", store=True, index=True)
    access_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    refresh_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    previous_refresh_hash = fields.Char(readonly=True, index="btree_not_null", groups=fields.NO_ACCESS)
    access_expires_at = fields.Datetime(required=True, readonly=True)
    refresh_expires_at = fields.Datetime(required=True, readonly=True)
    revoked_at = fields.Datetime(readonly=True)

    _access_hash_uniq = models.UniqueIndex("(access_hash)", "Access tokens are unique.")
    _refresh_hash_uniq = models.UniqueIndex("(refresh_hash)", "Refresh tokens are unique.")

    # === ACTION METHODS === #

    def action_revoke(self):
        """End the logins at once."""
        self.check_access("read")
        self.env["res.users"]._check_distribution_role("distribution_core.group_distribution_manager")
        # Nobody writes tokens by hand.
        self.sudo()._revoke()

    # === BUSINESS METHODS === #

    @api.model
    def _random_token(self):
        return secrets.token_urlsafe(32)

    @api.model
    def _hash(self, token):
        # 256 random bits need no salt and no slow hash.
        return hashlib.sha256(token.encode()).hexdigest()

    @api.model
    def _issue(self, identity):
        """Log a person in.

        :return: the clear tokens, which are not kept: access, refresh, seconds the access token is valid
        :rtype: tuple
        """
        access, refresh, vals = self._prepare_token_vals()
        self.create({**vals, "user_id": identity.user_id.id, "identity_id": identity.id})
        return access, refresh, ACCESS_HOURS * 3600

    @api.model
    def _prepare_token_vals(self):
        access, refresh, now = self._random_token(), self._random_token(), fields.Datetime.now()
        vals = {
            "access_hash": self._hash(access),
            "refresh_hash": self._hash(refresh),
            "access_expires_at": now + timedelta(hours=ACCESS_HOURS),
            "refresh_expires_at": now + timedelta(days=REFRESH_DAYS),
        }
        return access, refresh, vals

    @api.model
    def _authenticate(self, access):
        """Return the user an access token belongs to, without writing anything.

        :return: user id and token id, None when the token is unknown, expired or revoked, or the user archived
        :rtype: tuple or None
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT token.user_id, token.id
                  FROM distribution_api_token AS token
                  JOIN res_users AS users ON users.id = token.user_id
                 WHERE token.access_hash = %s AND token.access_expires_at > %s
                   AND token.revoked_at IS NULL AND users.active
                """,
                self._hash(access),
                fields.Datetime.now(),
            )
        )
        return rows[0] if rows else None

    @api.model
    def _refresh(self, refresh):
        """Replace both tokens of a login.

        :return: as `_issue`;
        :return: None for an unknown, used, expired or revoked token
        """
        hashed, now = self._hash(refresh), fields.Datetime.now()
        stolen = self.search([("previous_refresh_hash", "=", hashed)])
        stolen._revoke()
        login = self.search(
            [("refresh_hash", "=", hashed), ("refresh_expires_at", ">", now), ("revoked_at", "=", False)]
        )
        if not login or not login.user_id.active:
            return None
        access, new_refresh, vals = self._prepare_token_vals()
        login.write({**vals, "previous_refresh_hash": hashed})
        return access, new_refresh, ACCESS_HOURS * 3600

    def _revoke(self):
        self.filtered(lambda login: not login.revoked_at).revoked_at = fields.Datetime.now()

    @api.autovacuum
    def _gc_expired(self):
        limit = fields.Datetime.now() - timedelta(days=1)
        self.sudo().search([("refresh_expires_at", "<", limit)], limit=10000).unlink()
