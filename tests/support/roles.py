# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The roles of the suite as `distribution_core/readme/SECURITY.md` has them, a user of each, a record of each model.

A new model needs a row in that table, and a line in ``SAMPLES`` where the two small companies here do not come by a
record of it themselves, or where a role may create one.
"""

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import NamedTuple

from odoo.fields import Command
from odoo.tests import new_test_user

SECURITY = Path(__file__).resolve().parents[2] / "distribution_core" / "readme" / "SECURITY.md"
CORE = "distribution_core.group_distribution_"
GROUPS = {
    "Salesperson": f"{CORE}salesperson",
    "User": f"{CORE}user",
    "Manager": f"{CORE}manager",
    "Finance": f"{CORE}finance",
    "Compliance": f"{CORE}compliance",
    "Auditor": f"{CORE}auditor",
    "Portal": "base.group_portal",
    "Sales": "sales_team.group_sale_manager",
    "Staff": "base.group_user",
}
numbers = count(1)


class Cell(NamedTuple):
    """What a role may do with a model: letters of ``crwd``, and whether only with what is its own."""

    letters: str
    own: bool


def _read_rows(heading):
    """Return the cells of the table under a heading, the first row being its head."""
    section = SECURITY.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def read_models():
    """Return the table of models.

    :return: model → scope, and model → role → `Cell`
    """
    head, *rows = _read_rows("Models")
    scopes, cells = {}, {}
    for model, scope, *rights in rows:
        scopes[model] = scope
        cells[model] = {
            role: Cell(right.split()[0].strip("-"), right.endswith(" own"))
            for role, right in zip(head[2:], rights, strict=True)
        }
    return scopes, cells


def read_buttons():
    """Return the table of buttons: (model, method) → roles."""
    _head, *rows = _read_rows("Buttons")
    return {tuple(button.rsplit(".", 1)): set(re.split(r",\s*", roles)) for button, roles in rows}


class SmallCompany:
    """A company with a chain of three distributors, of whom the one in the middle is whose "own" everything is.

    Each has a customer, commission, an account, a withdrawal; there is a user of each role, and a mini-program.
    """

    def __init__(self, env, company, name):
        self.env = env(context={**env.context, "allowed_company_ids": company.ids, "tracking_disable": True})
        self.company, self.name = self.env["res.company"].browse(company.id), name
        if not company.chart_template:
            self.env["account.chart.template"].try_loading("generic_coa", self.company, install_demo=False)
        self.author = self.env.user
        self.users = {role: self._create_user(role, groups) for role, groups in GROUPS.items()}
        self._set_up_program()
        self._trade()
        self._pay_out()
        self._open_mini_program()
        self._bring_people()

    def _create_user(self, role, groups):
        return new_test_user(
            self.env,
            f"{self.name}-{role}".lower(),
            groups=groups,
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
            name=f"{role} of {self.name}",
        )

    def create_partner(self, name=None, **vals):
        """Create somebody with a name and a number that nobody has who should not read them."""
        number = next(numbers)
        name = name or f"Secret {self.name} {number}"
        return self.env["res.partner"].create({"name": name, "phone": f"+86138{number:08}", **vals})

    # === THE WORLD === #

    def _set_up_program(self):
        self.program = self.env["distribution.program"].create(
            {
                "name": f"Friends of {self.name}",
                "company_id": self.company.id,
                "level_count": 3,
                "trigger": "shipped",
                "hold_days": 0,
                "settlement_period": "manual",
                "binding_days": 0,
                "rule_ids": [Command.create({"level": level, "rate": 10}) for level in (1, 2, 3)],
            }
        )
        self.top = self._create_distributor(None)
        self.own = self._create_distributor(self.top, self.users["Portal"].partner_id)
        self.low = self._create_distributor(self.own)
        self.own.user_id = self.users["Salesperson"]
        self.product = self.env["product.product"].create(
            {"name": "Mug", "type": "consu", "invoice_policy": "order", "taxes_id": False, "company_id": False}
        )

    def _create_distributor(self, upline, partner=None):
        partner = partner or self.create_partner()
        vals = {"partner_id": partner.id, "program_id": self.program.id, "parent_id": upline and upline.id}
        distributor = self.env["distribution.distributor"].create(vals)
        distributor.action_activate()
        return distributor

    def _trade(self):
        for distributor in (self.top, self.own, self.low):
            customer = self.create_partner()
            self.env["distribution.binding"]._bind(customer, distributor)
            self.order = self.env["sale.order"].create(
                {
                    "partner_id": customer.id,
                    "order_line": [
                        Command.create({"product_id": self.product.id, "product_uom_qty": 10, "price_unit": 100})
                    ],
                }
            )
            self.order.action_confirm()
            picking = self.order.picking_ids
            picking.move_ids.write({"quantity": 10, "picked": True})
            picking.button_validate()
        self.env["distribution.commission.entry"]._release(self.program)
        self.settlement = self.env["distribution.settlement"]._create_from_due(self.program)
        self.settlement.action_post()

    def _pay_out(self):
        domain = [("type", "=", "bank"), ("company_id", "=", self.company.id)]
        self.bank = self.env["account.journal"].search(domain, limit=1)
        self.accounts = self.env["distribution.account"].search([("company_id", "=", self.company.id)])
        amounts = dict.fromkeys(self.accounts, Decimal(20))
        self.run = self.env["distribution.payout.run"]._create_run(self.company, self.bank, amounts)

    def _open_mini_program(self):
        self.mini_program = self.env["distribution.wechat.account"].create(
            {"name": self.name, "app_id": f"wx{next(numbers)}", "company_id": self.company.id}
        )
        self.identity = self.env["distribution.wechat.identity"].create(
            {
                "account_id": self.mini_program.id,
                "partner_id": self.own.partner_id.id,
                "user_id": self.users["Portal"].id,
                "open_id": f"open-{self.name}",
            }
        )

    def _bring_people(self):
        """Give each distributor a link that was opened, an accepted agreement, and an appeal."""
        for distributor in (self.top, self.own, self.low):
            self.create("distribution.link.click", distributor)
            self.create("distribution.agreement.acceptance", distributor)
            distributor.action_suspend("So")
            self.create("distribution.distributor.appeal", distributor)
            distributor.action_activate()

    # === RECORDS === #

    def get_sample(self, model, distributor):
        """Return a record of a model that belongs to a distributor, or to the company where the model knows none.

        :param str model: no wizard
        """
        records = self.env[model].sudo().with_context(active_test=False)
        known = records._fields
        if model == "distribution.distributor":
            return records.browse(distributor.id)
        domain = [(name, "=", value) for name, value in self._get_owners(distributor).items() if name in known]
        return (domain and records.search(domain, limit=1)) or records.create(self.get_vals(model, distributor))

    def _get_owners(self, distributor):
        return {"company_id": self.company.id, "distributor_id": distributor.id}

    def get_vals(self, model, distributor):
        """Return values of a new record of a model."""
        return SAMPLES[model](self, distributor) if model in SAMPLES else {}

    def create(self, model, distributor=None):
        """Create a record that others point at: a wizard of the user's whose turn it is, whatever its rights."""
        record = self.env[model].with_user(self.author).sudo().create(self.get_vals(model, distributor or self.own))
        # Lines that are computed with it do not take the place of others later.
        self.env.flush_all()
        return record

    def create_empty(self, model):
        """Create a wizard without the lines it proposes."""
        wizard = self.create(model)
        wizard.line_ids.unlink()
        return wizard


def _withdrawal(world, distributor):
    return world.run.withdrawal_ids.filtered(lambda withdrawal: withdrawal.distributor_id == distributor)


SAMPLES = {
    "distribution.program": lambda w, d: {"name": f"Another {next(numbers)}", "company_id": w.company.id},
    "distribution.grade": lambda w, d: {"name": f"Gold {next(numbers)}", "program_id": w.program.id},
    "distribution.tag": lambda w, d: {"name": f"Tag {next(numbers)}"},
    "distribution.distributor": lambda w, d: {"partner_id": w.create_partner().id, "program_id": w.program.id},
    "distribution.binding": lambda w, d: {"partner_id": w.create_partner().id, "distributor_id": d.id},
    "distribution.distributor.decision": lambda w, d: {"distributor_ids": [Command.set(d.ids)], "reason": "So"},
    "distribution.distributor.move": lambda w, d: {"distributor_id": d.id, "reason": "So"},
    "distribution.distributor.move.line": lambda w, d: {"move_id": w.create("distribution.distributor.move").id},
    "distribution.distributor.merge": lambda w, d: {
        "distributor_id": d.id,
        "survivor_id": w.create("distribution.distributor").id,
        "reason": "So",
    },
    "distribution.setup.company": lambda w, d: {
        "company_id": w.company.id,
        "country_id": w.env.ref("base.cn").id,
        "tz": "Asia/Shanghai",
    },
    "distribution.link": lambda w, d: {"distributor_id": d.id},
    "distribution.link.click": lambda w, d: {
        "link_id": w.get_sample("distribution.link", d).id,
        "date": "2026-01-01",
    },
    "distribution.visit": lambda w, d: {
        "distributor_id": d.id,
        "partner_id": w.create_partner().id,
        "source": "link",
        "date_from": "2026-01-01",
        "date_last": "2026-01-01",
        "date_to": "2100-01-01",
    },
    "distribution.binding.request": lambda w, d: {
        "partner_id": w.create_partner().id,
        "distributor_id": d.id,
        "reason": "So",
    },
    "distribution.agreement": lambda w, d: {"program_id": w.program.id, "text": "<p>So</p>"},
    "distribution.agreement.acceptance": lambda w, d: {
        "distributor_id": d.id,
        "agreement_id": w.create("distribution.agreement").id,
        "door": "staff",
    },
    "distribution.distributor.appeal": lambda w, d: {"distributor_id": d.id, "text": "So"},
    "distribution.commission.rule": lambda w, d: {
        "program_id": w.program.id,
        "audience": "distributor",
        "distributor_id": d.id,
        "level": 1,
        "rate": 1,
        "date_from": (day := date(2030, 1, 1) + timedelta(days=next(numbers))),
        "date_to": day,
    },
    "distribution.commission.tier": lambda w, d: {
        "rule_id": w.create("distribution.commission.rule", d).id,
        "amount_from": next(numbers),
        "rate": 1,
    },
    "distribution.commission.campaign": lambda w, d: {
        "name": "Spring",
        "program_id": w.program.id,
        "date_from": "2030-01-01",
        "date_to": "2030-01-02",
    },
    "distribution.commission.guarantee": lambda w, d: {
        "distributor_id": d.id,
        "rule_id": w.create("distribution.commission.rule", d).id,
        "level": 1,
        "program_id": w.program.id,
        "company_id": w.company.id,
        "currency_id": w.company.currency_id.id,
        "date_start": "2030-01-01",
        "date_end": "2030-01-31",
    },
    "distribution.commission.event": lambda w, d: {"order_id": w.order.id, "company_id": w.company.id},
    "distribution.settlement.wizard": lambda w, d: {"program_id": w.program.id},
    "distribution.settlement.wizard.line": lambda w, d: {
        "wizard_id": w.create_empty("distribution.settlement.wizard").id,
        "distributor_id": d.id,
    },
    "distribution.commission.simulation": lambda w, d: {"program_id": w.program.id},
    "distribution.commission.simulation.line": lambda w, d: {
        "simulation_id": w.create("distribution.commission.simulation").id
    },
    "distribution.payout.wizard": lambda w, d: {"company_id": w.company.id, "journal_id": w.bank.id},
    "distribution.payout.wizard.line": lambda w, d: {
        "wizard_id": w.create_empty("distribution.payout.wizard").id,
        "account_id": w.accounts.filtered(lambda account: account.distributor_id == d).id,
        "amount": 10,
    },
    "distribution.payout.confirm": lambda w, d: {"run_id": w.run.id},
    "distribution.withdrawal.approve": lambda w, d: {
        "journal_id": w.bank.id,
        "withdrawal_ids": [Command.set(_withdrawal(w, d).ids)],
    },
    "distribution.withdrawal.fail": lambda w, d: {"withdrawal_id": _withdrawal(w, d).id, "reason": "So"},
    "distribution.wechat.account": lambda w, d: {
        "name": "Second",
        "app_id": f"wx{next(numbers)}",
        "company_id": w.company.id,
    },
    "distribution.api.token": lambda w, d: {
        "user_id": w.users["Portal"].id,
        "identity_id": w.identity.id,
        "access_hash": f"a{next(numbers)}",
        "refresh_hash": f"r{next(numbers)}",
        "access_expires_at": "2100-01-01",
        "refresh_expires_at": "2100-01-01",
    },
    "distribution.api.idempotency": lambda w, d: {
        "user_id": w.users["Portal"].id,
        "key_hash": f"k{next(numbers)}",
        "fingerprint": "f",
        "claimed_at": "2026-01-01",
    },
    "distribution.cart.line": lambda w, d: {
        "identity_id": w.identity.id,
        "product_id": w.product.id,
        "quantity": 1,
    },
    "distribution.stock.gate": lambda w, d: {
        "product_id": w.product.id,
        "company_id": w.company.id,
        "revision": 1,
    },
    "distribution.refund.request": lambda w, d: {"order_id": w.order.id, "reason": "Broken"},
    "distribution.refund.request.line": lambda w, d: {
        "request_id": w.get_sample("distribution.refund.request", d).id,
        "order_line_id": w.order.order_line[0].id,
        "quantity": 1,
        "amount": 100,
    },
    "distribution.refund.approve": lambda w, d: {
        "request_id": w.get_sample("distribution.refund.request", d).id,
        "amount": 1,
    },
    "distribution.refund.refuse": lambda w, d: {
        "request_id": w.get_sample("distribution.refund.request", d).id,
        "reason": "So",
    },
    "distribution.wechat.transfer": lambda w, d: {
        "withdrawal_id": _withdrawal(w, d).id,
        "account_id": w.mini_program.id,
        "amount_fen": 2000,
        "mch_id": "1",
        "open_id": "o",
        "remark": "r",
        "job": "j",
        "explanation": "e",
        "notify_url": "https://example.com",
    },
    "distribution.wechat.transfer.close": lambda w, d: {
        "transfer_id": w.get_sample("distribution.wechat.transfer", d).id,
        "outcome": "cancelled",
        "reason": "So",
    },
}
