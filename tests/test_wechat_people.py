# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What people in the mini-program are asked and may say: whose customers they want to be, what an application was asked
for, why a suspension is wrong."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from odoo import fields


@pytest.fixture
def dora(live):
    return distributor(live, "Dora")


@pytest.fixture
def carl(live):
    return live.person("Carl")


@pytest.fixture
def asking(live):
    """Let the program ask customers whether they change."""
    set_policy(live, "ask")
    yield
    set_policy(live, "last")


def set_policy(live, policy):
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).binding_policy = policy


def distributor(live, name):
    person = live.person(name)
    person.become_distributor()
    with live.env() as env:
        member = env["distribution.distributor"].browse(person.distributor_id)
        member.partner_id.name = f"{name} Secretname"
        person.code = member.code
    return person


def bind_long_ago(live, customer, person):
    with live.env() as env:
        partner = env["res.partner"].browse(customer.partner_id)
        member = env["distribution.distributor"].browse(person.distributor_id)
        env["distribution.binding"]._bind(partner, member, date_from=fields.Datetime.now() - timedelta(days=20))


def decide(live, person, method, *args):
    with live.env() as env:
        getattr(env["distribution.distributor"].browse(person.distributor_id), method)(*args)


def ok(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def assert_problem(answer, status, code):
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text


# === WHOSE CUSTOMER === #


def test_customer_is_asked_and_says_yes(live, asking, dora, carl):
    emil = distributor(live, "Emil")
    bind_long_ago(live, carl, dora)
    asked = ok(carl.post("/bindings", {"code": emil.code}))
    assert (asked["outcome"], asked["recommended_by"], asked["asked_by"]) == ("asked", "D**", "E**")
    me = ok(carl.get("/me"))
    assert (me["binding"]["recommended_by"], len(me["questions"])) == ("D**", 1)
    assert (me["questions"][0]["id"], me["questions"][0]["asked_by"]) == (asked["question_id"], "E**")
    path, key = f"/me/questions/{asked['question_id']}", str(uuid.uuid4())
    answered = ok(carl.post(path, {"agreed": True}, key=key))
    assert (answered["binding"]["recommended_by"], answered["questions"]) == ("E**", [])
    assert ok(carl.post(path, {"agreed": True}, key=key)) == answered
    assert ok(carl.post(path, {"agreed": True})) == answered
    assert_problem(carl.post(path, {"agreed": False}), 409, "settled")
    assert ok(carl.get("/me"))["binding"]["recommended_by"] == "E**"


def test_customer_says_no_and_is_not_asked_again(live, asking, dora, carl):
    emil, fred = distributor(live, "Emil"), distributor(live, "Fred")
    bind_long_ago(live, carl, dora)
    question_id = ok(carl.post("/bindings", {"code": emil.code}))["question_id"]
    other_id = ok(carl.post("/bindings", {"code": fred.code}))["question_id"]
    assert ok(carl.post("/bindings", {"code": emil.code}))["question_id"] == question_id
    assert {question["asked_by"] for question in ok(carl.get("/me"))["questions"]} == {"E**", "F**"}
    assert [q["id"] for q in ok(carl.post(f"/me/questions/{question_id}", {"agreed": False}))["questions"]] == [
        other_id
    ]
    assert_problem(carl.post("/bindings", {"code": emil.code}), 409, "protected")
    assert_problem(carl.post(f"/me/questions/{question_id}", {"agreed": True}), 409, "settled")
    assert ok(carl.get("/me"))["binding"]["recommended_by"] == "D**"


def test_question_is_the_customers_and_the_programs(live, asking, dora, carl):
    emil = distributor(live, "Emil")
    bind_long_ago(live, carl, dora)
    question_id = ok(carl.post("/bindings", {"code": emil.code}))["question_id"]
    for person in (emil, dora):
        assert_problem(person.post(f"/me/questions/{question_id}", {"agreed": True}), 404, "not_found")
    with live.env() as env:
        change = env["distribution.binding.request"].create(
            {"partner_id": carl.partner_id, "distributor_id": distributor(live, "Gina").distributor_id, "reason": "x"}
        )
    assert_problem(carl.post(f"/me/questions/{change.id}", {"agreed": True}), 404, "not_found")
    set_policy(live, "first")
    assert ok(carl.get("/me"))["questions"] == []
    assert_problem(carl.post(f"/me/questions/{question_id}", {"agreed": True}), 409, "settled")
    assert ok(carl.get("/me"))["binding"]["recommended_by"] == "D**"


def test_yes_and_no_at_once_are_one_answer(live, asking, dora):
    emil = distributor(live, "Emil")
    for _round in range(3):
        carl = live.person("Carl")
        bind_long_ago(live, carl, dora)
        path = f"/me/questions/{ok(carl.post('/bindings', {'code': emil.code}))['question_id']}"
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda agreed: carl.post(path, {"agreed": agreed}), [True, False] * 2))  # noqa: B023
        first = {answer.status_code for answer in answers[::2]}, {answer.status_code for answer in answers[1::2]}
        assert first in (({200}, {409}), ({409}, {200})), [answer.text for answer in answers]
        recommended_by = ok(carl.get("/me"))["binding"]["recommended_by"]
        assert recommended_by == ("E**" if first[0] == {200} else "D**")


# === APPLICATIONS === #


def test_applicant_says_something_and_answers_what_was_asked(live, carl):
    body = {"agreement_accepted": True}
    ok(carl.post("/me/distributor", {**body, "message": " I run a <b>shop</b>\nand love tea "}))
    with live.env() as env:
        member = env["distribution.distributor"].search([("partner_id", "=", carl.partner_id)])
        carl.distributor_id = member.id
        assert "&lt;b&gt;shop" in "".join(member.message_ids.mapped("body"))
        member.action_ask("Where is it?")
    told = ok(carl.get("/me/distributor"))
    assert (told["state"], told["reason"]) == ("incomplete", "Where is it?")
    assert ok(carl.post("/me/distributor", {**body, "message": "In Hangzhou"}))["state"] == "draft"
    ok(carl.post("/me/distributor", {**body, "message": "In Hangzhou"}))
    with live.env() as env:
        bodies = env["distribution.distributor"].browse(carl.distributor_id).message_ids.mapped("body")
        assert sum("Hangzhou" in body for body in bodies) == 1
    for message in ("", " ", "x" * 2001):
        assert_problem(carl.post("/me/distributor", {**body, "message": message}), 422, "invalid")


# === APPEALS === #


def test_suspended_one_appeals_and_reads_the_answer(live, dora):
    assert ok(dora.get("/me/distributor"))["appeal"] is None
    assert_problem(dora.post("/me/appeals", {"text": "Why?"}), 409, "not_suspended")
    decide(live, dora, "action_suspend", "Somebody complained")
    told = ok(dora.post("/me/appeals", {"text": "It was somebody else"}))
    assert (told["state"], told["reason"]) == ("suspended", "Somebody complained")
    assert (told["appeal"]["text"], told["appeal"]["state"]) == ("It was somebody else", "open")
    assert ok(dora.post("/me/appeals", {"text": "It was somebody else"})) == told
    assert_problem(dora.post("/me/appeals", {"text": "And besides"}), 409, "appeal_open")
    with live.env() as env:
        appeal = env["distribution.distributor"].browse(dora.distributor_id).appeal_ids
        assert (len(appeal), appeal.create_uid.id, appeal.suspension_reason) == (1, dora.user_id, "Somebody complained")
        appeal.decision_reason = "We have proof"
        appeal.action_reject()
    told = ok(dora.get("/me/distributor"))
    assert (told["appeal"]["state"], told["appeal"]["reason"]) == ("rejected", "We have proof")
    assert told["appeal"]["decided_at"]
    assert ok(dora.post("/me/appeals", {"text": "Look again"}))["appeal"]["state"] == "open"


def test_appeals_at_once_are_one(live, dora):
    decide(live, dora, "action_suspend", "Somebody complained")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _n: dora.post("/me/appeals", {"text": "Wrong"}), range(4)))
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    with live.env() as env:
        assert len(env["distribution.distributor"].browse(dora.distributor_id).appeal_ids) == 1


def test_appeals_that_say_nothing_or_are_nobodys(live, carl, dora):
    assert_problem(carl.post("/me/appeals", {"text": "Why?"}), 404, "not_a_distributor")
    decide(live, dora, "action_suspend", "Somebody complained")
    for text in ("", "  ", "x" * 2001, "a\0b", None):
        assert_problem(dora.post("/me/appeals", {"text": text}), 422, "invalid")
