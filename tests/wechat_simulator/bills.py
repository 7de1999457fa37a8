# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Daily bills made from the simulator's own ledger.

``hash_value`` is the SHA1 of the plain text, also when the file is compressed. The download needs the request
signature but its answer is not signed. Figures are in yuan, each with a leading backquote, fees are nil.
"""

import gzip
import hashlib
import re
from datetime import datetime

from .clock import CHINA, china_day
from .errors import PayError, param_error
from .ledger import MERCHANT
from .messages import Answer

TRADE = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
    "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
TRADE_SUM = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FUND = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
FUND_SUM = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
BUSINESS = {
    "payment": "交易",
    "refund_accepted": "退款",
    "refund_closed": "退款退回",
    "transfer_locked": "商家转账",
    "transfer_returned": "商家转账退回",
    "shipped": "解冻",
    "topup": "充值",
    "withdraw": "提现",
}


class Bills:
    """Trade bill and fund flow bill of a past day."""

    def __init__(self, world):
        self.world = world
        self._files = {}

    def trade(self, request):
        """GET /v3/bill/tradebill?bill_date=&bill_type=&tar_type=."""
        day, kind = self._day(request), request.query.get("bill_type", "ALL")
        if kind not in ("ALL", "SUCCESS", "REFUND"):
            raise param_error("bill_type", "取值应为ALL、SUCCESS或REFUND")
        paid = self._paid(day) if kind != "REFUND" else []
        refunded = self._refunded(day) if kind != "SUCCESS" else []
        rows = [self._paid_row(order) for order in paid]
        rows += [self._refund_row(refund) for refund in refunded]
        total, back = sum(order.total for order in paid), sum(refund.amount for refund in refunded)
        sums = [len(rows), yuan(total), yuan(back), "0.00", "0.00000", yuan(total), yuan(back)]
        return self._offer(request, TRADE, rows, TRADE_SUM, sums)

    def fund_flow(self, request):
        """GET /v3/bill/fundflowbill?bill_date=&account_type=&tar_type=: every movement of the merchant's balance."""
        day, balance, rows, sums = self._day(request), 0, [], {1: [0, 0], -1: [0, 0]}
        for entry in self.world.store.entries:
            if MERCHANT not in (entry.debit, entry.credit):
                continue
            sign = 1 if entry.credit == MERCHANT else -1
            balance += sign * entry.amount
            if china_day(entry.at) == day:
                rows.append(self._fund_row(entry, sign, balance))
                sums[sign][0] += 1
                sums[sign][1] += entry.amount
        totals = [len(rows), sums[1][0], yuan(sums[1][1]), sums[-1][0], yuan(sums[-1][1])]
        return self._offer(request, FUND, rows, FUND_SUM, totals)

    def download(self, request):
        """GET /v3/billdownload/file?token=: the file, unsigned."""
        try:
            return Answer(200, self._files[request.query.get("token")], "application/octet-stream")
        except KeyError:
            raise PayError(404, "RESOURCE_NOT_EXISTS", "下载地址无效或已过期") from None

    # === Inside ===

    def _day(self, request):
        day = request.query.get("bill_date", "")
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
            raise param_error("bill_date", "日期格式应为yyyy-MM-DD")
        if day >= china_day(self.world.clock.now()):
            raise PayError(400, "INVALID_REQUEST", "账单日期必须早于今日")
        return day

    def _offer(self, request, head, rows, sum_head, sums):
        if not rows:
            raise PayError(400, "NO_STATEMENT_EXIST", "请求的账单文件不存在")
        lines = [head, *(marked(row) for row in rows), sum_head, marked(sums)]
        data = ("\r\n".join(lines) + "\r\n").encode()
        token = self.world.numbers.text(40)
        zipped = request.query.get("tar_type") == "GZIP"
        self._files[token] = gzip.compress(data, mtime=0) if zipped else data
        url = f"{request.base_url}/v3/billdownload/file?token={token}"
        return Answer.of({"hash_type": "SHA1", "hash_value": hashlib.sha1(data).hexdigest(), "download_url": url})

    def _paid(self, day):
        orders = self.world.store.orders.values()
        return [order for order in orders if order.success_at and china_day(order.success_at) == day]

    def _refunded(self, day):
        return [one for one in self.world.store.refunds.values() if china_day(one.created_at) == day]

    def _paid_row(self, order):
        return self._row(order, order.success_at, "SUCCESS", yuan(order.total))

    def _refund_row(self, refund):
        order = self.world.store.orders[refund.out_trade_no]
        return self._row(order, refund.created_at, "REFUND", "0.00", refund)

    def _row(self, order, at, state, amount, refund=None):
        request, back = order.request, yuan(refund.amount) if refund else "0.00"
        return [
            clock_time(at), request["appid"], request["mchid"], "0", "", order.transaction_id, order.out_trade_no,
            order.openid, "JSAPI", state, "OTHERS", "CNY", amount, "0.00", refund.refund_id if refund else "0",
            refund.out_refund_no if refund else "0", back, "0.00", "ORIGINAL" if refund else "",
            refund.status if refund else "", request["description"], request.get("attach", ""), "0.00000", "0.00%",
            amount, back, "",
        ]  # fmt: skip

    def _fund_row(self, entry, sign, balance):
        name = BUSINESS[entry.kind]
        flow = "收入" if sign > 0 else "支出"
        number = self._wechat_number(entry)
        return [
            clock_time(entry.at), number, f"{entry.seq:020d}", name, name, flow, yuan(entry.amount), yuan(balance),
            "system", "", entry.number,
        ]  # fmt: skip

    def _wechat_number(self, entry):
        store = self.world.store
        if entry.kind == "payment":
            return store.orders[entry.number].transaction_id
        if entry.kind.startswith("refund"):
            refund = store.refunds.get(entry.number)
            return refund.refund_id if refund else ""
        transfer = store.transfers.get(entry.number)
        return transfer.transfer_bill_no if transfer else ""


def yuan(fen):
    """Return fen as yuan with two digits."""
    return f"{fen // 100}.{fen % 100:02d}"


def marked(values):
    """Return a line of a bill: each value behind a backquote."""
    return ",".join(f"`{value}" for value in values)


def clock_time(moment):
    """Return a time as bills write it, in China."""
    return datetime.fromtimestamp(moment, CHINA).strftime("%Y-%m-%d %H:%M:%S")
