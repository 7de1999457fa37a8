# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Personal data as others may see it."""

HIDDEN = "**"


def mask_name(name):
    """Return a name of which only the first character is left, such as ``张**``; its length is hidden, too.

    A name of one character would be shown whole, so nothing of it is.

    :param name: str, or False where Odoo has none
    :rtype: str
    """
    text = (name or "").strip()
    return text[0] + HIDDEN if len(text) > 1 else HIDDEN


def mask_phone(phone):
    """Return a phone number without its middle, such as ``+86138****5678``; of a short one nothing is left.

    :param phone: str, or False where Odoo has none
    :return: None where there is no number
    """
    if not phone:
        return None
    digits = "".join(character for character in phone if character.isdecimal() or character == "+")
    return f"{digits[:-8]}****{digits[-4:]}" if len(digits) >= 8 else "****"
