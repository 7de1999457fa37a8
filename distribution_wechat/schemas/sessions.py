# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from typing import Annotated

from pydantic import StringConstraints

from .base import Schema
from .centre import BindingOutcome

Code = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=128)]
Token = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=128)]


class Login(Schema):
    """`scene` is what the mini-program was opened with, of whatever code: one that is not ours changes nothing."""

    app_id: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=32)]
    code: Code
    scene: Annotated[str, StringConstraints(strict=True, max_length=128)] | None = None


class LoginAnswer(Schema):
    """`binding` is what came of the scene, None when none was sent."""

    access_token: str
    refresh_token: str
    expires_in: int
    is_new: bool
    binding: BindingOutcome | None = None


class Refresh(Schema):
    refresh_token: Token


class Phone(Schema):
    code: Code


class PhoneAnswer(Schema):
    """The number with its middle hidden: the front end shows it, it need not know it."""

    phone: str
