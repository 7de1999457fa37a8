"""Take the pictures of the README from a running server with the sample companies.

    ./setup/run                                                  (in another terminal)
    ./setup/python tests/screenshots/take.py http://localhost:8069 pictures --login admin --password admin \\
        --wechat http://localhost:8072

Each picture is the first record that shows the screen well; one that does not exist is left out and named. With
``--wechat`` the mini-program's journey is played first, on the simulator's phone.
"""

import argparse
import functools
import sys
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from screenshots import journey  # noqa: E402

from support.phone import browser  # noqa: E402

WIDTH, HEIGHT, TALLEST = 1400, 900, 1300
MAX_BYTES = 150_000

# name, path of the action, model, domain, order, tab to open, language
PICTURES = [
    ("program", "distribution-programs", "distribution.program", [["rule_ids", "!=", False]], "id", None, "en_US"),
    # D07 of the sample has an upline, a team, customers and money.
    ("distributor", "distributors", "distribution.distributor", [["code", "=", "D07"]], "id", None, "en_US"),
    (
        "order",
        "distribution-orders",
        "sale.order",
        [["state", "=", "sale"], ["commission_term_ids.entry_ids", "!=", False]],
        "id desc",
        "other_information",
        "en_US",
    ),
    ("entry", "commission-entries", "distribution.commission.entry", [["kind", "=", "clawback"]], "id", None, "en_US"),
    (
        "settlement",
        "commission-settlements",
        "distribution.settlement",
        [["state", "=", "posted"]],
        "entry_count desc",
        None,
        "en_US",
    ),
    ("payout_run", "commission-payout-runs", "distribution.payout.run", [], "id desc", None, "en_US"),
    (
        "entry_zh",
        "commission-entries",
        "distribution.commission.entry",
        [["kind", "=", "clawback"]],
        "id",
        None,
        "zh_CN",
    ),
]
# The same of the mini-program's company.
MINI_PROGRAM = [
    ("wechat_account", "wechat-accounts", "distribution.wechat.account", [], "id", None, "en_US"),
    (
        "refund_request",
        "refund-requests",
        "distribution.refund.request",
        [["state", "=", "requested"]],
        "id desc",
        None,
        "en_US",
    ),
    (
        "wechat_transfer",
        "wechat-transfers",
        "distribution.wechat.transfer",
        [["state", "=", "wait_user_confirm"]],
        "id desc",
        None,
        "zh_CN",
    ),
]


def main():
    """Log in, take every picture, and give the user back its language."""
    options = parse()
    options.folder.mkdir(parents=True, exist_ok=True)
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        log_in(page, options)
        user = call(page, "res.users", "read", [[user_id(page)], ["lang", "company_id"]])[0]
        try:
            for picture in PICTURES:
                take(page, options, user["company_id"][0], *picture)
            if options.wechat:
                take_mini_program(chromium, page, options)
        finally:
            set_language(page, user["lang"])


def take_mini_program(chromium, page, options):
    """Play the mini-program's journey, and take pictures of the phone and of the merchant's screens."""
    merchant = journey.Merchant(functools.partial(call, page))
    journey.play(chromium, options.wechat, merchant, functools.partial(photograph, options))
    for picture in MINI_PROGRAM:
        take(page, options, merchant.company_id, *picture)


def parse():
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="base address of the server")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--wechat", help="address of the WeChat simulator, for the pictures of the mini-program")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    return parser.parse_args()


def log_in(page, options):
    """Open a session in the page."""
    page.goto(f"{options.url}/web/login")
    page.fill("input[name=login]", options.login)
    page.fill("input[name=password]", options.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector(".o_main_navbar", timeout=120_000)


def user_id(page):
    """Return the id of the logged-in user."""
    info = page.evaluate(
        """async () => (await (await fetch("/web/session/get_session_info", {
            method: "POST", headers: {"Content-Type": "application/json"},
            body: JSON.stringify({jsonrpc: "2.0", params: {}}),
        })).json()).result"""
    )
    return info["uid"]


def call(page, model, method, args, **kwargs):
    """Call a model's method as the logged-in user."""
    answer = page.evaluate(
        """async ([model, method, args, kwargs]) => (await fetch("/web/dataset/call_kw", {
            method: "POST", headers: {"Content-Type": "application/json"},
            body: JSON.stringify({jsonrpc: "2.0", params: {model, method, args, kwargs}}),
        })).json()""",
        [model, method, args, kwargs],
    )
    if "error" in answer:
        raise RuntimeError(answer["error"]["data"]["message"])
    # An action may return nothing, and JSON-RPC leaves it out then.
    return answer.get("result")


def set_language(page, language):
    """Show the user's screens in a language from the next page on."""
    call(page, "res.users", "write", [[user_id(page)], {"lang": language}])


def take(page, options, company_id, name, path, model, domain, order, tab, language):
    """Save one picture."""
    found = call(page, model, "search", [domain], limit=1, order=order, context={"allowed_company_ids": [company_id]})
    if not found:
        print(f"{name}: nothing to show")
        return
    set_language(page, language)
    page.context.add_cookies([{"name": "cids", "value": str(company_id), "url": options.url}])
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.goto(f"{options.url}/odoo/{path}/{found[0]}")
    page.wait_for_selector(".o_form_view .o_form_sheet", timeout=60_000)
    if tab:
        page.click(f"a[name={tab}]")
        page.locator("[name=distribution_attribution]").first.evaluate("node => node.scrollIntoView({block: 'center'})")
    else:
        show_whole_form(page)
    photograph(options, name, page)


def show_whole_form(page):
    """Make the window as high as its form needs."""
    bottom = page.locator(".o_form_sheet_bg").evaluate("node => node.getBoundingClientRect().top + node.scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": min(max(HEIGHT, round(bottom)), TALLEST)})


def photograph(options, name, page):
    """Save what a page shows."""
    # Chatter, icons and pictures come after the rest, and messages go; the network is never idle (Odoo's bus).
    page.wait_for_timeout(1500)
    page.locator(".toast").wait_for(state="detached")
    file = options.folder / f"{name}.png"
    page.screenshot(path=file)
    reduce(file)
    print(f"{name}: {file.stat().st_size // 1000} kB")


def reduce(file):
    """Make a picture small enough for a repository: fewer colours, then fewer pixels."""
    image = Image.open(file).convert("RGB")
    while True:
        image.quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)
        if file.stat().st_size <= MAX_BYTES:
            return
        image = image.resize((image.width * 9 // 10, image.height * 9 // 10), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
