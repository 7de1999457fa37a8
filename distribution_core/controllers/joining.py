# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from urllib.parse import urlencode

from werkzeug.exceptions import NotFound

from odoo.exceptions import UserError
from odoo.http import request, route

from ..exceptions import JoiningRefused
from ..models.distribution_link import COOKIE
from ..models.distribution_program_joining import JOIN_URL
from ..tools.forms import MAX_CODE, MAX_TEXT, clean, read_number
from .portal import DistributionPortal

# Beside which field of the form a refusal of the program is shown; the others stand above it.
FIELDS_OF_REFUSALS = {
    "invitation_required": "code",
    "agreement_required": "agreement",
    "answer_required": "message",
}


class JoiningPortal(DistributionPortal):
    """How people become distributors without a mini-program: they read, log in, apply, and answer what is asked.

    What somebody has typed is shown again with what is wrong with it.
    """

    @route(JOIN_URL, type="http", auth="public", website=True, sitemap=False, methods=["GET"], readonly=True)
    def portal_join(self, code=None, **_kwargs):
        """Show the programs to choose from, or the only one there is."""
        programs = request.env["distribution.program"].sudo()._get_shown()
        if len(programs) == 1:
            return request.redirect(programs._get_join_url(programs._find_inviter(code)))
        return request.render("distribution_core.portal_join_choice", {"programs": programs, "code": code})

    @route(
        f"{JOIN_URL}/<int:program_id>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def portal_join_program(self, program_id, code=None, **_kwargs):
        """Introduce a program, with the form for whoever is logged in; members get to their membership."""
        program = self._get_program(program_id)
        membership = program._get_membership(request.env.user.partner_id)
        if membership and request.env.user._is_portal():
            return request.redirect(self._get_membership_url(membership))
        typed = {"code": clean(code)[:MAX_CODE] or self._get_code_of_visit(program)}
        return self._show_program(program, typed)

    @route(f"{JOIN_URL}/<int:program_id>", type="http", auth="user", website=True, sitemap=False, methods=["POST"])
    def portal_apply(self, program_id, **post):
        """Apply; whoever has applied already is shown what became of it."""
        program = self._get_program(program_id)
        membership = program._get_membership(request.env.user.partner_id)
        if membership and request.env.user._is_portal():
            return self._show_membership(membership)
        membership, errors = self._apply(program, post)
        return self._show_program(program, post, errors) if errors else self._show_membership(membership)

    @route("/my/distribution/<int:distributor_id>/apply", type="http", auth="user", website=True, methods=["POST"])
    def portal_apply_again(self, distributor_id, **post):
        """Answer what an application was asked for, or apply again after a refusal."""
        membership = self._get_membership(distributor_id)
        _membership, errors = self._apply(membership.sudo().program_id, post, membership.sudo())
        return self._show_membership(membership, post, errors)

    @route("/my/distribution/<int:distributor_id>/agreement", type="http", auth="user", website=True, methods=["POST"])
    def portal_accept_agreement(self, distributor_id, **post):
        """Accept a new version of the agreement."""
        membership = self._get_membership(distributor_id)
        member = membership.sudo()
        agreement, errors = self._read_agreement(member.program_id, post), {}
        current = member.program_id.agreement_id
        if agreement == current:
            member._accept_agreement(agreement, "portal")
        elif member.is_agreement_due:
            errors["agreement"] = request.env._("Read and accept version %s of the agreement first.", current.version)
        return self._show_membership(membership, post, errors)

    # === READING THE FORM === #

    def _apply(self, program, post, membership=None):
        """Apply with what was typed.

        :param membership: the application that is made again, None for a new one
        :return: the membership, and what is wrong by field; nothing is written where something is
        :rtype: tuple
        """
        errors = self._check_form(program, post, membership)
        if errors:
            return membership, errors
        inviter = program._find_inviter(post.get("code")) if not membership else None
        agreement, message = self._read_agreement(program, post), clean(post.get("message"))
        try:
            # What fails half-way, as in a tree that is too deep, leaves nothing.
            with request.env.cr.savepoint():
                return program._apply(request.env.user.partner_id, inviter, agreement, "portal", message), {}
        except JoiningRefused as refusal:
            return membership, {FIELDS_OF_REFUSALS.get(refusal.reason, "form"): str(refusal)}
        except UserError as error:
            return membership, {"form": str(error)}

    def _check_form(self, program, post, membership):
        errors = {}
        code, message = clean(post.get("code")), clean(post.get("message"))
        if not request.env.user._is_portal():
            errors["form"] = request.env._("People of your own are made distributors in the back office.")
        if len(message) > MAX_TEXT:
            errors["message"] = request.env._("At most %s characters, please.", MAX_TEXT)
        if code and not membership and not program._find_inviter(code):
            errors["code"] = request.env._("There is no such code, or it is no longer in use.")
        return errors

    def _read_agreement(self, program, post):
        """Return the version of the agreement that was read and accepted, empty for none."""
        version = read_number(post.get("agreement_version")) if post.get("agreement") else None
        return program._find_agreement(version)

    def _get_code_of_visit(self, program):
        """Return the code of the distributor whose link for recruiting was opened in this browser."""
        cookie = request.httprequest.cookies.get(COOKIE)
        link, _token, _moment = request.env["distribution.link"].sudo()._read_cookie(cookie)
        is_invited = link and link.purpose == "recruit" and link.program_id == program and link._is_open()
        return link._get_owner().code if is_invited else ""

    # === SHOWING === #

    def _get_program(self, program_id):
        """Return a program of the visitor's companies, archived ones too: they say that they take nobody.

        :raise NotFound: for any other
        """
        programs = request.env["distribution.program"].sudo()
        shown = programs.with_context(active_test=False)._get_shown()
        if program_id not in shown.ids:
            raise NotFound
        return programs.browse(program_id)

    def _show_program(self, program, typed, errors=None):
        user = request.env.user
        way_back = urlencode({"redirect": program._get_join_url(program._find_inviter(typed.get("code")))})
        is_signup_open = request.env["res.users"]._get_signup_invitation_scope() == "b2c"
        return request.render(
            "distribution_core.portal_join",
            {
                "program": program,
                "join_url": program._get_join_url(),
                "login_url": f"/web/login?{way_back}",
                "signup_url": f"/web/signup?{way_back}" if is_signup_open else "",
                "agreement": program.agreement_id,
                "is_visitor": user._is_public(),
                "is_applicant": user._is_portal(),
                "typed": typed,
                "errors": errors or {},
            },
        )

    def _show_membership(self, membership, typed=None, errors=None):
        """Go to the page of a membership, or show it again with what is wrong."""
        if not errors:
            return request.redirect(self._get_membership_url(membership))
        values = {**self._prepare_membership_values(membership), "typed": typed, "errors": errors}
        return request.render("distribution_core.portal_my_distribution", values)
