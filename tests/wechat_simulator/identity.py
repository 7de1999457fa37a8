# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who signs: the merchant, and the platform with a public key and with a certificate."""

import json
import os
import secrets
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import crypto

MCHID = "1900000109"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001092026110100000000001"
_in_memory = None
_lock = threading.Lock()


@dataclass(frozen=True)
class Merchant:
    """What the merchant platform shows to a merchant, once."""

    mchid: str
    serial: str
    private_key_pem: str
    apiv3_key: str

    @cached_property
    def private_key(self):
        """Return the key that signs requests."""
        return crypto.load_private_key(self.private_key_pem)


@dataclass(frozen=True)
class Signer:
    """A key of the platform under the serial that names it in ``Wechatpay-Serial``."""

    serial: str
    private_key_pem: str
    certificate_pem: str = ""

    @cached_property
    def private_key(self):
        """Return the key that signs answers and reads encrypted fields."""
        return crypto.load_private_key(self.private_key_pem)

    @property
    def public_key_pem(self):
        """Return what the merchant is given."""
        return crypto.public_pem(self.private_key)


@dataclass(frozen=True)
class Identity:
    """The keys of both sides: none is ever used for the other's work."""

    merchant: Merchant
    public_key: Signer
    certificate: Signer
    forger: Signer

    def signer(self, serial):
        """Return the platform's key of a serial, or None."""
        return next((one for one in (self.public_key, self.certificate) if one.serial == serial), None)


def load(directory=None):
    """Return the identity kept in a directory, or the one of this process; made the first time."""
    global _in_memory
    with _lock:
        if directory:
            return _from_file(Path(directory) / "keys.json")
        _in_memory = _in_memory or _from_dict(_generate())
        return _in_memory


def _from_file(path):
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Private keys of play money, but no reason to show them to other users of the machine.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(_generate(), file, indent=2)
    return _from_dict(json.loads(path.read_text(encoding="utf-8")))


def _generate():
    merchant, public, certificate, forger = (crypto.new_private_key() for _ in range(4))
    serial = secrets.randbits(152) | 1 << 151
    return {
        "merchant": {
            "mchid": MCHID,
            "serial": f"{secrets.randbits(152) | 1 << 151:X}",
            "private_key_pem": crypto.private_pem(merchant),
            "apiv3_key": secrets.token_hex(16),
        },
        "public_key": {"serial": PUBLIC_KEY_ID, "private_key_pem": crypto.private_pem(public)},
        "certificate": {
            "serial": f"{serial:X}",
            "private_key_pem": crypto.private_pem(certificate),
            "certificate_pem": crypto.new_certificate(certificate, "Tenpay.com Simulator", serial),
        },
        "forger": {"serial": "0F0F0F0F0F0F0F0F0F0F", "private_key_pem": crypto.private_pem(forger)},
    }


def _from_dict(values):
    signers = {name: Signer(**values[name]) for name in ("public_key", "certificate", "forger")}
    return Identity(merchant=Merchant(**values["merchant"]), **signers)
