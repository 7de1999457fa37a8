# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

CODE = "distribution_wechat"


class PaymentProvider(models.Model):
    """WeChat Pay in a mini-program; its ids and keys are those of the WeChat account."""

    _inherit = "payment.provider"

    code = fields.Selection(selection_add=[(CODE, "WeChat Pay (Mini-Program)")], ondelete={CODE: "set default"})
    wechat_account_id = fields.Many2one(
        comodel_name="distribution.wechat.account",
        string="Mini-Program",
        required_if_provider=CODE,
        index="btree_not_null",
        copy=False,
        check_company=True,
        ondelete="restrict",
        help="The mini-program whose customers pay; the merchant's keys are set there.",
    )

    _wechat_account_uniq = models.UniqueIndex(
        "(wechat_account_id) WHERE wechat_account_id IS NOT NULL", "This mini-program has a payment provider already."
    )

    # === COMPUTE METHODS === #

    def _get_supported_currencies(self):
        """Override of `payment`: a mini-program takes CNY only."""
        currencies = super()._get_supported_currencies()
        return currencies.filtered(lambda currency: currency.name == "CNY") if self.code == CODE else currencies

    def _compute_feature_support_fields(self):
        """Override of `payment`: money can be given back in parts."""
        result = super()._compute_feature_support_fields()
        self.filtered(lambda provider: provider.code == CODE).support_refund = "partial"
        return result

    # === BUSINESS METHODS === #

    def _get_default_payment_method_codes(self):
        """Override of `payment` to switch WeChat Pay on with the provider."""
        self.ensure_one()
        return {"wechat_pay"} if self.code == CODE else super()._get_default_payment_method_codes()

    @api.model
    def _get_compatible_providers(self, *args, **kwargs):
        """Override of `payment`: web pages cannot offer what only a mini-program can carry out."""
        return super()._get_compatible_providers(*args, **kwargs).filtered(lambda provider: provider.code != CODE)

    @api.model
    def _activate_for_wechat(self, account):
        """Return the enabled provider of a WeChat account; it is made, or taken from the company's free ones.

        :raise UserError: when the merchant's keys or a bank journal are missing
        """
        if not account._has_merchant():
            raise UserError(self.env._("%s lacks the merchant's keys: WeChat Pay is not set up.", account.name))
        # Where the module was upgraded from one without payments, Odoo has not met the provider yet.
        self._setup_payment_method(CODE)
        provider = self._find_for_wechat(account)
        method = self.env.ref("payment.payment_method_wechat_pay")
        provider.write({"wechat_account_id": account.id, "payment_method_ids": [Command.link(method.id)]})
        if provider.state == "disabled":
            provider.write({"state": "enabled", "is_published": False})
        # Odoo makes the journal's payment method line when it first looks for the journal.
        lines = provider.journal_id.inbound_payment_method_line_ids
        if provider not in lines.payment_provider_id:
            company = account.company_id.name
            raise UserError(self.env._("%s has no bank journal: create the one WeChat Pay settles to.", company))
        return provider

    @api.model
    def _find_for_wechat(self, account):
        provider = self.search([("wechat_account_id", "=", account.id)])
        free = [("code", "=", CODE), ("company_id", "=", account.company_id.id), ("wechat_account_id", "=", False)]
        provider = provider or self.search(free, limit=1)
        return provider or self.env.ref("distribution_wechat.payment_provider").copy(
            {"company_id": account.company_id.id}
        )
