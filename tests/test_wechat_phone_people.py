# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The demo's phone in a real browser: a customer is asked who looks after it, an applicant answers, a suspended
distributor appeals."""

from datetime import timedelta

import pytest

from odoo import fields

from support.phone import browser, phones


@pytest.fixture(scope="module")
def chromium():
    with browser() as program:
        yield program


@pytest.fixture
def pick_up(live, chromium):
    with phones(live, chromium) as pick_up:
        yield pick_up


def test_customer_is_asked_and_changes(live, pick_up):
    dora, emil = live.person("Dora"), live.person("Emil")
    for one in (dora, emil):
        one.become_distributor()
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).binding_policy = "ask"
        for one, name in ((dora, "Dora"), (emil, "Emil")):
            env["res.partner"].browse(one.partner_id).name = name
    scene = emil.post("/me/codes", {"purpose": "shop"}).json()["scene"]
    pick_up("Carla").page.context.close()
    with live.env() as env:
        partner = env["distribution.wechat.identity"].search([("open_id", "=", "oCarla")]).partner_id
        first = env["distribution.distributor"].browse(dora.distributor_id)
        env["distribution.binding"]._bind(partner, first, date_from=fields.Datetime.now() - timedelta(days=20))
    carla = pick_up("Carla", scene)
    carla.read("要换成 E** 吗？")
    carla.tap("换")
    carla.page.wait_for_function("!document.body.innerText.includes('要换成')")
    carla.read("E**")
    with live.env() as env:
        binding = env["distribution.binding"].search([("partner_id", "=", partner.id), ("state", "=", "active")])
        assert binding.distributor_id.id == emil.distributor_id


def test_applicant_answers_and_suspended_one_appeals(live, pick_up):
    anna = pick_up("Anna")
    anna.open("centre")
    anna.page.check("#agreed")
    anna.tap("申请")
    anna.read("申请审核中")

    def member(env):
        partner = env["distribution.wechat.identity"].search([("open_id", "=", "oAnna")]).partner_id
        return env["distribution.distributor"].search([("partner_id", "=", partner.id)])

    with live.env() as env:
        member(env).action_ask("您的店在哪里？")
    anna.open("centre")
    anna.read("您的店在哪里？")
    anna.page.get_by_label("您的回复").fill("在杭州")
    anna.page.check("#agreed")
    anna.tap("申请")
    anna.read("申请审核中")
    with live.env() as env:
        assert "在杭州" in "".join(member(env).message_ids.mapped("body"))
        member(env).action_activate()
        member(env).action_suspend("有人投诉")
    anna.open("centre")
    anna.read("有人投诉")
    anna.page.get_by_label("申诉理由").fill("不是我")
    anna.tap("申诉")
    anna.read("处理中")
    with live.env() as env:
        assert member(env).appeal_ids.text == "不是我"
