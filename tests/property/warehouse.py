# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Goods on their way, told to Odoo and to the model: quantities of each line that left and came back."""

from fractions import Fraction

from .order import Delivery


class Warehouse:
    """What the warehouse and the customer do; part of `drive.Drive`."""

    def _do_ship(self, pick, percent, others, how):
        """Ship a part of what is open, the first product in one part and the others in another.

        :param int how: 0 gives up what is left, the rest leaves a backorder
        """
        open_pickings = [
            (record, order, picking)
            for record, order in self.orders
            for picking in record.picking_ids.sorted("id")
            if picking.state not in ("done", "cancel") and self._is_to_customer(picking)
        ]
        if not open_pickings:
            return False
        record, order, picking = open_pickings[pick % len(open_pickings)]
        lines = dict(self._lines(record, order))
        moves = picking.move_ids.filtered(lambda move: move.state != "cancel").sorted("id")
        sent = {}
        for move, part in zip(moves, [percent] + [others] * (len(moves) - 1), strict=True):
            quantity = -(-int(move.product_uom_qty) * part // 100)
            move.write({"quantity": quantity, "picked": quantity > 0})
            if quantity:
                line = lines[move.sale_line_id]
                sent[line] = sent.get(line, 0) + Fraction(quantity, line.pieces)
        if not sent:
            return False
        given_up = [] if how else picking.ids
        picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=given_up).button_validate()
        assert picking.state == "done", picking.state
        order.deliveries.append(Delivery(picking.id, self.model.now, sent))
        return True

    @staticmethod
    def _is_to_customer(picking):
        return picking.location_dest_id.usage == "customer"

    def _note_open_lines(self):
        """Say what the warehouse says: of which lines something may still leave."""
        for record, order in self.orders:
            for line_record, line in self._lines(record, order):
                states = {move.state for move in line_record.move_ids if self._is_to_customer(move)}
                line.is_open = not states or bool(states - {"done", "cancel"})

    def _delivery(self, pick, is_wanted=bool):
        found = [
            (record, order, delivery)
            for record, order in self.orders
            for delivery in order.deliveries
            if is_wanted(delivery)
        ]
        return found[pick % len(found)] if found else (None, None, None)

    def _do_receive(self, pick):
        _record, order, delivery = self._delivery(pick)
        if not order:
            return False
        self.env["stock.picking"].browse(delivery.number)._confirm_receipt()
        self._note_receipt(order, delivery)
        return True

    def _note_receipt(self, order, delivery):
        """A receipt counts where somebody waits for it, and once."""
        waits = any(term.trigger == "received" for line in order.lines for term in line.terms)
        if waits and not delivery.received:
            delivery.received = self.model.now

    def _do_give_back(self, pick, percent, marked):
        record, order, delivery = self._delivery(pick, self._has_left)
        if not record:
            return False
        lines, picking = dict(self._lines(record, order)), self.env["stock.picking"].browse(delivery.number)
        quantities = {}
        for move in picking.move_ids.filtered(lambda move: move.state == "done"):
            quantities[move] = -(-self._get_left(move) * percent // 100)
        if not any(quantities.values()):
            return False
        self._send_back(picking, quantities, marked)
        for move, quantity in quantities.items():
            line = lines[move.sale_line_id]
            if marked and quantity:
                back = Fraction(quantity, line.pieces)
                delivery.returned[line] = delivery.returned.get(line, 0) + back
        return True

    def _has_left(self, delivery):
        moves = self.env["stock.picking"].browse(delivery.number).move_ids
        return any(self._get_left(move) > 0 for move in moves if move.state == "done")

    @staticmethod
    def _get_left(move):
        """Return how much of a delivery the customer still has."""
        back = move.returned_move_ids.filtered(lambda back: back.state == "done")
        return int(move.quantity - sum(back.mapped("quantity")))

    def _send_back(self, picking, quantities, marked):
        """Move goods the other way than a transfer did, as the wizard for returns does it."""
        wizard = self.env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking")
        wizard = wizard.create({})
        for line in wizard.product_return_moves:
            line.write({"quantity": quantities.get(line.move_id, 0), "to_refund": bool(marked)})
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        for move in back.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        back.button_validate()
        assert back.state == "done", back.state
        return back

    def _do_send_again(self, pick):
        """Send again what came back: counted if the return was taken as one."""
        pickings = [(record, order, p) for record, order in self.orders for p in record.picking_ids.sorted("id")]
        returns = [
            (record, order, p)
            for record, order, p in pickings
            if p.state == "done" and not self._is_to_customer(p) and not p.move_ids.returned_move_ids
        ]
        if not returns:
            return False
        record, order, picking = returns[pick % len(returns)]
        lines, marked = dict(self._lines(record, order)), picking.move_ids[0].to_refund
        again = self._send_back(picking, {move: move.quantity for move in picking.move_ids}, marked)
        sent = {}
        for move in again.move_ids if marked else ():
            line = lines[move.sale_line_id]
            sent[line] = sent.get(line, 0) + Fraction(int(move.quantity), line.pieces)
        if marked:
            order.deliveries.append(Delivery(again.id, self.model.now, sent))
        return True

    def _do_correct(self, pick, percent):
        """Correct how much left on a delivery that is done."""
        record, order, delivery = self._delivery(pick)
        picking = self.env["stock.picking"].browse(delivery.number if delivery else [])
        moves = picking.move_ids.filtered(lambda move: move.state == "done" and len(move.move_line_ids) == 1)
        moves = moves.filtered(lambda move: not move.origin_returned_move_id and not move.returned_move_ids)
        if not moves:
            return False
        move, quantity = moves[0], int(moves[0].quantity) * percent // 100
        line = dict(self._lines(record, order))[move.sale_line_id]
        others = (
            sum(each.quantity for each in picking.move_ids if each.sale_line_id == move.sale_line_id) - move.quantity
        )
        picking.is_locked = False
        move.move_line_ids.quantity = quantity
        delivery.sent[line] = Fraction(int(others) + quantity, line.pieces)
        return True
