# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import functools
from datetime import timedelta
from urllib.parse import urlsplit

from wechatpy.session import SessionStorage

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..client import merchant, mini_program
from ..client.errors import WeChatError, WeChatUnavailable
from ..tools import encryption
from .distribution_wechat_transfer import FINAL_STATES

# WeChat calls without a login: the address names the account, the signature proves the caller.
NOTIFICATION_PATH = "/distribution/v1/notifications"
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
    warehouse_id = fields.Many2one(
        comodel_name="stock.warehouse",
        check_company=True,
        help="The stock that the mini-program sells. Empty: the company's first warehouse.",
    )
    payment_minutes = fields.Integer(
        string="Time to Pay (Minutes)",
        default=30,
        required=True,
        help="An order that is not paid by then is cancelled, and its goods can be sold to others.",
    )
    app_id = fields.Char(string="App ID", required=True, copy=False)
    app_secret_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    app_secret = fields.Char(
        compute="_compute_app_secret",
        inverse="_inverse_app_secret",
        help="Kept encrypted; it is never shown again.",
    )
    mini_program_url = fields.Char(
        string="API Address",
        required=True,
        default=mini_program.OFFICIAL_URL,
        help="Another one only for tests with a simulator.",
    )
    mch_id = fields.Char(string="Merchant ID", copy=False, help="The number of the merchant at WeChat Pay (mchid).")
    merchant_serial = fields.Char(
        string="Certificate Serial Number", copy=False, help="The serial number of the merchant's API certificate."
    )
    merchant_private_key_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    merchant_private_key = fields.Text(
        compute="_compute_merchant_private_key",
        inverse="_inverse_merchant_private_key",
        help="The content of apiclient_key.pem. Kept encrypted; it is never shown again.",
    )
    api_v3_key_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    api_v3_key = fields.Char(
        string="APIv3 Key",
        compute="_compute_api_v3_key",
        inverse="_inverse_api_v3_key",
        help="Kept encrypted; it is never shown again.",
    )
    wechatpay_public_key = fields.Text(
        string="WeChat Pay Public Key", copy=False, help="The content of pub_key.pem, to check what WeChat signs."
    )
    wechatpay_public_key_id = fields.Char(
        string="WeChat Pay Public Key ID", copy=False, help="It begins with PUB_KEY_ID_."
    )
    pay_url = fields.Char(
        string="WeChat Pay Address",
        required=True,
        default=merchant.OFFICIAL_URL,
        help="Another one only for tests with a simulator.",
    )
    notification_url = fields.Char(
        string="Notification Address",
        compute="_compute_notification_url",
        help="WeChat reports payments, refunds and transfers here. It has to be reachable from the internet.",
    )
    is_payment_active = fields.Boolean(
        string="WeChat Pay Is Active",
        compute="_compute_is_payment_active",
        help="Customers can pay: the account has an enabled payment provider.",
    )
    wallet_journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Wallet Journal",
        domain="[('type', 'in', ('bank', 'cash'))]",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The journal of the merchant's balance at WeChat Pay, which commission is paid from.",
    )
    transfer_remark = fields.Char(
        required=True, default="分销佣金", help="What the distributor reads in WeChat, at most 32 characters."
    )
    transfer_job = fields.Char(
        string="Job (岗位类型)", required=True, default="分销员", help="Reported to WeChat with every transfer."
    )
    transfer_explanation = fields.Char(
        string="Payment For (报酬说明)",
        required=True,
        default="推广佣金",
        help="Reported to WeChat with every transfer.",
    )
    access_token_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    access_token_expires_at = fields.Datetime(groups=fields.NO_ACCESS, copy=False)

    _transfer_texts_length = models.Constraint(
        "CHECK(length(transfer_remark) <= 32 AND length(transfer_job) <= 32 AND length(transfer_explanation) <= 32)",
        "WeChat takes at most 32 characters for each text of a transfer.",
    )
    _app_id_uniq = models.UniqueIndex("(app_id)", "There is an account for this app ID already.")

    # WeChat keeps an order payable for two hours.
    _payment_minutes_range = models.Constraint(
        "CHECK(payment_minutes BETWEEN 5 AND 120)", "The time to pay lies between 5 and 120 minutes."
    )

    # === COMPUTE METHODS === #

    # Each secret has a computation of its own: Odoo takes all fields of one computation for written when one of them
    # is, and a new app secret would empty the merchant's keys.
    def _compute_app_secret(self):
        self._show_secret("app_secret")

    def _inverse_app_secret(self):
        self._keep_secret("app_secret")

    def _compute_merchant_private_key(self):
        self._show_secret("merchant_private_key")

    def _inverse_merchant_private_key(self):
        self._keep_secret("merchant_private_key")

    def _compute_api_v3_key(self):
        self._show_secret("api_v3_key")

    def _inverse_api_v3_key(self):
        self._keep_secret("api_v3_key")

    def _show_secret(self, name):
        for account in self.sudo():
            account[name] = STORED if account[f"{name}_encrypted"] else False

    def _keep_secret(self, name):
        for account in self:
            if account[name] != STORED:
                account.sudo()[f"{name}_encrypted"] = account[name] and encryption.encrypt(self.env, account[name])

    def _compute_notification_url(self):
        for account in self:
            account.notification_url = f"{account.get_base_url()}{NOTIFICATION_PATH}/{account.id}"

    def _compute_is_payment_active(self):
        providers = self.env["payment.provider"].sudo()
        active = providers.search([("wechat_account_id", "in", self.ids), ("state", "!=", "disabled")])
        for account in self:
            account.is_payment_active = account in active.wechat_account_id

    # === CONSTRAINT METHODS === #

    @api.constrains("mini_program_url", "pay_url")
    def _check_addresses(self):
        for account in self:
            for url in (account.mini_program_url, account.pay_url):
                if not _is_wechat(url) and not (_is_own_machine(url) and account._may_simulate()):
                    raise ValidationError(
                        self.env._(
                            "%s is not an address of WeChat. Administrators may also enter a simulator on the server "
                            "itself, such as http://127.0.0.1:8072.",
                            url,
                        )
                    )

    def _may_simulate(self):
        # The app's secret goes to this address: whoever may enter any address may read it.
        return self.env.user._is_superuser() or self.env.user._is_system()

    @api.constrains(
        "mch_id",
        "merchant_serial",
        "merchant_private_key_encrypted",
        "api_v3_key_encrypted",
        "wechatpay_public_key",
        "wechatpay_public_key_id",
    )
    def _check_keys(self):
        """Read the keys when they are stored, not when the first customer pays."""
        for account in self.filtered(lambda account: account._has_merchant()):
            if len(account._get_secret("api_v3_key").encode()) != 32:
                raise ValidationError(self.env._("The APIv3 key has 32 characters."))
            try:
                account._get_merchant()
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "The merchant's private key or the WeChat Pay public key cannot be read: paste the whole "
                        "content of apiclient_key.pem and pub_key.pem."
                    )
                ) from error

    # === CRUD METHODS === #

    def write(self, vals):
        """Refuse to archive the account, or to make it another's, while money moves under its numbers."""
        for account in self:
            changed = [name for name in ("active", "app_id", "mch_id") if name in vals and vals[name] != account[name]]
            if changed and account._has_money_under_way():
                raise UserError(
                    self.env._(
                        "%s has payments, refunds or transfers under way: WeChat knows them under the old numbers. "
                        "Wait until they have ended, or create another account.",
                        account.name,
                    )
                )
        return super().write(vals)

    def _has_money_under_way(self):
        self.ensure_one()
        payments = [("provider_id.wechat_account_id", "=", self.id), ("wechat_is_open", "=", True)]
        transfers = [("account_id", "=", self.id), ("state", "not in", FINAL_STATES)]
        return bool(
            self.env["payment.transaction"].sudo().search_count(payments, limit=1)
            or self.env["distribution.wechat.transfer"].sudo().search_count(transfers, limit=1)
        )

    # === ACTION METHODS === #

    def action_test_connection(self):
        """Ask WeChat whether the ids, the secret and the merchant's keys are right."""
        self.ensure_one()
        self.check_access("write")
        self._ask(self.mini_program_url, self._get_mini_program().check)
        message = self.env._("WeChat accepts the app ID and its secret.")
        if self._has_merchant():
            self._ask(self.pay_url, self._get_merchant().check)
            message = self.env._("WeChat accepts the app ID, its secret and the merchant's keys.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message},
        }

    def action_activate_payment(self):
        """Let customers pay by WeChat: create or enable the payment provider of the account. Twice changes nothing."""
        self.ensure_one()
        self.check_access("write")
        self.env["payment.provider"].sudo().with_company(self.company_id)._activate_for_wechat(self)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _ask(self, url, check):
        try:
            check()
        except WeChatError as error:
            raise UserError(self.env._("WeChat refused: %s", error)) from error
        except WeChatUnavailable as error:
            raise UserError(self.env._("WeChat cannot be reached at %s.", url)) from error

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
        secret = self._get_secret("app_secret")
        return mini_program.MiniProgram(self.app_id, secret, _TokenStorage(self), self.mini_program_url)

    def _get_responsible(self, order):
        """Return who is told when something goes wrong with an order's money: a person, and one of the company."""
        self.ensure_one()
        finance = self.env.ref("distribution_core.group_distribution_finance").sudo().all_user_ids
        people = finance.filtered(lambda user: user.active and self.company_id in user.company_ids).sorted("id")
        candidates = order.user_id | order.team_id.user_id | self.sudo().create_uid
        for user in candidates:
            if user.active and not user._is_superuser() and order.company_id in user.company_ids:
                return user
        return people[:1] or self.env.ref("base.user_admin")

    def _get_warehouse(self):
        """Return the warehouse that the mini-program sells from.

        :raise UserError: when the company has none
        """
        self.ensure_one()
        warehouses = self.env["stock.warehouse"].sudo()
        found = self.warehouse_id or warehouses.search([("company_id", "=", self.company_id.id)], limit=1)
        if not found:
            raise UserError(self.env._("%s has no warehouse to sell from.", self.company_id.name))
        return found

    def _has_merchant(self):
        """Tell whether the account can take and send money."""
        self.ensure_one()
        account = self.sudo()
        return all(
            (
                account.mch_id,
                account.merchant_serial,
                account.merchant_private_key_encrypted,
                account.api_v3_key_encrypted,
                account.wechatpay_public_key,
                account.wechatpay_public_key_id,
            )
        )

    def _get_merchant(self):
        """Return the client of WeChat Pay.

        :raise UserError: when the merchant's keys are not set
        """
        self.ensure_one()
        if not self._has_merchant():
            raise UserError(self.env._("%s lacks the merchant's keys: WeChat Pay is not set up.", self.name))
        keys = merchant.Keys(
            app_id=self.app_id,
            mch_id=self.mch_id,
            serial=self.merchant_serial,
            private_key=self._get_secret("merchant_private_key"),
            api_v3_key=self._get_secret("api_v3_key"),
            public_key=self.wechatpay_public_key,
            public_key_id=self.wechatpay_public_key_id,
            url=self.pay_url,
        )
        return merchant.get_merchant(keys)

    def _receive_notification(self, notification):
        """Record what WeChat reports. Receiving it twice, late or in another order changes nothing more.

        :param notification: `client.merchant.Notification`, its signature checked
        :return: False when it concerns nothing of this account
        :rtype: bool
        """
        self.ensure_one()
        for prefix, receive in self._get_notification_receivers().items():
            if notification.event_type.startswith(prefix):
                return receive(notification.resource)
        return False

    def _get_notification_receivers(self):
        """Return event type prefix → function of the resource. Extension point."""
        transactions = self.env["payment.transaction"]
        return {
            "TRANSACTION.": functools.partial(transactions._receive_wechat_payment, self),
            "REFUND.": functools.partial(transactions._receive_wechat_refund, self),
            "MCHTRANSFER.": functools.partial(self.env["distribution.wechat.transfer"]._receive_notification, self),
        }


def _is_wechat(url):
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" and "@" not in parts.netloc and host.endswith((".weixin.qq.com", ".wechatpay.cn"))


def _is_own_machine(url):
    parts = urlsplit(url)
    return (
        parts.scheme in ("http", "https") and "@" not in parts.netloc and parts.hostname in ("127.0.0.1", "localhost")
    )


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
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            # By SQL: a token is no change of the merchant's settings, by nobody.
            cr.execute(
                "UPDATE distribution_wechat_account SET access_token_encrypted = %s, access_token_expires_at = %s "
                "WHERE id = %s",
                (
                    encryption.encrypt(env, value),
                    fields.Datetime.now() + timedelta(seconds=(ttl or 7200) - 60),
                    self._account_id,
                ),
            )

    def delete(self, key):
        with self._registry.cursor() as cr:
            cr.execute(
                "UPDATE distribution_wechat_account SET access_token_encrypted = NULL WHERE id = %s",
                (self._account_id,),
            )
