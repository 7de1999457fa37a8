# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import test_ledger
from . import test_engine
from . import test_campaigns
from . import test_exclusions
from . import test_rule_doors
from . import test_rule_kinds
from . import test_rules
from . import test_tiers
from . import test_cases_triggers
from . import test_cases_returns
from . import test_cases_orders
from . import test_cases_money
from . import test_cases_products
from . import test_engine_refunds
from . import test_settlement
from . import test_tours
from . import test_translations
