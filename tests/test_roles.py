# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who may do what: every model and every button of the suite, by role, as distribution_core/readme/SECURITY.md says."""

import contextlib
import inspect

from psycopg2 import IntegrityError

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from support.roles import SmallCompany, read_buttons, read_models

OPERATIONS = {"c": "create", "r": "read", "w": "write", "d": "unlink"}
# They ask WeChat, which is not there: whoever may press them gets as far as that.
ASKS_WECHAT = {"action_test_connection", "action_send_wechat_transfers", "action_advance"}
SILENT = ("odoo.sql_db", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule", "odoo.orm.models")


class Undo(Exception):
    """Ends an attempt: whatever it did is rolled back."""


@tagged("post_install", "-at_install")
class TestRoles(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        companies = cls.env["res.company"].create(
            [{"name": name, "is_commission_in_background": False} for name in ("East", "West")]
        )
        cls.east, cls.west = (SmallCompany(cls.env, company, company.name) for company in companies)
        cls.scopes, cls.cells = read_models()
        cls.buttons = read_buttons()

    def setUp(self):
        super().setUp()
        self.wrong = []

    def tearDown(self):
        super().tearDown()
        self.assertFalse(self.wrong, "\n".join(["", *self.wrong]))

    # === MODELS === #

    def test_every_model_has_a_row(self):
        ours = {
            name
            for name, model in self.env.registry.items()
            if name.startswith("distribution.") and not model._abstract
        }
        self.assertEqual(
            ours,
            set(self.cells),
            "Give every model a row in the table of distribution_core/readme/SECURITY.md, and where this test cannot "
            "come by a record of it a line in SAMPLES of tests/support/roles.py.",
        )

    def test_scopes(self):
        for model, scope in self.scopes.items():
            records = self.env[model]
            self.assertEqual(scope == "wizard", records.is_transient(), model)
            if scope in ("shared", "none"):
                self.assertNotIn(
                    "company_id", records._fields, f"{model}: what knows its company is seen inside it only"
                )

    def test_models_by_role(self):
        for model, roles in self.cells.items():
            for role, cell in roles.items():
                user = self.east.users[role]
                for letter, operation in OPERATIONS.items():
                    self.case = f"{role}: {operation} {model}"
                    self.check_operation(model, user, operation, letter in cell.letters, cell.own)

    def check_operation(self, model, user, operation, allowed, own_only):
        """Try an operation on what is the user's own, on what is not, and on the other company's."""
        east, west = self.east, self.west
        if operation == "create":
            self.assertMay(allowed, lambda: self.env[model].with_user(user).create(east.get_vals(model, east.own)))
            return
        if self.scopes[model] == "wizard":
            # Nobody's rights are asked here: whose it is counts.
            east.author = user
            own = self.env[model].with_user(user).sudo().create(east.get_vals(model, east.own))
            east.author = self.env.user
            foreign = self.env[model].create(east.get_vals(model, east.own))
            abroad = self.env[model].create(west.get_vals(model, west.own))
        else:
            own, foreign = (east.get_sample(model, distributor) for distributor in (east.own, east.top))
            abroad = west.get_sample(model, west.own)
        self.assertMay(allowed, self.get_attempt(own, user, operation))
        if foreign != own:
            self.case += " that is not one's own"
            self.assertMay(allowed and not own_only, self.get_attempt(foreign, user, operation))
            if operation == "read" and own_only:
                self.check_unseen(foreign, user)
        if self.scopes[model] not in ("shared", "none"):
            self.case += " of the other company"
            self.assertMay(False, self.get_attempt(abroad, user, operation))
            if operation == "read":
                self.check_unseen(abroad, user)

    def get_attempt(self, record, user, operation):
        record = self.as_user(record, user)
        if operation == "read":
            return lambda: record.read(self.get_readable(record))
        if operation == "write":
            return lambda: record.write(self.get_same_value(record.sudo()))
        return record.unlink

    def get_readable(self, record):
        """Return the fields that the client reads to show a record of a model, all of them for the portal."""
        if record.env.user._is_internal() and record.has_access("read"):
            views = record.get_views([(False, "list"), (False, "form")])
            return list(views["models"][record._name]["fields"])
        return list(record.fields_get(attributes=["type"])) or ["display_name"]

    def get_same_value(self, record):
        """Return a field with the value it has."""
        if "active" in record._fields:
            return {"active": record.active}
        for name, field in record._fields.items():
            plain = field.type in ("char", "integer", "selection", "many2one", "float", "boolean", "text")
            if plain and field.store and not field.compute and not field.groups and name not in models.MAGIC_COLUMNS:
                return {name: field.convert_to_write(record[name], record)}
        return {}

    def check_unseen(self, record, user):
        """A record that must not be read is not found either, whatever is asked for, nor what is written about it."""
        self.env.invalidate_all()
        records = self.env[record._name].with_user(user).with_context(active_test=False)
        domain = [("id", "=", record.id)]
        asked = {
            "search": lambda: records.search(domain).ids,
            "search_count": lambda: records.search_count(domain),
            "read_group": lambda: records.formatted_read_group(domain, [], ["__count"])[0]["__count"],
            "name_search": lambda: records.name_search("", domain),
            "web_search_read": lambda: records.web_search_read(domain, {"display_name": {}})["records"],
        }
        for model, field in (("mail.message", "model"), ("ir.attachment", "res_model"), ("mail.activity", "res_model")):
            about = [(field, "=", record._name), ("res_id", "=", record.id)]
            notes = self.env[model].with_user(user)
            asked[model] = lambda notes=notes, about=about: notes.search(about).ids
        for way, ask in asked.items():
            with mute_logger(*SILENT), contextlib.suppress(AccessError):
                if found := ask():
                    self.wrong.append(f"{self.case}: {record} by {way}: {found}")

    # === BUTTONS === #

    def test_every_button_has_a_row(self):
        found = set()
        for name, model in self.env.registry.items():
            # The panel of the setup is no record: see the test of its own.
            for method in self.get_public_methods(model) if name != "distribution.setup" else ():
                self.assertRegex(method, "^action_", f"{name}: name it _{method}, else anybody may call it.")
                if name.startswith("distribution.") and not model._transient and not method.startswith("action_view_"):
                    found.add((name, method))
        self.assertEqual(
            found, set(self.buttons), "Give every button a row in the table of distribution_core/readme/SECURITY.md."
        )

    def get_public_methods(self, model):
        """Return the names of the methods of ours that anybody may call who is logged in."""
        ours = [part for part in model.mro() if part.__module__.startswith("odoo.addons.distribution_")]
        theirs = [part for part in model.mro() if part not in ours]
        names = {name for part in ours for name, value in vars(part).items() if inspect.isfunction(value)}
        return {name for name in names if not name.startswith("_") and not any(name in vars(part) for part in theirs)}

    def test_buttons_by_role(self):
        for (model, method), roles in self.buttons.items():
            for role, user in self.east.users.items():
                self.case = f"{role}: {model}.{method}"
                self.check_button(self.east.get_sample(model, self.east.own), method, user, role in roles)
                self.case += " of the other company"
                self.check_button(self.west.get_sample(model, self.west.own), method, user, False)

    def test_setup_by_role(self):
        """The panel is shown to managers, and nobody else goes through its methods."""
        methods = self.get_public_methods(self.env.registry["distribution.setup"])
        self.assertEqual(methods, {"get_panel", "open_step", "close", "action_reopen"})
        for role, user in self.east.users.items():
            panel = self.env["distribution.setup"].with_user(user)
            for method, args in (("open_step", ["program"]), ("close", []), ("action_reopen", [])):
                self.case = f"{role}: distribution.setup.{method}"
                attempt = getattr(panel, method)
                self.assertMay(role == "Manager", lambda attempt=attempt, args=args: attempt(*args))
            self.assertEqual(bool(panel.get_panel()), role == "Manager", role)

    def test_buttons_of_wizards_by_role(self):
        for model, roles in self.cells.items():
            if self.scopes[model] != "wizard":
                continue
            for method in self.get_public_methods(self.env.registry[model]):
                for role, cell in roles.items():
                    self.case, user = f"{role}: {model}.{method}", self.east.users[role]
                    wizards = self.env[model].with_user(user).sudo()
                    wizard = wizards.create(self.east.get_vals(model, self.east.own))
                    self.check_button(wizard, method, user, bool(cell.letters))
                    # A client may send what no list has offered: ids of the other company.
                    self.case += " of the other company"
                    wizard = wizards.create(self.west.get_vals(model, self.west.own))
                    self.check_button(wizard, method, user, False)

    def test_opening_a_list_changes_nothing(self):
        for model, scope in self.scopes.items():
            methods = self.get_public_methods(self.env.registry[model])
            for method in [name for name in methods if name.startswith("action_view_") and scope != "wizard"]:
                record = self.east.get_sample(model, self.east.own)
                for role, user in self.east.users.items():
                    self.case = f"{role}: {model}.{method}"
                    self.check_unchanged(getattr(self.as_user(record, user), method))

    def check_button(self, record, method, user, allowed):
        attempt = getattr(self.as_user(record, user), method)
        if not allowed:
            self.check_unchanged(lambda: self.assertMay(False, attempt))
        elif method not in ASKS_WECHAT:
            self.assertMay(True, attempt)

    def check_unchanged(self, attempt):
        before = self.get_fingerprint()
        with contextlib.suppress(AccessError, UserError):
            attempt()
        after = self.get_fingerprint()
        changed = [table for table, content in after.items() if content != before[table]]
        if changed:
            self.wrong.append(f"{self.case}: has changed {', '.join(changed)}")

    def get_fingerprint(self):
        """Return what the tables of the suite hold, wizards left out: table → (rows, digest)."""
        self.env.flush_all()
        tables = sorted(
            model._table
            for name, model in self.env.registry.items()
            if name.startswith("distribution.") and model._auto and not model._abstract and not model._transient
        )
        query = " UNION ALL ".join(
            f"SELECT '{table}', COUNT(*), MD5(STRING_AGG(row::text, '' ORDER BY id)) FROM {table} AS row"  # noqa: S608
            for table in tables
        )
        self.env.cr.execute(query)
        return {table: content for table, *content in self.env.cr.fetchall()}

    # === ATTEMPTS === #

    def as_user(self, record, user):
        """Return a record as the user has it: in the user's own company, not in the one that it was made in."""
        return self.env[record._name].with_user(user).browse(record.id)

    def assertMay(self, allowed, attempt):
        """Whoever may do something is at most told why it is not the time for it; whoever may not is refused.

        Whatever an attempt did is undone.
        """
        # What is in memory already would be read without a look at anybody's rights.
        self.env.invalidate_all()
        outcome = "done"
        with mute_logger(*SILENT), contextlib.suppress(Undo), self.env.cr.savepoint():
            try:
                attempt()
            except AccessError as refusal:
                outcome = f"refused, {str(refusal).splitlines()[0]}"
            except (UserError, IntegrityError) as reason:
                outcome = f"not refused, only told: {str(reason).splitlines()[0]}"
            raise Undo
        self.env.invalidate_all(flush=False)
        if outcome.startswith("refused") == allowed:
            self.wrong.append(f"{self.case}: {outcome}")

    # === THE PORTAL === #

    def call(self, model, method, *args, **kwargs):
        """Call a method over RPC, as the browser does.

        :return: the result, None where it is refused
        """
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        with mute_logger("odoo.http", *SILENT):
            answer = self.url_open("/web/dataset/call_kw", json={"params": params}).json()
        if "error" in answer:
            refusals = ("odoo.exceptions.AccessError", "odoo.exceptions.UserError")
            self.assertIn(answer["error"]["data"]["name"], refusals)
        return answer.get("result")

    def test_portal_over_rpc(self):
        """A distributor reads its own, and whatever it asks for, no name and no number of somebody else."""
        own, user = self.east.own, self.east.users["Portal"]
        user.password = user.login
        self.authenticate(user.login, user.login)
        answers = []
        for model, cell in ((model, roles["Portal"]) for model, roles in self.cells.items()):
            found = self.call(model, "search_read", [], [])
            self.assertEqual(bool(found), "r" in cell.letters, model)
            answers += [found, self.call(model, "name_search", ""), self.call(model, "search_count", [])]
            answers.append(self.call(model, "export_data", [row["id"] for row in found or []], ["id", "display_name"]))
            context = {"sale_show_partner_name": True, "show_address": 1, "show_phone": 1}
            names = list(self.call(model, "fields_get", attributes=["type"]) or [])
            if cell.letters:
                specification = {
                    name: {"fields": {"display_name": {}}} if name.endswith("_id") else {} for name in names
                }
                answers.append(self.call(model, "web_search_read", [], specification, context=context))
        self.assertNotIn("Secret", str(answers))
        self.assertNotIn("+861380", str(answers))
        self.assertIn(own.code, str(answers))

    def test_portal_cannot_guess(self):
        """What cannot be read cannot be searched for, sorted or grouped by either."""
        user, other = self.east.users["Portal"], self.east.low.partner_id
        user.password = user.login
        self.authenticate(user.login, user.login)
        for model, path in (
            ("distribution.distributor", "phone"),
            ("distribution.distributor", "partner_id"),
            ("distribution.distributor", "partner_id.phone"),
            ("distribution.distributor", "parent_id.phone"),
            ("distribution.distributor", "child_ids.partner_id.phone"),
            ("distribution.masked.member", "member_id.partner_id.phone"),
            ("distribution.masked.member", "distributor_id.child_ids.phone"),
            ("distribution.masked.customer", "binding_id.partner_id.phone"),
            ("distribution.commission.entry", "order_id.partner_id.phone"),
            ("distribution.commission.entry", "distributor_id.parent_id.phone"),
            ("distribution.account", "partner_id.phone"),
            ("distribution.withdrawal", "partner_id.phone"),
        ):
            with self.subTest(model=model, path=path):
                self.assertIsNone(self.call(model, "search_count", [(path, "=like", "%1%")]))
                if "." not in path:
                    self.assertIsNone(self.call(model, "formatted_read_group", [], [path], ["__count"]))
                    self.assertIsNone(self.call(model, "search_read", [], ["id"], order=path))
        self.assertEqual(self.call("distribution.distributor", "name_search", other.name[:6]), [])
        self.assertIsNone(self.call("res.partner", "read", other.ids, ["name"]))

    def test_portal_page(self):
        """The centre shows the own code and figures, others masked, and somebody else's membership to nobody."""
        east, user = self.east, self.east.users["Portal"]
        user.password = user.login
        self.authenticate(user.login, user.login)
        page = self.url_open("/my/distribution")
        self.assertTrue(page.url.endswith(f"/my/distribution/{east.own.id}"))
        for shown in (east.own.code, "S**", f"S** ({east.top.code})", "Why?", east.run.withdrawal_ids[0].name[:4]):
            self.assertIn(shown, page.text)
        for topic in ("team", "customers", "entries", "withdrawals"):
            rows = self.url_open(f"/my/distribution/{east.own.id}/{topic}")
            self.assertEqual(rows.status_code, 200)
            self.assertIn("<table", rows.text)
            self.assertNotIn("Secret", page.text + rows.text)
            self.assertNotIn("+861380", page.text + rows.text)
        for other in (east.top, east.low, self.west.own):
            self.assertEqual(self.url_open(f"/my/distribution/{other.id}").status_code, 404)
            self.assertEqual(self.url_open(f"/my/distribution/{other.id}/team").status_code, 404)
        counters = self.make_jsonrpc_request("/my/counters", {"counters": ["distribution_count"]})
        self.assertEqual(counters, {"distribution_count": 1})

    def test_contact_of_a_salesperson(self):
        """Salespeople look after distributors whose contact is theirs, too."""
        east, user = self.east, self.east.users["Salesperson"]
        distributors = self.env["distribution.distributor"].with_user(user)
        self.assertEqual(distributors.search([]), east.own)
        east.low.partner_id.user_id = user
        self.assertEqual(distributors.search([]), east.own + east.low)
