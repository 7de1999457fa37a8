# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import test_attribution
from . import test_bindings
from . import test_core
from . import test_decisions
from . import test_links
from . import test_programs
from . import test_masking
from . import test_tours
from . import test_translations
