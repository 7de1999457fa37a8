# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What people send by a form of the website or of the portal."""

# As much as anybody writes, and as little as does no harm.
MAX_TEXT = 2000
MAX_CODE = 32


def clean(text):
    """Return what somebody has typed without spaces around it, and without null characters: PostgreSQL takes none.

    :param text: str, or None where the form sent nothing
    :rtype: str
    """
    return (text or "").replace("\0", "").strip()


def read_number(text):
    """Return a number that a form sends back, None for anything else.

    :param text: str, or None where the form sent nothing
    """
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
