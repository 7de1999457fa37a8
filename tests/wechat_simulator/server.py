# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The HTTP server: reads a request, finds who answers, signs, and lets faults strike."""

import json
import logging
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from . import faults, page, phone, routes
from .control import CALLS, READINGS, ControlError
from .errors import ApiError, PayError
from .messages import Answer, Drop, Request
from .signing import default_signer, signature_headers

_logger = logging.getLogger(__name__)
MOST_BYTES = 1_000_000
SIGNATURE_FAULTS = ("bad_signature", "unsigned", "unknown_serial", "stale_answer")


class Dispatcher:
    """Answers a request, whichever side it is for."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.world = simulator.world
        self.routes = routes.table(simulator)

    def answer(self, request):
        """Return the answer, or raise Drop."""
        if request.path == "/" or request.path.startswith("/page/"):
            return page.answer(self.simulator, request)
        if request.path == "/phone" or request.path.startswith("/phone/"):
            return phone.answer(self.simulator, request)
        if request.path.startswith("/simulator/"):
            return self._control(request)
        matches = [(route, match) for route in self.routes if (match := route.pattern.fullmatch(request.path))]
        for route, match in matches:
            if route.method == request.method:
                return self._call(route, match.groupdict(), request)
        return Answer(405 if matches else 404)

    # === WeChat ===

    def _call(self, route, numbers, request):
        """Let the faults of before strike, carry the call out, let those of after strike."""
        signed = route.side != routes.MINI
        try:
            struck = self.world.faults.take(faults.BEFORE, request)
            if struck:
                return faults.before(struck)
            if signed:
                self.simulator.verifier.verify(request)
            answer = self._carry_out(route, numbers, request)
        except (PayError, ApiError) as error:
            return Answer.of(error.as_dict(), getattr(error, "status", 200))
        struck = self.world.faults.take(faults.AFTER, request)
        if struck:
            answer = faults.after(struck, answer)
        if route.side == routes.PAY:
            self._sign(answer, request.serial, struck.kind if struck else "")
        return answer

    def _carry_out(self, route, numbers, request):
        with self.world.store.lock:
            try:
                self.simulator.sweep()
                return route.call(request, **numbers)
            finally:
                if request.method == "POST" or route.side == routes.MINI:
                    self.world.store.save()

    def _sign(self, answer, serial, fault):
        """Sign an answer of status 2xx, or sign it as badly as asked."""
        if answer.status >= 300 or fault == "unsigned":
            return
        signer = self.world.identity.signer(serial) or default_signer(self.world.identity, self.world.settings)
        timestamp = time.time() - (3600 if fault == "stale_answer" else 0)
        answer.headers |= signature_headers(signer, answer.body, int(timestamp))
        answer.headers["Request-ID"] = self.world.numbers.hex(32).upper()
        if fault == "bad_signature":
            answer.headers |= signature_headers(self.world.identity.forger, answer.body)
            answer.headers["Wechatpay-Serial"] = signer.serial
        if fault == "unknown_serial":
            answer.headers |= signature_headers(self.world.identity.forger, answer.body)

    # === Control ===

    def _control(self, request):
        name = request.path.removeprefix("/simulator/").replace("-", "_")
        if request.method == "OPTIONS":
            return Answer(204)
        if name not in CALLS | READINGS or (request.method == "GET" and name not in READINGS):
            return Answer.of({"error": f"no such control call: {request.method} {request.path}"}, 404)
        try:
            values = request.query if request.method == "GET" else json.loads(request.body or b"{}")
            return Answer.of(getattr(self.simulator, name)(**values))
        except (ControlError, TypeError, ValueError) as error:
            return Answer.of({"error": str(error)}, 400)


class Handler(BaseHTTPRequestHandler):
    """One connection. Buffered, so that head and body leave in one packet."""

    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    sys_version = ""
    wbufsize = 65536
    timeout = 60
    dispatcher = None

    def handle_any(self):
        """Read a request and answer it."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            return self._send(Answer(413))
        host = self.headers.get("Host") or ""
        request = Request(self.command, self.path, self.headers, self.rfile.read(length), f"http://{host}")
        try:
            answer = self._answer(request)
        except Drop as drop:
            return self._drop(drop)
        self._send(answer, self.headers.get("Origin"))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = handle_any

    def _answer(self, request):
        origin = self.headers.get("Origin")
        if origin and not self._is_ours(urlsplit(origin)):
            # A page from elsewhere, opened in the developer's browser, must not play with the demo.
            return Answer(403)
        try:
            return self.dispatcher.answer(request)
        except Drop:
            raise
        except Exception:
            _logger.exception("The simulator failed on %s %s", request.method, request.path)
            return Answer.of({"code": "SYSTEM_ERROR", "message": "the simulator failed: see its log"}, 500)

    def _is_ours(self, origin):
        return origin.hostname in ("127.0.0.1", "localhost", "::1") or origin.netloc == self.headers.get("Host")

    def _send(self, answer, origin=None):
        self.send_response(answer.status)
        headers = dict(answer.headers)
        if answer.status != 204:
            headers["Content-Length"] = str(len(answer.body))
        if answer.body:
            headers["Content-Type"] = answer.content_type
        if origin and self.path.startswith("/simulator/"):
            headers |= {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
            headers["Access-Control-Allow-Headers"] = "Content-Type"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def _drop(self, drop):
        """Keep the caller waiting, then close without an answer (or reset)."""
        self.close_connection = True
        if not drop.reset:
            self.server.stopping.wait(drop.seconds)
            return
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for end in (self.rfile, self.wfile, self.connection):
            end.close()
        raise ConnectionAbortedError

    def log_message(self, format, *args):
        """Log quietly."""
        _logger.debug(format, *args)


class Server(ThreadingHTTPServer):
    """A server that can hang up on everyone when it stops."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, handler):
        super().__init__(address, handler)
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="wechat-simulator", daemon=True)
        self._thread.start()

    @property
    def address(self):
        """Return host and port."""
        return self.server_address[:2]

    def close(self):
        """Stop."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        self._thread.join(2)

    def handle_error(self, request, client_address):
        """Say nothing of callers that hung up."""
        _logger.debug("A connection broke", exc_info=True)


def serve(simulator, host, port):
    """Return a running server."""
    handler = type("SimulatorHandler", (Handler,), {"dispatcher": Dispatcher(simulator)})
    return Server((host, port), handler)
