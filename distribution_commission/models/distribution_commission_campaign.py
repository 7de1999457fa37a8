# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class DistributionCommissionCampaign(models.Model):
    """A time in which rules of its own replace, raise or multiply what the program's rules pay."""

    _name = "distribution.commission.campaign"
    _description = "Commission Campaign"
    _order = "date_from desc, id desc"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    program_id = fields.Many2one(
        comodel_name="distribution.program",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self._default_program_id(),
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    date_from = fields.Date(string="First Day", required=True, help="In the program's time zone.")
    date_to = fields.Date(string="Last Day", required=True, help="In the program's time zone.")
    rule_ids = fields.One2many("distribution.commission.rule", "campaign_id", copy=True)
    rule_count = fields.Integer(string="Rules", compute="_compute_rule_count")
    term_count = fields.Integer(compute="_compute_term_amounts")
    expected_amount = fields.Monetary(
        string="Commission Touched",
        compute="_compute_term_amounts",
        help="Expected commission of the order lines the campaign applied to, without the campaign's part told apart.",
    )
    currency_id = fields.Many2one(related="program_id.currency_id")
    state = fields.Selection(
        selection=[("coming", "Coming"), ("running", "Running"), ("over", "Over")],
        compute="_compute_state",
        search="_search_state",
    )

    _dates_in_order = models.Constraint("CHECK(date_from <= date_to)", "A campaign ends before it begins.")

    @api.model
    def _default_program_id(self):
        return self.env["distribution.program"].search([("company_id", "parent_of", self.env.company.id)], limit=1)

    # === COMPUTE METHODS === #

    @api.depends("rule_ids")
    def _compute_rule_count(self):
        for campaign in self:
            campaign.rule_count = len(campaign.rule_ids)

    def _compute_term_amounts(self):
        # Figures only: seeing the orders needs rights on orders.
        sold = ("order_id", "in", self.env["sale.order"].sudo()._search([("state", "=", "sale")]))
        groups = self.env["distribution.commission.term"]._read_group(
            [("campaign_id", "in", self.ids), ("state", "=", "active"), sold],
            ["campaign_id"],
            ["line_id:count_distinct", "expected_amount:sum"],
        )
        figures = {campaign: figures for campaign, *figures in groups}
        for campaign in self:
            campaign.term_count, campaign.expected_amount = figures.get(campaign, (0, 0.0))

    @api.depends("date_from", "date_to", "program_id.tz")
    def _compute_state(self):
        for campaign in self:
            today = campaign.program_id and campaign.program_id._get_business_date()
            if not (today and campaign.date_from and campaign.date_to):
                campaign.state = False
            elif today < campaign.date_from:
                campaign.state = "coming"
            else:
                campaign.state = "running" if today <= campaign.date_to else "over"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        programs = self.env["distribution.program"].with_context(active_test=False)
        return Domain.OR(
            Domain("program_id", "=", program.id) & self._get_state_domain(state, program._get_business_date())
            for program in programs.search([("campaign_ids", "!=", False)])
            for state in dict(self._fields["state"].selection).keys() & set(value)
        )

    @api.model
    def _get_state_domain(self, state, today):
        if state == "coming":
            return Domain("date_from", ">", today)
        if state == "over":
            return Domain("date_to", "<", today)
        return Domain("date_from", "<=", today) & Domain("date_to", ">=", today)

    # === CONSTRAINT METHODS === #

    @api.constrains("program_id")
    def _check_program(self):
        for campaign in self:
            if campaign._get_all_rules().program_id - campaign.program_id:
                raise ValidationError(self.env._("%s has rules of another program.", campaign.display_name))

    # === CRUD METHODS === #

    def copy_data(self, default=None):
        """Override of Odoo: a copy waits for days of its own, on which its rules do not meet the original's."""
        return [
            {
                **vals,
                "name": self.env._("%s (copy)", campaign.name),
                "active": False,
                "rule_ids": [(0, 0, self._archive_copy(rule_vals)) for *_, rule_vals in vals["rule_ids"] or []],
                **(default or {}),
            }
            for campaign, vals in zip(self, super().copy_data(default), strict=True)
        ]

    @api.model
    def _archive_copy(self, rule_vals):
        """Return the values of a copied rule that comes with its campaign, unless it was archived by itself."""
        is_coming = rule_vals["active"] or rule_vals["is_archived_with_campaign"]
        return {**rule_vals, "active": False, "is_archived_with_campaign": is_coming}

    def write(self, vals):
        self.check_access("write")
        if not {"active", "date_from", "date_to"}.isdisjoint(vals):
            # The rules' days follow without a write of theirs.
            self.program_id._lock_rules()
        result = super().write(vals)
        if "active" in vals:
            self._archive_rules(vals["active"])
        return result

    def _archive_rules(self, is_active):
        """Let the rules follow the campaign; those that were archived by themselves stay so."""
        rules = self._get_all_rules()
        if is_active:
            back = rules.filtered("is_archived_with_campaign")
            back.write({"active": True, "is_archived_with_campaign": False})
        else:
            rules.filtered("active").write({"active": False, "is_archived_with_campaign": True})

    def unlink(self):
        """A campaign's rules go with it, one by one: those that were applied to orders refuse."""
        self._get_all_rules().unlink()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _get_all_rules(self):
        return self.with_context(active_test=False).rule_ids

    # === ACTION METHODS === #

    def action_view_terms(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_term_action"
        )
        return {**action, "domain": [("campaign_id", "=", self.id)], "context": {}}
