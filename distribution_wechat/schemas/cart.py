# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from typing import Annotated

from pydantic import Field

from .base import Amount, Schema

MAX_QUANTITY = 9999


class CartQuantity(Schema):
    """How many pieces stand in the cart from now on; 0 takes the product out."""

    quantity: Annotated[int, Field(strict=True, ge=0, le=MAX_QUANTITY)]


class CartLine(Schema):
    """`available` is how many can be ordered now, null when that is not limited; `for_sale` is false once withdrawn."""

    variant_id: int
    product_id: int
    name: str
    image_url: str
    quantity: int
    price: Amount
    subtotal: Amount
    available: int | None
    for_sale: bool


class Cart(Schema):
    currency: str
    lines: list[CartLine]
    total: Amount
