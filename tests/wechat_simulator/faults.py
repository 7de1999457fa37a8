# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Faults on demand: what goes wrong, on which path, how often.

Before the request is carried out (without effect): ``timeout_before``, ``reset_before``, ``system_error``,
``rate_limit``, ``not_enough``, ``html_502``, ``error`` (status, code, message), ``errcode`` (errcode, errmsg;
e.g. 40001, -1, 45009, 45011).
After it (with effect): ``timeout_after``, ``reset_after``, ``system_error_after``, ``bad_signature``,
``unsigned``, ``unknown_serial``, ``stale_answer``.
Asked for by the business itself: ``accepted`` (a transfer is only ACCEPTED, or ``state`` PROCESSING, until it is asked
for again), ``fail_on_confirm`` (TRANSFERING, then FAIL), ``confirm_wins`` (cancel answers CANCELING, yet the user had
confirmed), ``refund_closed``, ``refund_abnormal``.
"""

import threading
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase

from .errors import ApiError, PayError
from .messages import Answer, Drop

BEFORE = {
    "timeout_before",
    "reset_before",
    "system_error",
    "rate_limit",
    "not_enough",
    "html_502",
    "error",
    "errcode",
}
AFTER = {
    "timeout_after",
    "reset_after",
    "system_error_after",
    "bad_signature",
    "unsigned",
    "unknown_serial",
    "stale_answer",
}
BUSINESS = {"accepted", "fail_on_confirm", "confirm_wins", "refund_closed", "refund_abnormal"}
REFUSALS = {
    "system_error": (500, "SYSTEM_ERROR", "系统异常，请稍后重试"),
    "rate_limit": (429, "FREQUENCY_LIMITED", "频率超限，请降低请求接口频率"),
    "not_enough": (403, "NOT_ENOUGH", "商户运营账户资金不足,充值后可以原单号发起重试,请勿更换商户单号"),
}
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Fault:
    """One fault: ``times`` is how often it still strikes, None for ever."""

    id: int
    kind: str
    path: str = "*"
    method: str = "*"
    contains: str = ""
    times: int | None = 1
    options: dict = field(default_factory=dict)

    def strikes(self, request):
        """Tell whether the fault is for this request."""
        text = request.target + request.body.decode("utf-8", "replace")
        return (
            fnmatchcase(request.path, self.path) and fnmatchcase(request.method, self.method) and self.contains in text
        )


class Faults:
    """The faults in the order in which they were asked for: the first that fits strikes."""

    def __init__(self):
        self._faults = []
        self._last = 0
        self._lock = threading.Lock()

    def add(self, kind, path="*", method="*", contains="", times=1, **options):
        """Ask for a fault and return its id."""
        if kind not in BEFORE | AFTER | BUSINESS:
            raise ValueError(f"no such fault: {kind}")
        with self._lock:
            self._last += 1
            self._faults.append(Fault(self._last, kind, path, method, contains, times, options))
            return self._last

    def clear(self):
        """Take all faults away."""
        with self._lock:
            self._faults = []

    def listed(self):
        """Return the faults that still wait."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, kinds, request):
        """Return the first fault of these kinds for a request, counting it; or None."""
        return self._take(lambda fault: fault.kind in kinds and fault.strikes(request))

    def take_business(self, kind, number):
        """Return a fault that the business asks for, by the number concerned; or None."""
        return self._take(lambda fault: fault.kind == kind and fault.contains in number)

    def _take(self, fits):
        with self._lock:
            for fault in self._faults:
                if fits(fault):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self._faults.remove(fault)
                    return fault
        return None


def before(fault):
    """Raise or return what a fault without effect does instead of the request."""
    options = fault.options
    if fault.kind in ("timeout_before", "reset_before"):
        raise Drop(options.get("seconds", 3), reset=fault.kind == "reset_before")
    if fault.kind == "html_502":
        return Answer(502, HTML, "text/html")
    if fault.kind == "errcode":
        raise ApiError(options.get("errcode", -1), options.get("errmsg", "system error"))
    if fault.kind == "error":
        code = options.get("code", "INVALID_REQUEST")
        raise PayError(options.get("status", 400), code, options.get("message", ""))
    raise PayError(*REFUSALS[fault.kind])


def after(fault, answer):
    """Raise or return what a fault does to the answer of a request that took effect."""
    if fault.kind in ("timeout_after", "reset_after"):
        raise Drop(fault.options.get("seconds", 3), reset=fault.kind == "reset_after")
    if fault.kind == "system_error_after":
        return Answer.of(PayError(*REFUSALS["system_error"]).as_dict(), 500)
    return answer
