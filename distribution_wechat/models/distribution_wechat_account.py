# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from wechatpy.session import SessionStorage

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..client.errors import WeChatError, WeChatUnavailable
from ..client.mini_program import OFFICIAL_URL, MiniProgram
from ..tools import encryption

SECRETS = ("app_secret",)
STORED = "••••••"


class DistributionWechatAccount(models.Model):
    """A merchant's mini-program."""

    _name = "distribution.wechat.account"
    _description = "WeChat Account"
    _inherit = ["mail.thread"]
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, index=True, default=lambda self: self.env.company
    )
    program_id = fields.Many2one(
        comodel_name="distribution.program",
        index="btree_not_null",
        check_company=True,
        help="The program whose distributors recommend in this mini-program.",
    )
    app_id = fields.Char(string="App ID", required=True, copy=False)
    app_secret_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    app_secret = fields.Char(
        compute="_compute_secrets", inverse="_inverse_secrets", help="Kept encrypted; it is never shown again."
    )
    mini_program_url = fields.Char(
        string="API Address", required=True, default=OFFICIAL_URL, help="Another one only for tests with a simulator."
    )
    access_token_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    access_token_expires_at = fields.Datetime(groups=fields.NO_ACCESS, copy=False)

    _app_id_uniq = models.UniqueIndex("(app_id)", "There is an account for this app ID already.")

    # === COMPUTE METHODS === #

    def _compute_secrets(self):
        for account in self.sudo():
            for name in SECRETS:
                account[name] = STORED if account[f"{name}_encrypted"] else False

    def _inverse_secrets(self):
        for account in self:
            for name in SECRETS:
                if account[name] != STORED:
                    value = account[name] and encryption.encrypt(self.env, account[name])
                    account.sudo()[f"{name}_encrypted"] = value

    # === CONSTRAINT METHODS === #

    @api.constrains("mini_program_url")
    def _check_addresses(self):
        for account in self:
            url = account.mini_program_url
            if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
                raise ValidationError(self.env._("%s is not a secure address: it begins with https://.", url))

    # === ACTION METHODS === #

    def action_test_connection(self):
        """Ask WeChat whether id and secret are right."""
        self.ensure_one()
        self.check_access("write")
        try:
            self._get_mini_program().check()
        except WeChatError as error:
            raise UserError(self.env._("WeChat refused: %s", error)) from error
        except WeChatUnavailable as error:
            raise UserError(self.env._("WeChat cannot be reached at %s.", self.mini_program_url)) from error
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": self.env._("WeChat accepts the app ID and its secret.")},
        }

    # === BUSINESS METHODS === #

    def _get_secret(self, name):
        """Return a secret in clear, for a client only.

        :raise UserError: when it is not set
        """
        self.ensure_one()
        stored = self.sudo()[f"{name}_encrypted"]
        if not stored:
            raise UserError(
                self.env._(
                    "%(account)s lacks its %(secret)s.",
                    account=self.name,
                    secret=self._fields[name]._description_string(self.env),
                )
            )
        return encryption.decrypt(self.env, stored)

    def _get_mini_program(self):
        """Return the client of the mini-program's API."""
        self.ensure_one()
        return MiniProgram(self.app_id, self._get_secret("app_secret"), _TokenStorage(self), self.mini_program_url)


class _TokenStorage(SessionStorage):
    """Keeps the access token with the account, for all workers, in a transaction of its own."""

    def __init__(self, account):
        self._registry, self._account_id = account.env.registry, account.id

    def get(self, key, default=None):
        with self._registry.cursor() as cr:
            account = api.Environment(cr, api.SUPERUSER_ID, {})["distribution.wechat.account"].browse(self._account_id)
            expires_at = account.access_token_expires_at
            if not account.access_token_encrypted or not expires_at or expires_at <= fields.Datetime.now():
                return default
            return encryption.decrypt(account.env, account.access_token_encrypted)

    def set(self, key, value, ttl=None):
        with self._registry.cursor() as cr:
            account = api.Environment(cr, api.SUPERUSER_ID, {})["distribution.wechat.account"].browse(self._account_id)
            account.write(
                {
                    "access_token_encrypted": encryption.encrypt(account.env, value),
                    "access_token_expires_at": fields.Datetime.now() + timedelta(seconds=(ttl or 7200) - 60),
                }
            )

    def delete(self, key):
        with self._registry.cursor() as cr:
            account = api.Environment(cr, api.SUPERUSER_ID, {})["distribution.wechat.account"].browse(self._account_id)
            account.access_token_encrypted = False
