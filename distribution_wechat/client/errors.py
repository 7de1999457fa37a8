# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What can go wrong between us and WeChat."""


class WeChatError(Exception):
    """WeChat answered, and refused.

    :param str code: its error code, such as ``40029`` or ``PARAM_ERROR``
    """

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = str(code)
        self.message = message


class WeChatUnavailable(Exception):
    """No answer, or none that can be trusted: what was asked may or may not have happened. Ask before asking again."""
