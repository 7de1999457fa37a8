"""Withdrawals: quote, request, list, one, confirmation, query, cancel."""

from . import Sample


def earner(person, amount=100):
    """Make a person a distributor with money, once."""
    if not hasattr(person, "distributor_id"):
        person.become_distributor()
    person.live.earn_for(person, amount)
    return person


def request(person):
    earner(person, 10)
    with person.live.env() as env:
        env["distribution.program"].browse(person.live.program_id).withdrawal_daily_limit = 100
    return {"amount": "10.00"}


def distributor(person):
    if not hasattr(person, "distributor_id"):
        person.become_distributor()
    return {}


def requested(person):
    """Return the path of a withdrawal under review."""
    answer = person.post("/me/withdrawals", request(person))
    assert answer.status_code == 201, answer.text
    return {"withdrawal_id": answer.json()["id"]}


def waiting(person):
    """Return the path of a withdrawal that waits for the confirmation."""
    path = requested(person)
    with person.live.env() as env:
        withdrawal = env["distribution.withdrawal"].browse(path["withdrawal_id"])
        wallet = env["distribution.wechat.account"].browse(person.live.account_id).wallet_journal_id
        env["distribution.payout.run"]._approve_requests(withdrawal, wallet, "wechat")
        env.cr.commit()
        withdrawal.wechat_transfer_ids._advance()
    return path


def foreign(person):
    """Return the path of somebody else's, for a person who is a distributor too."""
    distributor(person)
    return requested(person.live.person("Owner"))


ONE = "/me/withdrawals/<int:withdrawal_id>"
SAMPLES = {
    ("GET", "/me/withdrawals/quote"): Sample(query=lambda person: {**distributor(person), "amount": "12.50"}),
    ("POST", "/me/withdrawals"): Sample(body=request),
    ("GET", "/me/withdrawals"): Sample(query=lambda person: {**distributor(person), "limit": 5}),
    ("GET", ONE): Sample(path=requested, foreign=foreign),
    ("GET", f"{ONE}/confirmation"): Sample(path=waiting, foreign=foreign),
    ("POST", f"{ONE}/query"): Sample(path=requested, foreign=foreign),
    ("POST", f"{ONE}/cancel"): Sample(path=requested, foreign=foreign),
}
