# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

    distributor_ids = fields.One2many("distribution.distributor", "partner_id", string="Distributor Memberships")
    distribution_binding_ids = fields.One2many("distribution.binding", "partner_id", string="Customer Bindings")

    # === BUSINESS METHODS === #

    def _lock_for_distribution(self):
        """Make everything that binds or enrols one of these people wait in line.

        The update changes nothing and is made in any case: a transaction that read the database before another one's
        binding was committed is refused by PostgreSQL, and Odoo runs it again on what is there then.
        """
        if not self:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH locked AS (SELECT id FROM res_partner WHERE id IN %s ORDER BY id FOR NO KEY UPDATE)
                UPDATE res_partner AS partner SET write_date = write_date FROM locked WHERE partner.id = locked.id
                """,
                tuple(self.ids),
            ),
            # That the later one is refused is what the update is for, no error.
            log_exceptions=False,
        )
