# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

COMMISSION_FIELDS = (
    "commission_journal_id",
    "commission_expense_account_id",
    "commission_contra_account_id",
    "commission_accrued_account_id",
    "commission_payable_account_id",
)
BALANCE_FIELDS = {"commission_accrued_account_id", "commission_payable_account_id"}
# Read together where something is posted, and not with whatever else is asked of a company: nearly everything asks.
ACCOUNTING = "commission_accounting"


class ResCompany(models.Model):
    _inherit = "res.company"

    commission_journal_id = fields.Many2one(
        comodel_name="account.journal",
        domain="[('type', '=', 'general')]",
        check_company=True,
        prefetch=ACCOUNTING,
        help="Earning, clawback and settlement of commission are posted here.",
    )
    commission_expense_account_id = fields.Many2one(
        comodel_name="account.account",
        domain="[('account_type', 'in', ('expense', 'expense_other', 'expense_direct_cost'))]",
        check_company=True,
        prefetch=ACCOUNTING,
        help="Debited when commission is earned.",
    )
    commission_contra_account_id = fields.Many2one(
        comodel_name="account.account",
        domain="[('account_type', 'in', ('income', 'income_other'))]",
        check_company=True,
        prefetch=ACCOUNTING,
        help="Debited when a distributor earns on what it bought itself: money back to a customer lowers revenue.",
    )
    commission_accrued_account_id = fields.Many2one(
        comodel_name="account.account",
        domain="[('account_type', '=', 'liability_current'), ('reconcile', '=', True)]",
        check_company=True,
        prefetch=ACCOUNTING,
        help="Earned and not yet settled.",
    )
    commission_payable_account_id = fields.Many2one(
        comodel_name="account.account",
        domain="[('account_type', '=', 'liability_payable')]",
        check_company=True,
        prefetch=ACCOUNTING,
        help="Settled and not yet paid out.",
    )
    is_commission_in_background = fields.Boolean(
        string="Commission in the Background",
        default=True,
        help="Deliveries, returns, invoices and payments do not wait for the commission ledger, and never fail with "
        "it. It follows within a minute, and in any case before anything is settled.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `base`: a branch follows as its parent does."""
        name = "is_commission_in_background"
        for vals in vals_list:
            if vals.get("parent_id") and name not in vals:
                vals[name] = self.browse(vals["parent_id"])[name]
        return super().create(vals_list)

    def write(self, vals):
        if "currency_id" in vals:
            currency_id = self._fields["currency_id"].convert_to_cache(vals["currency_id"], self)
            self.filtered(lambda company: company.currency_id.id != currency_id)._check_no_commission_terms()
        for company in self:
            for name in BALANCE_FIELDS & vals.keys():
                if company[name] and company[name].id != vals[name]:
                    company._check_commission_account_cleared(company[name])
        return super().write(vals)

    def _check_no_commission_terms(self):
        """Refuse another currency where commission was agreed on in this one: terms and ledger are in it.

        :raise UserError: naming the currency
        """
        terms = self.env["distribution.commission.term"].sudo()
        for company in self:
            if terms.search_count([("company_id", "=", company.id)], limit=1):
                raise UserError(
                    self.env._(
                        "Commission of %(company)s was agreed on in %(currency)s: its currency cannot change.",
                        company=company.display_name,
                        currency=company.currency_id.name,
                    )
                )

    def _check_commission_account_cleared(self, account):
        """Refuse to leave an account behind on which distributors still have a balance: nothing would clear it.

        :raise UserError: naming the account
        """
        self.ensure_one()
        # Whoever administers the settings need not be an accountant.
        balances = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("account_id", "=", account.id),
                    ("company_id", "=", self.id),
                    ("distribution_distributor_id", "!=", False),
                    ("parent_state", "=", "posted"),
                ],
                ["distribution_distributor_id"],
                ["balance:sum"],
            )
        )
        if any(not self.currency_id.is_zero(balance) for _distributor, balance in balances):
            raise UserError(
                self.env._(
                    "Distributors still have balances on %s: settle and pay them out before you choose another.",
                    account.display_name,
                )
            )

    # === BUSINESS METHODS === #

    def _create_commission_accounts(self):
        """Create what is missing of the commission journal and accounts; what a company has chosen stays."""
        # Named in the source language, and from there in all others: whoever adds one later finds its names, too.
        for company in self.with_context(lang="en_US"):
            company._inherit_commission_accounts()
            for field_name, account_vals in company._prepare_commission_accounts_vals().items():
                company[field_name] = company[field_name] or company._create_commission_account(account_vals)
            company.commission_journal_id = company.commission_journal_id or company.env["account.journal"].create(
                company._prepare_commission_journal_vals()
            )
        self._translate_commission_accounts([code for code, _name in self.env["res.lang"].get_installed()])

    def _translate_commission_accounts(self, langs):
        """Name the commission accounts and journals in these languages; a name that somebody has chosen stays.

        :param list langs: codes, as zh_CN
        """
        for company in self.with_context(lang="en_US"):
            sources = company._get_commission_names()
            for lang in set(langs) - {"en_US"}:
                for field_name, name in company.with_context(lang=lang)._get_commission_names().items():
                    record, source = company[field_name], sources[field_name]
                    translated = record.with_context(lang=lang)
                    if record.name == source and translated.name == source:
                        translated.name = name

    def _get_commission_names(self):
        """Return field name → name of what is created for it, in the language of the environment."""
        names = {field_name: vals["name"] for field_name, vals in self._prepare_commission_accounts_vals().items()}
        return {**names, "commission_journal_id": self._prepare_commission_journal_vals()["name"]}

    def _inherit_commission_accounts(self):
        """A branch keeps its books in its parent's chart of accounts: it posts where the parent posts."""
        self.ensure_one()
        for name in COMMISSION_FIELDS:
            self[name] = self[name] or self.parent_id[name]

    def _create_commission_account(self, vals):
        self.ensure_one()
        accounts = self.env["account.account"].with_company(self)
        code = accounts._search_new_account_code(vals["code"])
        return accounts.create({**vals, "code": code, "company_ids": [Command.link(self.id)]})

    def _prepare_commission_accounts_vals(self):
        """Return field name → account values; the codes are first choices, taken ones are counted up."""
        self.ensure_one()
        chinese = self.chart_template in ("cn", "cn_common", "cn_large_bis")
        generic = ("621700", "407000", "211700", "211800")
        expense, contra, accrued, payable = ("660107", "600107", "224110", "224120") if chinese else generic
        return {
            "commission_expense_account_id": {
                "name": self.env._("Distribution Commission Expense"),
                "code": expense,
                "account_type": "expense",
            },
            "commission_contra_account_id": {
                "name": self.env._("Distribution Commission on Own Purchases"),
                "code": contra,
                "account_type": "income",
            },
            "commission_accrued_account_id": {
                "name": self.env._("Accrued Distribution Commission"),
                "code": accrued,
                "account_type": "liability_current",
                "reconcile": True,
            },
            "commission_payable_account_id": {
                "name": self.env._("Distribution Commission Payable"),
                "code": payable,
                "account_type": "liability_payable",
                "reconcile": True,
                "non_trade": True,
            },
        }

    def _prepare_commission_journal_vals(self):
        self.ensure_one()
        return {
            "name": self.env._("Distribution Commission"),
            "code": "DCOM",
            "type": "general",
            "company_id": self.id,
            "show_on_dashboard": True,
        }

    def _in_own_language(self, records):
        """Return records in the company's language, where nobody's is known: scheduled actions write in its books."""
        self.ensure_one()
        lang = self.env.context.get("lang") or self.sudo().partner_id.lang
        return records.with_context(lang=lang)

    def _check_commission_accounts(self):
        """Make sure commission can be posted.

        :raise UserError: naming what is missing and where to set it
        """
        self.ensure_one()
        missing = [self._fields[name]._description_string(self.env) for name in COMMISSION_FIELDS if not self[name]]
        if missing:
            raise UserError(
                self.env._(
                    "%(company)s lacks: %(missing)s. Set them in Settings > Distribution, or install a chart of "
                    "accounts first.",
                    company=self.name,
                    missing=", ".join(missing),
                )
            )
