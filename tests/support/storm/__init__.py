# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A storm: customers, merchant, WeChat and the net do whatever comes to their minds, for hundreds of operations.

Everything is drawn from one seed, each operation from a generator of its own, so that an operation that ends otherwise
does not change what the later ones draw. Only the order in which threads run is not repeated.
"""

from .calm import find_unreturned
from .stage import SCARCE
from .storm import Storm
