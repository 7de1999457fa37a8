# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.distribution_payout.models.distribution_payout_run import REMOVED_CHANNEL

from ..tools.money import to_fen
from .distribution_wechat_transfer import NAME_REQUIRED_FROM


class DistributionPayoutRun(models.Model):
    _inherit = "distribution.payout.run"

    channel = fields.Selection(
        selection_add=[("wechat", "WeChat")],
        ondelete={"wechat": f"set {REMOVED_CHANNEL}"},
        help="By hand: you make the transfers at your bank and confirm them here. WeChat: the money goes to the "
        "distributor's WeChat balance, who confirms it within 24 hours; WeChat reports what was paid.",
    )
    wechat_transfer_ids = fields.One2many("distribution.wechat.transfer", "run_id", readonly=True)
    wechat_transfer_count = fields.Integer(string="WeChat Transfers", compute="_compute_wechat_transfer_count")

    # === COMPUTE METHODS === #

    @api.depends("wechat_transfer_ids")
    def _compute_wechat_transfer_count(self):
        for run in self:
            run.wechat_transfer_count = len(run.wechat_transfer_ids)

    # === ACTION METHODS === #

    def action_send_wechat_transfers(self):
        """Send what is to be sent, and ask WeChat how the others stand."""
        self._check_finance()
        return self.wechat_transfer_ids.action_advance()

    def action_view_wechat_transfers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_wechat.distribution_wechat_transfer_action"
        )
        return {**action, "domain": [("run_id", "=", self.id)], "context": {}}

    # === BUSINESS METHODS === #

    def _prepare_payments(self):
        """Override of `distribution_payout`: write the intents, which a scheduled action sends."""
        result = super()._prepare_payments()
        for run in self.filtered(lambda run: run.channel == "wechat"):
            withdrawals = run._get_open_withdrawals()
            identities = {withdrawal: run._get_wechat_identity(withdrawal) for withdrawal in withdrawals}
            run._check_payable_by_wechat(withdrawals)
            transfers = self.env["distribution.wechat.transfer"]
            transfers.create(
                [transfers._prepare_transfer_vals(withdrawal, identity) for withdrawal, identity in identities.items()]
            )
            transfers._trigger_crons()
        return result

    def _get_wechat_identity(self, withdrawal):
        """Return whom to pay: who has asked, else the distributor's person in a mini-program of this wallet."""
        asked = withdrawal.wechat_identity_id
        if asked.account_id.wallet_journal_id == self.journal_id:
            return asked
        return self._find_wechat_identity(self.journal_id, withdrawal.account_id)

    def _check_payable_by_wechat(self, withdrawals):
        """Refuse before anything is sent, naming everybody who cannot be paid."""
        problems = [
            self._get_payee_problem(self.channel, self.journal_id, withdrawal.account_id, _exact(withdrawal.amount))
            for withdrawal in withdrawals
        ]
        problems = [problem for problem in problems if problem]
        if problems:
            raise UserError("\n".join(dict.fromkeys(problems)))

    @api.model
    def _get_payee_problem(self, channel, journal, account, amount):
        """Override of `distribution_payout`: CNY only, to a person in WeChat, from ¥2,000 with the real name."""
        if channel != "wechat":
            return super()._get_payee_problem(channel, journal, account, amount)
        if account.currency_id.name != "CNY":
            return self.env._("WeChat pays CNY, not %s.", account.currency_id.name)
        distributor = account.distributor_id
        if not self._find_wechat_identity(journal, account):
            return self.env._(
                "%(distributor)s cannot be paid over WeChat: there is no login to a mini-program whose wallet is "
                "%(journal)s and whose WeChat Pay is set up.",
                distributor=distributor.display_name,
                journal=journal.name,
            )
        if to_fen(amount) >= NAME_REQUIRED_FROM and not distributor._has_real_name():
            return self.env._(
                "%s: WeChat wants the real name from ¥2,000. Enter it on the distributor first.",
                distributor.display_name,
            )
        return None

    @api.model
    def _find_wechat_identity(self, journal, account):
        """Return a distributor's person in a mini-program that pays from a wallet, the program's own first."""
        identities = self.env["distribution.wechat.identity"].sudo()
        found = identities.search(
            [
                ("partner_id", "=", account.distributor_id.partner_id.id),
                ("account_id.wallet_journal_id", "=", journal.id),
                ("account_id.company_id", "=", account.company_id.id),
            ],
            order="id desc",
        ).filtered(lambda identity: identity.account_id._has_merchant())
        return found.sorted(lambda identity: identity.account_id.program_id != account.program_id)[:1]

    @api.model
    def _get_default_journal(self, channel, company):
        """Override of `distribution_payout`: WeChat pays from the wallet."""
        if channel != "wechat":
            return super()._get_default_journal(channel, company)
        domain = [("company_id", "=", company.id), ("wallet_journal_id", "!=", False)]
        # Finance need not be a manager, who alone sees the accounts.
        return self.env["distribution.wechat.account"].sudo().search(domain, limit=1).wallet_journal_id


def _exact(amount):
    return Decimal(repr(amount))
