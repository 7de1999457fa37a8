# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..const import APPLICANT_STATES

# Of two memberships of one person the better one survives, the older of equal ones.
RANKS = {"active": 0, "suspended": 1, "draft": 2, "incomplete": 2, "closed": 3, "refused": 4}


class DistributionDistributor(models.Model):
    """Two memberships of a program become one.

    The merged one is closed and stays: ledger, settlements and confirmed orders point at it. Its team, customers and
    quotations go to the survivor. `merged_into_id` names a distributor that is not merged itself, always: so there is
    no chain to follow, and no cycle.
    """

    _inherit = "distribution.distributor"  # pylint: disable=consider-merging-classes-inherited

    merged_into_id = fields.Many2one(
        comodel_name="distribution.distributor",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
        tracking=True,
        help="Took over the team, the customers and the quotations of this one.",
    )
    merged_ids = fields.One2many("distribution.distributor", "merged_into_id", string="Merged Into This One")

    _merged_is_closed = models.Constraint(
        "CHECK(merged_into_id IS NULL OR (state = 'closed' AND merged_into_id != id))",
        "A distributor that was merged into another one stays closed.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("merged_into_id")
    def _check_merged_into(self):
        for distributor in self.filtered("merged_into_id"):
            survivor = distributor.merged_into_id
            if survivor.merged_into_id or survivor.program_id != distributor.program_id:
                raise ValidationError(
                    self.env._(
                        "%(distributor)s cannot be merged into %(survivor)s, which is merged itself or belongs to "
                        "another program.",
                        distributor=distributor.display_name,
                        survivor=survivor.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_merge_vals(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_merge_vals(vals)
        merged = self.filtered("merged_into_id")
        if merged and vals.get("state", "closed") != "closed":
            raise UserError(
                self.env._(
                    "%(distributor)s was merged into %(survivor)s and stays closed.",
                    distributor=merged[0].display_name,
                    survivor=merged[0].merged_into_id.display_name,
                )
            )
        return super().write(vals)

    @api.model
    def _check_merge_vals(self, vals):
        """Leave `merged_into_id` to the merge, which moves everything else along.

        :raise UserError: through any other door
        """
        if vals.get("merged_into_id") and not self.env.su:
            raise UserError(self.env._("Distributors are merged by the button of that name, which shows what follows."))

    # === ACTION METHODS === #

    def action_merge(self):
        """Open the wizard that merges this distributor into another one."""
        self.ensure_one()
        self.check_access("write")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_distributor_merge_action"),
            "context": {"default_distributor_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _get_survivor(self):
        """Return who counts for these now: the one each was merged into, else itself."""
        survivors = (distributor.sudo().merged_into_id.with_env(self.env) or distributor for distributor in self)
        return self.browse().union(*survivors)

    def _lock_survivors(self):
        """Make those that bind customers to these, or that merge one of these, wait for each other.

        Binders do not wait for binders. One that began before a merge and comes after it is run again by Odoo.

        :return: id → id of the one it was merged into, for those that were
        :rtype: dict
        """
        if not self:
            return {}
        self.env.flush_all()
        # A collision is tried again: no error for the log.
        self.env.cr.execute(
            SQL(
                "SELECT id, merged_into_id FROM distribution_distributor WHERE id IN %s ORDER BY id FOR SHARE",
                tuple(sorted(self.ids)),
            ),
            log_exceptions=False,
        )
        return {distributor_id: survivor_id for distributor_id, survivor_id in self.env.cr.fetchall() if survivor_id}

    def _get_merge_problem(self, survivor):
        """Return why this distributor cannot be merged into another one, False where it can.

        :param survivor: a distributor
        """
        self.ensure_one()
        if self == survivor or self.merged_into_id or survivor.merged_into_id:
            return self.env._("Each of the two has to be a distributor of its own that is not merged yet.")
        if self.program_id != survivor.program_id:
            return self.env._("The two belong to different programs.")
        suspended = (self | survivor).filtered(lambda distributor: distributor.state == "suspended")
        if suspended:
            return self.env._(
                "%s is suspended: decide on the suspension first. A merge would pay out what it holds.",
                suspended[0].display_name,
            )
        if self._is_earning() and not survivor._is_earning():
            return self.env._("%s is not active and cannot take a team over.", survivor.display_name)
        return False

    def _merge_into(self, survivor, reason):
        """Close this membership in favour of another one of the program; doing it twice changes nothing.

        Confirmed orders keep their terms, and entries stay where they are. Who stands below, the customers and the
        quotations go to the survivor. It keeps its place in the tree; where it has no upline, it gets that of the
        merged one.

        :param survivor: the distributor that stays
        :param str reason: is kept in the chatter of both
        :raise UserError: see `_get_merge_problem`
        :raise ValidationError: where the tree would be deeper than the program allows
        """
        self.ensure_one()
        self.program_id._lock_tree(exclusive=True)
        (self | survivor).invalidate_recordset(["state", "merged_into_id", "parent_id", "parent_path"])
        if self.merged_into_id == survivor:
            return
        if problem := self._get_merge_problem(survivor):
            raise UserError(problem)
        self._merge_team(survivor, reason)
        self.binding_ids._pass_to(survivor, self._get_merge_text(survivor, reason))
        self._hand_over_quotations(survivor)
        self._set_merged(survivor, reason)
        self._finish_later()

    def _hand_over_quotations(self, survivor):
        """Let quotations count for the survivor; none names an applicant, and all follow a merged membership."""
        if survivor.state in APPLICANT_STATES:
            return
        for attribution, quotations in self._get_quotations().grouped("distribution_attribution").items():
            quotations.write({"distribution_distributor_id": survivor.id, "distribution_attribution": attribution})

    def _merge_team(self, survivor, reason):
        """Hand those below over, whichever of the two stands above the other one."""
        upline = self.parent_id
        stands_there = upline == survivor.parent_id or upline == survivor or (upline and upline._is_below(survivor))
        if survivor._is_below(self) or (not survivor.parent_id and not stands_there):
            survivor._move(upline, True, reason)
        self._hand_over_team(survivor, reason)

    def _set_merged(self, survivor, reason):
        text = self._get_merge_text(survivor, reason)
        # Who was merged into this one earlier comes along: nobody has to follow a chain.
        (self | self.merged_ids).sudo().write({"merged_into_id": survivor.id, "state": "closed"})
        self.sudo().state_reason = reason
        self.message_post(body=text)
        survivor.message_post(body=text)

    def _get_merge_text(self, survivor, reason):
        return self.env._(
            "%(distributor)s was merged into %(survivor)s: %(reason)s",
            distributor=self.display_name,
            survivor=survivor.display_name,
            reason=reason,
        )

    def _get_quotations(self):
        """Return the quotations for which somebody chose one of these; orders keep what was frozen."""
        # Whoever merges distributors need not see every order.
        quotations = (
            self.env["sale.order"]
            .sudo()
            .search([("distribution_distributor_id", "in", self.ids), ("state", "in", ("draft", "sent"))])
        )
        return quotations - quotations._filter_attribution_frozen()

    def _merge_memberships(self, partner, reason):
        """Merge memberships of one person, program by program.

        :param partner: the contact that stays: of equal memberships its own survives, then the older one
        :param str reason: is kept in the chatter
        """
        for members in self.filtered(lambda d: not d.merged_into_id).grouped("program_id").values():
            ordered = members.sorted(lambda d: (RANKS[d.state], d.partner_id != partner, d.id))
            for merged in ordered[1:]:
                merged._merge_into(ordered[0], reason)

    # === SCHEDULED ACTION === #

    @api.model
    def _finish_later(self):
        """Have what others wrote meanwhile, unseen by this transaction, taken along as soon as it is over."""
        self.env.ref("distribution_core.finish_merges_cron").sudo()._trigger()

    @api.model
    def _cron_finish_merges(self):
        """Take along what was written at the same time as a move or a merge, and was not seen by it."""
        # Newcomers and customers come too often to wait for each other, see `distribution.program._lock_tree`.
        programs = self.env["distribution.program"].with_context(active_test=False)
        programs = programs.search([("distributor_ids", "!=", False)], order="id")
        self.env["ir.cron"]._run_for_each(programs, self._finish_merges)

    @api.model
    def _finish_merges(self, program):
        self._repair_paths(program)
        merged = self.search([("program_id", "=", program.id), ("merged_into_id", "!=", False)])
        bound = self.env["distribution.binding"].search(
            [("distributor_id", "in", merged.ids), ("state", "=", "active")]
        )
        for distributor in merged.filtered("child_ids") | bound.distributor_id:
            reason = self.env._("Merged into %s.", distributor.merged_into_id.display_name)
            distributor._hand_over_team(distributor.merged_into_id, reason)
            distributor.binding_ids._pass_to(distributor.merged_into_id, reason)
