# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The simulator: its parts put together, started and stopped."""

import secrets

from . import crypto
from .bills import Bills
from .clock import DAY, rfc3339
from .control import ControlCalls
from .messages import Answer
from .mini_program import MiniProgram
from .notifications import Notifier
from .payments import Payments
from .records import App, Settings
from .refunds import Refunds
from .scheduler import Scheduler
from .server import serve
from .signing import RequestVerifier
from .transfers import Transfers
from .world import World


class Simulator(ControlCalls):
    """WeChat on a loopback port, for as long as the context lasts.

    :param int port: 0 is any free one
    :param directory: where keys and state outlive a restart; None keeps the keys in this process only
    :param seed: makes numbers, codes and tokens the same every time
    :param settings: fields of ``records.Settings``
    """

    def __init__(self, port=0, directory=None, seed=None, host="127.0.0.1", **settings):
        self._wanted = host, port
        self._server = None
        self.scheduler = Scheduler()
        self.world = World(directory, seed, Settings(**settings))
        self.notifier = self.world.notifier = Notifier(self.world, self.scheduler)
        self.verifier = RequestVerifier(self.world.identity, self.world.settings)
        self.payments = Payments(self.world)
        self.refunds = Refunds(self.world, self.scheduler)
        self.transfers = Transfers(self.world, self.scheduler)
        self.bills = Bills(self.world)
        self.mini_program = MiniProgram(self.world, self.payments)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Listen, and go on with what was under way before a restart."""
        self._server = serve(self, *self._wanted)
        self.scheduler.start()
        with self.world.store.lock:
            self.notifier.resume()
            self.refunds.resume()
            self.transfers.resume()

    def stop(self):
        """Stop listening and delivering."""
        self._server.close()
        self.scheduler.stop()
        self.world.store.save()

    # === What a client needs ===

    @property
    def url(self):
        """Return the address, without a slash at the end."""
        host, port = self._server.address if self._server else self._wanted
        return f"http://{host}:{port}"

    @property
    def merchant(self):
        """Return the merchant: mchid, serial, private_key_pem, apiv3_key."""
        return self.world.merchant

    @property
    def public_key_id(self):
        """Return the id of the platform's public key."""
        return self.world.identity.public_key.serial

    @property
    def platform_public_key_pem(self):
        """Return the platform's public key."""
        return self.world.identity.public_key.public_key_pem

    @property
    def clock(self):
        """Return the business clock."""
        return self.world.clock

    @property
    def settings(self):
        """Return the settings, which may be changed at any time."""
        return self.world.settings

    def app(self, appid="wx5a1a0000demo0001", secret=None):
        """Return the app of this id, bound to the merchant the first time."""
        apps = self.world.store.apps
        if appid not in apps or (secret and apps[appid].secret != secret):
            self.register_app(appid, secret or secrets.token_hex(16))
        return App(appid, apps[appid].secret)

    def wait_idle(self, timeout=5.0):
        """Wait until no notification is under way; tell whether that came in time."""
        return self.notifier.wait_idle(timeout)

    # === The platform ===

    def certificates(self, request):
        """GET /v3/certificates: the platform's certificate, encrypted with the APIv3 key."""
        signer, now = self.world.identity.certificate, self.world.clock.now()
        text, nonce = signer.certificate_pem, secrets.token_hex(6)
        row = {
            "serial_no": signer.serial,
            "effective_time": rfc3339(now - DAY),
            "expire_time": rfc3339(now + 1825 * DAY),
            "encrypt_certificate": crypto.encrypt_resource(self.merchant.apiv3_key, text, "certificate", nonce),
        }
        return Answer.of({"data": [row]})

    def sweep(self):
        """End what time has ended."""
        self.payments.sweep()
        self.transfers.sweep()
