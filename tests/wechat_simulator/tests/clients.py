# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A merchant's server, and clients of the simulator."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpy import WeChatClient

from ..crypto import sign

APPID, SECRET = "wxtest0000000001", "0123456789abcdef"
BUYER, SELLER = "oBuyer", "oSeller"
INFOS = [
    {"info_type": "岗位类型", "info_content": "分销员"},
    {"info_type": "报酬说明", "info_content": "推广佣金"},
]
BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
JSAPI = "/v3/pay/transactions/jsapi"
DAY = 86400
PATH = "/v3/pay/transactions/out-trade-no/T00001?mchid=1900000109"


class Handler(BaseHTTPRequestHandler):
    """Keeps a notification and answers as its shop is told."""

    def do_POST(self):
        shop, body = self.server.shop, self.rfile.read(int(self.headers["Content-Length"]))
        with shop.lock:
            shop.received.append((dict(self.headers), body))
            shop.inside += 1
            shop.most_inside = max(shop.most_inside, shop.inside)
            status = shop.statuses.pop(0) if shop.statuses else 204
        time.sleep(shop.seconds)
        with shop.lock:
            shop.inside -= 1
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        """Say nothing."""


class Shop:
    """A merchant's server that keeps every notification and answers as told."""

    def __init__(self):
        self.lock = threading.Lock()
        self.received, self.statuses = [], []
        self.seconds, self.inside, self.most_inside = 0, 0, 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.shop, self.server.daemon_threads = self, True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/notify"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def pay_client(sim, notify_url, **changes):
    """Return wechatpayv3 in public-key mode, calling the simulator."""
    merchant = sim.merchant
    options = {
        "wechatpay_type": WeChatPayType.MINIPROG,
        "mchid": merchant.mchid,
        "private_key": merchant.private_key_pem,
        "cert_serial_no": merchant.serial,
        "apiv3_key": merchant.apiv3_key,
        "appid": APPID,
        "notify_url": notify_url,
        "public_key": sim.platform_public_key_pem,
        "public_key_id": sim.public_key_id,
        "timeout": (2, 3),
        **changes,
    }
    client = WeChatPay(**options)
    client._core._gate_way = sim.url
    return client


class Redirect(HTTPAdapter):
    """Sends what is meant for api.weixin.qq.com to the simulator."""

    def __init__(self, url):
        super().__init__()
        self.target = urlsplit(url)

    def send(self, request, **options):
        parts = urlsplit(request.url)
        request.url = urlunsplit((self.target.scheme, self.target.netloc, parts.path, parts.query, ""))
        return super().send(request, **options)


def mini_client(sim, secret=SECRET):
    client = WeChatClient(APPID, secret, timeout=3, auto_retry=False)
    client._http.mount("https://", Redirect(sim.url))
    return client


def order(client, number="T00001", total=1000, openid=BUYER, **more):
    return answer(client.pay("茶", number, {"total": total, "currency": "CNY"}, payer={"openid": openid}, **more))


def refund(client, number, amount, total=1000, out_trade_no="T00001"):
    amounts = {"refund": amount, "total": total, "currency": "CNY"}
    return answer(client.refund(number, amounts, out_trade_no=out_trade_no))


def transfer(client, number="B1", amount=5000, **more):
    values = {"transfer_scene_report_infos": INFOS, **more}
    return answer(client.mch_transfer_bills(number, "1005", SELLER, amount, "佣金", **values))


def answer(said):
    status, text = said
    return status, json.loads(text) if text else None


def bill(client, number="B1"):
    return answer(client.mch_transfer_bills_query(out_bill_no=number))[1]


def code_of(said):
    return said[0], said[1]["code"]


def callback(client, received):
    """Return what wechatpayv3 makes of a notification; None or an exception is a refusal."""
    headers, body = received
    return client.callback(headers, body)


def refused(client, received):
    try:
        return callback(client, received) is None
    except Exception:
        return True


def signed_headers(sim, method, path, body="", key=None, nonce="a" * 32, at=None, serial=None, mchid=None):
    """Return headers signed by hand, to sign them wrongly."""
    merchant = sim.merchant
    moment = int(time.time()) if at is None else at
    message = f"{method}\n{path}\n{moment}\n{nonce}\n{body}\n"
    signature = sign(key or merchant.private_key, message)
    fields = f'mchid="{mchid or merchant.mchid}",nonce_str="{nonce}",signature="{signature}",'
    fields += f'timestamp="{moment}",serial_no="{serial or merchant.serial}"'
    return {"Authorization": f"WECHATPAY2-SHA256-RSA2048 {fields}", "Accept": "application/json"}


def get(sim, path=PATH, sent=None, **options):
    return requests.get(sim.url + (sent or path), headers=signed_headers(sim, "GET", path, **options), timeout=3)
