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

    def test_manager_approves_an_appeal_against_a_binding(self):
        new_test_user(
            self.env, "tour_manager", "distribution_core.group_distribution_manager,base.group_partner_manager"
        )
        program = self.env["distribution.program"].create({"name": "Tour Program", "company_id": self.env.company.id})
        first, second, customer = (
            self.env["res.partner"].create({"name": name}) for name in ("Tour First", "Tour Second", "Tour Customer")
        )
        distributors = self.env["distribution.distributor"].create(
            [{"partner_id": partner.id, "program_id": program.id} for partner in (first, second)]
        )
        distributors.action_activate()
        binding = self.env["distribution.binding"]._bind(customer, distributors[0], source="qr")
        self.start_tour("/odoo/customer-bindings", "distribution_binding_tour", login="tour_manager")
        current = binding._get_current(customer, program)
        self.assertEqual((binding.state, current.distributor_id), ("ended", distributors[1]))
        request = self.env["distribution.binding.request"].search([("partner_id", "=", customer.id)])
        self.assertRecordValues(
            request, [{"kind": "appeal", "state": "approved", "decision_reason": "The poster is his"}]
        )

    def _create_people(self):
        """Let Ada and Eve stand at the top, Ben with Cleo below him under Ada, and Dora apply."""
        program = self.env["distribution.program"].create({"name": "Tour Program"})
        people = {}
        for name, upline in (("Ada", None), ("Eve", None), ("Ben", "Ada"), ("Cleo", "Ben"), ("Dora", None)):
            people[name] = self.env["distribution.distributor"].create(
                {
                    "partner_id": self.env["res.partner"].create({"name": f"Tour {name}"}).id,
                    "program_id": program.id,
                    "parent_id": people[upline].id if upline else False,
                }
            )
            if name != "Dora":
                people[name].action_activate()
        new_test_user(self.env, "tour_manager", "distribution_core.group_distribution_manager")
        return people

    def test_manager_moves_a_team(self):
        people = self._create_people()
        self.start_tour("/odoo/distributors", "distribution_move_tour", login="tour_manager")
        self.assertEqual(people["Ben"].parent_id, people["Eve"])
        self.assertEqual(people["Cleo"].parent_id, people["Ben"])
        self.assertTrue(any("Moved to another town" in body for body in people["Ben"].message_ids.mapped("body")))

    def test_manager_reviews_an_application(self):
        dora = self._create_people()["Dora"]
        self.start_tour("/odoo/distributors", "distribution_review_tour", login="tour_manager")
        self.assertEqual((dora.state, dora.parent_id.partner_id.name), ("active", "Tour Eve"))
