# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.distribution_core.exceptions import JoiningRefused
from odoo.addons.distribution_core.tools.masking import mask_name, mask_phone

from ..schemas.centre import (
    AcceptAgreement,
    AnswerQuestion,
    Appeal,
    Apply,
    Me,
    Membership,
    MyBinding,
    MyMembership,
    NewAppeal,
    Question,
)
from .api import endpoint
from .current import NOT_A_DISTRIBUTOR, get_distributor, get_identity
from .problem import Problem
from .times import to_utc

# How a refusal of the program is answered.
REFUSALS = {"program_closed": 409, "invitation_required": 422, "agreement_required": 422, "answer_required": 422}


class MembershipController(http.Controller):
    """Who I am, and how I become a distributor."""

    @endpoint("GET", "/me", answer=Me, readonly=True)
    def get_me(self):
        """Tell who I am: customer, distributor, whose customer."""
        return self._me_answer(get_identity())

    @endpoint(
        "POST",
        "/me/questions/<int:question_id>",
        body=AnswerQuestion,
        answer=Me,
        idempotent=True,
        problems=[(409, "settled")],
    )
    def answer_question(self, question_id, body):
        """Say whether I want to change to the distributor who has recommended last."""
        identity = get_identity()
        question = self._find_question(identity, question_id)
        try:
            with request.env.cr.savepoint():
                question._answer(body.agreed)
        except UserError as error:
            # Why is for the merchant's people: it names what they can do about it.
            raise Problem(409, "settled", request.env._("This question is settled already.")) from error
        return self._me_answer(identity)

    def _find_question(self, identity, question_id):
        """Return a question that the person is or was asked in the mini-program's program.

        :raise Problem: 404 for anybody else's, and for what is not the customer's to decide
        """
        asked = [
            ("partner_id", "=", identity.partner_id.id),
            ("program_id", "=", identity.account_id.program_id.id),
            ("kind", "=", "ask"),
            ("id", "=", question_id),
        ]
        question = request.env["distribution.binding.request"].sudo().search(asked)
        if not question:
            raise Problem(404, "not_found", request.env._("There is no such question."))
        return question

    def _me_answer(self, identity):
        distributor = identity._get_distributor()
        return Me(
            name=identity.partner_id.name,
            phone=mask_phone(identity.partner_id.phone),
            is_distributor=bool(distributor) and distributor._is_earning(),
            is_offered=identity.account_id.program_id._is_offered_to(identity.partner_id),
            distributor=MyMembership(state=distributor.state, code=distributor.code) if distributor else None,
            binding=self._my_binding(identity),
            questions=self._my_questions(identity),
        )

    @endpoint("GET", "/me/distributor", answer=Membership, readonly=True, problems=[NOT_A_DISTRIBUTOR])
    def get_membership(self):
        """Tell what became of my application, and my grade and upline."""
        return self._membership_answer(get_distributor())

    @endpoint(
        "POST",
        "/me/distributor",
        body=Apply,
        answer=Membership,
        idempotent=True,
        problems=[
            (404, "code_unknown"),
            (409, "program_closed"),
            (409, "membership_suspended"),
            (409, "membership_closed"),
            (422, "agreement_required"),
            (422, "answer_required"),
            (422, "invitation_required"),
            (422, "own_code"),
        ],
    )
    def apply(self, body):
        """Apply to become a distributor; applying again changes nothing, but for who was refused or asked for more."""
        if not body.agreement_accepted:
            raise Problem(422, "agreement_required", request.env._("Accept the agreement first."))
        identity = get_identity()
        upline = self._find_upline(identity, body)
        agreement = identity.account_id.program_id._find_agreement(body.agreement_version)
        try:
            applications = request.env["distribution.distributor"].sudo()
            distributor = applications._apply(identity, upline, body.name, agreement, body.message)
        except JoiningRefused as refusal:
            raise Problem(REFUSALS[refusal.reason], refusal.reason, str(refusal)) from refusal
        if distributor.state in ("suspended", "closed"):
            raise Problem(
                409, f"membership_{distributor.state}", request.env._("Your membership was ended or suspended.")
            )
        return self._membership_answer(distributor)

    @endpoint(
        "POST",
        "/me/agreement",
        body=AcceptAgreement,
        answer=Membership,
        idempotent=True,
        problems=[NOT_A_DISTRIBUTOR, (409, "agreement_outdated")],
    )
    def accept_agreement(self, body):
        """Accept the current version of the agreement, after a new one was published."""
        distributor = get_distributor()
        agreement = distributor.program_id._find_agreement(body.version)
        if not agreement or agreement != distributor.program_id.agreement_id:
            raise Problem(
                409, "agreement_outdated", request.env._("There is another version of the agreement: read it first.")
            )
        distributor._accept_agreement(agreement, "mini_program")
        return self._membership_answer(distributor)

    @endpoint(
        "POST",
        "/me/appeals",
        body=NewAppeal,
        answer=Membership,
        idempotent=True,
        problems=[NOT_A_DISTRIBUTOR, (409, "not_suspended"), (409, "appeal_open")],
    )
    def appeal(self, body):
        """Appeal against my suspension; the same once more is one appeal, another one waits for the answer."""
        distributor = get_distributor()
        appeals = request.env["distribution.distributor.appeal"].sudo()
        if distributor.state != "suspended":
            raise Problem(409, "not_suspended", request.env._("You are not suspended: there is nothing to appeal."))
        waiting = appeals._find_open(distributor)
        if waiting and waiting.text != body.text:
            raise Problem(409, "appeal_open", request.env._("Your appeal is being looked at: wait for the answer."))
        appeals._make(distributor, body.text)
        return self._membership_answer(distributor)

    def _find_upline(self, identity, body):
        """Return whom the application names as recruiter, empty for nobody.

        :raise Problem: 404 for an unknown code or a distributor who is not active, 422 for the person's own
        """
        if body.scene is None and body.code is None:
            return request.env["distribution.distributor"].sudo()
        bindings = request.env["distribution.binding"].sudo()
        upline, _scanned = bindings._find_by_code(identity.account_id, body.scene, body.code)
        if not upline or not upline._can_recommend():
            raise Problem(404, "code_unknown", request.env._("There is no such code, or it is no longer in use."))
        if upline.partner_id == identity.partner_id:
            raise Problem(422, "own_code", request.env._("This is your own code."))
        return upline

    def _my_binding(self, identity):
        bindings = request.env["distribution.binding"].sudo()
        valid = bindings._find_valid(identity.partner_id, identity.account_id.program_id, fields.Datetime.now())
        if not valid:
            return None
        return MyBinding(
            recommended_by=mask_name(valid.distributor_id.partner_id.name),
            since=to_utc(valid.date_from),
            until=to_utc(valid.date_to),
        )

    def _my_questions(self, identity):
        requests = request.env["distribution.binding.request"].sudo()
        return [
            Question(id=question.id, asked_by=question._get_asker_name(), asked_at=to_utc(question.create_date))
            for question in requests._get_questions(identity.partner_id, identity.account_id.program_id)
        ]

    def _appeal_answer(self, appeal):
        if not appeal:
            return None
        return Appeal(
            text=appeal.text,
            state=appeal.state,
            reason=appeal.decision_reason or None,
            made_at=to_utc(appeal.create_date),
            decided_at=to_utc(appeal.decided_on),
        )

    def _membership_answer(self, distributor):
        return Membership(
            state=distributor.state,
            reason=distributor.state_reason or None,
            code=distributor.code,
            grade=distributor.grade_id.name or None,
            upline=mask_name(distributor.parent_id.partner_id.name) if distributor.parent_id else None,
            program=distributor.program_id.name,
            agreement_due=distributor.is_agreement_due,
            applied_at=to_utc(distributor.create_date),
            appeal=self._appeal_answer(distributor.appeal_ids.sorted("id")[-1:]),
        )
