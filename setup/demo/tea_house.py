"""The second company of the demo: a Chinese tea shop in a mini-program, waiting for its first distributor.

Nothing has happened here yet: whoever tries the demo plays the people on the simulator's phone and the merchant in
Odoo. WeChat is the simulator, so its address and keys are read anew at every start.
"""

from typing import NamedTuple
from urllib.parse import urlsplit

from odoo import Command

from .catalogue import stock_up
from .company import company_env, ensure_warehouse, give_access, load_chart
from .pictures import cup

NAME = "Tea House"
TZ = "Asia/Shanghai"
CHINESE = "zh_CN"
RATES = (10.0, 5.0)
# A demo has no seven days to wait. The ledger lets the date of a held entry move, and nothing else.
END_HOLD = """\
held = records.sudo().filtered(lambda entry: entry.state == "held" and entry.company_id.id == {company})
for program in held.program_id:
    held.filtered(lambda entry: entry.program_id == program).write({{"release_date": program._get_business_date()}})
    model.sudo()._release(program)
"""


class Tea(NamedTuple):
    """A product: names in English and Chinese, price in CNY, pieces on hand, colours of its picture."""

    name: str
    chinese: str
    category: str
    price: float
    pieces: int
    liquor: str | None
    ground: str
    summary: str
    # Sizes beside the first, with what they cost more.
    sizes: tuple = ()


CATEGORIES = {"Green Tea": "绿茶", "Black Tea": "红茶", "Oolong": "乌龙茶", "Pu'er": "普洱", "Teaware": "茶具"}
TEAS = (
    Tea(
        "Dragon Well",
        "西湖龙井",
        "Green Tea",
        88.0,
        200,
        "#c9d68a",
        "#dfe9d8",
        "明前嫩芽，豆香清鲜。",
        (("50 g", "50 克", 0.0), ("100 g", "100 克", 80.0), ("250 g", "250 克", 292.0)),
    ),
    Tea("Biluochun", "碧螺春", "Green Tea", 128.0, 120, "#d5dd96", "#e6ecd2", "条索纤细，花果香。"),
    Tea("Keemun", "祁门红茶", "Black Tea", 98.0, 150, "#a8431f", "#f1ddd0", "蜜糖香，汤色红亮。"),
    Tea("Lapsang Souchong", "正山小种", "Black Tea", 118.0, 80, "#96391d", "#eed9c9", "松烟香，桂圆味。"),
    Tea("Tieguanyin", "安溪铁观音", "Oolong", 108.0, 160, "#d9b95c", "#f0e8cf", "兰花香，回甘持久。"),
    Tea("Big Red Robe", "大红袍", "Oolong", 268.0, 12, "#b96a2b", "#ecdccb", "岩骨花香，武夷山正岩。"),
    Tea("Ripe Pu'er Cake", "普洱熟茶饼", "Pu'er", 198.0, 60, "#5a2416", "#e8d9d2", "357 克，陈香醇厚。"),
    Tea("Porcelain Gaiwan", "白瓷盖碗", "Teaware", 66.0, 90, None, "#d9e4ea", "景德镇白瓷，150 毫升。"),
)


def find(env):
    """Return the company, if it is there."""
    return env["res.company"].search([("name", "=", NAME)], limit=1)


def main(env):
    """Create the company with its program and its goods, unless it is there.

    :return: `res.company`
    """
    company = find(env)
    if not company:
        env["res.lang"]._activate_lang(CHINESE)
        company = create_company(env)
        env = company_env(env, company, TZ)
        create_program(env)
        create_goods(env)
        create_hold_action(env)
    return company


def create_company(env):
    """Create the company: yuan, Chinese accounts, a warehouse, the administrator's access."""
    yuan = env.ref("base.CNY")
    yuan.active = True
    company = env["res.company"].create(
        {
            "name": NAME,
            "currency_id": yuan.id,
            "country_id": env.ref("base.cn").id,
            "street": "龙井路 1 号",
            "city": "杭州",
            "email": "shop@tea-house.example.com",
            # Who tries it out looks at once.
            "is_commission_in_background": False,
        }
    )
    give_access(env, company)
    load_chart(env, company, "cn")
    # A chart may bring a currency of its own.
    company.currency_id = yuan
    ensure_warehouse(env, company, "Hangzhou", "HZ")
    return company


def create_program(env):
    """Create the program: two levels, earned when received, seven days of hold, settled by hand."""
    program = env["distribution.program"].create(
        {
            "name": "Friends of Tea",
            "company_id": env.company.id,
            "tz": TZ,
            "level_count": len(RATES),
            "trigger": "received",
            "hold_days": 7,
            "settlement_period": "manual",
            "rule_ids": [Command.create({"level": level, "rate": rate}) for level, rate in enumerate(RATES, start=1)],
        }
    )
    program.with_context(lang=CHINESE).name = "茶友分销计划"


def create_goods(env):
    """Create what the shop sells, published, with stock and without taxes."""
    categories = {}
    for sequence, (name, chinese) in enumerate(CATEGORIES.items(), start=1):
        categories[name] = env["product.public.category"].create({"name": name, "sequence": sequence})
        categories[name].with_context(lang=CHINESE).name = chinese
    weight = env["product.attribute"].create({"name": "Weight"})
    weight.with_context(lang=CHINESE).name = "规格"
    pieces = {}
    for sequence, tea in enumerate(TEAS, start=1):
        template = create_tea(env, tea, categories[tea.category], sequence)
        add_sizes(env, template, weight, tea.sizes)
        pieces |= dict.fromkeys(template.product_variant_ids, tea.pieces)
    stock_up(env, pieces)


def create_tea(env, tea, category, sequence):
    """Create one product."""
    template = env["product.template"].create(
        {
            "name": tea.name,
            "company_id": env.company.id,
            "type": "consu",
            "is_storable": True,
            "list_price": tea.price,
            "taxes_id": [Command.clear()],
            "supplier_taxes_id": [Command.clear()],
            "invoice_policy": "order",
            "public_categ_ids": [Command.link(category.id)],
            "website_sequence": sequence,
            "is_published": True,
            "allow_out_of_stock_order": False,
            "image_1920": cup(tea.liquor, tea.ground),
        }
    )
    template.with_context(lang=CHINESE).write({"name": tea.chinese, "description_sale": tea.summary})
    return template


def add_sizes(env, template, weight, sizes):
    """Make a variant of each size."""
    if not sizes:
        return
    values = env["product.attribute.value"]
    for name, chinese, _extra in sizes:
        values += values.create({"name": name, "attribute_id": weight.id})
        values[-1].with_context(lang=CHINESE).name = chinese
    template.attribute_line_ids = [
        Command.create({"attribute_id": weight.id, "value_ids": [Command.set(values.ids)]}),
    ]
    made = template.attribute_line_ids.product_template_value_ids
    for value, (_name, _chinese, extra) in zip(made, sizes, strict=True):
        value.price_extra = extra


def create_hold_action(env):
    """Let the administrator end the hold of chosen entries, in the list's menu of actions."""
    action = env["ir.actions.server"].create(
        {
            "name": "Demo: End the Hold Now",
            "model_id": env["ir.model"]._get_id("distribution.commission.entry"),
            "binding_model_id": env["ir.model"]._get_id("distribution.commission.entry"),
            "binding_view_types": "list,form",
            "group_ids": [Command.link(env.ref("base.group_system").id)],
            "state": "code",
            "code": END_HOLD.format(company=env.company.id),
        }
    )
    action.with_context(lang=CHINESE).name = "演示：观察期立即结束"


def connect(env, shop_url, credentials):
    """Let the mini-program use the simulator that runs now, unless the merchant has set up a real one.

    :param str shop_url: where the simulator reaches Odoo
    :param dict credentials: what the simulator answers to ``GET /simulator/credentials``
    """
    company = find(env)
    if not company:
        return
    env = company_env(env, company, TZ)
    account = env["distribution.wechat.account"].search([("company_id", "=", company.id)], limit=1)
    if account and not is_local(account.pay_url):
        return
    env["ir.config_parameter"].set_param("web.base.url", shop_url)
    if account:
        account.write(account_vals(env, credentials))
    else:
        account = account.create(account_vals(env, credentials))
    activate_money(env, account)


def is_local(url):
    """Tell whether an address is on this machine."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost")


def account_vals(env, credentials):
    """Return the values of the WeChat account."""
    app = credentials["apps"][0]
    program = env["distribution.program"].search([("company_id", "=", env.company.id)], limit=1)
    return {
        "name": NAME,
        "company_id": env.company.id,
        "program_id": program.id,
        "app_id": app["appid"],
        "app_secret": app["secret"],
        "mini_program_url": credentials["url"],
        "pay_url": credentials["url"],
        "mch_id": credentials["mchid"],
        "merchant_serial": credentials["serial"],
        "merchant_private_key": credentials["private_key"],
        "api_v3_key": credentials["apiv3_key"],
        "wechatpay_public_key": credentials["public_key"],
        "wechatpay_public_key_id": credentials["public_key_id"],
    }


def activate_money(env, account):
    """Let customers pay by WeChat, and commission be paid from the merchant's balance there."""
    account.action_activate_payment()
    if not account.wallet_journal_id:
        account.wallet_journal_id = env["account.journal"].create(
            {"name": "微信支付零钱", "code": "WXQB", "type": "bank", "company_id": env.company.id}
        )
