# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.distribution_core.models.sale_order import READERS

from ..const import INVOICE_TRIGGERS
from ..engine.documents import count_quantities
from ..engine.eligible_base import Delivery, LineFacts, is_taken_back, share_out_overcredit
from ..engine.money import exact, get_unit

# Changing one of these on a confirmed order changes what the whole order earns.
VALUE_FIELDS = {"product_uom_qty", "price_unit", "discount", "tax_ids", "product_uom_id", "product_id"}


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "distribution.commission.source.mixin"]

    commission_term_ids = fields.One2many("distribution.commission.term", "line_id", groups=READERS)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `sale`: lines added to a confirmed order get terms with the order's attribution."""
        lines = super().create(vals_list)
        lines._update_commission(lines)
        return lines

    def write(self, vals):
        """Override of `sale`: quantity and price are read live; another product has other rules."""
        if "order_id" in vals:
            moved = self.filtered(lambda line: line.order_id.id != vals["order_id"])
            if moved:
                return moved._move_to_order(vals) and (self - moved).write(vals)
        if VALUE_FIELDS.isdisjoint(vals):
            return super().write(vals)
        product_by_line = {line: line.product_id for line in self} if "product_id" in vals else {}
        late = self.sudo().filtered(lambda line: line.state == "sale")
        if product_by_line:
            # Who has earned on the line keeps the terms.
            late.order_id._catch_up_commission()
        goods, counting = late._filter_commission_roles("goods"), late._filter_commission_roles("goods", "discount")
        result = super().write(vals)
        exchanged = self.filtered(lambda line: line.product_id != product_by_line.get(line, line.product_id))
        exchanged._get_unused_terms().state = "superseded"
        # A discount that becomes goods is as good as added. Who was not to earn on a line when it was confirmed does
        # not begin to with another quantity.
        self._update_commission(exchanged | (late - goods), counting)
        return result

    def _move_to_order(self, vals):
        """Write what takes lines to another order: there they are as good as added, and in theirs as good as deleted.

        :param dict vals: see `write`
        :raise UserError: for lines that have earned
        """
        terms = self.env["distribution.commission.term"].sudo()
        orders = self.order_id.filtered(lambda order: order.state == "sale")
        orders._catch_up_commission()
        own = terms.search([("line_id", "in", self.ids)])
        if own.entry_ids:
            line = own.entry_ids.line_id[0]
            raise UserError(
                self.env._("%s has entries in the commission ledger and cannot go to another order.", line.display_name)
            )
        own.unlink()
        counting = self.sudo()._filter_commission_roles("goods", "discount").order_id & orders
        result = super().write(vals)
        self._update_commission(self)
        self._follow_lost_lines(orders, counting)
        return result

    @api.model
    def _follow_lost_lines(self, orders, counting):
        """Bring confirmed orders that have lost lines up to date.

        A discount that goes changes what the others earn, a delivery line what has to be paid before they do.

        :param counting: those of the orders that have lost goods or a discount
        """
        self.env["distribution.commission.term"].sudo()._refresh(counting.sudo())
        orders._converge_commission()

    def _update_commission(self, new_lines, counting=None):
        """Say that something happened to lines of confirmed orders, and give new ones their terms.

        What only passes by, such as a down payment, does not look again at what other orders have left of a period.

        :param counting: lines that were goods or a discount before
        """
        # Whoever may add a line need not have rights on commission.
        late = self.sudo().filtered(lambda line: line.state == "sale" and line.order_id.distribution_program_id)
        if late:
            counting = late._filter_commission_roles("goods", "discount") | (counting or late.browse()) & late
            late.env["distribution.commission.term"]._create_for_lines(late & new_lines)
            late.env["distribution.commission.term"]._refresh(counting.order_id)
            late.order_id._converge_commission()

    def unlink(self):
        """Override of `sale`: terms that never earned go with a deleted line."""
        orders = self.order_id.filtered(lambda order: order.state == "sale")
        counting = self.sudo()._filter_commission_roles("goods", "discount").order_id & orders
        self._get_unused_terms().unlink()
        result = super().unlink()
        self._follow_lost_lines(orders, counting)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_commission(self):
        kept = self.env["distribution.commission.entry"].sudo().search([("line_id", "in", self.ids)], limit=1)
        if kept:
            raise UserError(
                self.env._("%s has entries in the commission ledger and cannot be deleted.", kept.line_id.display_name)
            )

    def _get_unused_terms(self):
        """Return the terms of lines that never earned; a line keeps all its terms once one of them has."""
        if not self:
            return self.env["distribution.commission.term"]
        terms = self.env["distribution.commission.term"].sudo().search([("line_id", "in", self.ids)])
        return terms.filtered(lambda term: term.line_id not in terms.entry_ids.line_id)

    # === BUSINESS METHODS: SOURCE OF COMMISSION === #

    def _get_commission_role(self):
        """Override of the source mixin: negative lines are discounts; shipping, down payments, notes do not count, nor
        do gift cards and top-ups of an eWallet.

        Of a combo, what was chosen has the price and counts. A discount of `loyalty` is one at any price, since Odoo
        takes it off for a moment to reckon it anew; free shipping is a discount of the shipping.
        """
        self.ensure_one()
        if self.display_type or self.is_downpayment or self.is_delivery or self.product_id.type == "combo":
            return "other"
        reward_type = self.reward_id.reward_type
        if reward_type == "shipping":
            return "other"
        if self.price_subtotal >= 0 and reward_type != "discount":
            return "other" if self._is_commission_stored_value() else "goods"
        return "other" if self._is_commission_payment() else "discount"

    def _filter_commission_roles(self, *roles):
        return self.filtered(lambda line: line._get_commission_role() in roles)

    def _is_commission_stored_value(self):
        """Tell a gift card or a top-up of an eWallet, what was agreed on as goods stays that."""
        stored_value = self.env["loyalty.program"]._get_stored_value_product_ids()
        return self.product_id.id in stored_value and not self.sudo().commission_term_ids

    def _is_commission_payment(self):
        """Tell a payment by gift card or eWallet, which is money, from a discount."""
        return self.reward_id.program_id.is_payment_program

    def _get_commission_shares(self, chain, day):
        """Return who gets what of this line by the rules of a day; a level that pays nobody is left out.

        :param list chain: see `SaleOrder._get_commission_chain`
        :param date day: business date
        :rtype: list of `commission_chain.Share`
        """
        self.ensure_one()
        index = self.order_id.distribution_program_id._get_rule_index()
        product = self.product_id
        # Tags are read where there are rules for some.
        products = product._get_commission_keys() if index.has_product_tags else product._get_commission_profile()
        return list(filter(None, (link.get_share(index, products, day) for link in chain)))

    def _get_commission_values(self):
        """Return what the lines are worth now, net of their share of the orders' discount lines.

        :return: line id → `ordered`, `units`, `worth`, `taxed`, `discount` of `engine.eligible_base.LineFacts`
        :rtype: dict
        """
        values = {}
        for order, lines in self.grouped("order_id").items():
            factor = order._get_commission_discount_factor()
            for line in lines:
                worth, taxed = exact(line.price_subtotal), exact(line.price_total)
                values[line.id] = {
                    "ordered": exact(line.product_uom_qty),
                    "units": line._get_commission_units(),
                    # Mostly there is no discount line.
                    "worth": worth if factor == 1 else worth * factor,
                    "taxed": taxed if factor == 1 else taxed * factor,
                    "discount": worth * (1 - factor),
                }
        return values

    def _get_commission_units(self):
        """Return the ordered quantity in the product's own unit of measure: a dozen is twelve.

        :rtype: Fraction
        """
        self.ensure_one()
        unit, own_unit = self.product_uom_id, self.product_id.uom_id
        quantity = exact(self.product_uom_qty)
        return quantity if unit == own_unit else quantity * exact(unit.factor or 1) / exact(own_unit.factor or 1)

    def _get_commission_facts(self):
        """Override of the source mixin for sale order lines."""
        if not self:
            return {}
        self.env.flush_all()
        payments, moves = self.order_id._get_commission_payments(), self._get_commission_moves()
        statements = self.order_id._get_commission_statements(moves)
        refunded = [order for order, found in payments.items() if any(payment.amount < 0 for payment in found)]
        credited = [order for order, found in statements.items() if any(each.is_credit for _move, each in found)]
        discounted = self.order_id.filtered(
            lambda order: order._is_discounted([each for _move, each in statements[order]])
        )
        # What was given back is borne by all goods of an order, also by those that earn nobody anything.
        lines = self.union(*(order._get_goods_lines() for order in discounted.union(*credited, *refunded)))
        facts = lines._get_facts_before_refunds(payments, moves, statements)
        for order in credited:
            facts |= share_out_overcredit({line.id: facts[line.id] for line in order._get_goods_lines()})
        for order in refunded:
            for line_id, refunds in order._share_out_commission_refund(payments[order], moves, facts).items():
                facts[line_id] = replace(facts[line_id], **refunds)
        return {line.id: facts[line.id] for line in self}

    def _get_facts_before_refunds(self, payments, moves, statements):
        """Return the facts of the lines, as far as they do not depend on each other.

        :param dict payments: order → list of `engine.refunds.Payment`
        :param moves: posted invoices and credit notes
        :param dict statements: what they say, see `SaleOrder._get_commission_statements`
        :return: line id → `engine.eligible_base.LineFacts`
        :rtype: dict
        """
        values = self._get_commission_values()
        triggers = {line.id: line._get_commission_trigger() for line in self}
        deliveries = self._get_commission_deliveries(triggers)
        invoices = self._get_commission_invoices(statements, triggers, deliveries)
        for order, lines in self.filtered(lambda line: triggers[line.id] == "paid").grouped("order_id").items():
            paid_on = order._get_commission_paid_on(payments.get(order, []), moves)
            for line in lines:
                invoices[line.id]["moment"] = paid_on
        return {
            line.id: LineFacts(
                measure=line._get_commission_measure(triggers[line.id]),
                is_sent=line._is_commission_sent(),
                is_open=deliveries[line.id]["sent"] >= values[line.id]["ordered"] or line._is_commission_open(),
                is_cancelled=line.order_id.state != "sale",
                **values[line.id],
                **deliveries[line.id],
                **invoices[line.id],
            )
            for line in self
        }

    def _is_commission_sent(self):
        """Tell goods, which have to be delivered, from services."""
        return self.product_id.type != "service"

    def _get_commission_measure(self, trigger):
        """Return what the value that counts is: `sent`, `invoiced` or `ordered`, see `LineFacts`."""
        self.ensure_one()
        if trigger == "paid":
            return "ordered"
        return "invoiced" if trigger in INVOICE_TRIGGERS or not self._is_commission_sent() else "sent"

    def _get_commission_deliveries(self, triggers):
        """Return what was sent and returned, per line.

        :param dict triggers: line id → trigger
        :return: line id → `deliveries`, `sent`, `returned`, `returned_elsewhere` of `LineFacts`
        :rtype: dict
        """
        sent, returned, moments, elsewhere = defaultdict(dict), defaultdict(dict), {}, defaultdict(Fraction)
        for row in self._get_counting_moves():
            line_id, picking_id, quantity = row["line_id"], row["picking_id"], row["quantity"]
            if row["is_out"]:
                sent[line_id][picking_id] = sent[line_id].get(picking_id, 0) + quantity
                moments[picking_id] = (row["shipped_on"], row["received_on"])
            elif picking_id:
                returned[line_id][picking_id] = returned[line_id].get(picking_id, 0) + quantity
            else:
                elsewhere[line_id] += quantity
        for line, kits in self._get_commission_kits().items():
            sent[line.id], elsewhere[line.id] = kits["sent"], kits["returned"]
            moments.update(kits["moments"])
        return {
            line.id: {
                "deliveries": self._get_counting_deliveries(
                    triggers[line.id], sent[line.id], returned[line.id], moments
                ),
                "sent": sum(sent[line.id].values(), Fraction(0)),
                "returned": sum(returned[line.id].values(), elsewhere[line.id]),
                "returned_elsewhere": elsewhere[line.id],
            }
            for line in self
        }

    def _get_commission_kits(self):
        """Return what was sent and returned of kits, as Odoo counts them: a kit has left once all its parts have.

        :return: line → `sent` and `moments` by picking id, and `returned`, in the line's unit of measure
        :rtype: dict
        """
        moves = self.env["stock.move"]
        # Only where the merchant uses mrp.
        if "bom_line_id" not in moves._fields:
            return {}
        parts = [("sale_line_id", "in", self.ids), ("state", "=", "done"), ("bom_line_id", "!=", False)]
        return {line: line._count_kits(found) for line, found in moves.search(parts).grouped("sale_line_id").items()}

    def _count_kits(self, moves):
        """Return what was sent and returned of one kit, see `_get_commission_kits`.

        :param moves: done moves of its parts
        """
        self.ensure_one()
        out = moves.filtered(lambda move: move.location_dest_id.usage == "customer" and move.picking_id)
        moments = {
            picking.id: (picking.date_done or max(parts.mapped("date")), picking.commission_received_on)
            for picking, parts in out.grouped("picking_id").items()
        }
        sent, before = {}, Fraction(0)
        ordered = sorted(moments, key=lambda picking_id: (moments[picking_id][0], picking_id))
        for number, picking_id in enumerate(ordered, start=1):
            so_far = self._get_kit_quantity(out.filtered(lambda m, ids=ordered[:number]: m.picking_id.id in ids))
            if so_far != before:
                sent[picking_id], before = so_far - before, so_far
        return {"sent": sent, "moments": moments, "returned": before - self._get_kit_quantity(moves)}

    def _get_kit_quantity(self, moves):
        """Return how many kits these moves of their parts leave with the customer, whole ones only.

        :rtype: Fraction
        """
        self.ensure_one()
        template, variants = self.product_id.product_tmpl_id, (self.product_id, self.product_id.browse())
        boms = self.move_ids.bom_line_id.bom_id
        bom = boms.filtered(lambda bom: bom.product_tmpl_id == template and bom.product_id in variants)[:1]
        # The parts of a kit of kits name the inner ones.
        bom = bom or boms._bom_find(self.product_id, company_id=self.company_id.id, bom_type="phantom")[self.product_id]
        if not bom:
            return Fraction(0)
        filters = {
            "incoming_moves": lambda move: move.location_dest_id.usage == "customer"
            and (move.to_refund or not move.origin_returned_move_id),
            "outgoing_moves": lambda move: move.location_id.usage == "customer" and move.to_refund,
        }
        quantity = moves._compute_kit_quantities(self.product_id, bom.product_qty, bom, filters)
        return exact(quantity) * exact(bom.product_uom_id.factor) / exact(self.product_uom_id.factor)

    @api.model
    def _get_counting_deliveries(self, trigger, sent, returned, moments):
        """Return the deliveries that count for a trigger, in order of time.

        :param str trigger: on `received` only what the customer has counts
        :param dict sent: picking id → quantity
        :param dict returned: picking id → quantity that came back of it
        :param dict moments: picking id → (shipped, received), naive UTC
        """
        on_receipt = trigger == "received"
        counting = []
        for picking_id, quantity in sent.items():
            shipped_on, received_on = moments[picking_id]
            if on_receipt and not received_on:
                continue
            # Never before the goods left: a hold must not end before they can arrive.
            moment = max(shipped_on, received_on) if on_receipt else shipped_on
            counting.append(Delivery(picking_id, moment, quantity, returned.get(picking_id, Fraction(0))))
        return tuple(sorted(counting, key=lambda delivery: (delivery.moment, delivery.id)))

    def _get_commission_trigger(self):
        """Return the trigger frozen with the line's terms: a program that changes its own takes nothing back.

        A line without terms goes with the others of its order.
        """
        self.ensure_one()
        terms = self.commission_term_ids or self.order_id.commission_term_ids
        return terms.filtered(lambda term: term.state == "active")[:1].trigger

    def _get_counting_moves(self):
        """Return the done moves of the lines to and from customers, quantities in the lines' units of measure.

        Returns count where they are marked to be refunded; goods sent again in exchange for an unmarked return do not
        count a second time. A return names the delivery it takes back where Odoo knows it.

        :return: dicts: `line_id`, `is_out`, `picking_id` (0: none), `quantity`, `shipped_on`, `received_on`
        """
        locations, units = self.env["stock.location"], self.env["uom.uom"]
        for row in self.env.execute_query_dict(self._get_moves_query()):
            line = self.browse(row["line_id"])
            is_out = locations.browse(row["target_id"]).usage == "customer"
            if (
                is_out == (locations.browse(row["source_id"]).usage == "customer")
                or row["product_id"] != line.product_id.id
            ):
                continue
            if not row["to_refund"] and (row["origin_id"] or not is_out):
                continue
            # Exactly: a box of three sold by the piece does not come out even in decimals.
            factor = exact(units.browse(row["unit_id"]).factor) / exact(line.product_uom_id.factor)
            yield {
                **row,
                "is_out": is_out,
                "picking_id": row["picking_id" if is_out else "origin_picking_id"] or 0,
                "quantity": Fraction(row["quantity"]) * factor,
            }

    def _get_moves_query(self):
        """Return the done moves of the lines; places and units are read from memory, where they mostly are."""
        return SQL(
            """
            SELECT move.sale_line_id AS line_id, move.product_id, move.product_uom AS unit_id,
                   move.location_id AS source_id, move.location_dest_id AS target_id,
                   move.to_refund, move.origin_returned_move_id AS origin_id,
                   move.picking_id, origin.picking_id AS origin_picking_id,
                   COALESCE(picking.date_done, move.date) AS shipped_on,
                   picking.commission_received_on AS received_on,
                   move.quantity::text AS quantity
              FROM stock_move AS move
              LEFT JOIN stock_picking AS picking ON picking.id = move.picking_id
              LEFT JOIN stock_move AS origin ON origin.id = move.origin_returned_move_id
             WHERE move.sale_line_id IN %s AND move.state = 'done'
             ORDER BY move.id
            """,
            tuple(self.ids),
        )

    def _get_commission_invoices(self, statements, triggers, deliveries):
        """Return what was invoiced and credited on posted documents, per line, net of discount lines.

        :param dict statements: see `SaleOrder._get_commission_statements`
        :param dict triggers: line id → trigger
        :param dict deliveries: see `_get_commission_deliveries`
        :return: line id → `invoiced_quantity`, `invoiced`, `credited`, these also `..._in_all`,
            `credited_quantity`, `taken_back`, `standing_quantity`, `borne`, `moment` of `LineFacts`
        :rtype: dict
        """
        sums, moments = defaultdict(lambda: defaultdict(Fraction)), {}
        for order, found in statements.items():
            unit, factor = get_unit(order.currency_id.rounding), order._get_commission_discount_factor()
            said = [statement for _move, statement in found]
            quantities = count_quantities(said, factor, unit)
            for line_id, quantity in quantities[1].items():
                sums[line_id]["taken_back"] = quantity
            net_charges = order._get_commission_charges(said, quantities, deliveries)
            for (move, statement), charges in zip(found, net_charges, strict=True):
                for gross, charge in zip(statement.charges, charges, strict=True):
                    share, trigger = sums[charge.line_id], triggers.get(charge.line_id)
                    is_counting = move._is_counting_for(trigger)
                    self._add_charge(share, charge, is_counting, unit)
                    if gross is not charge and is_counting:
                        share["borne"] += gross.amount * factor - charge.amount
                    if is_counting and not charge.is_credit:
                        moment = move._get_commission_moment(trigger)
                        moments[charge.line_id] = max(moments.get(charge.line_id, moment), moment)
        for share in sums.values():
            # No credit note waits for the payment of an invoice that it goes beyond.
            beyond = share["credited_in_all"] - share["credited"] - share["invoiced_in_all"] + share["invoiced"]
            share["credited"] += max(Fraction(0), beyond)
        return {line.id: {**sums[line.id], "moment": moments.get(line.id)} for line in self}

    @api.model
    def _add_charge(self, share, charge, is_counting, unit):
        """Add what a document asks for or takes back to what those before it say of a line."""
        if charge.is_credit:
            share["credited_in_all"] -= charge.amount
            if is_counting:
                self._add_credit(share, -charge.quantity, -charge.amount, unit)
            return
        share["invoiced_in_all"] += charge.amount
        share["invoiced_quantity_in_all"] += charge.quantity
        if is_counting:
            share["invoiced"] += charge.amount
            share["invoiced_quantity"] += charge.quantity
            standing = share["invoiced_quantity"] - share["credited_quantity"]
            share["standing_quantity"] = max(share["standing_quantity"], standing)

    @api.model
    def _add_credit(self, share, quantity, amount, unit):
        left_quantity = share["invoiced_quantity"] - share["credited_quantity"]
        if is_taken_back(quantity, amount, left_quantity, share["invoiced"] - share["credited"], unit):
            share["credited_quantity"] += quantity
        share["credited"] += amount

    def _get_commission_open_value(self, charged, taken_back, deliveries):
        """Return what documents will still charge for the lines, before discounts.

        Not for goods that stay in the warehouse, came back before they were invoiced, or were sent beyond the order
        and not in place of what was taken back. What was taken back of a line that no document charges will be: its
        invoice is being corrected.

        :param dict charged: line id → quantity on documents
        :param dict taken_back: line id → quantity that documents took back
        :param dict deliveries: see `_get_commission_deliveries`
        :rtype: Fraction
        """
        value = Fraction(0)
        for line in self.filtered(lambda line: line.product_uom_qty > 0):
            ordered, moved = exact(line.product_uom_qty), deliveries[line.id]
            due = max(ordered, moved["sent"]) if line._is_commission_open() else moved["sent"]
            due = min(due - moved["returned"], ordered) + min(moved["returned"], taken_back[line.id])
            due += Fraction(0) if charged[line.id] else taken_back[line.id]
            value += exact(line.price_subtotal) * max(Fraction(0), due - charged[line.id]) / ordered
        return value

    def _is_commission_open(self):
        """Tell whether more of the line may be sent, or done; without a backorder, the rest stays."""
        outgoing = self.move_ids.filtered(lambda move: move.location_id.usage != "customer")
        return not outgoing or any(move.state not in ("done", "cancel") for move in outgoing)

    def _get_commission_moves(self):
        """Return the posted customer invoices and credit notes of the lines, unlinked credit notes included."""
        linked = self.order_id.order_line.invoice_lines.move_id
        reversals = self.env["account.move"].search([("reversed_entry_id", "in", linked.ids)])
        return (linked | reversals).filtered(
            lambda move: move.state == "posted" and move.move_type in ("out_invoice", "out_refund")
        )
