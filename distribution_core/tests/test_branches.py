# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from .test_bindings import BindingCommon


@tagged("post_install", "-at_install")
class TestBranches(BindingCommon):
    """A program of the parent company; users, customers and orders of a branch."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create({"name": "Branch", "parent_id": cls.company.id})
        cls.other = cls.env["res.company"].create({"name": "Other"})
        cls.local = cls.env["res.partner"].create({"name": "Local", "company_id": cls.branch.id})
        cls.foreign = cls.env["res.partner"].create({"name": "Foreign", "company_id": cls.other.id})
        cls.branch_manager = new_test_user(
            cls.env,
            "branch-boss",
            groups="distribution_core.group_distribution_manager,base.group_partner_manager,"
            "sales_team.group_sale_salesman_all_leads",
            company_id=cls.branch.id,
            company_ids=[(6, 0, cls.branch.ids)],
        )
        cls.branch_bindings = cls.bindings.with_user(cls.branch_manager)
        cls.link = cls.env["distribution.link"].create({"distributor_id": cls.ben.id})

    def _order(self, **vals):
        order = self._create_order(self.local, company_id=self.branch.id, **vals)
        order.action_confirm()
        return order

    # === CUSTOMERS === #

    def test_customer_is_bound_by_link_and_by_visit(self):
        order = self._order(distribution_link_id=self.link.id)
        self.assertEqual(order.distribution_distributor_id, self.ben)
        self.assertEqual(self._owner(self.local), self.ben)
        self.assertEqual(self._order().distribution_attribution, "binding")
        self.bindings._get_current(self.local, self.program)._end("Again")
        self.visits._note_visit(self.ada, token="t")
        self.assertEqual(self.visits._confirm_visits(self.local, token="t").distributor_id, self.ada)

    def test_customer_is_bound_by_hand_and_by_import(self):
        with Form(self.branch_bindings) as form:
            form.partner_id = self.local
            form.distributor_id = self.ben
        self.assertEqual((form.record.company_id, form.record.distributor_id), (self.company, self.ben))
        form.record.action_end()
        result = self.branch_bindings.with_context(import_file=True).load(
            ["partner_id", "distributor_id", "date_from"], [["Local", self.ben.code, "2026-01-20"]]
        )
        self.assertFalse(result["messages"])
        self.assertEqual(self._owner(self.local), self.ben)

    def test_customer_is_asked_for_and_given(self):
        self.program.binding_policy = "ask"
        self.bindings._bind(self.local, self.ada).protected_until = False
        self.assertEqual(self.bindings._recommend(self.local, self.ben, "qr")[0], "asked")
        self.requests.search([("partner_id", "=", self.local.id)])._accept()
        self.assertEqual(self._owner(self.local), self.ben)
        request = self._request(self.cleo, self.branch_manager, partner_id=self.local.id)
        request.with_user(self.branch_manager).action_approve()
        self.assertEqual(self._owner(self.local), self.cleo)

    def test_customer_goes_on_when_its_distributor_is_closed_or_merged(self):
        self.bindings._bind(self.local, self.cleo)
        self.cleo.with_user(self.branch_manager)._close(self.ben, True, "Moved abroad")
        self.assertEqual(self._owner(self.local), self.ben)
        self.ben.with_user(self.branch_manager)._merge_into(self.ada, "Joined twice")
        self.assertEqual(self._owner(self.local), self.ada)
        self.assertEqual(self._order().distribution_distributor_id, self.ada)

    def test_manager_of_the_parent_reads_of_customers_of_a_branch(self):
        binding = self.bindings._bind(self.local, self.ben)
        request = self._request(self.cleo, self.env.user, partner_id=self.local.id)
        self.visits._note_visit(self.ada, partner=self.local)
        self.env.invalidate_all()
        for model in ("distribution.binding", "distribution.binding.request", "distribution.visit"):
            records = self.env[model].with_user(self.manager)
            found = records.web_search_read([], {"display_name": {}, "partner_id": {"fields": {"display_name": {}}}})
            self.assertIn("Local", [row["partner_id"]["display_name"] for row in found["records"] if row["partner_id"]])
        with self.assertRaisesRegex(UserError, "Local: a binding says what was"):
            binding.with_user(self.manager).write({"distributor_id": self.ada.id})
        with self.assertRaisesRegex(UserError, "Local is bound to Ben"):
            self._request(self.ben, self.manager, partner_id=self.local.id)
        request.with_user(self.manager).action_approve()
        self._request(self.ada, self.env.user, partner_id=self.local.id).with_user(self.manager).action_approve()
        self.assertEqual(self._owner(self.local), self.ada)
        self.assertEqual(binding.with_user(self.manager).history_count, 3)
        self.bindings._get_current(self.local, self.program).with_user(self.manager).action_end()

    def test_customer_of_another_company_is_refused_by_name(self):
        for refused in (
            lambda: self.bindings._bind(self.foreign, self.ben),
            lambda: self._request(self.ben, self.env.user, partner_id=self.foreign.id),
        ):
            with self.assertRaisesRegex(UserError, "Foreign .*another company"), self.cr.savepoint():
                refused()
        self.assertEqual(self.bindings._recommend(self.foreign, self.ben, "qr")[0], "inactive")

    # === DISTRIBUTORS === #

    def test_contact_of_a_branch_does_not_join_the_program_of_the_parent(self):
        """What it earned with other branches could not be posted to it."""
        members = self.env["distribution.distributor"].with_user(self.branch_manager)
        vals = {"partner_id": self.local.id, "program_id": self.program.id}
        for refused, text in (
            (lambda: self.program._apply(self.local), "You are with another company"),
            (lambda: members.create(vals), "Local belongs to Branch"),
        ):
            with self.assertRaisesRegex(UserError, text), self.cr.savepoint():
                refused()
        self.program.join_policy = "open"
        self.bindings._bind(self.stranger, self.ben)
        member = self.program.with_user(self.branch_manager)._apply(self.stranger)
        self.assertEqual((member.state, member.parent_id), ("active", self.ben))

    def test_branch_manager_works_with_distributors_of_the_parent(self):
        dora = self._create_distributor("Dora", self.cleo).with_user(self.branch_manager)
        dora.action_suspend("Looked into")
        dora.action_activate()
        wizard = self.env[dora.action_move()["res_model"]].with_user(self.branch_manager)
        wizard.create({"distributor_id": dora.id, "upline_id": self.ada.id, "reason": "Asked"}).action_confirm()
        self.assertEqual(dora.parent_id, self.ada)
        link = self.env["distribution.link"].with_user(self.branch_manager).create({"distributor_id": dora.id})
        self.assertEqual(link.company_id, self.company)
        self.assertEqual(self._order(distribution_link_id=link.id).distribution_distributor_id, dora)

    def test_link_leads_to_a_product_of_a_branch_and_to_none_of_another_company(self):
        links = self.env["distribution.link"]
        for company in (self.branch, self.company, self.other):
            product = self.env["product.template"].create({"name": "Lamp", "company_id": company.id})
            vals = {"distributor_id": self.ben.id, "purpose": "product", "product_tmpl_id": product.id}
            if company != self.other:
                self.assertEqual(links.create(vals).company_id, self.company)
        with self.assertRaisesRegex(UserError, "Lamp is sold by another company"):
            links.create(vals)
