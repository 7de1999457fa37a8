# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The two ways in which WeChat says no."""


class PayError(Exception):
    """WeChat Pay: an HTTP status with ``{"code", "message"}``.

    The statuses are those of the error tables of each API page; 4xx answers carry no signature.
    """

    def __init__(self, status, code, message, detail=None):
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail

    def as_dict(self):
        """Return the body of the answer."""
        body = {"code": self.code, "message": self.message}
        return {**body, "detail": self.detail} if self.detail else body


class ApiError(Exception):
    """Mini-program API: HTTP 200 with ``{"errcode", "errmsg"}``."""

    def __init__(self, errcode, errmsg):
        super().__init__(f"{errcode}: {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg

    def as_dict(self):
        """Return the body of the answer."""
        return {"errcode": self.errcode, "errmsg": self.errmsg}


def param_error(field, issue):
    """Return the refusal of a request that breaks the format of a field."""
    detail = {"field": f"/body/{field}", "issue": issue, "location": "body"}
    return PayError(400, "PARAM_ERROR", f"输入源“/body/{field}”映射到字段“{field}”规则校验失败，{issue}", detail)
