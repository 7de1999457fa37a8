# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A request and an answer, as the rest of the simulator sees them."""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from .errors import PayError


@dataclass
class Request:
    """What came in: ``target`` is the raw path with its query, ``body`` the raw bytes (both are signed)."""

    method: str
    target: str
    headers: dict
    body: bytes = b""
    base_url: str = ""
    serial: str = ""

    @property
    def path(self):
        """Return the path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self):
        """Return the query as a dictionary."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def header(self, name):
        """Return a header, or an empty text."""
        return self.headers.get(name) or ""

    def form(self):
        """Return the fields of an HTML form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self):
        """Return the body as a dictionary, or refuse it as WeChat Pay does."""
        try:
            values = json.loads(self.body)
        except ValueError:
            raise PayError(400, "PARAM_ERROR", "请求body不是合法的JSON") from None
        if not isinstance(values, dict):
            raise PayError(400, "PARAM_ERROR", "请求body不是JSON对象")
        return values


@dataclass
class Answer:
    """What goes out."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict = field(default_factory=dict)

    @classmethod
    def of(cls, values, status=200):
        """Return an answer in JSON."""
        return cls(status, json.dumps(values, ensure_ascii=False).encode())


class Drop(Exception):
    """No answer: the connection hangs for a while, then closes or is reset."""

    def __init__(self, seconds=0.0, reset=False):
        super().__init__("no answer")
        self.seconds = seconds
        self.reset = reset
