# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import io
import re

import polib

from odoo.modules.module import get_module_path
from odoo.tools.translate import trans_export

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]|%%")


def get_places(entries):
    """Return (term, where it stands): Odoo translates a term only in the places its entry names."""
    return {(entry.msgid, place) for entry in entries for place, _line in entry.occurrences}


class TranslationsMixin:
    """Checks of one module's translations, for a test case with `module`.

    New terms: update a database, run `./setup/odoo i18n export <modules> -d <database> -l pot zh_CN`, and translate
    what is empty.
    """

    module = None

    def _read(self, filename):
        return polib.pofile(f"{get_module_path(self.module)}/i18n/{filename}")

    def test_template_is_up_to_date(self):
        exported = io.BytesIO()
        trans_export(None, [self.module], exported, "po", self.env)
        now = get_places(polib.pofile(exported.getvalue().decode()))
        template = get_places(self._read(f"{self.module}.pot"))
        self.assertEqual(sorted(now - template), [], "Terms the template lacks")
        self.assertEqual(sorted(template - now), [], "Terms of the template that are gone")

    def test_chinese_is_complete(self):
        template = get_places(self._read(f"{self.module}.pot"))
        chinese = get_places(entry for entry in self._read("zh_CN.po") if entry.msgstr and not entry.fuzzy)
        self.assertEqual(sorted(template - chinese), [], "Terms without a Chinese translation")

    def test_chinese_keeps_the_placeholders(self):
        for entry in self._read("zh_CN.po").translated_entries():
            with self.subTest(term=entry.msgid):
                found, expected = (sorted(PLACEHOLDER.findall(text)) for text in (entry.msgstr, entry.msgid))
                self.assertEqual(found, expected)
