# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from .base import Amount, Id, PageQuery, Schema

Scene = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Za-z]{1,32}$")]
DistributorCode = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, pattern=r"^[!-~]+$", max_length=32)
]
Name = Annotated[
    # Something to read, and no control characters, which PostgreSQL would not all take.
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=2000)]
Purpose = Literal["shop", "product", "recruit"]
State = Literal["draft", "incomplete", "refused", "active", "suspended", "closed"]
Outcome = Literal["bound", "already_yours", "protected", "asked", "own_code", "member", "code_unknown"]


# === BINDING === #


class Bind(Schema):
    """Either the `scene` of a code that was scanned or a distributor's `code` that was typed in.

    `agreed` says that the person was asked (the outcome was `asked`) and wants to leave the distributor it has.
    """

    scene: Scene | None = None
    code: DistributorCode | None = None
    agreed: bool = False

    @model_validator(mode="after")
    def _one_of_them(self):
        if (self.scene is None) == (self.code is None):
            raise ValueError("Send either a scene or a code.")
        return self


class BindingOutcome(Schema):
    """What came of a code: whose customer the person is now, and what the code leads to.

    `until` is when the binding ends; for the outcome `protected` it is until when the other distributor keeps the
    person (None: for good). After `asked` the person stays with the distributor it has, `recommended_by`, and is asked
    whether to change to `asked_by`: answer the question with `question_id`. The same code with `agreed` is a yes, too.
    """

    outcome: Outcome
    recommended_by: str | None = None
    asked_by: str | None = None
    question_id: int | None = None
    until: datetime.datetime | None = None
    purpose: Purpose | None = None
    product_id: int | None = None


# === WHO I AM === #


class MyBinding(Schema):
    """Who recommended the person, masked, and until when orders count for them (None: for good)."""

    recommended_by: str
    since: datetime.datetime
    until: datetime.datetime | None


class Question(Schema):
    """Another distributor has recommended: does the person want to change? It stays with the one it has until it says
    yes. Whoever says no is not asked again for the same distributor.
    """

    id: int
    asked_by: str
    asked_at: datetime.datetime


class AnswerQuestion(Schema):
    """True to change to who asks, false to stay."""

    agreed: Annotated[bool, Field(strict=True)]


class MyMembership(Schema):
    state: State
    code: str


class Me(Schema):
    """The person logged in; `is_distributor` while orders count for them.

    `is_offered` after an order, where the program then offers to join: others may apply as well, and buying is never
    a condition. `questions` wait for the person's answer, the latest first.
    """

    name: str
    phone: str | None
    is_distributor: bool
    is_offered: bool
    distributor: MyMembership | None
    binding: MyBinding | None
    questions: list[Question]


AgreementVersion = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class Agreement(Schema):
    """A version of what distributors agree to, as HTML in the reader's language."""

    version: int
    text: str
    published_at: datetime.datetime


class Program(Schema):
    """What the mini-program shows of the program: HTML in the reader's language, null where there is no text.

    Joining is free. `join_policy`: after a `review`, `open` to everybody who accepts, or by `invitation`: with the code
    of a distributor. Whoever applies accepts `agreement`, where there is one, and names its version.
    """

    name: str
    join_policy: Literal["review", "open", "invitation"]
    introduction: str | None
    rules: str | None
    how_to_earn: str | None
    contact: str | None
    agreement: Agreement | None


class AcceptAgreement(Schema):
    """The version that the person has read and accepts."""

    version: AgreementVersion


class Apply(Schema):
    """An application; `scene` or `code` name who recruited the person, `agreement_version` what was accepted.

    `message` is for whoever reviews it: the answer of who was asked for more.
    """

    agreement_accepted: Annotated[bool, Field(strict=True)]
    agreement_version: AgreementVersion | None = None
    name: Name | None = None
    message: Text | None = None
    scene: Scene | None = None
    code: DistributorCode | None = None

    @model_validator(mode="after")
    def _at_most_one(self):
        if self.scene is not None and self.code is not None:
            raise ValueError("Send either a scene or a code.")
        return self


class NewAppeal(Schema):
    """Why the suspension should end."""

    text: Text


class Appeal(Schema):
    """An appeal against a suspension; `open` until the merchant decides, `reason` is the merchant's."""

    text: str
    state: Literal["open", "granted", "rejected"]
    reason: str | None
    made_at: datetime.datetime
    decided_at: datetime.datetime | None


class Membership(Schema):
    """An application and what became of it: draft until the merchant accepts it. `upline` is masked.

    `incomplete` and `refused` say why in `reason`; whoever applies again is looked at again. `agreement_due` while
    there is a version of the agreement that the person has not accepted: members stay what they are. `suspended` holds
    what is earned and may be appealed against; `appeal` is the latest one.
    """

    state: State
    reason: str | None
    code: str
    grade: str | None
    upline: str | None
    program: str
    agreement_due: bool
    applied_at: datetime.datetime
    appeal: Appeal | None


# === CODES === #


class NewCode(Schema):
    purpose: Purpose
    product_id: Id | None = None

    @model_validator(mode="after")
    def _product_for_products(self):
        if (self.purpose == "product") != (self.product_id is not None):
            raise ValueError("A code for a product names the product, others do not.")
        return self


class MyCode(Schema):
    """A code: `code` to be typed in, `scene` and `page` for sharing in WeChat and for the image."""

    code: str
    purpose: Purpose
    product_id: int | None
    scene: str
    page: str


class CodeImage(Schema):
    """The mini-program code as WeChat drew it, in base64."""

    media_type: Literal["image/png", "image/jpeg"]
    image: str


# === MONEY === #


class LevelCount(Schema):
    level: int
    count: int


class Summary(Schema):
    """What the distributor has, by state, with the mini-program's company.

    pending: expected, not yet earned; held until its release date; due until the next settlement; available to be
    withdrawn; in_withdrawal: asked for; waiting_confirmation: to be confirmed in WeChat; paid; taken_back so far;
    debt: repaid from the next earnings. Earnings of a period are net of what was taken back in it, on days in the
    program's time zone. `team` has the active and suspended distributors below, down to the program's levels (level 1
    are those the distributor recruited), `customers` who is bound now, `orders` the confirmed orders that count for the
    distributor: these are of the program, with all its companies.
    """

    currency: str
    pending: Amount
    held: Amount
    next_release_date: datetime.date | None
    due: Amount
    next_settlement_date: datetime.date | None
    available: Amount
    in_withdrawal: Amount
    waiting_confirmation: Amount
    paid: Amount
    taken_back: Amount
    debt: Amount
    today: Amount
    yesterday: Amount
    this_month: Amount
    team: list[LevelCount]
    customers: int
    orders: int


class EntryQuery(PageQuery):
    """Filters of the entries; dates are business dates, both included."""

    state: Literal["held", "due", "settled"] | None = None
    kind: Literal["earning", "clawback"] | None = None
    level: Annotated[int, Field(ge=1, le=3)] | None = None
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None


class Entry(Schema):
    """A row of the ledger. The buyer is masked on level 1 and hidden above; `rate` is in per cent.

    What is guaranteed for a period belongs to no order: `order` and `buyer` are null, `product` says which period.
    `why` and `reason_text` are in the reader's language; `reason` says why an amount was taken back. `release_date` is
    null while the hold waits for the goods to be delivered.
    """

    id: int
    order: str | None
    buyer: str | None
    product: str
    level: int
    kind: Literal["earning", "clawback"]
    state: Literal["held", "due", "settled"]
    date: datetime.date
    release_date: datetime.date | None
    currency: str
    base: Amount
    rate: Amount
    amount: Amount
    why: str | None
    reason: Literal["cancelled", "returned", "credited", "changed", "guarantee"] | None
    reason_text: str | None


class EntryPage(Schema):
    items: list[Entry]
    next_cursor: str | None


# === TEAM AND CUSTOMERS === #


class TeamQuery(PageQuery):
    level: Annotated[int, Field(ge=1, le=3)] | None = None


class TeamMember(Schema):
    """An active or suspended distributor below, masked.

    `orders` are the confirmed orders that count for it, `sales` their untaxed totals in the currency of the program's
    company; returns and credit notes do not lower them. `team_count` is its own team, down to the program's levels.
    """

    name: str
    level: int
    state: State
    grade: str | None
    joined_on: datetime.date
    orders: int
    sales: Amount
    team_count: int


class TeamPage(Schema):
    items: list[TeamMember]
    next_cursor: str | None


class Customer(Schema):
    name: str
    since: datetime.datetime
    until: datetime.datetime | None


class CustomerPage(Schema):
    items: list[Customer]
    next_cursor: str | None
