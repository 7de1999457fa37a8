# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
{
    "name": "Distribution: Bare Route",
    "summary": "What Odoo itself needs to answer, to compare with; for benchmarks only",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "Distribution Suite Maintainers",
    "license": "LGPL-3",
    "depends": ["web"],
}
