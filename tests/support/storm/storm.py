# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The people of a storm, and how operations are drawn."""

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor

from wechat_simulator import ControlError

from odoo.exceptions import UserError

from .calm import Calm
from .customers import CUSTOMERS, Customers
from .errors import odoo_errors
from .merchant import MERCHANT, Merchant
from .stage import SCARCE
from .weather import WEATHER, Weather

# What is done one by one; customers act several at once.
OTHERS = {**MERCHANT, **WEATHER}
AT_ONCE = 4
# What may happen while customers are busy.
MEANWHILE = ("run_cron", "let_order_expire", "cancel_as_merchant", "approve_refund", "repeat_notification")


class Storm(Customers, Merchant, Weather, Calm):
    """The people, and what they did."""

    def __init__(self, live, seed):
        self.live, self.simulator, self.seed = live, live.simulator, seed
        self.done, self.errors, self.sent = [], [], []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._create_people()

    def _create_people(self):
        live = self.live
        with live.env() as env:
            program = env["distribution.program"].browse(live.program_id)
            program.write({"withdrawal_daily_limit": 1000})
        self.ada, self.ben = live.person("Ada", real_name="李小红"), live.person("Ben")
        self.ada.become_distributor()
        self.ben.become_distributor(self.ada)
        with live.env() as env:
            env["distribution.distributor"].browse(self.ada.distributor_id).real_name = "李小红"
        live.earn_for(self.ada, 2600)
        live.earn_for(self.ben, 150)
        self.buyers = [live.person(name) for name in ("Cleo", "Dora", "Emil", "Fay")]
        for buyer in self.buyers:
            self._bind(buyer, self.ben)
        self.people = [self.ada, self.ben, *self.buyers]
        self.by_partner = {person.partner_id: person for person in self.people}
        self.product_ids = [live.create_product("Oolong", price=33.33), live.product_id]
        self.scarce_id = live.create_product("Rare Cake", quantity=SCARCE, price=88.8)

    def _bind(self, buyer, distributor):
        with self.live.env() as env:
            code = env["distribution.distributor"].browse(distributor.distributor_id).code
        answer = buyer.post("/bindings", {"code": code})
        assert answer.status_code == 200, answer.text

    # === THE STORM === #

    def rage(self, count):
        """Do so many operations, some of them at once."""
        with odoo_errors(self.errors), ThreadPoolExecutor(AT_ONCE) as pool:
            while (number := next(self._numbers)) <= count:
                rng = self._draw(number)
                if rng.random() < 0.3:
                    # Two times out of three it is one person's phones, so that they meet.
                    focus = rng.choice(self.people) if rng.random() < 0.67 else None
                    numbers = [number, *(next(self._numbers) for _other in range(AT_ONCE - 1))]
                    # Sometimes all want the same, such as the last piece.
                    wish = _choose(rng, CUSTOMERS) if rng.random() < 0.4 else None
                    futures = [pool.submit(self._do_as_customer, one, focus, wish) for one in numbers]
                    if rng.random() < 0.5:
                        self._do(number, rng, rng.choice(MEANWHILE))
                    for future in futures:
                        future.result()
                elif rng.random() < 0.45:
                    self._do_as_customer(number)
                else:
                    self._do(number, rng, _choose(rng, OTHERS))

    def _draw(self, number):
        return random.Random(f"{self.seed}-{number}")

    def _do_as_customer(self, number, focus=None, wish=None):
        rng = random.Random(f"{self.seed}-{number}-customer")
        person = focus or rng.choice(self.people)
        self._do(number, rng, wish or _choose(rng, CUSTOMERS), person)

    def _do(self, number, rng, name, *args):
        try:
            outcome = getattr(self, f"do_{name}")(rng, *args)
        except ControlError as error:
            outcome = f"not possible in WeChat: {error}"
        except UserError as error:
            outcome = f"refused: {error}"
        except Exception as error:
            with self._lock:
                self.done.append(f"{number:03d} {name}: {error!r}")
            raise
        who = args[0].name if args else ""
        with self._lock:
            self.done.append(f"{number:03d} {name} {who}: {outcome}")


def _choose(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]
