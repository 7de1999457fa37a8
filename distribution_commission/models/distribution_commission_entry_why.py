# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, models


class DistributionCommissionEntry(models.Model):
    """What an entry says of its amount, in the reader's language."""

    _inherit = "distribution.commission.entry"  # pylint: disable=consider-merging-classes-inherited

    # === COMPUTE METHODS === #

    @api.depends("explanation")
    def _compute_why(self):
        for entry in self:
            entry.why = entry._get_why()

    @api.depends("rate", "explanation", "guarantee_id")
    @api.depends_context("lang")
    def _compute_pay_label(self):
        for entry in self:
            entry.pay_label = False if entry.guarantee_id else entry._get_pay_label()

    def _get_pay_label(self):
        """Return what was agreed on, in a few words: a rate and of what, an amount per unit or per order."""
        self.ensure_one()
        facts, labels = self.explanation or {}, []
        if self.rate or not ("per_unit" in facts or "per_order" in facts):
            kinds = dict(self.env["distribution.commission.rule"]._fields["base_kind"]._description_selection(self.env))
            base_kind, rate = facts.get("base_kind", "untaxed"), f"{self.rate:g} %"
            of_base = self.env._("%(rate)s of %(base)s", rate=rate, base=kinds[base_kind].lower())
            labels.append(rate if base_kind == "untaxed" else of_base)
        if "per_unit" in facts:
            labels.append(self.env._("%s per unit", f"{facts['per_unit']} {self.currency_id.name}"))
        if "per_order" in facts:
            labels.append(self.env._("%s per order", f"{facts['per_order']} {self.currency_id.name}"))
        return " + ".join(labels)

    def _get_why(self):
        """Return in words how the amount was reached."""
        self.ensure_one()
        facts = self.explanation
        if not facts:
            return False
        if self.guarantee_id:
            return "\n".join(self.sudo().guarantee_id._get_why(facts))
        sentences = [
            self._get_base_sentence(facts),
            *self._get_refund_sentences(facts),
            *self._get_discount_sentences(facts),
            *self._get_share_sentences(facts),
            *self._get_rule_sentences(),
            *self._get_pay_sentences(facts),
            *self._get_limit_sentences(facts),
            *self._get_cap_sentences(facts),
            *self._get_rounding_sentences(facts),
            self.env._(
                "Earned so far: %(target)s. Before, the ledger had %(before)s: it changes by %(change)s.",
                target=facts["target"],
                before=facts["before"],
                change=str(Decimal(facts["target"]) - Decimal(facts["before"])),
            ),
        ]
        return "\n".join(sentences)

    def _get_base_sentence(self, facts):
        figures = {key: facts[key] for key in ("base", "currency", "sent", "kept", "money")}
        if facts.get("measure") == "ordered":
            return self.env._(
                "Eligible base %(base)s %(currency)s: the smallest of %(sent)s ordered and paid, %(kept)s kept by the "
                "customer and %(money)s that stays paid.",
                **figures,
            )
        if facts.get("measure") == "invoiced":
            return self.env._(
                "Eligible base %(base)s %(currency)s: the smallest of %(sent)s invoiced, %(kept)s kept by the customer "
                "and %(money)s left of the invoices.",
                **figures,
            )
        return self.env._(
            "Eligible base %(base)s %(currency)s: the smallest of %(sent)s sent out, %(kept)s kept by the customer "
            "and %(money)s invoiced or to be invoiced.",
            **figures,
        )

    def _get_discount_sentences(self, facts):
        if "discount" not in facts:
            return []
        return [
            self.env._(
                "The line is worth %(worth)s %(currency)s, without its share of the order's discounts: %(discount)s.",
                worth=facts["worth"],
                discount=facts["discount"],
                currency=facts["currency"],
            )
        ]

    def _get_refund_sentences(self, facts):
        sentences = []
        if "borne" in facts:
            sentences.append(
                self.env._(
                    "The last is without %(amount)s %(currency)s more of the order's discounts, which other lines do "
                    "not bear any more: they were credited at their full price, or never sent.",
                    amount=facts["borne"],
                    currency=facts["currency"],
                )
            )
        if "overcredited" in facts:
            sentences.append(
                self.env._(
                    "The last is without %(amount)s %(currency)s by which credit notes gave back more of other lines "
                    "than was left of their discounted price.",
                    amount=facts["overcredited"],
                    currency=facts["currency"],
                )
            )
        if Decimal(facts.get("refunded", "0")):
            sentences.append(
                self.env._(
                    "The last is without %(refunded)s %(currency)s that were refunded and not credited: the line's "
                    "part of what the order gave back.",
                    refunded=facts["refunded"],
                    currency=facts["currency"],
                )
            )
        return sentences

    def _get_share_sentences(self, facts):
        """Say whose share it is where it passed up, and what a campaign and sales of the period had to do with it."""
        sentences = []
        if facts.get("passed_from"):
            sentences.append(
                self.env._(
                    "This is the share of %(distributor)s on level %(level)s, who did not earn: it passed up.",
                    distributor=self.env["distribution.distributor"].browse(facts["passed_from"]).code,
                    level=facts["level"],
                )
            )
        if facts.get("own_purchase") == "own":
            sentences.append(
                self.env._("The distributor bought this itself: what it gets lowers revenue, and is no expense.")
            )
        if facts.get("own_purchase") == "team":
            sentences.append(self.env._("A distributor below bought this itself: the program pays its upline for it."))
        if facts.get("period_sales"):
            owner = facts.get("passed_from") or self.distributor_id.id
            sentences.append(
                self.env._(
                    "Sales of %(distributor)s in the period before the order were %(sales)s %(currency)s.",
                    distributor=self.env["distribution.distributor"].browse(owner).code,
                    sales=facts["period_sales"],
                    currency=self.currency_id.name,
                )
            )
        return sentences

    def _get_rule_sentences(self):
        """Say which rule paid, what a campaign made of it, and the distributor's grade when the order was confirmed.

        What a rule pays is only said as long as it is what was agreed on.
        """
        term = self.sudo().term_id
        sentences = [self.env._("Rule: %s.", self._get_rule_then(term, "display_name", "target_label"))]
        if term.campaign_id:
            sentences.append(
                self.env._(
                    "Campaign %(campaign)s is counted in: %(rule)s.",
                    campaign=term.campaign_id.name,
                    rule=self._get_rule_then(term, "pay_label", "target_label", term.campaign_rule_id),
                )
            )
        if term.grade_id:
            sentences.append(self.env._("Grade then: %s.", term.grade_id.name))
        return sentences

    @api.model
    def _get_rule_then(self, term, label, label_if_changed, rule=None):
        rule = rule or term.rule_id
        # Terms are agreed on after their line was created.
        return rule[label if rule._get_changed_on() <= term.line_id.create_date else label_if_changed]

    def _get_pay_sentences(self, facts):
        common = {"currency": self.currency_id.name, "level": facts["level"], "order": self.sudo().order_id.name}
        has_amount = "per_unit" in facts or "per_order" in facts
        sentences = [self._get_rate_sentence(facts, common)] if "rated" in facts or not has_amount else []
        if "per_unit" in facts:
            sentences.append(
                self.env._(
                    "%(fixed)s %(currency)s for each of %(units)s units sent, kept and paid, on level %(level)s, "
                    "frozen when order %(order)s was confirmed.",
                    fixed=facts["per_unit"],
                    units=facts["units"],
                    **common,
                )
            )
        if "per_order" in facts:
            sentences.append(
                self.env._(
                    "%(fixed)s %(currency)s for the order on level %(level)s, shared out to its lines by value, frozen "
                    "when order %(order)s was confirmed.",
                    fixed=facts["per_order"],
                    **common,
                )
            )
        return sentences

    def _get_rate_sentence(self, facts, common):
        figures = {**common, "rate": facts["rate"], "rated": facts.get("rated", "0")}
        if facts["base_kind"] == "taxed":
            return self.env._(
                "Rate %(rate)s %% of %(rated)s %(currency)s with taxes on level %(level)s, frozen when order %(order)s "
                "was confirmed.",
                **figures,
            )
        if facts["base_kind"] == "list":
            return self.env._(
                "Rate %(rate)s %% of %(rated)s %(currency)s, %(units)s units at the list price of %(price)s, on level "
                "%(level)s, frozen when order %(order)s was confirmed.",
                units=facts["units"],
                price=facts["list_price"],
                **figures,
            )
        if facts["base_kind"] == "margin":
            return self.env._(
                "Rate %(rate)s %% of a margin of %(rated)s %(currency)s on level %(level)s: the base less a cost of "
                "%(cost)s for each of %(units)s units. Rate and cost were frozen when order %(order)s was confirmed.",
                units=facts["kept_units"],
                cost=facts["cost"],
                **figures,
            )
        return self.env._(
            "Rate %(rate)s %% on level %(level)s, frozen when order %(order)s was confirmed.",
            rate=facts["rate"],
            level=facts["level"],
            order=common["order"],
        )

    def _get_limit_sentences(self, facts):
        """Say which limit of the rule the line met; a fen that moves when they are shared out is no limit."""
        raised = Decimal(facts["uncapped"]) > Decimal(facts["by_itself"])
        limit = facts.get("minimum" if raised else "maximum")
        if facts["by_itself"] == facts["uncapped"] or not limit:
            return []
        field = self.env["distribution.commission.term"]._fields["limit_scope"]
        scope = dict(field._description_selection(self.env))[facts["scope"]].lower()
        figures = {"amount": facts["by_itself"], "limit": limit, "scope": scope, "limited": facts["uncapped"]}
        if raised:
            return [
                self.env._(
                    "Of itself this would be %(amount)s. The rule pays at least %(limit)s for each %(scope)s, of which "
                    "this line has %(limited)s.",
                    **figures,
                )
            ]
        if facts["scope"] == "period":
            return [
                self.env._(
                    "Of itself this would be %(amount)s. Of the most that the rule pays in a period other orders had "
                    "taken %(used)s, and left %(limit)s; this line has %(limited)s of it.",
                    used=facts["period_used"],
                    **{key: figures[key] for key in ("amount", "limit", "limited")},
                )
            ]
        return [
            self.env._(
                "Of itself this would be %(amount)s. The rule pays at most %(limit)s for each %(scope)s, of which this "
                "line has %(limited)s.",
                **figures,
            )
        ]

    def _get_cap_sentences(self, facts):
        uncapped = facts["uncapped"]
        if Decimal(uncapped) <= Decimal(facts["target"]):
            return []
        return [
            self.env._(
                "By itself this would be %(uncapped)s: the levels of the line together are scaled to the cap of "
                "%(cap)s %% of the base.",
                uncapped=uncapped,
                cap=facts["cap_rate"],
            )
        ]

    def _get_rounding_sentences(self, facts):
        if "unrounded" not in facts or Decimal(facts["uncapped"]) != Decimal(facts["target"]):
            return []
        return [
            self.env._(
                "That is %(exact)s, rounded half up to %(rounded)s.",
                exact=facts["unrounded"],
                rounded=facts["target"],
            )
        ]
