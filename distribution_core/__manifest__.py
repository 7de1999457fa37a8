# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
{
    "name": "Distribution Core",
    "summary": "Programs, distributors, the upline tree, bindings and attribution",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "Distribution Suite Maintainers",
    "depends": ["sale", "web_hierarchy"],
    "data": [
        "security/res_groups.xml",
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "data/ir_sequence.xml",
        "data/ir_cron.xml",
        "wizards/distribution_distributor_decision_views.xml",
        "wizards/distribution_distributor_move_views.xml",
        "wizards/distribution_setup_company_views.xml",
        "views/distribution_agreement_views.xml",
        "views/distribution_program_views.xml",
        "views/distribution_grade_views.xml",
        "views/distribution_tag_views.xml",
        "views/distribution_distributor_views.xml",
        "views/distribution_binding_views.xml",
        "views/res_partner_views.xml",
        "views/sale_order_views.xml",
        "views/distribution_core_menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "distribution_core/static/src/**/*",
        ],
        "web.assets_tests": [
            "distribution_core/static/tests/tours/**/*",
        ],
    },
    "application": True,
}
