"""Login, renewal, logout, phone."""

from ..live import APP_ID
from . import Sample


def login(person):
    return {"app_id": APP_ID, "code": person.live.simulator.login_code(person.open_id)["code"]}


def refresh(person):
    return {"refresh_token": person.tokens["refresh_token"]}


def phone(person):
    return {"code": person.live.simulator.phone_code(person.open_id)["code"]}


SAMPLES = {
    ("POST", "/sessions"): Sample(body=login, public=True),
    ("POST", "/sessions/refresh"): Sample(body=refresh, public=True),
    ("DELETE", "/sessions/current"): Sample(),
    ("POST", "/me/phone"): Sample(body=phone),
}
