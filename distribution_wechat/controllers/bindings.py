# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64

from odoo import http
from odoo.http import request

from odoo.addons.distribution_core.tools.masking import mask_name

from ..client.errors import WeChatError, WeChatUnavailable
from ..client.mini_program import PNG
from ..schemas.centre import Bind, BindingOutcome, CodeImage, MyCode, NewCode
from .api import endpoint
from .current import NOT_A_DISTRIBUTOR, get_distributor, get_identity
from .problem import Problem
from .times import to_utc

REFUSALS = {
    "protected": (409, "protected"),
    "own_code": (422, "own_code"),
    "member": (409, "member"),
    "code_unknown": (404, "code_unknown"),
}


class BindingsController(http.Controller):
    """Codes of distributors: made by one, scanned by others."""

    @endpoint("POST", "/bindings", body=Bind, answer=BindingOutcome, idempotent=True, problems=list(REFUSALS.values()))
    def bind(self, body):
        """Become the customer of the distributor whose code was scanned."""
        identity = get_identity()
        result = bind(identity, body.scene, body.code, body.agreed)
        if result.outcome in REFUSALS:
            raise Problem(*REFUSALS[result.outcome], _explain(identity, result))
        return result

    @endpoint(
        "POST",
        "/me/codes",
        body=NewCode,
        answer=MyCode,
        idempotent=True,
        problems=[NOT_A_DISTRIBUTOR, (404, "product_unknown"), (409, "not_active")],
    )
    def make_code(self, body):
        """Get my code for the shop, a product or recruiting, made the first time."""
        account, distributor = get_identity().account_id, get_distributor()
        if not distributor._can_recommend():
            raise Problem(
                409, "not_active", request.env._("Your membership is not active: nothing would count for you.")
            )
        product = self._find_product(account, body.product_id)
        link = request.env["distribution.link"].sudo()._get_own(account, distributor, body.purpose, product)
        return MyCode(
            code=distributor.code,
            purpose=link.purpose,
            product_id=body.product_id,
            scene=link.code,
            page=link.page,
        )

    @endpoint(
        "GET",
        "/me/codes/<string:scene>/image",
        answer=CodeImage,
        problems=[NOT_A_DISTRIBUTOR, (422, "wechat_refused"), (502, "wechat_unavailable")],
    )
    def get_code_image(self, scene):
        """Get the image of one of my codes."""
        found = request.env["distribution.link"].sudo()._find_scanned(get_identity().account_id, scene)
        if not found.account_id or found.distributor_id != get_distributor():
            raise Problem(404, "not_found", request.env._("There is no such code."))
        try:
            image = found._fetch_image()
        except WeChatError as error:
            raise Problem(422, "wechat_refused", request.env._("WeChat refused: %s", error)) from error
        except WeChatUnavailable as error:
            raise Problem(
                502, "wechat_unavailable", request.env._("WeChat cannot be reached now. Try again.")
            ) from error
        media_type = "image/png" if image.startswith(PNG) else "image/jpeg"
        return CodeImage(media_type=media_type, image=base64.b64encode(image).decode())

    def _find_product(self, account, product_id):
        """Return the template a code leads to, empty for none.

        :raise Problem: 404 for what the shop does not show
        """
        products = request.env["product.template"].sudo()
        if product_id is None:
            return products
        product = products.search(
            [
                ("id", "=", product_id),
                ("is_published", "=", True),
                ("sale_ok", "=", True),
                ("company_id", "in", [False, account.company_id.id]),
            ]
        )
        if not product:
            raise Problem(404, "product_unknown", request.env._("The shop has no such product."))
        return product


def bind(identity, scene=None, code=None, is_agreed=False):
    """Bind a person by a code and tell what came of it.

    :rtype: BindingOutcome
    """
    bindings = request.env["distribution.binding"].sudo()
    outcome, binding, scanned = bindings._bind_scanned(identity, scene, code, is_agreed)
    until = binding._get_kept_until() if outcome == "protected" else binding.date_to
    question = _find_question(identity, scene, code) if outcome == "asked" else None
    return BindingOutcome(
        outcome=outcome,
        recommended_by=mask_name(binding.distributor_id.partner_id.name) if binding else None,
        asked_by=question._get_asker_name() if question else None,
        question_id=question.id if question else None,
        until=to_utc(until),
        purpose=scanned.purpose or None,
        product_id=scanned.product_tmpl_id.id or None,
    )


def _find_question(identity, scene, code):
    """Return what the person is asked about the distributor whose code this is."""
    distributor, _scanned = request.env["distribution.binding"].sudo()._find_by_code(identity.account_id, scene, code)
    requests = request.env["distribution.binding.request"].sudo()
    questions = requests._get_questions(identity.partner_id, identity.account_id.program_id)
    return questions.filtered(lambda question: question.distributor_id._get_survivor() == distributor)[:1]


def _explain(identity, result):
    if result.outcome == "own_code":
        return request.env._("This is your own code.")
    if result.outcome == "member":
        return request.env._("You are a distributor yourself: your orders are your own.")
    if result.outcome == "code_unknown":
        return request.env._("There is no such code, or it is no longer in use.")
    if not result.until:
        return request.env._("You are the customer of another distributor.")
    last_day = identity.account_id.program_id._get_business_date(result.until.replace(tzinfo=None))
    return request.env._("You are the customer of another distributor until %s.", last_day.isoformat())
