# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What customers and distributors do over HTTP."""

import uuid

from wechat_simulator import ControlError

from .stage import Stage

# How often each operation is drawn.
CUSTOMERS = {
    "browse": 3,
    "put_in_cart": 3,
    "place_order": 9,
    "place_scarce_order": 6,
    "pay": 14,
    "pay_twice": 3,
    "cancel": 4,
    "query_payment": 3,
    "ask_back": 6,
    "withdraw_request": 1,
    "confirm_receipt": 5,
    "ask_for_money": 6,
    "query_withdrawal": 3,
    "cancel_withdrawal": 2,
    "confirm_transfer": 5,
    "send_again": 4,
}


def _get_lasting(document):
    """Return an answer without what is signed anew each time: paying again goes on with the same payment."""
    if "parameters" not in document:
        return document
    return {**document, "parameters": document["parameters"]["package"]}


class Customers(Stage):
    """Browsing, ordering, paying, asking back, asking for money."""

    def do_browse(self, rng, person):
        path = rng.choice(
            ("/products", "/categories", "/cart", "/orders", "/me", "/me/summary", "/me/entries", "/me/team")
            + ("/me/customers", "/me/withdrawals", "/me/withdrawals/quote")
        )
        return f"{path} {self._called(person.get(path)).status_code}"

    def do_put_in_cart(self, rng, person):
        variant_id, quantity = rng.choice([*self.product_ids, self.scarce_id]), rng.randint(0, 3)
        return self._told(person.call("PUT", f"/cart/{variant_id}", {"quantity": quantity}))

    def do_place_order(self, rng, person):
        if rng.random() < 0.2:
            return self._told(self._post(person, "/orders", {}))
        lines = [
            {"variant_id": variant_id, "quantity": rng.randint(1, 3)}
            for variant_id in rng.sample(self.product_ids, rng.randint(1, 2))
        ]
        return self._told(self._post(person, "/orders", {"lines": lines}))

    def do_place_scarce_order(self, rng, person):
        lines = [{"variant_id": self.scarce_id, "quantity": rng.randint(1, 2)}]
        return self._told(self._post(person, "/orders", {"lines": lines}))

    def do_pay(self, rng, person):
        order_id = self._an_order(rng, person, "sent")
        if not order_id:
            return self.do_place_order(rng, person)
        answer = self._post(person, f"/orders/{order_id}/pay")
        if answer.status_code != 200:
            return f"order {order_id} {self._told(answer)}"
        if rng.random() < 0.25:
            return f"order {order_id} puts the phone away"
        result = "USERPAYING" if rng.random() < 0.06 else "SUCCESS"
        paid = self.simulator.pay(pay_params=answer.json()["parameters"], result=result)
        return f"order {order_id} {paid['out_trade_no']} {paid['trade_state']}"

    def do_pay_twice(self, rng, person):
        order_id = self._an_order(rng, person, "sent")
        if not order_id:
            return "nothing to pay"
        answers = [self._post(person, f"/orders/{order_id}/pay") for _time in range(2)]
        paid = []
        for answer in answers:
            try:
                if answer.status_code == 200:
                    paid.append(self.simulator.pay(pay_params=answer.json()["parameters"])["out_trade_no"])
            except ControlError as error:
                paid.append(str(error))
        return f"order {order_id} {paid}"

    def do_cancel(self, rng, person):
        order_id = self._an_order(rng, person, "sent") or self._an_order(rng, person, "sale")
        return order_id and f"order {order_id} {self._told(self._post(person, f'/orders/{order_id}/cancellation'))}"

    def do_query_payment(self, rng, person):
        order_id = self._an_order(rng, person, "sent", "sale", "cancel")
        return order_id and f"order {order_id} {self._told(self._post(person, f'/orders/{order_id}/payment/query'))}"

    def do_ask_back(self, rng, person):
        order_id = self._an_order(rng, person, "sale")
        if not order_id:
            return "nothing to give back"
        line_id = rng.choice(person.get(f"/orders/{order_id}").json()["lines"])["id"]
        body = {"lines": [{"line_id": line_id, "quantity": 1}], "reason": "Too bitter"}
        return f"order {order_id} {self._told(self._post(person, f'/orders/{order_id}/refund-requests', body))}"

    def do_withdraw_request(self, rng, person):
        rows = self.sql(
            "SELECT id, order_id FROM distribution_refund_request WHERE partner_id = %s ORDER BY id", person.partner_id
        )
        if not rows:
            return "no request"
        request_id, order_id = rng.choice(rows)
        return self._told(self._post(person, f"/orders/{order_id}/refund-requests/{request_id}/withdrawal"))

    def do_confirm_receipt(self, rng, person):
        rows = self.sql(
            """SELECT o.id FROM sale_order o JOIN stock_picking p ON p.sale_id = o.id
                WHERE o.wechat_account_id IS NOT NULL AND o.partner_id = %s AND p.state = 'done' ORDER BY p.id""",
            person.partner_id,
        )
        order_id = rows and rng.choice(rows)[0]
        return order_id and f"order {order_id} {self._told(self._post(person, f'/orders/{order_id}/receipt'))}"

    def do_ask_for_money(self, rng, _person):
        person = rng.choice((self.ada, self.ben))
        body = {"all": True} if rng.random() < 0.1 else {"amount": f"{rng.randint(900, 6000) / 100:.2f}"}
        if person == self.ada and rng.random() < 0.15:
            body = {"amount": "2000.00"}
        return f"{person.name} {body} {self._told(self._post(person, '/me/withdrawals', body))}"

    def do_query_withdrawal(self, rng, _person):
        return self._with_withdrawal(rng, "query")

    def do_cancel_withdrawal(self, rng, _person):
        return self._with_withdrawal(rng, "cancel")

    def _with_withdrawal(self, rng, verb):
        found = self._a_withdrawal(rng)
        if not found:
            return "no withdrawal"
        person, withdrawal_id = found
        return (
            f"{person.name} {withdrawal_id} {self._told(self._post(person, f'/me/withdrawals/{withdrawal_id}/{verb}'))}"
        )

    def do_confirm_transfer(self, rng, _person):
        found = self._a_withdrawal(rng, "reserved")
        if not found:
            return "no withdrawal"
        person, withdrawal_id = found
        answer = self._called(person.get(f"/me/withdrawals/{withdrawal_id}/confirmation"))
        if answer.status_code != 200:
            return self._told(answer)
        bill = self.simulator.confirm_transfer(package=answer.json()["package"], openid=person.open_id)
        return f"{bill['out_bill_no']} {bill['state']}"

    def do_send_again(self, rng, _person):
        """Send an old request with its key again: the same answer, or a refusal of another body."""
        with self._lock:
            sent = rng.choice(self.sent) if self.sent else None
        if not sent:
            return "nothing was sent"
        person, path, body, key, status, document = sent
        if rng.random() < 0.2 and body:
            other = self._called(person.post(path, {**body, "note": "other"}, key=key))
            assert other.status_code == 422, other.text
            return f"{path} other body {other.status_code}"
        again = self._called(person.post(path, body, key=key))
        if again.status_code < 300 or status < 300:
            assert again.status_code in (status, 409) or status >= 300, (path, status, again.text)
        if status < 300 and again.status_code == status:
            assert _get_lasting(again.json()) == _get_lasting(document), (path, document, again.text)
        return f"{path} {status} again {again.status_code}"

    def _post(self, person, path, body=None):
        key = str(uuid.uuid4())
        answer = self._called(person.post(path, body, key=key))
        if path == "/orders" or path.endswith(("/pay", "/receipt", "/refund-requests", "/me/withdrawals", "/cancel")):
            with self._lock:
                document = answer.json() if answer.status_code < 300 else None
                self.sent.append((person, path, body, key, answer.status_code, document))
        return answer

    def _an_order(self, rng, person, *states):
        rows = self.sql(
            """SELECT id FROM sale_order WHERE wechat_account_id IS NOT NULL AND partner_id = %s AND state IN %s
                ORDER BY id""",
            person.partner_id,
            states,
        )
        # The newest is what people have in mind most of the time.
        return rows and (rows[-1] if rng.random() < 0.6 else rng.choice(rows))[0]

    def _a_withdrawal(self, rng, *states):
        rows = self.sql(
            """SELECT w.id, d.partner_id FROM distribution_withdrawal w
                 JOIN distribution_distributor d ON d.id = w.distributor_id
                WHERE w.origin = 'distributor' AND w.state IN %s ORDER BY w.id""",
            states or ("requested", "reserved", "paid", "failed", "cancel"),
        )
        if not rows:
            return None
        withdrawal_id, partner_id = rng.choice(rows)
        return self.by_partner[partner_id], withdrawal_id
