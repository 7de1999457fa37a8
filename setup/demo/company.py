"""The company of the demo: pounds, its own chart of accounts and warehouse."""

NAME = "Online Retail Sample (UK)"


def find_company(env):
    """Return the demo company, if it is loaded."""
    return env["res.company"].search([("name", "=", NAME)], limit=1)


def create_company(env):
    """Create the company with its currency, accounts, warehouse and the administrator's access."""
    pound = env.ref("base.GBP")
    pound.active = True
    company = env["res.company"].create(
        {
            "name": NAME,
            "currency_id": pound.id,
            "country_id": env.ref("base.uk").id,
            "street": "1 Sample Street",
            "city": "London",
            "email": "shop@retail-sample.example.com",
        }
    )
    give_access(env, company)
    env.ref("base.user_admin").company_id = company
    load_chart(env, company, "uk")
    ensure_warehouse(env, company, "London", "LON")
    return company


def give_access(env, company):
    """Let the administrator work in the company."""
    users = env.ref("base.user_admin") | env.user
    users.write({"company_ids": [(4, company.id)]})


def load_chart(env, company, country):
    """Give the company a chart of accounts: its country's when that is installed."""
    module = f"l10n_{country}"
    installed = env["ir.module.module"].search_count([("name", "=", module), ("state", "=", "installed")])
    template = country if installed else "generic_coa"
    env["account.chart.template"].with_company(company).try_loading(template, company, install_demo=False)


def ensure_warehouse(env, company, name, code):
    """Give the company a warehouse; Odoo makes one by itself in tests only."""
    warehouses = env["stock.warehouse"].with_context(active_test=False)
    if not warehouses.search_count([("company_id", "=", company.id)], limit=1):
        warehouses.create({"name": name, "code": code, "company_id": company.id})


def company_env(env, company, tz="Europe/London"):
    """Return the administrator's environment in the company, quiet: no mails, no tracking of changes."""
    context = {
        "allowed_company_ids": company.ids,
        "tz": tz,
        "lang": "en_US",
        "tracking_disable": True,
        "mail_notify_force_send": False,
        "mail_auto_subscribe_no_notify": True,
    }
    return env(user=env.ref("base.user_admin"), context=context, su=True)
