# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import re
import secrets
import string

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

# What WeChat allows in a scene is more than this, at most 32 characters; letters and digits survive every address.
ALPHABET = string.ascii_letters + string.digits
LENGTH = 20
PATTERN = re.compile(r"[0-9A-Za-z]{1,32}")

PURPOSES = [
    ("shop", "Shop"),
    ("product", "Product"),
    ("recruit", "Recruiting"),
]

# Where the reference front end shows each.
PAGES = {
    "shop": "pages/index/index",
    "product": "pages/product/product",
    "recruit": "pages/recruit/recruit",
}


class DistributionWechatScene(models.Model):
    """What a code of the mini-program stands for: scanning it brings its opaque `scene`, nothing about the person."""

    _name = "distribution.wechat.scene"
    _description = "Mini-Program Code"
    _order = "id desc"
    _rec_name = "scene"

    scene = fields.Char(required=True, readonly=True, copy=False, default=lambda self: self._random_scene())
    active = fields.Boolean(default=True, help="An archived code leads to the shop, and binds nobody any more.")
    account_id = fields.Many2one(
        comodel_name="distribution.wechat.account",
        string="Mini-Program",
        required=True,
        index=True,
        ondelete="cascade",
        readonly=True,
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor", required=True, index=True, ondelete="cascade", readonly=True
    )
    purpose = fields.Selection(selection=PURPOSES, required=True, readonly=True)
    product_tmpl_id = fields.Many2one(
        comodel_name="product.template", index="btree_not_null", ondelete="cascade", readonly=True
    )
    page = fields.Char(compute="_compute_page", help="The page of the mini-program that the code opens.")
    image = fields.Binary(attachment=True, readonly=True, copy=False, help="The code as WeChat drew it.")

    _scene_uniq = models.UniqueIndex("(scene)", "Scenes are unique.")
    _subject_uniq = models.UniqueIndex(
        "(account_id, distributor_id, purpose, COALESCE(product_tmpl_id, 0)) WHERE active",
        "The distributor has a code for this already.",
    )
    _product_purpose = models.Constraint(
        "CHECK((purpose = 'product') = (product_tmpl_id IS NOT NULL))",
        "A code for a product names the product, others do not.",
    )

    @api.model
    def _random_scene(self):
        return "".join(secrets.choice(ALPHABET) for _position in range(LENGTH))

    # === COMPUTE METHODS === #

    @api.depends("purpose")
    def _compute_page(self):
        for scene in self:
            scene.page = PAGES[scene.purpose]

    # === BUSINESS METHODS === #

    @api.model
    def _get_or_create(self, account, distributor, purpose, product=None):
        """Return a distributor's code for a purpose; there is one, however often and from wherever it is asked for.

        :param product: `product.template` for a product's code
        """
        distributor.partner_id._lock_for_distribution()
        domain = Domain("account_id", "=", account.id) & Domain("distributor_id", "=", distributor.id)
        domain &= Domain("purpose", "=", purpose) & Domain("product_tmpl_id", "=", product.id if product else False)
        return self.search(domain) or self.create(self._prepare_scene_vals(account, distributor, purpose, product))

    @api.model
    def _prepare_scene_vals(self, account, distributor, purpose, product):
        return {
            "account_id": account.id,
            "distributor_id": distributor.id,
            "purpose": purpose,
            "product_tmpl_id": product.id if product else False,
        }

    @api.model
    def _find(self, account, scene):
        """Return the active code behind a scanned scene, empty where there is none in the mini-program."""
        if not PATTERN.fullmatch(scene):
            return self.browse()
        return self.search([("scene", "=", scene), ("account_id", "=", account.id)])

    def _fetch_image(self):
        """Return the image of the code; WeChat is asked for it the first time only.

        The same scene gives the same code however often it is asked for: nothing has to be found again if the answer
        gets lost.

        :return: the image, PNG or JPEG
        :rtype: bytes
        :raise WeChatError: when WeChat refuses
        :raise WeChatUnavailable: when there is no answer
        """
        self.ensure_one()
        if not self.image:
            client = self.account_id._get_mini_program()
            # Nothing is locked or kept from others while WeChat draws; what follows may be run again.
            self.env.cr.commit()  # pylint: disable=invalid-commit
            image = client.get_code_image(self.scene, self.page)
            self.image = base64.b64encode(image)
        return base64.b64decode(self.image)

    # === CRUD METHODS === #

    def write(self, vals):
        """Keep a code that was printed what it is: only archiving and its image change it."""
        if not self.env.su and not vals.keys() <= {"active"}:
            raise UserError(self.env._("A code does not change once it is made: archive it and make another."))
        return super().write(vals)
