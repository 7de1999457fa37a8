# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import BaseCase, tagged

from ..tools.masking import mask_name, mask_phone


@tagged("post_install", "-at_install")
class TestMasking(BaseCase):
    def test_names(self):
        for name, masked in (
            ("张三丰", "张**"),
            ("张三", "张**"),
            ("张", "**"),
            ("欧阳修", "欧**"),
            ("Peter Smith", "P**"),
            ("  Al ", "A**"),
            ("P", "**"),
            ("", "**"),
            ("  ", "**"),
            (False, "**"),
        ):
            self.assertEqual(mask_name(name), masked, name)

    def test_phones(self):
        for phone, masked in (
            ("+8613812345678", "+86138****5678"),
            ("13812345678", "138****5678"),
            ("138 1234 5678", "138****5678"),
            ("021-12345678", "021****5678"),
            ("12345678", "****5678"),
            ("12345", "****"),
            ("110", "****"),
            ("", None),
            (False, None),
        ):
            self.assertEqual(mask_phone(phone), masked, phone)
