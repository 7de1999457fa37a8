"""Somebody's hands on the phone that the WeChat simulator serves: a page in a real browser.

with browser() as chromium:
    dora = Phone(chromium, simulator.url)
    dora.log_in("Dora")
    dora.tap("立即购买")
"""

import contextlib
import resource
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from .live import APP_ID

ROOT = Path(__file__).resolve().parents[2]
SIZE = {"width": 390, "height": 844}
WITHIN = 30_000


@contextlib.contextmanager
def browser():
    """Yield Chromium: the project's own, else the machine's."""
    ours = ROOT / ".local" / "bin" / "chromium"
    program = str(ours) if ours.exists() else shutil.which("chromium") or shutil.which("google-chrome")
    with _unlimited_memory(), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program)
        yield chromium
        chromium.close()


@contextlib.contextmanager
def phones(live, chromium):
    """Yield a function that gives somebody a phone and logs in; what breaks in its pages fails the test.

    :param live: `support.live.Live`
    """
    given = []

    def pick_up(name, scene=""):
        live.simulator.settings.shop_url = live.url
        live.simulator.register_user(name, "13900000000", name, openid=f"o{name}", appid=APP_ID)
        phone = Phone(chromium, live.simulator.url, scene)
        given.append(phone)
        phone.log_in(name)
        return phone

    yield pick_up
    for phone in given:
        phone.page.context.close()
        assert not phone.broken


@contextlib.contextmanager
def _unlimited_memory():
    """Let a child reserve what Chromium reserves: Odoo limits the addresses of its process, and children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class Phone:
    """One tab: the phone of one person."""

    def __init__(self, chromium, wechat_url, scene=""):
        # A context of its own, so that nobody finds what another left in the browser.
        self.page = chromium.new_context(viewport=SIZE, device_scale_factor=2, locale="zh-CN").new_page()
        self.page.set_default_timeout(WITHIN)
        self.broken = []
        self.page.on("pageerror", lambda error: self.broken.append(str(error)))
        self.page.goto(f"{wechat_url}/phone/{f'?scene={scene}' if scene else ''}")

    def log_in(self, name):
        """Choose a person, who is registered before."""
        self.tap(name)
        self.page.wait_for_selector("nav a")

    def open(self, address):
        """Go to an address of the mini-program, such as ``cart``, and wait until it is shown; again if it is shown."""
        self.page.evaluate(
            """(address) => {
                if (location.hash === `#/${address}`) window.dispatchEvent(new HashChangeEvent("hashchange"));
                else location.hash = `#/${address}`;
                document.getElementById("view").classList.add("loading");
            }""",
            address,
        )
        self.page.wait_for_selector("main:not(.loading)")

    def tap(self, text):
        """Tap what says exactly this."""
        self.page.get_by_text(text, exact=True).last.click()

    def read(self, text):
        """Wait until a text is to be seen."""
        self.page.get_by_text(text).first.wait_for()
