# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The user's phone."""

from .messages import Answer


def answer(simulator, request):
    """Not yet."""
    return Answer(404)
