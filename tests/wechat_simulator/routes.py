# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which path is which call, and what every call of a side has in common."""

import re
from dataclasses import dataclass

PAY, FILE, MINI = "pay", "file", "mini"


@dataclass(frozen=True)
class Route:
    """A path of one side: ``pay`` is signed both ways, ``file`` only asked with a signature, ``mini`` has errcodes."""

    method: str
    pattern: re.Pattern
    side: str
    call: callable


def table(simulator):
    """Return the routes of WeChat, in its own spelling."""
    payments, refunds, transfers = simulator.payments, simulator.refunds, simulator.transfers
    bills, mini = simulator.bills, simulator.mini_program
    bill = "/v3/fund-app/mch-transfer/transfer-bills"
    rows = [
        ("POST", "/v3/pay/transactions/jsapi", PAY, payments.jsapi),
        ("GET", "/v3/pay/transactions/id/{transaction_id}", PAY, payments.query_by_id),
        ("GET", "/v3/pay/transactions/out-trade-no/{out_trade_no}", PAY, payments.query),
        ("POST", "/v3/pay/transactions/out-trade-no/{out_trade_no}/close", PAY, payments.close),
        ("POST", "/v3/refund/domestic/refunds", PAY, refunds.create),
        ("GET", "/v3/refund/domestic/refunds/{out_refund_no}", PAY, refunds.query),
        ("POST", bill, PAY, transfers.create),
        ("GET", bill + "/out-bill-no/{out_bill_no}", PAY, transfers.query),
        ("POST", bill + "/out-bill-no/{out_bill_no}/cancel", PAY, transfers.cancel),
        ("GET", bill + "/transfer-bill-no/{transfer_bill_no}", PAY, transfers.query_by_id),
        ("GET", "/v3/certificates", PAY, simulator.certificates),
        ("GET", "/v3/bill/tradebill", PAY, bills.trade),
        ("GET", "/v3/bill/fundflowbill", PAY, bills.fund_flow),
        ("GET", "/v3/billdownload/file", FILE, bills.download),
        ("GET", "/sns/jscode2session", MINI, mini.jscode2session),
        ("GET", "/cgi-bin/token", MINI, mini.token),
        ("POST", "/cgi-bin/stable_token", MINI, mini.stable_token),
        ("POST", "/wxa/business/getuserphonenumber", MINI, mini.get_user_phone_number),
        ("POST", "/wxa/getwxacodeunlimit", MINI, mini.get_wxacode_unlimited),
        ("POST", "/cgi-bin/message/subscribe/send", MINI, mini.send_subscribe_message),
        ("POST", "/wxa/msg_sec_check", MINI, mini.msg_sec_check),
        ("POST", "/wxa/sec/order/upload_shipping_info", MINI, mini.upload_shipping_info),
    ]
    return [Route(method, compiled(path), side, call) for method, path, side, call in rows]


def compiled(path):
    """Return the pattern of a path with {names}."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
