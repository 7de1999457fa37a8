# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A WeChat that runs on this machine: mini-program API, WeChat Pay APIv3 and the user's phone.

``with Simulator() as sim`` in a test, ``python -m wechat_simulator`` for a demo. See README.md.
"""

from .control import ControlError
from .simulator import Simulator
