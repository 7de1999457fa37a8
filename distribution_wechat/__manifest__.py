# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
{
    "name": "Distribution WeChat",
    "summary": "The mini-program's interface: login, shop, payment, distribution centre",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "Distribution Suite Maintainers",
    "depends": ["distribution_payout", "website_sale_stock"],
    "external_dependencies": {"python": ["pydantic", "wechatpy", "wechatpayv3"]},
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "views/distribution_wechat_account_views.xml",
        "views/distribution_wechat_scene_views.xml",
        "views/distribution_distributor_views.xml",
        "views/distribution_wechat_menus.xml",
    ],
}
