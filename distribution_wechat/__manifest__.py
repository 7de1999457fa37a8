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
        "data/payment_provider.xml",
        "data/ir_cron_payment.xml",
        "views/distribution_wechat_account_views.xml",
        "views/payment_provider_views.xml",
        "views/payment_transaction_views.xml",
        "views/distribution_wechat_menus.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
