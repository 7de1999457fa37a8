# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import MAX_DEPTH


def depth_sql(path):
    """Return the expression of the index below: how many stand on a path, the distributor itself included."""
    return SQL("(LENGTH(%(path)s) - LENGTH(REPLACE(%(path)s, '/', '')))", path=path)


class DistributionDistributor(models.Model):
    """Where a distributor stands in the tree, and who stands below it."""

    # A file for each topic: together they would be too long to read.
    _inherit = "distribution.distributor"  # pylint: disable=consider-merging-classes-inherited

    depth = fields.Integer(
        compute="_compute_depth",
        search="_search_depth",
        help="1 for a distributor without upline.",
    )

    # Whatever the collation: everybody below is one range of it.
    _path_idx = models.Index("(parent_path text_pattern_ops)")
    # Not a column: a move would have to write it again for everybody below.
    _depth_idx = models.Index("(program_id, (LENGTH(parent_path) - LENGTH(REPLACE(parent_path, '/', ''))))")

    # === COMPUTE METHODS === #

    @api.depends("parent_path")
    def _compute_depth(self):
        for distributor in self:
            distributor.depth = (distributor.parent_path or "").count("/")

    @api.model
    def _search_depth(self, operator, value):
        if operator not in ("in", "not in", "<", ">", "<=", ">="):
            return NotImplemented
        if operator in ("in", "not in"):
            value = tuple(int(one) for one in value) or (0,)

        def to_sql(model, alias, query):
            path = SQL.identifier(alias, "parent_path")
            return SQL("%s %s %s", depth_sql(path), SQL(operator.upper()), value)

        return Domain.custom(to_sql=to_sql)

    # === CONSTRAINT METHODS === #

    def _check_newcomers(self, vals_list):
        """Refuse newcomers below who was merged, or deeper than the program allows.

        :param list vals_list: what they are created with
        :raise ValidationError: naming the upline
        """
        parents = self.browse([vals["parent_id"] for vals in vals_list if vals.get("parent_id")]).sudo()
        parents.program_id._lock_tree(exclusive=False)
        for parent in parents:
            parent._check_takes_below()
            parent._check_depth(parent.depth + 1)

    def _check_move(self, upline):
        """Refuse an upline from the team below, before Odoo rebuilds the paths; one that was merged; one too deep.

        :param upline: the new upline, may be empty
        :raise ValidationError: when a cycle of any length would arise
        """
        self.sudo().program_id._lock_tree(exclusive=True)
        upline = upline.sudo()
        above = {int(distributor_id) for distributor_id in (upline.parent_path or "").split("/") if distributor_id}
        if not above.isdisjoint(self.ids):
            raise ValidationError(
                self.env._(
                    "%(upline)s stands below %(distributor)s: a distributor cannot be above itself in the tree.",
                    upline=upline.display_name,
                    distributor=self.filtered(lambda d: d.id in above)[:1].display_name,
                )
            )
        upline._check_takes_below()
        for distributor in self.sudo().filtered(lambda d: d.depth <= upline.depth):
            upline._check_depth(upline.depth + distributor._get_team_height())
        self._finish_later()

    def _check_takes_below(self):
        for upline in self.filtered("merged_into_id"):
            raise ValidationError(
                self.env._(
                    "%(upline)s was merged into %(survivor)s: choose that one.",
                    upline=upline.display_name,
                    survivor=upline.merged_into_id.display_name,
                )
            )

    def _check_depth(self, depth):
        """Refuse a place below this distributor that is deeper than its program allows.

        :param int depth: of the deepest that would stand there
        :raise ValidationError: naming the limit
        """
        for upline in self:
            limit = upline.program_id.max_depth or MAX_DEPTH
            if depth > limit:
                raise ValidationError(
                    self.env._(
                        "Below %(upline)s the tree would be %(depth)s deep; program %(program)s allows %(limit)s.",
                        upline=upline.display_name,
                        depth=depth,
                        program=upline.program_id.name,
                        limit=limit,
                    )
                )

    def _get_team_height(self):
        """Return how deep the tree is from this distributor down, 1 where nobody stands below."""
        self.ensure_one()
        self.flush_model(["parent_path"])
        rows = self.env.execute_query(
            SQL(
                "SELECT MAX(%s) FROM distribution_distributor AS below "
                "WHERE parent_path ~>=~ %s AND parent_path ~<~ %s",
                depth_sql(SQL("below.parent_path")),
                self.parent_path,
                self.parent_path.rstrip("/") + "0",
            )
        )
        return rows[0][0] - self.depth + 1

    # === BUSINESS METHODS === #

    @api.model
    def _repair_paths(self, program):
        """Write the paths again of newcomers who read where their upline stood just before it was moved.

        A newcomer does not wait for other newcomers; a move whose snapshot is older than a newcomer does not see it.
        Whom an order pays goes by `parent_id` and is right all the time.

        :return: how many paths were wrong
        :rtype: int
        """
        program._lock_tree(exclusive=True)
        self.invalidate_model(["parent_path", "parent_id"])
        repaired = self.browse()
        while wrong := self._find_wrong_paths(program) - repaired:
            wrong._parent_store_update()
            repaired += wrong
        return len(repaired)

    @api.model
    def _find_wrong_paths(self, program):
        self.flush_model(["parent_path", "parent_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT child.id FROM distribution_distributor AS child
                  LEFT JOIN distribution_distributor AS parent ON parent.id = child.parent_id
                 WHERE child.program_id = %s
                   AND child.parent_path != CONCAT(parent.parent_path, child.id, '/')
                 ORDER BY child.id
                """,
                program.id,
            )
        )
        return self.browse(row[0] for row in rows)
