# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Logging in from the mini-program, over HTTP, on the live server and the simulator."""

import os
from datetime import timedelta
from unittest.mock import patch

from cryptography.fernet import Fernet
from wechat_simulator import Simulator

from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.distribution_wechat.controllers.api import PREFIX

APP_ID, SECRET = "wxtest0000000001", "0123456789abcdef"


class MiniProgramCase(HttpCase):
    """A mini-program, its WeChat, and a person with a phone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enterClassContext(cls.a_secret_key())
        cls.simulator = cls.enterClassContext(Simulator())
        cls.simulator.register_app(APP_ID, SECRET)
        cls.simulator.register_user(openid="oDora", appid=APP_ID, unionid="uDora", phone="13812345678")
        cls.program = cls.env["distribution.program"].create({"name": "Friends"})
        cls.account = cls.env["distribution.wechat.account"].create(
            {
                "name": "Shop",
                "app_id": APP_ID,
                "app_secret": SECRET,
                "program_id": cls.program.id,
                "mini_program_url": cls.simulator.url,
            }
        )

    @classmethod
    def a_secret_key(cls):
        return cls.environment(DISTRIBUTION_SECRET_KEY=Fernet.generate_key().decode())

    @classmethod
    def environment(cls, **values):
        return patch.dict(os.environ, values)

    def call(self, method, path, json=None, token=None, **kwargs):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.url_open(f"{PREFIX}{path}", method=method, json=json, headers=headers, **kwargs)

    def log_in(self, open_id="oDora"):
        answer = self.call("POST", "/sessions", {"app_id": APP_ID, "code": self.simulator.login_code(open_id)["code"]})
        self.assertEqual(answer.status_code, 201, answer.text)
        return answer.json()

    def assertProblem(self, answer, status, code):
        self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (status, "application/problem+json"))
        self.assertEqual(answer.json()["code"], code)
        self.assertNotIn("Traceback", answer.text)


@tagged("post_install", "-at_install")
class TestLogin(MiniProgramCase):
    def test_first_login_makes_a_customer_with_a_portal_user(self):
        answer = self.log_in()
        self.assertTrue(answer["is_new"])
        identity = self.env["distribution.wechat.identity"].search([("open_id", "=", "oDora")])
        self.assertTrue(identity.user_id._is_portal())
        self.assertEqual(identity.partner_id, identity.user_id.partner_id)
        self.assertFalse(self.log_in()["is_new"])

    def test_same_person_in_another_mini_program_is_the_same_customer(self):
        self.log_in()
        self.simulator.register_app("wxtest0000000002", SECRET)
        self.simulator.register_user(openid="oDora2", appid="wxtest0000000002", unionid="uDora")
        self.env["distribution.wechat.account"].create(
            {
                "name": "Second",
                "app_id": "wxtest0000000002",
                "app_secret": SECRET,
                "mini_program_url": self.simulator.url,
            }
        )
        answer = self.call(
            "POST", "/sessions", {"app_id": "wxtest0000000002", "code": self.simulator.login_code("oDora2")["code"]}
        )
        self.assertEqual(answer.status_code, 201, answer.text)
        identities = self.env["distribution.wechat.identity"].search([("union_id", "=", "uDora")])
        self.assertEqual((len(identities), len(identities.partner_id)), (2, 1))

    def test_code_works_once(self):
        code = self.simulator.login_code("oDora")["code"]
        self.assertEqual(self.call("POST", "/sessions", {"app_id": APP_ID, "code": code}).status_code, 201)
        again = self.call("POST", "/sessions", {"app_id": APP_ID, "code": code})
        self.assertProblem(again, 422, "wechat_refused")

    def test_wechat_out_of_reach_is_said_and_changes_nothing(self):
        self.simulator.add_fault("html_502", path="/sns/jscode2session", times=5)
        answer = self.call("POST", "/sessions", {"app_id": APP_ID, "code": self.simulator.login_code("oDora")["code"]})
        self.simulator.clear_faults()
        self.assertProblem(answer, 502, "wechat_unavailable")
        self.assertFalse(self.env["distribution.wechat.identity"].search([]))

    def test_phone_number_is_taken_over_and_masked(self):
        token = self.log_in()["access_token"]
        answer = self.call("POST", "/me/phone", {"code": self.simulator.phone_code("oDora")["code"]}, token)
        self.assertEqual(answer.json(), {"phone": "+86138****5678"})
        identity = self.env["distribution.wechat.identity"].search([("open_id", "=", "oDora")])
        self.assertEqual(identity.partner_id.phone, "+8613812345678")

    def test_refresh_renews_and_a_stolen_token_ends_the_login(self):
        first = self.log_in()
        second = self.call("POST", "/sessions/refresh", {"refresh_token": first["refresh_token"]}).json()
        phone = {"code": "x"}
        self.assertProblem(self.call("POST", "/me/phone", phone, first["access_token"]), 401, "token_invalid")
        self.assertProblem(self.call("POST", "/me/phone", phone, second["access_token"]), 422, "wechat_refused")
        stolen = self.call("POST", "/sessions/refresh", {"refresh_token": first["refresh_token"]})
        self.assertProblem(stolen, 401, "token_invalid")
        self.assertProblem(self.call("POST", "/me/phone", phone, second["access_token"]), 401, "token_invalid")

    def test_logout_ends_the_login(self):
        token = self.log_in()["access_token"]
        self.assertEqual(self.call("DELETE", "/sessions/current", token=token).status_code, 204)
        self.assertProblem(self.call("DELETE", "/sessions/current", token=token), 401, "token_invalid")

    def test_access_token_expires_and_archived_users_are_out(self):
        tokens, model = self.log_in(), self.env["distribution.api.token"]
        self.assertTrue(model._authenticate(tokens["access_token"]))
        login = model.search([])
        with freeze_time(login.access_expires_at + timedelta(seconds=1)):
            self.assertFalse(model._authenticate(tokens["access_token"]))
        login.user_id.active = False
        self.env.flush_all()
        self.assertFalse(model._authenticate(tokens["access_token"]))
        self.assertFalse(model._refresh(tokens["refresh_token"]))

    def test_token_opens_nothing_else_of_odoo(self):
        token = self.log_in()["access_token"]
        answer = self.url_open(
            "/json/2/res.partner/search_read", json={"domain": []}, headers={"Authorization": f"Bearer {token}"}
        )
        self.assertEqual(answer.status_code, 401)

    def test_no_token_and_no_secret_stands_in_the_database_in_clear(self):
        tokens = self.log_in()
        self.env.flush_all()
        for table in ("distribution_api_token", "distribution_wechat_account"):
            self.env.cr.execute(f"SELECT row_to_json(t)::text FROM {table} AS t")  # pylint: disable=sql-injection
            dump = "\n".join(row[0] for row in self.env.cr.fetchall())
            self.assertTrue(dump)
            for secret in (SECRET, tokens["access_token"], tokens["refresh_token"]):
                self.assertNotIn(secret, dump)


@tagged("post_install", "-at_install")
class TestAccount(MiniProgramCase):
    def test_connection_is_tested_against_wechat(self):
        self.assertEqual(self.account.action_test_connection()["params"]["type"], "success")
        self.account.app_secret = "wrong"
        self.account.access_token_encrypted = False
        with self.assertRaisesRegex(UserError, "WeChat refused"):
            self.account.action_test_connection()

    def test_secret_is_never_shown_again(self):
        self.account.invalidate_recordset()
        self.assertEqual(self.account.read(["app_secret"])[0]["app_secret"], "••••••")
        self.account.write({"app_secret": "••••••", "name": "Renamed"})
        self.assertEqual(self.account._get_secret("app_secret"), SECRET)

    def test_without_a_key_nothing_is_stored(self):
        no_key = self.environment(DISTRIBUTION_SECRET_KEY="", DISTRIBUTION_SECRET_KEY_FILE="")
        with no_key, self.assertRaisesRegex(UserError, "no key to store"):
            self.account.app_secret = "new"

    def test_insecure_address_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "not an address of WeChat"):
            self.account.mini_program_url = "http://example.com"
