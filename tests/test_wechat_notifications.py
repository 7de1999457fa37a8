# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The door WeChat comes in by: what it signs is taken, everything else is sent away."""

import pytest
import requests

from odoo.exceptions import ValidationError


def notification_url(live):
    with live.env() as env:
        return env["distribution.wechat.account"].browse(live.account_id).notification_url


def test_unsigned_body_is_refused(live):
    answer = requests.post(notification_url(live), json={"event_type": "TRANSACTION.SUCCESS"}, timeout=10)
    assert (answer.status_code, answer.json()) == (401, {"code": "FAIL", "message": "signature"})


def test_unknown_account_is_refused(live):
    answer = requests.post(f"{notification_url(live)}999", data=b"{}", timeout=10)
    assert answer.status_code == 404


def test_connection_test_asks_both_sides(live):
    with live.env() as env:
        account = env["distribution.wechat.account"].browse(live.account_id)
        assert "merchant" in account.action_test_connection()["params"]["message"]


def test_secrets_go_to_wechat_only(live):
    """Whoever may enter any address may read the secret that is sent there."""
    with live.env() as env:
        manager = env["res.users"].create(
            {
                "name": "Manager",
                "login": "address-manager",
                "company_id": live.company_id,
                "company_ids": [(6, 0, [live.company_id])],
                "group_ids": [(6, 0, [env.ref("distribution_core.group_distribution_manager").id])],
            }
        )
        account = env["distribution.wechat.account"].with_user(manager).browse(live.account_id)
        for address in (
            "http://127.0.0.1:80@evil.example",
            "https://evil.example",
            "https://api.weixin.qq.com@evil.example",
            "https://api.weixin.qq.com.evil.example",
            "http://127.0.0.1:9999",
        ):
            with pytest.raises(ValidationError, match="not an address of WeChat"):
                account.mini_program_url = address
        account.write({"mini_program_url": "https://api2.weixin.qq.com", "pay_url": "https://api.wechatpay.cn"})
        env.cr.rollback()


def test_keys_that_cannot_be_read_are_refused_when_stored(live):
    with pytest.raises(ValidationError, match="cannot be read"), live.env() as env:
        env["distribution.wechat.account"].browse(live.account_id).merchant_private_key = "not a key"


def test_a_new_secret_leaves_the_others_alone(live):
    """Who changes the app secret in the form sends nothing else."""
    with live.env() as env:
        account = env["distribution.wechat.account"].browse(live.account_id)
        secret = account._get_secret("app_secret")
    for name, value in (("app_secret", secret), ("api_v3_key", live.simulator.merchant.apiv3_key)):
        with live.env() as env:
            env["distribution.wechat.account"].browse(live.account_id).write({name: value})
        with live.env() as env:
            account = env["distribution.wechat.account"].browse(live.account_id)
            assert account._get_secret("merchant_private_key") == live.simulator.merchant.private_key_pem
            assert account._get_secret("api_v3_key") == live.simulator.merchant.apiv3_key
            assert account._get_secret("app_secret") == secret
            assert account.app_secret == account.api_v3_key == "••••••"
