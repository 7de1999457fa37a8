# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What tiers and limits of a period need to know of it."""

from dataclasses import replace


class SalesPeriod:
    """The sales period a sale falls in: what distributors have sold and earned in it before, read once each.

    :param program: `distribution.program`
    :param date day: business date of the confirmation
    :param order: `sale.order` that is confirmed; None where a sale is only tried
    """

    def __init__(self, program, day, order=None):
        self.day = day
        self._program, self._order = program, order
        self._sales, self._left = {}, {}

    def get_sales(self, share):
        """Return the sales before the order by which tiers go up, see `DistributionProgram._get_sales`.

        :param share: `commission_chain.Share`
        """
        key = share.distributor, share.level
        if key not in self._sales:
            self._sales[key] = self._program._get_sales(*key, self.day, self._order)
        return self._sales[key]

    def get_pay(self, share):
        """Return how a share is paid; the maximum of a period is what is left of it.

        :rtype: engine.pay.Pay
        """
        pay = share.found.get_pay(self.get_sales(share) if share.found.is_by_sales else 0)
        if pay.scope != "period" or pay.maximum is None:
            return pay
        return replace(pay, maximum=self._get_left(share, pay.maximum))

    def _get_left(self, share, maximum):
        key = share.receiver, share.level, share.found.rule.rule_id
        if key not in self._left:
            if self._order:
                share.receiver._lock_sales_period()
            self._left[key] = self._program._get_period_left(*key, maximum, self.day, self._order)
        return self._left[key]
