# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from werkzeug.exceptions import NotFound

from odoo import fields
from odoo.exceptions import UserError
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..tools.masking import mask_name


class RecommendationPortal(CustomerPortal):
    """Customers see who has recommended the merchant to them, and say who it is where two have."""

    _recommendations_url = "/my/recommendations"

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "distribution_question_count" in counters:
            values["distribution_question_count"] = len(self._get_questions())
        return values

    @route(_recommendations_url, type="http", auth="user", website=True, methods=["GET"], readonly=True)
    def portal_my_recommendations(self, **_kwargs):
        """Show what the customer is asked, and whose customer it is."""
        return self._show_recommendations()

    @route(f"{_recommendations_url}/<int:question_id>", type="http", auth="user", website=True, methods=["POST"])
    def portal_answer_recommendation(self, question_id, answer=None, **_kwargs):
        """Take the answer to a question; one that was answered meanwhile, in another window, is told."""
        asked = [("partner_id", "=", request.env.user.partner_id.id), ("kind", "=", "ask")]
        requests = request.env["distribution.binding.request"].sudo().search(asked)
        question = requests.filtered(lambda one: one.id == question_id)
        if not question or answer not in ("yes", "no"):
            raise NotFound
        try:
            with request.env.cr.savepoint():
                question._answer(answer == "yes")
        except UserError:
            # Why is for the merchant's people: it names what they can do about it.
            return self._show_recommendations(request.env._("This question is settled already."))
        return request.redirect(self._recommendations_url)

    def _show_recommendations(self, error=""):
        return request.render(
            "distribution_core.portal_my_recommendations",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "recommendations",
                "questions": [self._prepare_question(question) for question in self._get_questions()],
                "recommenders": self._get_recommenders(),
                "error": error,
            },
        )

    def _get_programs(self):
        return request.env["distribution.program"].sudo()._get_shown()

    def _get_questions(self):
        requests = request.env["distribution.binding.request"].sudo()
        return requests._get_questions(request.env.user.partner_id, self._get_programs())

    def _prepare_question(self, question):
        """Return what the page says of a question, in whole sentences, which can be translated.

        :rtype: dict
        """
        asker, present = question._get_asker_name(), question._get_present_name()
        names = {"asker": asker, "present": present}
        if present:
            text = request.env._("Up to now %(present)s looks after you. Do you want to change to %(asker)s?", **names)
        else:
            text = request.env._("Shall %(asker)s look after you from now on?", asker=asker)
        title = request.env._("%(asker)s has recommended us to you", asker=asker)
        return {"id": question.id, "title": title, "text": text}

    def _get_recommenders(self):
        """Return whose customer the person is.

        :rtype: list of dict
        """
        bindings = request.env["distribution.binding"].sudo()
        valid = bindings._find_valid(request.env.user.partner_id, self._get_programs(), fields.Datetime.now())
        return [
            {
                "program": binding.program_id.name,
                "name": mask_name(binding.distributor_id.partner_id.name),
                "date_from": binding.date_from,
                "date_to": binding.date_to,
            }
            for binding in valid
        ]
