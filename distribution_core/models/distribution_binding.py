# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..const import BINDING_SOURCES


class DistributionBinding(models.Model):
    _name = "distribution.binding"
    _description = "Customer Binding"
    _inherit = ["mail.thread"]
    _order = "date_from desc, id desc"
    _rec_name = "partner_id"
    _check_company_auto = True

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    program_id = fields.Many2one(related="distributor_id.program_id", store=True, index=True)
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    source = fields.Selection(
        selection=BINDING_SOURCES,
        required=True,
        default="staff",
        readonly=True,
    )
    date_from = fields.Datetime(string="From", required=True, default=fields.Datetime.now)
    date_to = fields.Datetime(
        string="Until",
        compute="_compute_dates",
        store=True,
        readonly=False,
        help="Orders confirmed from this moment on no longer count for the distributor. Empty: for good.",
    )
    protected_until = fields.Datetime(
        compute="_compute_dates",
        store=True,
        readonly=False,
        help="Until this moment no other distributor can take the customer over.",
    )
    state = fields.Selection(
        selection=[("active", "Active"), ("ended", "Ended")],
        required=True,
        default="active",
        readonly=True,
        copy=False,
        tracking=True,
    )
    end_reason = fields.Char(readonly=True, copy=False)

    _active_uniq = models.UniqueIndex(
        "(program_id, partner_id) WHERE state = 'active'",
        "The customer is bound to a distributor of this program already.",
    )
    _dates_order = models.Constraint(
        "CHECK(date_to IS NULL OR date_to >= date_from)",
        "A binding cannot end before it begins.",
    )

    # === COMPUTE METHODS === #

    @api.depends("date_from", "distributor_id")
    def _compute_dates(self):
        for binding in self:
            program, start = binding.program_id, binding.date_from or fields.Datetime.now()
            days = program.binding_days
            binding.date_to = start + timedelta(days=days) if days else False
            binding.protected_until = start + timedelta(days=program.protection_days)

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "distributor_id")
    def _check_not_self(self):
        for binding in self:
            if binding.partner_id == binding.distributor_id.partner_id:
                raise ValidationError(self.env._("A distributor is not bound to itself: %s.", binding.partner_id.name))

    # === ACTION METHODS === #

    def action_end(self):
        """End the binding: orders confirmed from now on do not count for the distributor."""
        self._end(self.env._("Ended by %s.", self.env.user.name))

    # === BUSINESS METHODS === #

    @api.model
    def _bind(self, partner, distributor, source="staff", date_from=None):
        """Bind a customer to a distributor, or keep the binding there is to the same one.

        Two at once for the same customer wait for each other (see `res.partner._lock_for_distribution`).

        :param partner: the customer, a `res.partner`
        :param distributor: a `distribution.distributor`
        :param str source: how the binding came about, a key of `source`
        :param datetime date_from: naive UTC; now when omitted
        :return: the active binding
        :raise UserError: while another distributor's binding is protected
        """
        moment = date_from or fields.Datetime.now()
        partner._lock_for_distribution()
        current = self._get_current(partner, distributor.program_id)
        if current and current.distributor_id == distributor and current._is_valid_at(moment):
            return current
        if current and current._is_protected_at(moment):
            raise UserError(
                self.env._(
                    "%(customer)s belongs to another distributor until %(date)s.",
                    customer=partner.name,
                    date=fields.Date.to_string(distributor.program_id._get_business_date(current.protected_until)),
                )
            )
        current._end(self.env._("Bound to %s.", distributor.display_name))
        # There is one active binding at any moment, the database sees to it: the old one ends before the new begins.
        current.flush_recordset()
        return self.create(self._prepare_binding_vals(partner, distributor, source, moment))

    @api.model
    def _get_current(self, partner, program):
        """Return the customer's active binding in a program: one or none, its dates not looked at."""
        return self.search([("partner_id", "=", partner.id), ("program_id", "=", program.id), ("state", "=", "active")])

    @api.model
    def _prepare_binding_vals(self, partner, distributor, source, date_from):
        return {
            "partner_id": partner.id,
            "distributor_id": distributor.id,
            "source": source,
            "date_from": date_from,
        }

    def _is_valid_at(self, moment):
        self.ensure_one()
        return self.state == "active" and self.date_from <= moment and (not self.date_to or moment < self.date_to)

    def _get_recommender(self):
        """Return the distributor who would be the upline, should the customer join; empty for nobody.

        A customer who does not count for the program has nobody to thank for.
        """
        if not self or not self.distributor_id._is_earning():
            return self.distributor_id.browse()
        self.ensure_one()
        customers = self.partner_id | self.partner_id.commercial_partner_id
        is_counting = self.program_id._is_customer_in_scope(customers, self)
        return self.distributor_id if is_counting else self.distributor_id.browse()

    def _is_protected_at(self, moment):
        return self._is_valid_at(moment) and bool(self.protected_until) and moment < self.protected_until

    def _end(self, reason):
        """End the active ones among the bindings; ending twice changes nothing."""
        active = self.filtered(lambda binding: binding.state == "active")
        now = fields.Datetime.now()
        for binding in active:
            date_to = min(binding.date_to or now, now)
            binding.write({"state": "ended", "end_reason": reason, "date_to": max(date_to, binding.date_from)})

    @api.model
    def _find_valid(self, partners, programs, moment):
        """Return the valid bindings of customers in programs at a moment, the lowest program sequence first.

        :param partners: the customer and its commercial entity
        :param datetime moment: naive UTC
        """
        window = Domain("date_from", "<=", moment) & (Domain("date_to", "=", False) | Domain("date_to", ">", moment))
        domain = Domain("partner_id", "in", partners.ids) & Domain("program_id", "in", programs.ids)
        names = ["partner_id", "distributor_id", "program_id"]
        return self.search_fetch(domain & Domain("state", "=", "active") & window, names)._sort_for(partners)

    def _sort_for(self, partners):
        """Return the bindings of a customer as they go before each other: by program, then the buyer's own before that
        of the company the buyer works for.

        :param partners: the customer and its commercial entity
        """
        return self.sorted(lambda b: (b.program_id.sequence, b.program_id.id, b.partner_id.id != partners[:1].id))

    @api.model
    def _cron_end_expired(self):
        expired = self.search([("state", "=", "active"), ("date_to", "<=", fields.Datetime.now())], limit=1000)
        expired._end(self.env._("Expired."))
        self.env["ir.cron"]._commit_progress(len(expired), remaining=0 if len(expired) < 1000 else 1)
