# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.base.models.res_partner import _tz_get

from ..const import MAX_DEPTH, MAX_LEVELS


class DistributionProgram(models.Model):
    _name = "distribution.program"
    _description = "Distribution Program"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10, help="When an order fits several programs, the lowest sequence takes it.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="Orders of this company and of its branches can count for the program.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    level_count = fields.Integer(
        string="Paid Levels",
        default=1,
        required=True,
        tracking=True,
        help="How many levels of the upline earn on an order, counted from the distributor who referred the buyer.",
    )
    max_depth = fields.Integer(
        string="Deepest Level of the Tree",
        default=0,
        tracking=True,
        help="How many distributors may stand above each other. Newcomers and moves that would go deeper are refused; "
        f"those who stand deeper already stay. 0 means the technical limit of {MAX_DEPTH}.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        tracking=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Reviews applications, unless a distributor has a salesperson of its own.",
    )
    binding_days = fields.Integer(
        string="Binding Validity (Days)",
        default=30,
        tracking=True,
        help="How long a customer belongs to a distributor. 0 means for good.",
    )
    protection_days = fields.Integer(
        string="Binding Protection (Days)",
        default=15,
        tracking=True,
        help="How long no other distributor can take the customer over.",
    )
    tz = fields.Selection(
        selection=_tz_get,
        string="Time Zone",
        required=True,
        default=lambda self: self._default_tz(),
        tracking=True,
        help="Months, holds and posting dates are counted in this time zone.",
    )
    tree_revision = fields.Integer(readonly=True, copy=False)
    grade_ids = fields.One2many("distribution.grade", "program_id")
    distributor_ids = fields.One2many("distribution.distributor", "program_id")
    distributor_count = fields.Integer(compute="_compute_distributor_count")
    binding_count = fields.Integer(compute="_compute_binding_count")
    order_count = fields.Integer(compute="_compute_order_count")

    _level_count_range = models.Constraint(
        f"CHECK(level_count BETWEEN 1 AND {MAX_LEVELS})",
        "A program pays between one and three levels.",
    )
    _max_depth_range = models.Constraint(
        f"CHECK(max_depth BETWEEN 0 AND {MAX_DEPTH})", f"The tree is at most {MAX_DEPTH} distributors deep."
    )
    _days_positive = models.Constraint(
        "CHECK(binding_days >= 0 AND protection_days >= 0)",
        "Validity and protection of a binding cannot be negative.",
    )

    @api.model
    def _default_tz(self):
        return self.env.company.partner_id.tz or "Asia/Shanghai"

    # === COMPUTE METHODS === #

    def _compute_distributor_count(self):
        self._compute_count("distribution.distributor", "distributor_count")

    def _compute_binding_count(self):
        self._compute_count("distribution.binding", "binding_count")

    def _compute_order_count(self):
        # A count only: seeing the orders needs rights on orders.
        groups = (
            self.env["sale.order"]
            .sudo()
            ._read_group(
                [("distribution_program_id", "in", self.ids), ("state", "=", "sale")],
                ["distribution_program_id"],
                ["__count"],
            )
        )
        counts = dict(groups)
        for program in self:
            program.order_count = counts.get(program, 0)

    def _compute_count(self, model_name, field_name):
        counts = dict(self.env[model_name]._read_group([("program_id", "in", self.ids)], ["program_id"], ["__count"]))
        for program in self:
            program[field_name] = counts.get(program, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        if "company_id" in vals:
            moved = self.filtered(lambda program: program.company_id.id != vals["company_id"])
            if moved.distributor_ids:
                raise UserError(
                    self.env._("%s has distributors already and stays in its company.", moved[0].display_name)
                )
        return super().write(vals)

    # === ACTION METHODS === #

    def action_view_distributors(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_distributor_action")
        return {**action, "domain": [("program_id", "=", self.id)], "context": {"default_program_id": self.id}}

    def action_view_bindings(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.distribution_binding_action")
        return {**action, "domain": [("program_id", "=", self.id)], "context": {"default_program_id": self.id}}

    def action_view_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("distribution_core.sale_order_distribution_action")
        return {**action, "domain": [("distribution_program_id", "=", self.id)]}

    # === BUSINESS METHODS === #

    def _lock_tree(self, exclusive):
        """Serialise changes of the upline tree: moves among each other and against newcomers.

        Odoo reads a snapshot: two moves that each see no cycle could make one together, and a newcomer could copy
        the path of an upline that is being moved. PostgreSQL refuses the later one, Odoo retries it.

        :param bool exclusive: True for a move, False for a newcomer (newcomers do not wait for each other)
        """
        if exclusive:
            query = "UPDATE distribution_program SET tree_revision = coalesce(tree_revision, 0) + 1 WHERE id IN %s"
        else:
            query = "SELECT id FROM distribution_program WHERE id IN %s FOR SHARE"
        if self:
            self.env.flush_all()
            # A collision is tried again: no error for the log.
            self.env.cr.execute(SQL(query, tuple(sorted(self.ids))), log_exceptions=False)
            self.invalidate_recordset(["tree_revision"], flush=False)

    def _get_business_date(self, moment=None):
        """Return the calendar date of a moment in the program's time zone.

        :param datetime moment: naive UTC, as Odoo stores it; now when omitted.
        :rtype: datetime.date
        """
        self.ensure_one()
        moment = moment or fields.Datetime.now()
        return pytz.utc.localize(moment).astimezone(pytz.timezone(self.tz)).date()

    def _get_business_day_start(self, date):
        """Return the moment (naive UTC) at which a calendar date begins in the program's time zone.

        :param datetime.date date: a date in the program's time zone
        :rtype: datetime.datetime
        """
        self.ensure_one()
        midnight = datetime.combine(date, datetime.min.time())
        return pytz.timezone(self.tz).localize(midnight).astimezone(pytz.utc).replace(tzinfo=None)
