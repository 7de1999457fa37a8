"""Log in to a running Odoo as a browser does, and read something of the suite."""

import re
import sys

import requests

ADDRESS = sys.argv[1]


def main():
    """Log in by the form, open the web client, and count the distributors."""
    session = requests.Session()
    page = session.get(f"{ADDRESS}/web/login", timeout=60)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
    form = {"login": "admin", "password": "admin", "csrf_token": token}
    page = session.post(f"{ADDRESS}/web/login", data=form, timeout=60)
    assert page.ok and "/odoo" in page.url, f"not logged in: {page.status_code} {page.url}"
    call = {"model": "distribution.distributor", "method": "search_count", "args": [[]], "kwargs": {}}
    answer = session.post(f"{ADDRESS}/web/dataset/call_kw", json={"params": call}, timeout=60).json()
    assert answer.get("result"), f"no distributors: {answer}"
    print(f"logged in at {ADDRESS}: {answer['result']} distributors")


main()
