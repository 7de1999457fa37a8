"""Payment of an order."""

from . import Sample


def order(person):
    return {"order_id": person.place_order_by_hand()}


def order_of_somebody_else(person):
    other = person.live.person("Other")
    return {"order_id": other.place_order_by_hand()}


SAMPLES = {
    ("POST", "/orders/<int:order_id>/pay"): Sample(path=order, foreign=order_of_somebody_else),
    ("GET", "/orders/<int:order_id>/payment"): Sample(path=order, foreign=order_of_somebody_else),
    ("POST", "/orders/<int:order_id>/payment/query"): Sample(path=order, foreign=order_of_somebody_else),
}
