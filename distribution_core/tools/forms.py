# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What people send by a form of the website or of the portal."""

# As much as anybody writes, and as little as does no harm.
MAX_TEXT = 2000
MAX_CODE = 32


def clean(text):
    """Return what somebody has typed without spaces around it, and without null characters: PostgreSQL takes none.

    :param text: str; None where the form sent nothing, or a file where somebody sends one
    :rtype: str
    """
    return text.replace("\0", "").strip() if isinstance(text, str) else ""


def read_number(text):
    """Return a number that a form sends back, None for anything else.

    :param text: str; None where the form sent nothing, or a file where somebody sends one
    """
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 10 else None
