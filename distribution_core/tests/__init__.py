# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import test_attribution
from . import test_bindings
from . import test_core
from . import test_decisions
from . import test_links
from . import test_programs
from . import test_masking
from . import test_figures
from . import test_guards
from . import test_merge
from . import test_tours
from . import test_translations
from . import test_portal_appeals
from . import test_portal_joining
from . import test_portal_recommendations
from . import test_tree
