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
        self._sales, self._used = {}, {}

    def get_sales(self, share):
        """Return the sales before the order by which tiers go up, see `DistributionProgram._get_sales`.

        :param share: `commission_chain.Share`
        """
        key = share.distributor, share.level
        if key not in self._sales:
            self._sales[key] = self._program._get_sales(*key, self.day, self._order)
        return self._sales[key]

    def get_pay(self, share):
        """Return how a share is paid, as its term freezes it.

        :rtype: engine.pay.Pay
        """
        return share.found.get_pay(self.get_sales(share) if share.found.is_by_sales else 0)

    def get_left_pay(self, share):
        """Return how a share is paid now, the maximum of a period being what is left of it."""
        pay = self.get_pay(share)
        if pay.maximum is None:
            return pay
        return replace(pay, maximum=max(0, pay.maximum - self.get_used(share, pay)))

    def get_used(self, share, pay):
        """Return what others have taken of the maximum of the period, 0 where there is none.

        :param engine.pay.Pay pay: how the share is paid
        """
        if pay.scope != "period" or pay.maximum is None:
            return 0
        key = share.receiver, share.level, share.found.rule.rule_id
        if key not in self._used:
            if self._order:
                share.receiver._lock_sales_period()
            self._used[key] = self._program._get_period_used(*key, self.day, self._order)
        return self._used[key]
