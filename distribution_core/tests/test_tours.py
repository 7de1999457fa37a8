# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestTours(HttpCase):
    def test_manager_sets_up_a_program_and_activates_a_distributor(self):
        new_test_user(
            self.env, "tour_manager", "distribution_core.group_distribution_manager,base.group_partner_manager"
        )
        self.env["res.partner"].create({"name": "Tour Distributor"})
        self.start_tour("/odoo/distributors", "distribution_distributor_tour", login="tour_manager")
        distributor = self.env["distribution.distributor"].search([("partner_id.name", "=", "Tour Distributor")])
        self.assertEqual(distributor.state, "active")
        self.assertEqual(distributor.program_id.name, "Tour Program")
