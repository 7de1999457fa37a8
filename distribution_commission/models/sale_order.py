# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict
from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.distribution_core.models.sale_order import READERS

from ..const import EXCLUSIONS
from ..engine.documents import get_net_charges
from ..engine.eligible_base import discount_factor
from ..engine.money import exact, get_unit
from ..engine.refunds import (
    Document,
    get_paid_moment,
    get_possible_share,
    get_share,
    get_standing,
    get_uncovered_refund,
    share_out_refund,
)
from .gathering import gathered


class SaleOrder(models.Model):
    _inherit = "sale.order"

    commission_term_ids = fields.One2many("distribution.commission.term", "order_id", groups=READERS)
    commission_expected = fields.Monetary(
        compute="_compute_commission_amounts",
        currency_field="commission_currency_id",
        groups=READERS,
    )
    commission_earned = fields.Monetary(
        compute="_compute_commission_amounts",
        currency_field="commission_currency_id",
        groups=READERS,
    )
    commission_exclusion = fields.Selection(
        selection=EXCLUSIONS,
        string="No Commission",
        copy=False,
        readonly=True,
        groups=READERS,
        help="Why the order brings no commission, settled when it was confirmed.",
    )
    commission_currency_id = fields.Many2one(related="company_id.currency_id", string="Commission Currency")
    is_commission_waiting = fields.Boolean(
        compute="_compute_is_commission_waiting",
        groups=READERS,
        help="Something happened to the order, and the ledger has not looked at it yet.",
    )
    is_receivable = fields.Boolean(compute="_compute_is_receivable")

    # === COMPUTE METHODS === #

    @api.depends("commission_term_ids.entry_ids.amount", "state")
    def _compute_commission_amounts(self):
        terms = [("order_id", "in", self.ids), ("state", "=", "active")]
        expected = dict(
            self.env["distribution.commission.term"]._read_group(terms, ["order_id"], ["expected_amount:sum"])
        )
        earned = dict(
            self.env["distribution.commission.entry"]._read_group(
                [("order_id", "in", self.ids)], ["order_id"], ["amount:sum"]
            )
        )
        for order in self:
            order.commission_earned = earned.get(order, 0.0)
            order.commission_expected = expected.get(order, 0.0) if order.state == "sale" else 0.0

    def _compute_is_commission_waiting(self):
        waiting = self._get_waiting_for_commission()
        for order in self:
            order.is_commission_waiting = order._origin in waiting

    # Without dependencies, see the field of deliveries.
    def _compute_is_receivable(self):
        for order in self:
            order.is_receivable = order._is_receivable()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_exclusion_role(vals)
        orders = super().create(vals_list)
        # An import may bring orders that are confirmed already: they have an attribution by now.
        lines = orders.filtered(lambda order: order.state == "sale").order_line
        lines._update_commission(lines)
        return orders

    def write(self, vals):
        self._check_exclusion_role(vals)
        if "company_id" in vals:
            self.filtered(lambda order: order.company_id.id != vals["company_id"])._leave_company()
        if "order_line" not in vals:
            return super().write(vals)
        with gathered(self) as orders:
            return super(SaleOrder, orders).write(vals)

    def _leave_company(self):
        """Let go of what belongs to the company of orders that are about to get another one.

        :raise UserError: where commission was agreed on: it is owed by the company, and in its currency
        """
        terms = self.env["distribution.commission.term"].sudo().search([("order_id", "in", self.ids)])
        bound = terms.entry_ids.order_id | terms.order_id.filtered(lambda order: order.state == "sale")
        if bound:
            raise UserError(self.env._("Order %s has commission terms: its company cannot change.", bound[0].name))
        terms.unlink()

    @api.model
    def _check_exclusion_role(self, vals):
        """Let nobody write why an order brings no commission: it follows from the program's settings.

        :raise AccessError: through any door, the web client's or an interface's
        """
        if "commission_exclusion" in vals and not self.env.su:
            raise AccessError(self.env._("Why an order brings no commission follows from the program's settings."))

    def unlink(self):
        """Override of `sale`: terms that never earned go with a deleted order."""
        self._delete_unused_terms()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_commission(self):
        kept = self.env["distribution.commission.entry"].sudo().search([("order_id", "in", self.ids)], limit=1)
        if kept:
            raise UserError(
                self.env._("Order %s has entries in the commission ledger and cannot be deleted.", kept.order_id.name)
            )

    # === ACTION METHODS === #

    def action_confirm_receipt(self):
        """Record that the customer has received everything that was shipped."""
        self.check_access("write")
        for order in self:
            pickings = order.sudo().picking_ids._filter_receivable()
            if not pickings:
                raise UserError(self.env._("Nothing of order %s waits for the customer's receipt.", order.name))
            pickings._confirm_receipt()

    def action_view_commission_terms(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "distribution_commission.distribution_commission_term_action"
        )
        return {**action, "domain": [("order_id", "=", self.id)], "context": {"search_default_active": 1}}

    # === BUSINESS METHODS === #

    def _update_programs_and_rewards(self):
        """Override of `sale_loyalty`: it takes discounts off and puts them on again."""
        # Quotations earn nothing yet, and a shop does this at every change of a cart.
        if all(order.state != "sale" for order in self):
            return super()._update_programs_and_rewards()
        with gathered(self) as orders:
            return super(SaleOrder, orders)._update_programs_and_rewards()

    def _apply_program_reward(self, reward, coupon, **kwargs):
        """Override of `sale_loyalty`, see `_update_programs_and_rewards`."""
        with gathered(self) as orders:
            return super(SaleOrder, orders)._apply_program_reward(reward, coupon, **kwargs)

    def _action_confirm(self):
        """Override of `sale` to freeze the commission terms."""
        orders = self.sudo()
        # Never confirmed under a program: there is nothing to look for.
        new_orders = orders.filtered(lambda order: not order.distribution_program_id)
        new_orders._fields["commission_term_ids"]._insert_cache(new_orders, [()] * len(new_orders))
        old_orders = orders - new_orders
        # What was delivered before decides which terms stay.
        old_orders._catch_up_commission()
        result = super()._action_confirm()
        old_orders._supersede_unused_terms()
        orders._freeze_commission_exclusion(new_orders)
        terms = orders.env["distribution.commission.term"]
        terms._create_for_lines(orders.order_line, new_orders)
        earning = new_orders.filtered(lambda order: not order._has_earned_nothing())
        # Most are confirmed once, and have nothing to earn on yet.
        if old_orders or earning:
            terms._refresh(old_orders)
            (old_orders | earning)._converge_commission()
        return result

    def _has_earned_nothing(self):
        """Tell whether an order that is confirmed for the first time has nothing to earn on yet, without asking the
        ledger: commission is earned by goods, and nothing was sent or invoiced.

        :rtype: bool
        """
        self.ensure_one()
        lines, program = self.order_line, self.distribution_program_id
        if program and program.trigger not in ("shipped", "received"):
            return False
        return not lines.invoice_lines and all(move.state != "done" for move in lines.move_ids)

    def _action_cancel(self):
        """Override of `sale`: a cancelled order earns nothing; what it has earned until now keeps its attribution."""
        self._catch_up_commission()
        result = super()._action_cancel()
        self._converge_commission()
        return result

    def _freeze_commission_exclusion(self, new_orders):
        for order in self.filtered("distribution_program_id"):
            # What has earned keeps its terms.
            if order in new_orders or not order._is_attribution_kept():
                exclusion = order._get_commission_exclusion()
                # For most there is none, and nothing to write.
                if order.commission_exclusion != exclusion:
                    order.commission_exclusion = exclusion

    def _get_commission_exclusion(self):
        """Return why an order brings no commission by its program's settings, False where it brings some.

        :rtype: str
        """
        self.ensure_one()
        excluded = self.distribution_program_id._get_exclusions()
        if excluded.partner_tags and excluded.partner_tags & set(self._get_commission_buyers().category_id.ids):
            return "customer"
        # With a reward the coupon or promotion is spent; a code without one changes nothing.
        if excluded.loyalty_programs and excluded.loyalty_programs & set(self.order_line.reward_id.program_id.ids):
            return "coupon"
        if self.pricelist_id.id in excluded.pricelists:
            return "grade_price"
        return False

    def _converge_commission(self):
        """Say that something happened to these orders, and so to those that were paid together with them."""
        self.env["distribution.commission.term"].sudo()._converge(self.sudo()._get_paid_together())

    def _catch_up_commission(self):
        """Bring the ledger to what has happened to these orders and still waits: what is done next depends on it."""
        self.env["distribution.commission.event"].sudo()._work_off(self._get_waiting_for_commission())

    def _get_waiting_for_commission(self):
        """Return those of the orders to which something happened that the ledger has not looked at yet."""
        return self and self.env["distribution.commission.event"]._get_waiting([("order_id", "in", self.ids)])

    def _is_attribution_kept(self):
        """Override of `distribution_core`: once something was earned, a new confirmation changes nobody's share."""
        entry_model = self.env["distribution.commission.entry"].sudo()
        return super()._is_attribution_kept() or bool(
            # Without a program there were no terms either.
            self.sudo().distribution_program_id and entry_model.search_count([("order_id", "in", self.ids)], limit=1)
        )

    def _supersede_unused_terms(self):
        """Set aside the terms of an earlier confirmation that never earned; those that did stay in force."""
        self.order_line._get_unused_terms().state = "superseded"

    def _delete_unused_terms(self):
        if not self.env["distribution.commission.entry"].sudo().search_count([("order_id", "in", self.ids)], limit=1):
            self.order_line._get_unused_terms().unlink()

    def _get_commission_chain(self):
        """Return who may earn on this order: the attributed distributor and its upline, by true distance.

        Whoever is closed, or is the buyer, earns nothing; those above still earn theirs. Where the program pays for own
        purchases, the order may count for the buyer.

        :rtype: list of `commission_chain.Link`
        """
        self.ensure_one()
        distributor, buyers = self.distribution_distributor_id, self._get_commission_buyers()
        if self.distribution_attribution == "self":
            buyers -= distributor.partner_id
        return self.distribution_program_id._get_chain(distributor, buyers)

    def _get_commission_buyers(self):
        return self.partner_id | self.partner_id.commercial_partner_id

    def _is_own_purchase_of(self, distributor):
        """Tell whether what a distributor earns on the order is money back to a customer."""
        self.ensure_one()
        return self.distribution_attribution == "self" and distributor.partner_id in self._get_commission_buyers()

    def _get_commission_discount_factor(self):
        """Return the part of a goods line's value that the order's discount lines leave.

        :rtype: Fraction
        """
        self.ensure_one()
        # Mostly there are no discount lines.
        if all(line.price_subtotal >= 0 for line in self.order_line):
            return Fraction(1)
        totals = {"goods": Fraction(0), "discount": Fraction(0), "other": Fraction(0)}
        for line in self.order_line:
            totals[line._get_commission_role()] += exact(line.price_subtotal)
        return discount_factor(totals["goods"], totals["discount"])

    def _get_commission_statements(self, moves):
        """Return what posted invoices and credit notes say of these orders, in order of time.

        :param moves: posted invoices and credit notes
        :return: order → list of (move, `engine.documents.Statement`)
        :rtype: dict
        """
        statements = {order: [] for order in self}
        for move in moves._sorted_by_time():
            for order, statement in move._get_commission_statements().items():
                if order in statements:
                    statements[order].append((move, statement))
        return statements

    def _get_commission_discount(self):
        """Return the value of the order's discount lines, negative.

        :rtype: Fraction
        """
        return sum((exact(line.price_subtotal) for line in self._filter_discount_lines()), Fraction(0))

    def _is_discounted(self, statements):
        """Tell whether the order or a document of it has discount lines.

        :param list statements: of `engine.documents.Statement`
        """
        return bool(self._filter_discount_lines()) or any(statement.discount for statement in statements)

    def _get_commission_charges(self, statements, quantities, deliveries):
        """Return what each document charges for the order's goods, net of the discounts on all of them.

        :param list statements: `engine.documents.Statement` in order of time
        :param tuple quantities: see `engine.documents.count_quantities`
        :param dict deliveries: see `SaleOrderLine._get_commission_deliveries`
        :return: list of `engine.documents.Charge` of each
        :rtype: list
        """
        self.ensure_one()
        if not self._is_discounted(statements):
            return [statement.charges for statement in statements]
        still_open = self._get_goods_lines()._get_commission_open_value(*quantities, deliveries)
        unit = get_unit(self.currency_id.rounding)
        return get_net_charges(statements, still_open, self._get_commission_discount(), unit)

    def _filter_discount_lines(self):
        # Mostly there are none.
        negative = self.order_line.filtered(lambda line: line.price_subtotal < 0)
        return negative and negative._filter_commission_roles("discount")

    # === BUSINESS METHODS: MONEY OF THE WHOLE ORDER === #

    def _get_commission_payments(self):
        """Return what was paid for the orders by payment transactions, and given back.

        :return: order → list of `engine.refunds.Payment`; orders without any are left out
        :rtype: dict
        """
        payments = defaultdict(list)
        linked = self.env.execute_query(self._get_transactions_query())
        for order_id, transaction_id in linked:
            order, transaction = self.browse(order_id), self.env["payment.transaction"].browse(transaction_id)
            # A refund or capture that names the order itself comes with its payment.
            source = transaction.source_transaction_id
            if not any((order_id, each.id) in linked for each in source | source.source_transaction_id):
                payments[order] += transaction._get_commission_payments(order)
        return payments

    def _get_transactions_query(self):
        return SQL(
            """
            SELECT sale_order_id, transaction_id FROM sale_order_transaction_rel WHERE sale_order_id IN %(orders)s
             UNION
            SELECT line.order_id, paid.transaction_id
              FROM sale_order_line AS line
              JOIN sale_order_line_invoice_rel AS rel ON rel.order_line_id = line.id
              JOIN account_move_line AS item ON item.id = rel.invoice_line_id
              JOIN account_invoice_transaction_rel AS paid ON paid.invoice_id = item.move_id
             WHERE line.order_id IN %(orders)s
             ORDER BY 1, 2
            """,
            orders=tuple(self.ids),
        )

    def _get_commission_paid_on(self, payments, moves):
        """Return when the order was paid: its transactions reach the total, or it is invoiced and all of this paid.

        :param list payments: of `engine.refunds.Payment`
        :param moves: posted invoices and credit notes
        :return: naive UTC, None while it is not paid
        """
        self.ensure_one()
        if self.amount_total <= 0:
            return self.date_order
        moment = get_paid_moment(payments, exact(self.amount_total))
        if moment:
            return moment
        # What a credit note has undone was not invoiced.
        invoices = (moves & self.order_line.invoice_lines.move_id).filtered(
            lambda move: move.move_type == "out_invoice" and move.payment_state != "reversed"
        )
        if all(invoice._is_commission_paid() for invoice in invoices) and self._is_invoiced_by(invoices):
            return max(invoice._get_commission_moment("paid") for invoice in invoices)
        return None

    def _is_invoiced_by(self, invoices):
        """Tell whether invoices contain everything that has a price."""
        lines = self.order_line.filtered(
            lambda line: not line.display_type and not line.is_downpayment and line.price_subtotal > 0
        )
        return bool(lines) and all(
            sum((item._get_commission_quantity(line) for item in line.invoice_lines & invoices.invoice_line_ids), 0)
            >= exact(line.product_uom_qty)
            for line in lines
        )

    def _share_out_commission_refund(self, payments, moves, facts):
        """Return which part of the money that was given back without a credit note each goods line bears.

        :param list payments: of `engine.refunds.Payment`
        :param moves: posted invoices and credit notes
        :param dict facts: line id → `engine.eligible_base.LineFacts`, of every goods line
        :return: line id → `refunded` and `refunded_in_all` of `LineFacts`
        :rtype: dict
        """
        self.ensure_one()
        unit, line_ids = get_unit(self.currency_id.rounding), self._get_goods_lines().ids
        replaced = sum((facts[line_id].replaced for line_id in line_ids), Fraction(0))
        documents = self._get_commission_documents(moves)
        amount = get_uncovered_refund(payments, exact(self.amount_total), documents, replaced)
        refunds = (
            share_out_refund(amount, [get(facts[line_id]) for line_id in line_ids], unit)
            for get in (get_share, get_possible_share)
        )
        return {
            line_id: {"refunded": refunded, "refunded_in_all": in_all}
            for line_id, refunded, in_all in zip(line_ids, *refunds, strict=True)
        }

    def _get_commission_documents(self, moves):
        """Return what posted invoices and credit notes say of the order, as the engine takes them."""
        return [
            Document(move._get_commission_total(self), move.move_type == "out_refund")
            for move in moves._sorted_by_time()
        ]

    def _get_commission_owed_back(self, paid):
        """Return what the customer is owed back of a payment: what credit notes stand for, all of an order that is not
        confirmed any more.

        :param Fraction paid: with taxes, in the order's currency
        :rtype: Fraction
        """
        self.ensure_one()
        if self.state != "sale":
            return paid
        documents = self._get_commission_documents(self.order_line._get_commission_moves())
        return max(Fraction(0), min(paid, get_standing(documents, exact(self.amount_total))[1]))

    def _get_paid_together(self):
        """Return these orders and those that were paid together with them and of which something was given back.

        Which of them that was for follows from what happens to all of them.
        """
        if not self:
            return self
        self.env.flush_all()
        linked = {
            transaction_id for _order_id, transaction_id in self.env.execute_query(self._get_transactions_query())
        }
        transactions = self.env["payment.transaction"].browse(linked).filtered("child_transaction_ids")
        return self.union(*(transaction._get_commission_orders() for transaction in transactions))

    def _is_receivable(self):
        """Tell whether a delivery of the order was shipped and waits for the customer's receipt.

        :rtype: bool
        """
        self.ensure_one()
        # A salesperson without rights on deliveries may still record the receipt.
        return any(picking._is_receivable() for picking in self.sudo().picking_ids)

    def _get_goods_lines(self):
        return self.order_line._filter_commission_roles("goods")

    # === CRON METHODS === #

    @api.model
    def _cron_sweep_commission(self, days=2):
        """Look again at every order to which something happened lately, in case a trigger was missed.

        :param int days: how far back
        """
        order_ids = self._get_orders_to_sweep(fields.Date.add(fields.Datetime.now(), days=-days))
        self.env["ir.cron"]._run_for_each(
            self.browse(order_ids)._get_paid_together(), self.env["distribution.commission.event"]._work_off
        )

    @api.model
    def _get_orders_to_sweep(self, since):
        """Return the ids of orders with terms whose order, deliveries, invoices or payments changed since a moment."""
        rows = self.env.execute_query(
            SQL(
                """
                -- Refunds and captures lead to their order by the payment they belong to, unlinked credit notes by the
                -- invoice they reverse.
                WITH paid AS (
                    SELECT unnest(ARRAY[tx.id, tx.source_transaction_id, source.source_transaction_id]) AS id
                      FROM payment_transaction AS tx
                      LEFT JOIN payment_transaction AS source ON source.id = tx.source_transaction_id
                     WHERE tx.write_date >= %(since)s
                )
                SELECT DISTINCT order_id FROM distribution_commission_term
                 WHERE state = 'active' AND order_id IN (
                    SELECT id FROM sale_order WHERE write_date >= %(since)s
                     UNION
                    SELECT line.order_id FROM stock_move AS move
                      JOIN sale_order_line AS line ON line.id = move.sale_line_id
                     WHERE move.write_date >= %(since)s
                     UNION
                    SELECT line.order_id FROM stock_picking AS picking
                      JOIN stock_move AS move ON move.picking_id = picking.id
                      JOIN sale_order_line AS line ON line.id = move.sale_line_id
                     WHERE picking.write_date >= %(since)s
                     UNION
                    SELECT line.order_id FROM account_move AS move
                     CROSS JOIN unnest(ARRAY[move.id, move.reversed_entry_id]) AS document (id)
                      JOIN account_move_line AS item ON item.move_id = document.id
                      JOIN sale_order_line_invoice_rel AS rel ON rel.invoice_line_id = item.id
                      JOIN sale_order_line AS line ON line.id = rel.order_line_id
                     WHERE move.write_date >= %(since)s
                     UNION
                    SELECT rel.sale_order_id FROM paid
                      JOIN sale_order_transaction_rel AS rel ON rel.transaction_id = paid.id
                     UNION
                    SELECT line.order_id FROM paid
                      JOIN account_invoice_transaction_rel AS document ON document.transaction_id = paid.id
                      JOIN account_move_line AS item ON item.move_id = document.invoice_id
                      JOIN sale_order_line_invoice_rel AS rel ON rel.invoice_line_id = item.id
                      JOIN sale_order_line AS line ON line.id = rel.order_line_id
                 )
                 ORDER BY order_id
                """,
                since=since,
            )
        )
        return [row[0] for row in rows]
