# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Orders are looked at once an action is done, not amid its own changes."""

from contextlib import contextmanager


class Gathering:
    """The orders to which something happens in an action.

    Once it is closed nothing is gathered any more: what is done later in the same context is looked at as ever.
    """

    def __init__(self):
        self.order_ids = set()
        self.is_open = True


@contextmanager
def gathered(records):
    """Yield records: what is done by them to orders with commission is looked at together at the end.

    Halfway an action may have taken off what it puts on again, and the ledger would take back and earn again.
    """
    gathering = Gathering()
    try:
        yield records.with_context(commission_gathering=gathering)
    finally:
        gathering.is_open = False
    orders = records.sudo().env["sale.order"].browse(sorted(gathering.order_ids))
    orders.env["distribution.commission.term"]._converge(orders)


def gather(orders):
    """Let an action that is under way look at orders when it is done.

    :return: whether there is one
    """
    gathering = orders.env.context.get("commission_gathering")
    if not gathering or not gathering.is_open:
        return False
    gathering.order_ids.update(orders.ids)
    return True
