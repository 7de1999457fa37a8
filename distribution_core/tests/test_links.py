# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import re
from datetime import timedelta

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import DistributionCommon


@tagged("post_install", "-at_install")
class TestLinks(DistributionCommon):
    """What distributors share, and what it brings."""

    def _create_link(self, distributor=None, **vals):
        return self.env["distribution.link"].create({"distributor_id": (distributor or self.cleo).id, **vals})

    def test_code_fits_a_scene_and_is_no_two_links(self):
        links = self.env["distribution.link"].create([{"distributor_id": self.cleo.id}] * 50)
        self.assertEqual(len(set(links.mapped("code"))), 50)
        self.assertTrue(all(re.fullmatch(r"[0-9A-Za-z]{20}", code) for code in links.mapped("code")))
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self._create_link(code=links[0].code)

    def test_nobody_thinks_a_code_up(self):
        manager = new_test_user(self.env, "boss", groups="distribution_core.group_distribution_manager")
        links = self.env["distribution.link"].with_user(manager)
        for given, context in (({"code": "GUESSED"}, {}), ({}, {"default_code": "GUESSED"})):
            link = links.with_context(**context).create({"distributor_id": self.cleo.id, **given})
            self.assertRegex(link.code, "^[0-9A-Za-z]{20}$")

    def test_qr_code_is_an_image(self):
        self.assertTrue(base64.b64decode(self._create_link().qr_image).startswith(b"\x89PNG"))

    def test_link_takes_its_window_from_the_program(self):
        self.program.attribution_days = 7
        self.assertEqual(self._create_link().attribution_days, 7)
        self.assertEqual(self._create_link(attribution_days=3).attribution_days, 3)
        for broken in ({"attribution_days": -1}, {"purpose": "product"}):
            with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
                self._create_link(**broken)

    def test_link_in_the_world_stays_what_it_is(self):
        link = self._create_link()
        link.write({"distributor_id": self.cleo.id, "channel": "poster", "name": "Window", "attribution_days": 5})
        for vals in (
            {"distributor_id": self.ada.id},
            {"code": "x"},
            {"purpose": "product", "product_tmpl_id": self.product.product_tmpl_id.id},
        ):
            with self.assertRaisesRegex(UserError, "may be printed already"):
                link.write(vals)

    def test_only_active_distributors_get_links(self):
        self.ada.action_close()
        with self.assertRaisesRegex(ValidationError, "is not active"):
            self._create_link(self.ada)

    def test_clicks_and_orders_are_counted_together(self):
        first, second = (
            self._create_link(campaign_id=self.env["utm.campaign"].create({"name": "May"}).id),
            self._create_link(self.ada),
        )
        for _click in range(3):
            self.assertTrue(first._register_click())
        second._register_click(partner=self.stranger)
        order = self._create_order(partner=self.stranger, distribution_link_id=first.id)
        order.action_confirm()
        other = self._create_order(distribution_link_id=second.id, distribution_code=self.ben.code)
        other.action_confirm()
        self.env.invalidate_all()
        links = first + second
        before = self.cr.sql_log_count
        figures = [(link.click_count, link.order_count) for link in links]
        self.assertEqual(figures, [(3, 1), (1, 0)], "an order that a code won is no order of the link")
        self.assertLessEqual(self.cr.sql_log_count - before, 2)
        groups = self.env["distribution.link.report"]._read_group(
            [("link_id", "in", links.ids)],
            ["campaign_id"],
            ["click_count:sum", "order_count:sum", "amount_untaxed:sum"],
        )
        self.assertEqual(
            {campaign.name: values for campaign, *values in groups}, {"May": [3, 1, 100.0], False: [1, 0, 0]}
        )

    def test_link_that_is_over_counts_no_clicks(self):
        over = self._create_link(date_to=fields.Datetime.now() - timedelta(seconds=1))
        archived, closed = self._create_link(active=False), self._create_link(self.ada)
        self.ada.action_close()
        for link in over + archived + closed:
            self.assertFalse(link._register_click())
            self.assertEqual(link.click_count, 0)

    def test_old_clicks_are_added_up_and_stay_as_many(self):
        link = self._create_link()
        for moment, clicks in (("2026-01-05 10:00", 3), ("2026-01-06 10:00", 2), ("2026-06-01 10:00", 2)):
            with freeze_time(moment):
                for _click in range(clicks):
                    link._register_click()
        clicks = self.env["distribution.link.click"]
        with freeze_time("2026-06-01 12:00"):
            for _again in "12":
                clicks._cron_squeeze()
        found = clicks.search([("link_id", "=", link.id)])
        self.assertEqual(sorted(click.count for click in found), [1, 1, 2, 3])
        self.assertEqual(link.click_count, 7)

    def test_click_belongs_to_the_day_of_the_program(self):
        link = self._create_link()
        with freeze_time("2026-01-05 17:00"):
            link._register_click()
        self.assertEqual(
            str(self.env["distribution.link.click"].search([("link_id", "=", link.id)]).date), "2026-01-06"
        )

    def test_used_link_is_not_deleted(self):
        fresh, used = self._create_link(), self._create_link()
        used._register_click()
        fresh.unlink()
        with self.assertRaisesRegex(UserError, "archive it instead"):
            used.unlink()

    def test_cookie_is_signed_and_whatever_is_sent_is_harmless(self):
        link = self._create_link()
        with freeze_time("2026-01-05 10:00"):
            cookie = link._make_cookie("token")
            found, token, moment = link._read_cookie(cookie)
        self.assertEqual((found, token, str(moment)), (link, "token", "2026-01-05 10:00:00"))
        with freeze_time("2026-02-04 11:00"):
            self.assertFalse(link._read_cookie(cookie)[0], "the window is over")
        forged = cookie[:-4] + ("AAAA" if cookie[-4:] != "AAAA" else "BBBB")
        for value in (forged, "", None, "x", "é", "AQ", "A" * 500):
            self.assertFalse(link._read_cookie(value)[0], value)

    def test_roles(self):
        link = self._create_link()
        user, manager = (
            new_test_user(self.env, name, groups=f"distribution_core.group_distribution_{name}")
            for name in ("user", "manager")
        )
        self.assertEqual(link.with_user(user).click_count, 0)
        for refused in (
            lambda: link.with_user(user).write({"active": False}),
            lambda: link.with_user(user).copy({"distributor_id": self.ada.id}),
            lambda: link.with_user(user).unlink(),
            lambda: self.env["distribution.link.click"].with_user(manager).create({"link_id": link.id}),
            lambda: self.env["distribution.link.report"].with_user(manager).create({}),
        ):
            with self.assertRaises(AccessError):
                refused()
        made = self.env["distribution.link"].with_user(manager).create({"distributor_id": self.ada.id})
        made.active = False
        made.unlink()

    def test_companies_do_not_see_each_other(self):
        link = self._create_link()
        link._register_click()
        other = self.env["res.company"].create({"name": "Other"})
        manager = new_test_user(
            self.env,
            "other-manager",
            groups="distribution_core.group_distribution_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        for model in ("distribution.link", "distribution.link.click", "distribution.link.report"):
            self.assertTrue(self.env[model].search([]))
            self.assertFalse(self.env[model].with_user(manager).search([]))
        with self.assertRaises(AccessError):
            link.with_user(manager).read(["code"])
