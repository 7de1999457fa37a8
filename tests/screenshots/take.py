"""Take the pictures of the README from a running server with the sample company.

    ./setup/run                                                  (in another terminal)
    ./setup/python tests/screenshots/take.py http://localhost:8069 pictures --login admin --password admin

Each picture is the first record that shows the screen well; one that does not exist is left out and named.
"""

import argparse
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 1400, 900
MAX_BYTES = 150_000

# name, path of the action, model, domain, order, tab to open, language
PICTURES = [
    ("program", "distribution-programs", "distribution.program", [["rule_ids", "!=", False]], "id", None, "en_US"),
    (
        "distributor",
        "distributors",
        "distribution.distributor",
        [["state", "=", "active"], ["commission_account_ids.available", ">", 0], ["binding_ids", "!=", False]],
        "id",
        None,
        "en_US",
    ),
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


def main():
    """Log in, take every picture, and give the user back its language."""
    options = parse()
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        log_in(page, options)
        language = call(page, "res.users", "read", [[user_id(page)], ["lang"]])[0]["lang"]
        try:
            for picture in PICTURES:
                take(page, options, language, *picture)
        finally:
            set_language(page, language)
        browser.close()


def parse():
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="base address of the server")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    return parser.parse_args()


def find_chromium():
    """Return the project's browser, else the machine's."""
    ours = ROOT / ".local" / "bin" / "chromium"
    return str(ours) if ours.exists() else shutil.which("chromium") or shutil.which("google-chrome")


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
    return answer["result"]


def set_language(page, language):
    """Show the user's screens in a language from the next page on."""
    call(page, "res.users", "write", [[user_id(page)], {"lang": language}])


def take(page, options, home_language, name, path, model, domain, order, tab, language):
    """Save one picture."""
    if language != home_language:
        set_language(page, language)
    found = call(page, model, "search", [domain], limit=1, order=order)
    if not found:
        print(f"{name}: nothing to show")
        return
    page.goto(f"{options.url}/odoo/{path}/{found[0]}")
    page.wait_for_selector(".o_form_view .o_form_sheet", timeout=60_000)
    if tab:
        page.click(f"a[name={tab}]")
        page.locator("[name=distribution_attribution]").first.evaluate("node => node.scrollIntoView({block: 'center'})")
    # Chatter and icons come after the form; the network is never idle (Odoo's bus).
    page.wait_for_timeout(1500)
    file = options.folder / f"{name}.png"
    page.screenshot(path=file)
    reduce(file)
    if language != home_language:
        set_language(page, home_language)
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
