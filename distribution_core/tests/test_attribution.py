# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .common import DistributionCommon


@tagged("post_install", "-at_install")
class TestPrecedence(DistributionCommon):
    """What goes before what, and what the order says of it: the customer is bound to Cleo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Orders that count by a code or a link leave the binding as it is.
        cls.binding.protected_until = fields.Datetime.now() + timedelta(days=30)
        cls.link = cls.env["distribution.link"].create({"distributor_id": cls.ben.id})
        cls.seller = new_test_user(cls.env, "seller", groups="sales_team.group_sale_salesman_all_leads")

    def _confirm(self, **vals):
        order = self._create_order(**vals)
        order.action_confirm()
        return order

    def _explain(self, order):
        return order.distribution_attribution_note.splitlines()

    def test_each_goes_before_the_next(self):
        self.program.is_salesperson_counted = True
        member = self._create_distributor("Eve")
        self.seller.partner_id = member.partner_id
        everything = {
            "distribution_distributor_id": member.id,
            "distribution_code": self.ada.code,
            "distribution_link_id": self.link.id,
            "user_id": self.seller.id,
        }
        expected = [
            (member, "manual", "distribution_distributor_id"),
            (self.ada, "code", "distribution_code"),
            (self.ben, "link", "distribution_link_id"),
        ]
        for distributor, reason, name in expected:
            order = self._confirm(**everything)
            self.assertEqual((order.distribution_distributor_id, order.distribution_attribution), (distributor, reason))
            everything.pop(name)
        self.assertEqual(self._confirm(**everything).distribution_attribution, "binding")
        self.binding._end("Moved")
        order = self._confirm(**everything)
        self.assertEqual((order.distribution_distributor_id, order.distribution_attribution), (member, "salesperson"))

    def test_salespeople_count_only_where_the_program_says_so(self):
        self._create_distributor("Eve", partner_id=self.seller.partner_id.id)
        order = self._confirm(partner=self.stranger, user_id=self.seller.id)
        self.assertEqual(order.distribution_attribution, "none")
        self.assertEqual(self._explain(order), ["Counts for nobody."])

    def test_code_of_a_link_counts_for_its_distributor_and_as_an_order_of_the_link(self):
        order = self._confirm(distribution_code=f" {self.link.code} ")
        self.assertRecordValues(
            order,
            [
                {
                    "distribution_distributor_id": self.ben.id,
                    "distribution_attribution": "code",
                    "distribution_link_id": self.link.id,
                    "distribution_code": self.link.code,
                }
            ],
        )
        self.assertEqual(self.link.order_count, 1)

    def test_small_letters_are_a_code_too(self):
        self.assertEqual(self._confirm(distribution_code=self.ada.code.lower()).distribution_distributor_id, self.ada)

    def test_link_counts_within_its_window(self):
        order = self._create_order(distribution_link_id=self.link.id)
        late = order.copy()
        late.distribution_link_id = self.link
        for quotation, days, reason in ((order, 29, "link"), (late, 31, "binding")):
            quotation.distribution_link_on = fields.Datetime.now() - timedelta(days=days)
            quotation.action_confirm()
            self.assertEqual(quotation.distribution_attribution, reason)
        ended = fields.Date.today() - timedelta(days=1)
        self.assertRegex(late.distribution_attribution_note, f"Link opened, Ben .*: ended on {ended:%m/%d/%Y}")

    def test_archived_link_and_closed_distributor_count_for_nobody(self):
        archived = self._create_order(partner=self.stranger, distribution_link_id=self.link.id)
        closed = self._create_order(partner=self.stranger, distribution_code=self.ben.code)
        self.link.active = False
        self.ben.action_close()
        (archived + closed).action_confirm()
        self.assertEqual((archived + closed).mapped("distribution_attribution"), ["none", "none"])
        self.assertIn("is archived", archived.distribution_attribution_note)
        self.assertIn("is not an active distributor", closed.distribution_attribution_note)

    # === EXPLANATIONS === #

    def test_order_says_what_decided_and_why_the_others_did_not(self):
        order = self._create_order(distribution_link_id=self.link.id)
        lines = [
            f"Link opened, {self.ben.display_name}: decides.",
            f"The customer's binding, {self.cleo.display_name}: another goes first.",
        ]
        self.assertEqual(self._explain(order), [f"Would count for {self.ben.display_name}.", *lines])
        order.action_confirm()
        self.assertEqual(self._explain(order), [f"Counts for {self.ben.display_name}.", *lines])
        # What happens later changes nothing of what was decided.
        self.binding._end("Moved")
        order.invalidate_recordset()
        self.assertEqual(self._explain(order)[1:], lines)

    def test_what_decides_is_told_once(self):
        """A salesperson who joined twice, and a link by which the customer came and which it named, too."""
        self.program.is_salesperson_counted = True
        twin = self._create_distributor("Eve", partner_id=self.seller.partner_id.id)
        member = self._create_distributor("Eve")
        twin._merge_into(member, "Joined twice")
        self.env.flush_all()
        member.partner_id = self.seller.partner_id
        order = self._confirm(partner=self.stranger, user_id=self.seller.id)
        self.assertEqual(order.distribution_distributor_id, member)
        decides = [line for line in self._explain(order) if "decides" in line]
        self.assertEqual(decides, [f"Salesperson, {member.display_name}: decides."])
        order = self._confirm(distribution_code=self.link.code, distribution_link_id=self.link.id)
        self.assertEqual(len([line for line in self._explain(order) if "decides" in line]), 1)

    def test_expired_binding_and_suspension_are_told(self):
        self.binding.date_to = "2026-02-01"
        with freeze_time("2026-03-01"):
            order = self._confirm()
        self.assertEqual(
            self._explain(order),
            ["Counts for nobody.", f"The customer's binding, {self.cleo.display_name}: ended on 02/01/2026."],
        )
        self.binding._end("Moved")
        self.ada.action_suspend("Checks")
        self.assertRegex(self._confirm(distribution_code=self.ada.code).distribution_attribution_note, "suspended")

    def test_self_purchase_is_told(self):
        order = self._confirm(partner=self.cleo.partner_id, distribution_code=self.ada.code)
        self.assertEqual(order.distribution_attribution, "self")
        self.assertEqual(
            self._explain(order),
            [
                "Counts for nobody: the customer is a distributor itself.",
                f"Code typed in, {self.ada.display_name}: the customer is a distributor of the program itself.",
            ],
        )

    def test_other_company_is_told_without_a_name(self):
        company = self.env["res.company"].create({"name": "Other"})
        program = self.env["distribution.program"].create(
            {**self._prepare_program_vals(), "name": "Theirs", "company_id": company.id}
        )
        stranger = self._create_distributor("Hidden", program=program)
        link = self.env["distribution.link"].create({"distributor_id": stranger.id})
        order = self._confirm(partner=self.stranger, distribution_link_id=link.id)
        self.assertEqual(self._explain(order), ["Counts for nobody.", "Link opened: belongs to another company."])
        with self.assertRaisesRegex(ValidationError, "no distributor and no link"):
            self._create_order(distribution_code=link.code)

    def test_explanation_is_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        order = self._confirm()
        chinese = order.with_context(lang="zh_CN").distribution_attribution_note
        self.assertIn(self.cleo.display_name, chinese)
        self.assertNotIn("Counts", chinese)

    def test_form_shows_what_would_count_before_it_is_saved(self):
        with Form(self.env["sale.order"]) as form:
            self.assertFalse(form.distribution_attribution_note)
            form.partner_id = self.customer
            self.assertIn(self.cleo.display_name, form.distribution_attribution_note.splitlines()[0])
            form.distribution_code = "nonsense"
            self.assertIn("there is no such code", form.distribution_attribution_note)
            form.distribution_code = self.ada.code
            self.assertIn(self.ada.display_name, form.distribution_attribution_note.splitlines()[0])
            form.distribution_distributor_id = self.ben
            self.assertIn(self.ben.display_name, form.distribution_attribution_note.splitlines()[0])

    # === DOORS === #

    def test_wrong_code_is_refused_at_entry(self):
        order = self._create_order()
        with self.assertRaisesRegex(ValidationError, "no distributor and no link with the code NOPE"):
            order.distribution_code = "NOPE"
        self.ada.action_close()
        self.link.date_to = fields.Datetime.now()
        for code in (self.ada.code, self.link.code):
            with self.assertRaisesRegex(ValidationError, "is not in use any more"):
                order.distribution_code = code

    def test_code_that_is_a_number_is_a_text_as_well(self):
        """As an interface sends what looks like one."""
        self.env["distribution.distributor"].create(
            {"code": "12345", "partner_id": self.stranger.id, "program_id": self.program.id, "state": "active"}
        )
        order = self._create_order(distribution_code=12345)
        self.assertEqual(order.distribution_code, "12345")

    def test_salesperson_types_a_code_and_writes_no_attribution(self):
        order = self._create_order().with_user(self.seller)
        order.distribution_code = self.ada.code
        refused = {
            "distribution_distributor_id": self.ada.id,
            "distribution_program_id": self.program.id,
            "distribution_attribution": "manual",
            "distribution_link_id": self.link.id,
            "distribution_link_on": "2026-01-01 00:00:00",
            "distribution_attribution_facts": [{"kind": "code"}],
        }
        for name, value in refused.items():
            with self.assertRaises(AccessError):
                order.write({name: value})
            with self.assertRaises(AccessError):
                order.copy({name: value})
        order.action_confirm()
        self.assertEqual(order.sudo().distribution_distributor_id, self.ada)

    def test_order_cannot_count_for_an_applicant(self):
        applicant = self.env["distribution.distributor"].create(
            {"partner_id": self.stranger.id, "program_id": self.program.id}
        )
        order = self._create_order()
        with self.assertRaisesRegex(ValidationError, "no distributor yet"):
            order.distribution_distributor_id = applicant
        applicant.action_activate()
        order.distribution_distributor_id = applicant
        order.action_confirm()
        self.assertEqual((order.distribution_distributor_id, order.distribution_attribution), (applicant, "manual"))

    def test_defaults_of_a_context_choose_nobody_past_the_guard(self):
        seller = new_test_user(
            self.env,
            "suite_seller",
            groups="sales_team.group_sale_salesman_all_leads,distribution_core.group_distribution_salesperson",
        )
        values = {
            "default_distribution_distributor_id": self.ada.id,
            "default_distribution_link_id": self.link.id,
            "default_distribution_attribution": "manual",
        }
        for user in (self.seller, seller):
            orders = self.env["sale.order"].with_user(user)
            for name, value in values.items():
                with self.subTest(user.login, name=name), self.assertRaises(AccessError):
                    orders.with_context(**{name: value}).create({"partner_id": self.stranger.id})
            self.assertTrue(orders.create({"partner_id": self.stranger.id}))

    def test_reader_of_the_suite_takes_no_choice_away(self):
        reader = new_test_user(
            self.env,
            "reader",
            groups="sales_team.group_sale_salesman_all_leads,distribution_core.group_distribution_user",
        )
        order = self._create_order(distribution_distributor_id=self.ada.id, distribution_link_id=self.link.id)
        for name in ("distribution_distributor_id", "distribution_link_id", "distribution_attribution"):
            with self.assertRaises(AccessError):
                order.with_user(reader).write({name: False})
        self.assertTrue(order.with_user(reader).distribution_attribution_note)

    def test_confirmed_order_keeps_code_and_link(self):
        order = self._confirm(distribution_code=self.ada.code)
        for vals in (
            {"distribution_code": self.ben.code},
            {"distribution_link_id": self.link.id},
            {"distribution_attribution_facts": []},
        ):
            with self.assertRaisesRegex(UserError, "was frozen when it was confirmed"):
                order.write(vals)
        self.assertEqual(order.distribution_distributor_id, self.ada)

    def test_chatter_reports_choices_and_changes_not_what_follows_by_itself(self):
        reporting = {"tracking_disable": False, "mail_notrack": False}
        chosen, bound = (self._create_order().with_context(**reporting) for _number in range(2))
        self.assertEqual(self._read_reported(chosen | bound), [])
        chosen.distribution_distributor_id = self.ada
        self.assertEqual(self._read_reported(chosen), [("", self.ada.display_name)])
        (chosen | bound).action_confirm()
        self.assertEqual(self._read_reported(bound), [])
        self.assertEqual(bound.distribution_distributor_id, self.cleo)
        bound._action_cancel()
        bound.action_draft()
        self._read_reported(bound)
        self.binding._end("Moved")
        self.env["distribution.binding"]._bind(bound.partner_id, self.ben)
        bound.action_confirm()
        self.assertEqual(bound.distribution_distributor_id, self.ben)
        self.assertEqual(self._read_reported(bound), [(self.cleo.display_name, self.ben.display_name)])

    def _read_reported(self, orders):
        """Return from whom to whom the chatter says that orders have gone."""
        self.env.flush_all()
        self.cr.precommit.run()
        values = orders.message_ids.tracking_value_ids.filtered(
            lambda value: value.field_id.name == "distribution_distributor_id"
        )
        return [(value.old_value_char or "", value.new_value_char) for value in values.sorted("id")]

    def test_nothing_instead_of_nothing_changes_no_confirmed_order(self):
        """The web client sends an empty text for a field that is cleared, and what is typed may have blanks around."""
        order = self._confirm()
        empty = {"distribution_code": "", "distribution_link_id": False, "distribution_link_on": False}
        order.write({**empty, "client_order_ref": "Ours"})
        order.with_user(self.seller).write({"distribution_code": "", "note": "Written"})
        self.assertEqual((order.client_order_ref, order.distribution_code), ("Ours", False))
        coded = self._confirm(partner=self.stranger, distribution_code=self.ben.code)
        coded.write({"distribution_code": f" {self.ben.code} "})
        with self.assertRaisesRegex(UserError, "was frozen"):
            coded.write({"distribution_code": ""})
        opened = fields.Datetime.now()
        linked = self._confirm(distribution_link_id=self.link.id, distribution_link_on=opened)
        linked.write({"distribution_link_on": fields.Datetime.to_string(opened)})

    def test_imported_orders_count(self):
        names = ["partner_id/.id", "distribution_distributor_id", "distribution_code", "state"]
        customer = str(self.stranger.id)
        result = self.env["sale.order"].load(
            names,
            [
                [customer, self.ada.code, "", "draft"],
                [customer, "", self.ben.code, "draft"],
                [customer, "", self.ben.code, "sale"],
            ],
        )
        self.assertFalse(result["messages"])
        orders = self.env["sale.order"].browse(result["ids"])
        orders[:2].action_confirm()
        self.assertEqual(orders.distribution_distributor_id, self.ada + self.ben)
        self.assertEqual(orders.mapped("distribution_attribution"), ["manual", "code", "code"])
        result = self.env["sale.order"].load(names, [[customer, "", "NOPE", "draft"]])
        self.assertFalse(result["ids"])
        self.assertIn("no distributor and no link", result["messages"][0]["message"])

    def test_portal_customer_confirms_and_reads_nothing(self):
        portal = new_test_user(self.env, "portal", groups="base.group_portal")
        order = self._create_order(partner=portal.partner_id, distribution_code=self.ada.code)
        order.with_user(portal).sudo()._validate_order()
        self.assertEqual((order.state, order.distribution_distributor_id), ("sale", self.ada))
        for name in ("distribution_link_id", "distribution_attribution_facts", "distribution_attribution_note"):
            with self.assertRaises(AccessError):
                order.with_user(portal).read([name])

    def test_code_and_link_cost_no_statement_more(self):
        def count(**vals):
            order = self._create_order(**vals)
            self.env.flush_all()
            before = self.cr.sql_log_count
            order.action_confirm()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        # The first one binds the customer.
        count(partner=self.stranger, distribution_link_id=self.link.id)
        # With a fresh code the link of the code is put on the order, in the statement that writes the rest.
        by_link = count(partner=self.stranger, distribution_code=self.link.code, distribution_link_id=self.link.id)
        self.assertEqual(by_link, count(partner=self.stranger))

    def test_order_by_a_link_or_a_code_binds_the_customer(self):
        bindings = self.env["distribution.binding"]
        order = self._create_order(partner=self.stranger, distribution_link_id=self.link.id)
        order.action_confirm()
        binding = bindings._get_current(self.stranger, self.program)
        self.assertEqual((binding.distributor_id, binding.source), (self.link.distributor_id, "link"))
        self.assertEqual(binding.date_from, order.date_order)
        other = self.env["res.partner"].create({"name": "Other"})
        self._create_order(partner=other, distribution_code=self.ada.code).action_confirm()
        binding = bindings._get_current(other, self.program)
        self.assertEqual((binding.distributor_id, binding.source), (self.ada, "code"))

    def test_customer_of_a_branch_confirms_by_a_link(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        local = self.env["res.partner"].create({"name": "Local", "company_id": branch.id})
        order = self._create_order(partner=local, company_id=branch.id, distribution_code=self.ada.code)
        order.action_confirm()
        self.assertEqual((order.state, order.distribution_distributor_id), ("sale", self.ada))
        self.assertEqual(self.env["distribution.binding"]._get_current(local, self.program).distributor_id, self.ada)

    def test_code_takes_no_protected_customer_away(self):
        order = self._confirm(distribution_code=self.ada.code)
        self.assertEqual(order.distribution_distributor_id, self.ada)
        self.assertEqual(self.env["distribution.binding"]._get_current(self.customer, self.program), self.binding)
