# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import binascii
import io
import re
import secrets
import string
from datetime import timedelta

import qrcode

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.http import request
from odoo.tools import hash_sign, verify_hash_signed
from odoo.tools.urls import urljoin

# A scene of a mini-program takes 32 characters of more than this; letters and digits survive every address.
CODE_ALPHABET = string.ascii_letters + string.digits
CODE_LENGTH = 20
CODE_PATTERN = re.compile(r"[0-9A-Za-z]{1,32}")

PURPOSES = [
    ("shop", "Shop"),
    ("product", "Product"),
    ("recruit", "Recruiting"),
]

CHANNELS = [
    ("share", "Share"),
    ("qr", "QR Code"),
    ("poster", "Poster"),
    ("store", "Store"),
    ("message", "Message"),
    ("other", "Other"),
]

# What a visitor's browser keeps for the attribution window, signed: which link was opened, when, and by what browser.
COOKIE = "distribution_link"

# What a printed code stands for never changes: who shared it earns, and who opens it gets what it promised.
IDENTITY_FIELDS = {"distributor_id", "purpose", "product_tmpl_id", "code"}


class DistributionLink(models.Model):
    """What a distributor shares: an address, a QR code, a scene of a mini-program. Its code says nothing about people.

    Odoo's `link_tracker` is not used: it writes to one row of a link at every click (visitors of a popular link would
    refuse each other), counts a shared address of a phone network once, needs an address to lead to, which a
    mini-program does not have, fetches it when the link is made, and its codes are short enough to be guessed.
    Campaigns, media and sources are those of `utm`.
    """

    _name = "distribution.link"
    _description = "Distributor's Link"
    _inherit = ["distribution.portal.mixin"]
    _order = "id desc"
    _rec_names_search = ["code", "name", "distributor_id"]
    _check_company_auto = True

    name = fields.Char(string="Label", help="For those who look after the links, e.g. “Poster in the shop window”.")
    active = fields.Boolean(default=True, help="An archived link still leads to the shop, and counts for nobody.")
    code = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self._default_code(),
        help="Part of the address and of the QR code. It can be typed on a quotation, too.",
    )
    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('state', 'in', ('active', 'suspended'))]",
    )
    program_id = fields.Many2one(related="distributor_id.program_id", store=True, index=True)
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    purpose = fields.Selection(selection=PURPOSES, required=True, default="shop")
    product_tmpl_id = fields.Many2one(
        comodel_name="product.template",
        string="Product",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('sale_ok', '=', True)]",
    )
    channel = fields.Selection(selection=CHANNELS, required=True, default="share")
    campaign_id = fields.Many2one("utm.campaign", index="btree_not_null", ondelete="set null")
    medium_id = fields.Many2one("utm.medium", ondelete="set null")
    source_id = fields.Many2one("utm.source", ondelete="set null")
    date_to = fields.Datetime(
        string="Valid Until", help="Who opens the link from this moment on still gets to the shop. Empty: for good."
    )
    attribution_days = fields.Integer(
        string="Attribution Window (Days)",
        compute="_compute_attribution_days",
        store=True,
        readonly=False,
        help="How long after opening the link an order still counts for the distributor.",
    )
    order_ids = fields.One2many("sale.order", "distribution_link_id", string="Orders Opened By")
    url = fields.Char(string="Address", compute="_compute_url")
    qr_image = fields.Binary(string="QR Code", compute="_compute_qr_image")
    click_count = fields.Integer(string="Clicks", compute="_compute_figures")
    order_count = fields.Integer(string="Orders", compute="_compute_figures")

    _code_uniq = models.UniqueIndex("(code)", "The code of a link is unique.")
    _product_purpose = models.Constraint(
        "CHECK((purpose = 'product') = (product_tmpl_id IS NOT NULL))",
        "A link to a product names the product, others do not.",
    )
    _attribution_days_positive = models.Constraint(
        "CHECK(attribution_days > 0)", "The attribution window is at least one day."
    )

    @api.model
    def _default_code(self):
        """Return a code nobody can guess: about 119 bits."""
        return "".join(secrets.choice(CODE_ALPHABET) for _position in range(CODE_LENGTH))

    # === COMPUTE METHODS === #

    @api.depends("name", "purpose", "product_tmpl_id.name", "distributor_id.display_name")
    @api.depends_context("uid")
    def _compute_display_name(self):
        labels = dict(self._fields["purpose"]._description_selection(self.env))
        # The label is for those who look after the links; a distributor reads products by their links only.
        is_internal = self.env.user._is_internal()
        for link in self:
            shown = link.sudo()
            subject = (is_internal and shown.name) or shown.product_tmpl_id.name or labels.get(shown.purpose, "")
            link.display_name = f"{subject} – {shown.distributor_id.display_name or ''}"

    @api.depends("distributor_id")
    def _compute_attribution_days(self):
        for link in self:
            link.attribution_days = link.attribution_days or link.program_id.attribution_days

    @api.depends("code")
    def _compute_url(self):
        for link in self:
            link.url = urljoin(link.get_base_url(), f"/d/{link.code}")

    @api.depends("url")
    def _compute_qr_image(self):
        for link in self:
            # Odoo's barcodes need a drawing library that it does not ask for itself; this one comes with Odoo.
            code = qrcode.make(link.url, box_size=8)
            with io.BytesIO() as image:
                code.save(image, format="PNG")
                link.qr_image = base64.b64encode(image.getvalue())

    def _compute_figures(self):
        groups = self.env["distribution.link.report"]._read_group(
            [("link_id", "in", self.ids)], ["link_id"], ["click_count:sum", "order_count:sum"]
        )
        figures = {link.id: (clicks, orders) for link, clicks, orders in groups}
        for link in self:
            link.click_count, link.order_count = figures.get(link.id, (0, 0))

    @api.model
    def _get_portal_fields(self):
        names = ("active", "code", "url", "qr_image", "distributor_id", "program_id", "company_id")
        return super()._get_portal_fields().union(names, ("purpose", "channel", "date_to"))

    # === CONSTRAINT METHODS === #

    @api.constrains("distributor_id")
    def _check_distributor_state(self):
        for link in self:
            if not link.distributor_id._is_earning():
                raise ValidationError(
                    self.env._("%s is not active: nothing would count for this link.", link.distributor_id.display_name)
                )

    @api.constrains("product_tmpl_id", "distributor_id")
    def _check_product_company(self):
        for link in self:
            product = link.sudo().product_tmpl_id
            if not link.program_id._takes_from(product.company_id):
                raise ValidationError(
                    self.env._(
                        "%(product)s is sold by another company than that of program %(program)s.",
                        product=product.name,
                        program=link.program_id.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Make every code here: one that somebody thinks of could be guessed, or be a distributor's."""
        if not self.env.su:
            vals_list = [{**vals, "code": self._default_code()} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        """Keep a link that is in the world what it is; when, where and how long it counts may change."""
        for link in self:
            if any(
                link._fields[name].convert_to_write(link[name], link) != vals[name]
                for name in IDENTITY_FIELDS & vals.keys()
            ):
                raise UserError(
                    self.env._("%s may be printed already: archive it and make another.", link.display_name)
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for link in self:
            if link.click_count or link.sudo().order_ids:
                raise UserError(self.env._("%s was used already: archive it instead.", link.display_name))

    # === ACTION METHODS === #

    def action_view_clicks(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_link_report_action")
        return {**action, "domain": [("link_id", "=", self.id)], "context": {"group_by": ["date:day"]}}

    def action_view_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.sale_order_distribution_action")
        domain = [
            ("distribution_link_id", "=", self.id),
            ("distribution_distributor_id", "in", (self.distributor_id | self._get_owner()).ids),
        ]
        return {**action, "domain": domain, "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def _find(self, code):
        """Return the link with a code, archived or not, empty for none; whatever is sent as a code is harmless."""
        if not isinstance(code, str) or not CODE_PATTERN.fullmatch(code):
            return self.browse()
        return self.with_context(active_test=False).search([("code", "=", code)])

    def _is_open(self):
        """Tell whether opening the link now counts for its distributor."""
        self.ensure_one()
        is_over = self.date_to and self.date_to <= fields.Datetime.now()
        return self.active and not is_over and self.program_id.active and self._get_owner()._is_earning()

    def _get_owner(self):
        """Return for whom the link counts: the one it was merged into, once its distributor was merged."""
        return self.distributor_id._get_survivor()

    def _register_click(self, token=None, partner=None):
        """Count that somebody opened the link. One row is inserted and none updated: visitors never meet each other.

        :param str token: stands for the visitor's browser, where nobody knows who it is
        :param partner: who opened it, a `res.partner`, where that is known
        :return: whether it counts for the distributor
        :rtype: bool
        """
        self.ensure_one()
        if not self._is_open():
            return False
        self.env["distribution.link.click"].sudo().create(self._prepare_click_vals())
        self._note_visit(token, partner)
        return True

    def _prepare_click_vals(self):
        return {"link_id": self.id, "date": self.program_id._get_business_date()}

    def _note_visit(self, token, partner):
        """Remember who opened the link until the person agrees or gives a phone number, see `distribution.visit`."""
        self.env["distribution.visit"].sudo()._note_visit(
            self._get_owner(), token=token, partner=partner, source="link", days=self.attribution_days
        )

    # === BUSINESS METHODS: WHERE IT LEADS === #

    def _get_target_url(self):
        """Return the page of the merchant's website the link leads to, empty where there is none. Extension point.

        :rtype: str
        """
        self.ensure_one()
        if self.purpose == "recruit":
            return self.program_id._get_join_url(self._get_owner() if self._is_open() else None)
        # Odoo's shop gives products a page; without it there is no address to send anybody to.
        if "website_url" not in self.env["product.template"]._fields:
            return ""
        if self.product_tmpl_id.is_published:
            return self.product_tmpl_id.website_url
        return "/shop"

    def _get_utm_params(self):
        """Return what Odoo's own tracking reads from an address and puts on the order."""
        names = {
            "utm_campaign": self.campaign_id.name,
            "utm_medium": self.medium_id.name,
            "utm_source": self.source_id.name,
        }
        return {key: name for key, name in names.items() if name}

    # === BUSINESS METHODS: THE VISITOR'S BROWSER === #

    def _make_cookie(self, token):
        """Return what the visitor's browser keeps: signed, so that nobody claims a visit that was not made.

        :param str token: stands for the browser
        """
        self.ensure_one()
        values = [self.code, token, fields.Datetime.to_string(fields.Datetime.now())]
        return hash_sign(self.sudo().env, COOKIE, values, expiration=timedelta(days=self.attribution_days))

    @api.model
    def _read_cookie(self, value):
        """Return what a browser kept: the link, the browser's token, and when the link was opened.

        :param str value: whatever was sent
        :return: empty link, None and None where nothing valid was sent
        :rtype: tuple
        """
        nothing = self.browse(), None, None
        try:
            values = verify_hash_signed(self.sudo().env, COOKIE, value) if value else None
        except (ValueError, UnicodeError, binascii.Error):
            return nothing
        if not values:
            return nothing
        code, token, moment = values
        return self._find(code), token, fields.Datetime.to_datetime(moment)

    def _is_for(self, company):
        """Tell whether the link may stand on orders of a company: whoever sees one need not see the other's people."""
        self.ensure_one()
        return self.company_id in company.parent_ids

    @api.model
    def _get_visit_vals(self, company):
        """Return by which link the visitor who is putting an order together on the website came.

        Only there: somebody of the merchant's who has opened a link writes quotations for other people.

        :param company: the order's `res.company`
        """
        if not request or not getattr(request, "is_frontend", False):
            return {}
        link, _token, moment = self._read_cookie(request.httprequest.cookies.get(COOKIE))
        if not link or not link._is_for(company):
            return {}
        return {"distribution_link_id": link.id, "distribution_link_on": moment}
