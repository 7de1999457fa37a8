# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """What the interface takes and gives: unknown fields are refused, types are not guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
