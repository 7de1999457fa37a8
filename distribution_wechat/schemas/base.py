# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Schema(BaseModel):
    """What the interface takes and gives: unknown fields are refused, types are not guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# Amounts travel as decimal strings, with all the decimals of their currency.
Amount = Annotated[str, StringConstraints(pattern=r"^-?\d+(\.\d+)?$", max_length=24)]
PositiveAmount = Annotated[str, StringConstraints(strict=True, pattern=r"^\d{1,9}(\.\d{1,3})?$")]
Id = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class PageQuery(Schema):
    """Which part of a list: `cursor` is the `next_cursor` of the part before."""

    cursor: Annotated[str, StringConstraints(max_length=128)] | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class ProblemError(Schema):
    pointer: str
    code: str
    detail: str


class ProblemDocument(Schema):
    """RFC 9457, with a stable code for programs."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[ProblemError] | None = None
