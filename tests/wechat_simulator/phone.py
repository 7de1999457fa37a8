# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A phone in the browser: a small client of the mini-program's interface, and the way from it to the shop.

``/phone/`` serves the files beside this one; ``/phone/api/…`` passes requests on to the shop, since a browser lets
a page talk to its own server only.
"""

import http.client
import json
import logging
import mimetypes
from pathlib import Path
from urllib.parse import urlsplit

from .messages import Answer

_logger = logging.getLogger(__name__)
FOLDER = Path(__file__).parent / "phone"
API = "/phone/api/"
PREFIX = "/distribution/v1/"
PASSED_ON = ("Authorization", "Content-Type", "Idempotency-Key", "Accept-Language")
ANSWERS_WITHIN = 60


def answer(simulator, request):
    """Answer with a file of the phone, or with what the shop answers."""
    if request.path.startswith(API):
        return ask_shop(simulator.settings.shop_url, request)
    if request.path == "/phone":
        return Answer(301, headers={"Location": "/phone/"})
    return serve_file(request.path.removeprefix("/phone/") or "index.html")


def serve_file(name):
    """Return a file of the folder; there are no others."""
    found = {path.name: path for path in FOLDER.iterdir() if path.is_file()}.get(name)
    if not found:
        return Answer(404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Answer(200, found.read_bytes(), f"{kind}; charset=utf-8", {"Cache-Control": "no-cache"})


def ask_shop(shop_url, request):
    """Return the shop's answer to a request of the phone."""
    if not shop_url:
        return _problem(503, "no_shop", "模拟器没有连接商城 · The simulator was started without --shop.")
    headers = {name: request.header(name) for name in PASSED_ON if request.header(name)}
    connection = http.client.HTTPConnection(urlsplit(shop_url).netloc, timeout=ANSWERS_WITHIN)
    try:
        connection.request(request.method, PREFIX + request.target.removeprefix(API), request.body or None, headers)
        response = connection.getresponse()
        kind = response.getheader("Content-Type") or "application/json"
        return Answer(response.status, response.read(), kind)
    except (OSError, http.client.HTTPException) as error:
        _logger.warning("The shop does not answer: %s", error)
        return _problem(502, "shop_unavailable", "商城没有应答 · The shop does not answer.")
    finally:
        connection.close()


def _problem(status, code, detail):
    document = {"type": "about:blank", "title": "Error", "status": status, "code": code, "detail": detail}
    return Answer(status, json.dumps(document, ensure_ascii=False).encode(), "application/problem+json")
