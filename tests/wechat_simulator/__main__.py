# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""``python -m wechat_simulator --port N --state DIR``: the simulator for a demo."""

import argparse
import logging
import signal
import threading

from . import Simulator

# Slower than in tests: somebody looks on, and Odoo may just be starting.
DEMO = {"refund_seconds": 2, "cancel_seconds": 2, "retry_seconds": (1, 2, 5, 15, 30, 60, 180)}
# So that a demo can begin at once: one to recommend, one to be recruited, one to buy.
PEOPLE = {"林小雅": "13800000001", "周大山": "13800000002", "陈美玲": "13800000003"}


def main():
    """Run until told to stop."""
    parser = argparse.ArgumentParser(prog="wechat_simulator", description="A WeChat that runs on this machine.")
    parser.add_argument("--port", type=int, default=8072)
    parser.add_argument("--state", help="directory in which keys and state outlive a restart")
    parser.add_argument("--shop", default="", help="address of the Odoo that the phone at /phone/ buys from")
    parser.add_argument("--appid", default="wx5a1a0000demo0001")
    parser.add_argument("--secret", help="the app's secret; made up and kept if not given")
    parser.add_argument("--seed", type=int, help="the same numbers every time")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = {**DEMO, "shop_url": options.shop.rstrip("/")}
    with Simulator(options.port, options.state, options.seed, **settings) as simulator:
        app = simulator.app(options.appid, options.secret)
        introduce(simulator)
        print(f"WeChat simulator on {simulator.url} (app {app.appid}, merchant {simulator.merchant.mchid})", flush=True)
        stop.wait()


def introduce(simulator):
    """Register the people of the demo, unless somebody is there already."""
    if not simulator.world.store.users:
        for name, phone in PEOPLE.items():
            simulator.register_user(name, phone, name)


if __name__ == "__main__":
    main()
