# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The formats that WeChat Pay demands of a request body."""

import re
from urllib.parse import urlsplit

from .errors import PayError, param_error


def known_only(values, allowed):
    """Refuse fields that the API page does not list, and fields sent as null."""
    for name, value in values.items():
        if name not in allowed or value is None:
            raise PayError(400, "PARAM_ERROR", f"请求中含有未在API文档中定义的参数：{name}")


def text(values, name, longest, pattern=None, required=True):
    """Check a text field: its length in characters and its alphabet."""
    value = values.get(name)
    if value is None and not required:
        return
    if not isinstance(value, str) or not value:
        raise param_error(name, "必填字段缺失或类型错误")
    if len(value) > longest:
        raise param_error(name, f"字符串最大长度为{longest}")
    if pattern and not re.fullmatch(pattern, value):
        raise param_error(name, "字符串含有不允许的字符或长度不符")


def fen(values, name, least=1):
    """Check an amount: an integer of fen."""
    value = values.get(name)
    if type(value) is not int or value < least:
        raise param_error(name, f"金额必须是不小于{least}的整数，单位为分")


def mapping(values, name, allowed, required=True):
    """Check an object and return it."""
    value = values.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise param_error(name, "必填对象缺失或类型错误")
    known_only(value, allowed)
    return value


def currency(values, required=False):
    """Check a currency: only CNY is served."""
    if values.get("currency", None if required else "CNY") != "CNY":
        raise param_error("currency", "只支持CNY")


def notify_url(values, required):
    """Check a notification address: no query (the real one demands HTTPS too; here it is loopback HTTP)."""
    text(values, "notify_url", 255, required=required)
    url = values.get("notify_url")
    if url and (urlsplit(url).scheme not in ("http", "https") or "?" in url or "#" in url):
        raise param_error("notify_url", "通知地址不合法，不能携带参数")
