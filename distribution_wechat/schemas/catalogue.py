# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import Amount, PageQuery, Schema


class Category(Schema):
    id: int
    name: str
    parent_id: int | None
    image_url: str | None


class CategoryList(Schema):
    """All categories with something to sell, parents before children."""

    items: list[Category]


class ProductQuery(PageQuery):
    category_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    search: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    sort: Literal["default", "newest", "price_asc", "price_desc"] = "default"


class ProductSummary(Schema):
    """`price` is what one piece costs with taxes; `earn` is what a distributor gets who recommends it."""

    id: int
    name: str
    price: Amount
    currency: str
    image_url: str
    in_stock: bool
    earn: Amount | None
    earn_currency: str | None


class ProductPage(Schema):
    items: list[ProductSummary]
    next_cursor: str | None


class AttributeValue(Schema):
    attribute: str
    value: str


class Variant(Schema):
    """`available` is how many can be ordered now, null when that is not limited."""

    id: int
    sku: str | None
    attributes: list[AttributeValue]
    price: Amount
    image_url: str
    available: int | None
    earn: Amount | None


class Product(Schema):
    id: int
    name: str
    summary: str
    description_html: str
    currency: str
    earn_currency: str | None
    image_urls: list[str]
    variants: list[Variant]
