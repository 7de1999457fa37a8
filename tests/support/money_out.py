"""Money out over WeChat, as tests play it: earn, ask, approve, send, confirm; and what has to be true at the end."""

from decimal import Decimal

BILLS = "*/mch-transfer/transfer-bills"
ONE_BILL = "*/mch-transfer/transfer-bills/out-bill-no/*"
SEND, QUERY = "distribution_wechat.send_transfers_cron", "distribution_wechat.query_transfers_cron"


class Payee:
    """A distributor with money, and one withdrawal at a time.

    :param float amount: what is earned and available at the beginning, in CNY
    """

    def __init__(self, live, name, amount=100, **vals):
        self.live, self.simulator = live, live.simulator
        self.person = live.person(name, **vals)
        self.person.become_distributor()
        if amount:
            live.earn_for(self.person, amount)
        self.id = None

    # === THE DISTRIBUTOR === #

    def ask(self, amount="40.00"):
        answer = self.person.post("/me/withdrawals", {"amount": amount} if amount else {"all": True})
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["id"]
        return answer.json()

    def read(self):
        answer = self.person.get(f"/me/withdrawals/{self.id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def state(self):
        return self.read()["state"]

    def query(self):
        answer = self.person.post(f"/me/withdrawals/{self.id}/query")
        assert answer.status_code == 200, answer.text
        return answer.json()["state"]

    def cancel(self):
        return self.person.post(f"/me/withdrawals/{self.id}/cancel")

    def confirmation(self):
        return self.person.get(f"/me/withdrawals/{self.id}/confirmation")

    def confirm(self, **options):
        self.simulator.confirm_transfer(self.number, openid=self.person.open_id, **options)
        assert self.simulator.wait_idle(20)

    # === THE MERCHANT === #

    def approve(self):
        with self.live.env() as env:
            wizard = env["distribution.withdrawal.approve"].with_context(active_ids=[self.id]).create({})
            assert (wizard.channel, wizard.journal_id.code) == ("wechat", "WXW")
            wizard.action_approve()

    def send(self):
        self.live.run_cron(SEND)

    def sweep(self):
        """Let the scheduled action ask, as if its interval had passed."""
        self.write(checked_at=False)
        self.live.run_cron(QUERY)

    def go(self, amount="40.00"):
        """Ask, approve and send."""
        self.ask(amount)
        self.approve()
        self.send()
        return self

    # === WHAT IS === #

    def transfer(self, *names):
        """Return values of the transfer's record."""
        with self.live.env() as env:
            transfer = env["distribution.withdrawal"].browse(self.id).wechat_transfer_ids
            return transfer.read(names)[0] if names else transfer.read(["state"])[0]["state"]

    def write(self, **vals):
        """Change the transfer's record, to let time pass."""
        self.live.edit(lambda env: env["distribution.withdrawal"].browse(self.id).wechat_transfer_ids.write(vals))

    def alerts(self):
        with self.live.env() as env:
            return env["distribution.withdrawal"].browse(self.id).wechat_transfer_ids.activity_ids.mapped("summary")

    @property
    def number(self):
        return self.transfer("name")["name"]

    def bill(self):
        """Return the bill at WeChat, None when there is none."""
        return self.simulator.ledger()["transfers"].get(self.number)

    def figures(self):
        """Return available and reserved."""
        with self.live.env() as env:
            account = env["distribution.account"].search([("distributor_id", "=", self.person.distributor_id)])
            return account.available, account.reserved

    def booked(self):
        """Return how many journal items discharge this withdrawal."""
        with self.live.env() as env:
            name = env["distribution.withdrawal"].browse(self.id).name
            domain = [("name", "ilike", name), ("debit", ">", 0), ("parent_state", "=", "posted")]
            items = env["account.move.line"].search(domain)
            assert all(item.journal_id.code == "WXW" for item in items)
            return len(items)


def assert_all_agree(live):
    """Compare ledger and books, and Odoo with WeChat, bill by bill, to the fen."""
    bills = live.simulator.ledger()["transfers"]
    with live.env() as env:
        env["distribution.commission.entry"]._post_accruals_of(env.company)
        assert env["distribution.account"]._get_book_differences(env.company) == []
        transfers = env["distribution.wechat.transfer"].search([])
        assert len(transfers.withdrawal_id) == len(transfers), "two transfers for one withdrawal"
        assert set(bills) <= set(transfers.mapped("name")), "a bill nobody intended"
        for transfer in transfers:
            bill, paid = bills.get(transfer.name), transfer.withdrawal_id.state == "paid"
            if paid or (bill and bill["state"] == "SUCCESS" and transfer.state in ("success", "fail", "cancelled")):
                assert paid and bill["state"] == "SUCCESS", transfer.name
                assert (bill["amount"], bill["openid"]) == (transfer.amount_fen, transfer.open_id)
            if transfer.withdrawal_id.state in ("failed", "cancel"):
                assert not bill or bill["state"] in ("FAIL", "CANCELLED"), transfer.name
        wallet = env["account.journal"].search([("code", "=", "WXW"), ("company_id", "=", env.company.id)])
        outgoing = env["distribution.payout.run"]._get_outgoing_account_of(wallet)
        items = env["account.move.line"].search([("journal_id", "=", wallet.id), ("account_id", "=", outgoing.id)])
        paid = sum((Decimal(repr(item.credit)) for item in items), Decimal(0))
        expected = sum(t.amount_fen for t in transfers if t.state == "success")
        assert paid * 100 == expected
