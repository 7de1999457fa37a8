# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import SQL

from ..const import EARNING_STATES, MAX_LEVELS
from ..tools.masking import mask_name, mask_phone


class DistributionMaskedMember(models.Model):
    """A distributor as those above it see it in the portal: down to the program's levels, without name and number.

    A view of its own and not some fields of the distributor: messages, files and whatever a module adds to a
    distributor are out of reach, since there is no right on the distributor.
    """

    _name = "distribution.masked.member"
    _description = "Team Member, Masked"
    _inherit = ["distribution.portal.mixin"]
    _auto = False
    _depends = {
        "distribution.distributor": ["parent_id", "program_id", "company_id", "state"],
        "distribution.program": ["level_count"],
    }
    _order = "level, id desc"
    _rec_name = "masked_name"

    distributor_id = fields.Many2one("distribution.distributor", string="Team Of", readonly=True)
    member_id = fields.Many2one("distribution.distributor", readonly=True, groups=fields.NO_ACCESS)
    masked_name = fields.Char(string="Name", compute="_compute_masked", compute_sudo=True)
    masked_phone = fields.Char(string="Phone", compute="_compute_masked", compute_sudo=True)
    level = fields.Integer(readonly=True, aggregator=None, help="1 is a distributor this one recruited.")
    state = fields.Selection(related="member_id.state")
    grade_name = fields.Char(string="Grade", related="member_id.grade_id.name")
    program_id = fields.Many2one("distribution.program", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    date_joined = fields.Datetime(string="Joined On", readonly=True)

    @property
    def _table_query(self):
        """Return one row for a member and each distributor above it whose program pays that level."""
        levels = [self._get_level_query(level) for level in range(1, MAX_LEVELS + 1)]
        return SQL(" UNION ALL ").join(levels)

    @api.model
    def _get_level_query(self, level):
        joins = SQL(" ").join(
            SQL(
                "JOIN distribution_distributor AS %s ON %s = %s",
                SQL.identifier(f"above_{step}"),
                SQL.identifier(f"above_{step}", "id"),
                SQL.identifier(f"above_{step - 1}" if step > 1 else "member", "parent_id"),
            )
            for step in range(1, level + 1)
        )
        return SQL(
            """
            SELECT member.id * %(factor)s + %(level)s AS id, %(top)s AS distributor_id, member.id AS member_id,
                   %(level)s AS level, member.program_id, member.company_id, member.create_date AS date_joined
              FROM distribution_distributor AS member
              %(joins)s
              JOIN distribution_program AS program ON program.id = member.program_id
             WHERE program.level_count >= %(level)s AND member.state IN %(members)s
            """,
            factor=MAX_LEVELS + 1,
            level=level,
            top=SQL.identifier(f"above_{level}", "id"),
            joins=joins,
            members=EARNING_STATES,
        )

    @api.depends("member_id")
    def _compute_masked(self):
        for member in self:
            member.masked_name = mask_name(member.member_id.partner_id.name)
            member.masked_phone = mask_phone(member.member_id.partner_id.phone)

    @api.model
    def _get_portal_fields(self):
        shown = ("masked_name", "masked_phone", "level", "state", "grade_name", "date_joined")
        return super()._get_portal_fields().union(("distributor_id", "program_id", "company_id"), shown)
