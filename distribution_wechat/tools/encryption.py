# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Secrets of merchants are kept encrypted, with a key that stands outside the database.

The server takes the key from the environment: DISTRIBUTION_SECRET_KEY, or DISTRIBUTION_SECRET_KEY_FILE for a file that
holds it. A dump of the database alone therefore opens nothing.
"""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from odoo.exceptions import UserError


def encrypt(env, text):
    """Return a text encrypted and authenticated, in ASCII.

    :raise UserError: when the server has no key
    """
    return _cipher(env).encrypt(text.encode()).decode()


def decrypt(env, token):
    """Return the text behind a token.

    :raise UserError: when the server has no key, or another one than when the text was stored
    """
    try:
        return _cipher(env).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise UserError(env._("This secret was stored with another key than the server has now.")) from error


def _cipher(env):
    keys = _read_keys()
    if not keys:
        raise UserError(
            env._(
                "The server has no key to store secrets with. Make one with "
                "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())' "
                "and set it as DISTRIBUTION_SECRET_KEY in the server's environment."
            )
        )
    try:
        # The first key encrypts, all of them decrypt: that is how a key is changed.
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise UserError(env._("DISTRIBUTION_SECRET_KEY is not a key: it has 32 bytes in URL-safe base64.")) from error


def _read_keys():
    keys = os.environ.get("DISTRIBUTION_SECRET_KEY", "").split()
    path = os.environ.get("DISTRIBUTION_SECRET_KEY_FILE")
    return keys or (Path(path).read_text(encoding="ascii").split() if path else [])
