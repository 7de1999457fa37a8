# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

# Where the reference front end shows each.
PAGES = {
    "shop": "pages/index/index",
    "product": "pages/product/product",
    "recruit": "pages/recruit/recruit",
}


class DistributionLink(models.Model):
    """Adds the code of a mini-program: scanning it brings the link's `code` as its scene, nothing about the person."""

    _inherit = "distribution.link"

    account_id = fields.Many2one(
        comodel_name="distribution.wechat.account",
        string="Mini-Program",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('program_id', '=', program_id)]",
        help="Only this mini-program knows the link. Empty: every one of the distributor's program does.",
    )
    page = fields.Char(compute="_compute_page", help="The page of the mini-program that the code opens.")
    image = fields.Binary(
        string="Mini-Program Code", attachment=True, readonly=True, copy=False, help="The code as WeChat drew it."
    )

    _own_uniq = models.UniqueIndex(
        "(account_id, distributor_id, purpose, COALESCE(product_tmpl_id, 0))"
        " WHERE active AND account_id IS NOT NULL AND campaign_id IS NULL",
        "The distributor has a code of the mini-program for this already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("purpose")
    def _compute_page(self):
        for link in self:
            link.page = PAGES.get(link.purpose)

    # === CONSTRAINT METHODS === #

    @api.constrains("account_id", "distributor_id")
    def _check_account_program(self):
        for link in self.filtered("account_id"):
            if link.account_id.program_id != link.program_id:
                raise ValidationError(
                    self.env._(
                        "Mini-program %(account)s belongs to another program than %(distributor)s.",
                        account=link.account_id.name,
                        distributor=link.distributor_id.display_name,
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _get_own(self, account, distributor, purpose, product=None):
        """Return a distributor's own code of a mini-program for a purpose, made the first time.

        There is one, however often and from wherever it is asked for.

        :param product: `product.template` for a product's code
        """
        distributor.partner_id._lock_for_distribution()
        domain = Domain("account_id", "=", account.id) & Domain("distributor_id", "=", distributor.id)
        domain &= Domain("purpose", "=", purpose) & Domain("product_tmpl_id", "=", product.id if product else False)
        domain &= Domain("campaign_id", "=", False)
        return self.search(domain) or self.create(self._prepare_own_vals(account, distributor, purpose, product))

    @api.model
    def _prepare_own_vals(self, account, distributor, purpose, product):
        return {
            "account_id": account.id,
            "distributor_id": distributor.id,
            "purpose": purpose,
            "product_tmpl_id": product.id if product else False,
            "channel": "qr",
        }

    @api.model
    def _find_scanned(self, account, scene):
        """Return the link behind a scanned scene, empty where there is none in the mini-program or it is over."""
        link = self._find(scene)
        if not link or not link._is_open() or link.program_id != account.program_id:
            return self.browse()
        return link.filtered(lambda found: found.account_id in (account, found.account_id.browse()))

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
            image = client.get_code_image(self.code, self.page)
            self.image = base64.b64encode(image)
        return base64.b64decode(self.image)
