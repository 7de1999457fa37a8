# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict
from fractions import Fraction

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..const import PAID_STATES, PAYMENT_TRIGGERS
from ..engine.documents import Charge, Statement
from ..engine.eligible_base import discount_factor


class AccountMove(models.Model):
    _inherit = "account.move"

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_commission(self):
        self._check_no_commission()

    # === BUSINESS METHODS: CUSTOMER INVOICES === #

    def _post(self, soft=True):
        """Override of `account`: posted invoices and credit notes change what orders earn."""
        posted = super()._post(soft=soft)
        posted._converge_commission()
        return posted

    def button_draft(self):
        """Override of `account`: an invoice that is a draft again does not count; commission moves stay posted."""
        self._check_no_commission()
        result = super().button_draft()
        self._converge_commission()
        return result

    def button_cancel(self):
        """Override of `account`, see `button_draft`."""
        self._check_no_commission()
        result = super().button_cancel()
        self._converge_commission()
        return result

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """Override of `account`: what the commission ledger posted is taken back by the ledger only."""
        self._check_no_commission()
        return super()._reverse_moves(default_values_list=default_values_list, cancel=cancel)

    def _invoice_paid_hook(self):
        """Override of `account`: invoices that are paid."""
        result = super()._invoice_paid_hook()
        self._converge_commission_payment()
        return result

    def _converge_commission(self):
        """Say that something happened to the orders behind these invoices and credit notes."""
        self._get_commission_orders()._converge_commission()

    def _converge_commission_payment(self):
        """Say that invoices were paid, or are not any more, to the orders for which this matters."""
        orders = self._get_commission_orders()
        terms = self.env["distribution.commission.term"].sudo()
        matters = [("state", "=", "active"), ("trigger", "in", PAYMENT_TRIGGERS), ("order_id", "in", orders.ids)]
        if orders:
            terms._converge(terms.search(matters).order_id)

    def _get_commission_orders(self):
        # Accountants have no rights on orders.
        invoices = self.sudo().filtered(lambda move: move.move_type in ("out_invoice", "out_refund"))
        # Unlinked credit notes touch the orders of the invoice they reverse.
        return (invoices | invoices.reversed_entry_id).invoice_line_ids.sale_line_ids.order_id

    def _sorted_by_time(self):
        """Return invoices and credit notes in the order in which they were issued."""
        return self.sorted(lambda move: (move.invoice_date or move.date, move.id))

    def _get_commission_statements(self):
        """Return what this invoice or credit note says of sale orders.

        Discount lines that belong to no order reduce all lines. On a credit note, lines that belong to no order line
        are shared out, by value, over the lines of the invoice it reverses.

        :return: sale order → `engine.documents.Statement`
        :rtype: dict
        """
        self.ensure_one()
        goods, discounts, loose = self._get_commission_figures()
        sign, charges = 1 if self.move_type == "out_invoice" else -1, defaultdict(list)
        for line, quantity, amount in goods:
            # At a price below zero no goods are taken back: it is money.
            pieces = sign * quantity if quantity * amount >= 0 else Fraction(0)
            charges[line.order_id].append(Charge(line.id, pieces, sign * amount))
        if self.move_type == "out_refund" and loose:
            for line, amount in self._share_out_loose_credit(loose):
                charges[line.order_id].append(Charge(line.id, Fraction(0), -amount))
        return {
            order: Statement(tuple(charges[order]), sign * discounts[order])
            for order in self.env["sale.order"].union(*charges, *discounts)
        }

    def _get_commission_figures(self):
        """Return the figures behind `_get_commission_statements`, as the document shows them.

        :return: list of (sale order line, quantity, amount) of goods, net of discount lines that belong to no order;
            sale order → its discount lines, negative; lines that belong to no order line
        :rtype: tuple
        """
        self.ensure_one()
        goods, loose, discounts = [], Fraction(0), defaultdict(Fraction)
        for item in self.invoice_line_ids.filtered(lambda item: item.display_type == "product"):
            sale_line, amount, role = item.sale_line_ids[:1], item._get_commission_amount(), item._get_commission_role()
            if role == "goods":
                goods.append((sale_line, item._get_commission_quantity(sale_line), amount))
            elif role == "discount" and amount:
                discounts[sale_line.order_id] += amount
            elif role == "loose":
                loose += amount
        total = sum((max(amount, Fraction(0)) for _line, _quantity, amount in goods), Fraction(0))
        factor = discount_factor(total, discounts.pop(self.env["sale.order"], Fraction(0)))
        return (
            [(line, quantity, amount * (factor if amount > 0 else 1)) for line, quantity, amount in goods],
            discounts,
            loose,
        )

    def _share_out_loose_credit(self, amount):
        """Share an amount out over the lines of the reversed invoice, by value: shipping bears its part, too.

        :return: list of (sale order line, its part)
        """
        invoice = self.reversed_entry_id
        invoiced = invoice._get_commission_amounts() if invoice else []
        total = sum((share for _line, share in invoiced), invoice._get_uncommissioned() if invoiced else Fraction(0))
        return [(line, amount * share / total) for line, share in invoiced if total and share]

    def _get_commission_amounts(self):
        """Return what an invoice asks for goods, net of the discounts on it.

        :return: list of (sale order line, amount)
        """
        goods, discounts, _loose = self._get_commission_figures()
        totals = defaultdict(Fraction)
        for line, _quantity, amount in goods:
            totals[line.order_id] += max(amount, Fraction(0))
        factors = {order: discount_factor(total, discounts[order]) for order, total in totals.items()}
        return [(line, amount * (factors[line.order_id] if amount > 0 else 1)) for line, _quantity, amount in goods]

    def _get_uncommissioned(self):
        """Return what an invoice asks for that earns nobody anything, as shipping; what it deducts is a payment, or
        makes the shipping free.

        :return: untaxed, in the order's currency
        :rtype: Fraction
        """
        items = self.invoice_line_ids.filtered(
            lambda item: item.display_type == "product"
            and item._get_commission_role() != "goods"
            and (item.price_subtotal > 0 or item.sale_line_ids.reward_id.reward_type == "shipping")
        )
        return max(Fraction(0), sum((item._get_commission_amount() for item in items), Fraction(0)))

    def _get_commission_total(self, order):
        """Return what of this invoice or credit note is for an order, with taxes.

        :return: in the order's currency
        :rtype: Fraction
        """
        self.ensure_one()
        items = self.invoice_line_ids.filtered(lambda item: item.display_type == "product")
        own = items.filtered(lambda item: item.sale_line_ids.order_id[:1] == order)
        total = sum((item._get_commission_total() for item in own), Fraction(0))
        loose = items.filtered(lambda item: not item.sale_line_ids)
        if self.move_type == "out_refund" and loose and self.reversed_entry_id:
            amount = sum((item._get_commission_total() for item in loose), Fraction(0))
            total += amount * self.reversed_entry_id._get_commission_part(order)
        return total

    def _get_commission_part(self, order):
        """Return which part of an invoice is for an order; a discount that belongs to no order is all orders'.

        :rtype: Fraction
        """
        items = self.invoice_line_ids.filtered(
            lambda item: item.display_type == "product" and (item.sale_line_ids or item.price_subtotal > 0)
        )
        total = sum((item._get_commission_total() for item in items), Fraction(0))
        return self._get_commission_total(order) / total if total else Fraction(0)

    def _is_commission_paid(self):
        """Tell an invoice that is paid from one that is open, or that a credit note has undone."""
        return self.payment_state in PAID_STATES

    def _is_counting_for(self, trigger):
        """Tell whether the trigger lets an invoice count: on `invoice_paid` only paid ones and their credit notes.

        :param str trigger: one of `const.TRIGGERS`
        """
        self.ensure_one()
        if trigger != "invoice_paid":
            return True
        if self.move_type == "out_invoice":
            return self._is_commission_paid()
        invoices = self.reversed_entry_id or self._get_matched_invoices()
        return not invoices or any(invoice._is_commission_paid() for invoice in invoices)

    def _get_matched_invoices(self):
        """Return the invoices that a credit note made from an order, which names none, was matched with.

        That it pays for another order says nothing about its own.
        """
        orders = self.invoice_line_ids.sale_line_ids.order_id
        return self._get_reconciled_invoices().filtered(
            lambda move: move.move_type == "out_invoice" and move.invoice_line_ids.sale_line_ids.order_id & orders
        )

    def _get_commission_moment(self, trigger):
        """Return when the hold of what was invoiced begins: with the invoice's date, or that of its last payment.

        :param str trigger: one of `const.TRIGGERS`
        :return: the start of the day in the business time zone, naive UTC
        :rtype: datetime
        """
        self.ensure_one()
        date = self.invoice_date or self.date
        if trigger in PAYMENT_TRIGGERS:
            partials = self.line_ids.matched_credit_ids | self.line_ids.matched_debit_ids
            date = max([date, *partials.mapped("max_date")])
        program = self._get_commission_orders().distribution_program_id[:1]
        return program._get_business_day_start(date)

    # === BUSINESS METHODS: COMMISSION MOVES === #

    def _check_no_commission(self):
        """Refuse to undo what the commission ledger was posted with.

        :raise UserError: naming the move
        """
        commission = self.line_ids.filtered("distribution_distributor_id").move_id
        if commission:
            raise UserError(
                self.env._(
                    "%s belongs to the commission ledger and stays posted. A correction is a return, a credit note or "
                    "a cancellation: the ledger then posts the difference by itself.",
                    commission[0].display_name,
                )
            )

    @api.model
    def _create_commission_move(self, company, date, ref, lines_vals, journal=None):
        """Create and post an entry of the commission ledger.

        The caller's right to do so is checked by the caller; posting itself needs accounting rights that a
        salesperson or a cron does not have.

        :param datetime.date date: business date; Odoo moves it out of a locked period by itself
        :param list lines_vals: values of the lines, with `balance` in company currency
        :return: the posted move
        """
        move = (
            self.sudo()
            .with_company(company)
            .create(self._prepare_commission_move_vals(company, date, ref, lines_vals, journal))
        )
        return move._post(soft=False)

    @api.model
    def _prepare_commission_move_vals(self, company, date, ref, lines_vals, journal=None):
        return {
            "move_type": "entry",
            "company_id": company.id,
            "journal_id": (journal or company.commission_journal_id).id,
            "date": date,
            "ref": ref,
            "line_ids": [Command.create(vals) for vals in lines_vals],
        }
