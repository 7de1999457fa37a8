# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
{
    "name": "Distribution Payout",
    "summary": "Withdrawals and payouts of commission, booked and reconciled",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "Distribution Suite Maintainers",
    "depends": ["distribution_commission"],
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "security/ir_rules_roles.xml",
        "data/ir_sequence.xml",
        "wizards/distribution_payout_wizard_views.xml",
        "wizards/distribution_payout_confirm_views.xml",
        "wizards/distribution_withdrawal_fail_views.xml",
        "wizards/distribution_withdrawal_approve_views.xml",
        "views/distribution_withdrawal_views.xml",
        "views/distribution_payout_run_views.xml",
        "views/distribution_account_views.xml",
        "views/distribution_program_views.xml",
        "views/portal_templates.xml",
        "views/distribution_payout_menus.xml",
    ],
    "assets": {
        "web.assets_tests": [
            "distribution_payout/static/tests/tours/**/*",
        ],
    },
    "uninstall_hook": "uninstall_hook",
}
