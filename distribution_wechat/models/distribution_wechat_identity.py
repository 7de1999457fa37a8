# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.fields import Command


class DistributionWechatIdentity(models.Model):
    """Who a customer is in WeChat: one row for each mini-program the customer uses."""

    _name = "distribution.wechat.identity"
    _description = "WeChat Identity"
    _rec_name = "partner_id"

    account_id = fields.Many2one(
        comodel_name="distribution.wechat.account", required=True, index=True, ondelete="restrict", readonly=True
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", required=True, index=True, ondelete="restrict", readonly=True
    )
    user_id = fields.Many2one(comodel_name="res.users", required=True, index=True, ondelete="restrict", readonly=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    open_id = fields.Char(string="Open ID", required=True, readonly=True, groups="base.group_system")
    union_id = fields.Char(string="Union ID", readonly=True, index="btree_not_null", groups="base.group_system")
    recruiter_id = fields.Many2one(
        comodel_name="distribution.distributor",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        help="Whose code for recruiting the person scanned last: the upline, should the person apply.",
    )

    _open_id_uniq = models.UniqueIndex("(account_id, open_id)", "This person is known already.")

    # === BUSINESS METHODS === #

    def _get_distributor(self):
        """Return the person's membership in the mini-program's program, whatever its state; empty if there is none."""
        self.ensure_one()
        return self.account_id.program_id._get_membership(self.partner_id)

    def _get_recruiter(self):
        """Return whose code for recruiting the person scanned last, empty where this is nobody who can recommend."""
        self.ensure_one()
        program = self.account_id.program_id
        recruiter = self.recruiter_id._get_survivor()
        return recruiter.filtered(lambda d: d.program_id == program and d._can_recommend())

    @api.model
    def _find_or_create(self, account, session):
        """Return the identity of the person who logged in, with a customer and a portal user.

        A person known by union id from another mini-program of the merchant stays the same customer.

        :param session: `client.mini_program.Session`
        :return: the identity, and whether it is new
        :rtype: tuple
        """
        identity = self.search([("account_id", "=", account.id), ("open_id", "=", session.open_id)])
        if identity:
            return identity, False
        relative = self._find_relative(account, session.union_id)
        user = relative.user_id or self._create_user(account, session)
        vals = self._prepare_identity_vals(account, session, user)
        return self.create(vals), True

    @api.model
    def _find_relative(self, account, union_id):
        if not union_id:
            return self.browse()
        return self.search([("union_id", "=", union_id), ("company_id", "=", account.company_id.id)], limit=1)

    @api.model
    def _prepare_identity_vals(self, account, session, user):
        return {
            "account_id": account.id,
            "partner_id": user.partner_id.id,
            "user_id": user.id,
            "open_id": session.open_id,
            "union_id": session.union_id,
        }

    @api.model
    def _create_user(self, account, session):
        """Create the customer and its portal user; there is no password, the person logs in by WeChat only."""
        users = self.env["res.users"].with_context(no_reset_password=True, mail_create_nosubscribe=True)
        return users.with_company(account.company_id).create(self._prepare_user_vals(account, session))

    @api.model
    def _prepare_user_vals(self, account, session):
        return {
            "name": self.env._("WeChat customer"),
            # Unique, and without a trace of the open id.
            "login": f"wechat-{fields.Datetime.now():%Y%m%d}-{self.env['distribution.api.token']._random_token()[:16]}",
            "company_id": account.company_id.id,
            "company_ids": [Command.set(account.company_id.ids)],
            "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            "tz": account.program_id.tz or "Asia/Shanghai",
            "lang": "zh_CN" if self.env["res.lang"]._get_data(code="zh_CN") else self.env.lang,
        }
