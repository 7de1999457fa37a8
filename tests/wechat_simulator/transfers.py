# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Transfers of the merchant to a user's balance, which the user confirms.

Sources: API pages 4012716434 (create), 4012716437 (query), 4012716458 (cancel). Creating locks the money and answers
WAIT_USER_CONFIRM with ``package_info``; the user has 24 hours, then the bill closes with OVERDUE_CLOSE. A bill can be
queried for 30 days. The query does not give ``package_info``; repeating the request with the same
number and parameters does. From memory: a wrong name fails when the user confirms (NAME_NOT_CORRECT); there is no
"refuse" button, ``refuse`` stands for a wallet that cannot receive.
"""

from . import crypto, fields
from .clock import DAY, rfc3339
from .errors import PayError, param_error
from .ledger import MERCHANT, TRANSFERS, NotEnough, user_account
from .messages import Answer
from .records import Transfer

ALLOWED = set(
    "appid out_bill_no transfer_scene_id openid user_name transfer_amount transfer_remark notify_url "
    "user_recv_perception transfer_scene_report_infos".split()
)
NAME_FROM, NAME_NEVER_BELOW = 200_000, 30
CONFIRM_WITHIN = DAY
QUERY_WITHIN = 30 * DAY
NOT_YET_ASKED = ("ACCEPTED", "PROCESSING")
CANCELLABLE = (*NOT_YET_ASKED, "WAIT_USER_CONFIRM")
FINAL = ("SUCCESS", "FAIL", "CANCELLED")
PERCEPTIONS = {"1000": {"活动奖励", "现金奖励"}, "1005": {"劳务报酬", "报销款", "企业补贴", "开工利是"}}


class Transfers:
    """Transfer bills of the merchant."""

    def __init__(self, world, scheduler):
        self.world = world
        self.scheduler = scheduler

    # === The merchant's calls ===

    def create(self, request):
        """POST /v3/fund-app/mch-transfer/transfer-bills: lock the money and ask the user."""
        values = request.json()
        self._check(values)
        values = self._decrypted(values, request)
        transfer = self.world.store.transfers.get(values["out_bill_no"])
        if transfer and transfer.request != values:
            raise PayError(400, "INVALID_REQUEST", "商户单号已存在，请求参数与原单不一致")
        if transfer and transfer.state in NOT_YET_ASKED:
            self._ask_user(transfer)
        if not transfer:
            transfer = self._accept(values)
        return Answer.of(self._created(transfer))

    def query(self, request, out_bill_no):
        """GET …/transfer-bills/out-bill-no/{out_bill_no}."""
        return Answer.of(self.as_dict(self._recent(self.world.store.transfers.get(out_bill_no))))

    def query_by_id(self, request, transfer_bill_no):
        """GET …/transfer-bills/transfer-bill-no/{transfer_bill_no}."""
        bills = self.world.store.transfers.values()
        found = next((bill for bill in bills if bill.transfer_bill_no == transfer_bill_no), None)
        return Answer.of(self.as_dict(self._recent(found)))

    def cancel(self, request, out_bill_no):
        """POST …/out-bill-no/{out_bill_no}/cancel: only accepted here; the end is asynchronous."""
        transfer = self._recent(self.world.store.transfers.get(out_bill_no))
        if transfer.state in CANCELLABLE:
            self._set(transfer, "CANCELING")
            if self.world.settings.cancel_seconds is not None:
                self.scheduler.later(self.world.settings.cancel_seconds, lambda: self._end_cancel(out_bill_no))
        elif transfer.state not in ("CANCELING", "CANCELLED"):
            raise PayError(400, "INVALID_REQUEST", "当前单据状态不支持撤销")
        names = ("out_bill_no", "transfer_bill_no", "state", "update_time")
        return Answer.of({name: self.as_dict(transfer)[name] for name in names})

    # === The user and the platform ===

    def confirm(self, transfer, result="SUCCESS", fail_reason="ACCOUNT_FROZEN"):
        """Let the user confirm; the result may also be FAIL, or TRANSFERING until ``finish``."""
        if transfer.state != "WAIT_USER_CONFIRM":
            raise PayError(400, "INVALID_REQUEST", f"单据状态为{transfer.state}，不能确认收款")
        self._set(transfer, "TRANSFERING")
        if self._wrong_name(transfer):
            self.finish(transfer, "FAIL", "NAME_NOT_CORRECT")
        elif self.world.faults.take_business("fail_on_confirm", transfer.out_bill_no):
            self.finish(transfer, "FAIL", fail_reason)
        elif result != "TRANSFERING":
            self.finish(transfer, result, fail_reason)

    def finish(self, transfer, result="SUCCESS", fail_reason="ACCOUNT_FROZEN"):
        """End a bill: the money goes to the user, or back."""
        if transfer.state in FINAL or result not in FINAL:
            raise ValueError(f"transfer {transfer.out_bill_no} is {transfer.state} and cannot become {result}")
        target = user_account(transfer.openid) if result == "SUCCESS" else MERCHANT
        kind = "transfer" if result == "SUCCESS" else "transfer_returned"
        self.world.ledger.move(TRANSFERS, target, transfer.amount, kind, transfer.out_bill_no)
        transfer.fail_reason = fail_reason if result == "FAIL" else ""
        self._set(transfer, result)
        self._notify(transfer)

    def finish_cancel(self, transfer):
        """End a cancellation; with the fault ``confirm_wins`` the user had been faster."""
        won = self.world.faults.take_business("confirm_wins", transfer.out_bill_no)
        self.finish(transfer, "SUCCESS" if won else "CANCELLED")

    def expire(self, transfer):
        """Close a bill that the user did not confirm."""
        self.finish(transfer, "FAIL", "OVERDUE_CLOSE")

    def sweep(self):
        """Close what waited for 24 hours."""
        now = self.world.clock.now()
        for transfer in self.world.store.transfers.values():
            if transfer.state == "WAIT_USER_CONFIRM" and now - transfer.created_at >= CONFIRM_WITHIN:
                self.expire(transfer)

    def resume(self):
        """After a restart, end the cancellations that were on their way."""
        for transfer in list(self.world.store.transfers.values()):
            if transfer.state == "CANCELING":
                self.scheduler.later(0, lambda number=transfer.out_bill_no: self._end_cancel(number))

    def as_dict(self, transfer):
        """Return a bill as the query shows it."""
        request = transfer.request
        values = {
            "mch_id": self.world.merchant.mchid,
            "out_bill_no": transfer.out_bill_no,
            "transfer_bill_no": transfer.transfer_bill_no,
            "appid": request["appid"],
            "state": transfer.state,
            "transfer_amount": transfer.amount,
            "transfer_remark": request["transfer_remark"],
            "openid": transfer.openid,
            "create_time": rfc3339(transfer.created_at),
            "update_time": rfc3339(transfer.updated_at),
        }
        return {**values, "fail_reason": transfer.fail_reason} if transfer.fail_reason else values

    # === Inside ===

    def _check(self, values):
        fields.known_only(values, ALLOWED)
        fields.text(values, "out_bill_no", 32, r"[0-9A-Za-z]{1,32}")
        fields.text(values, "transfer_scene_id", 36)
        fields.text(values, "openid", 64)
        fields.text(values, "transfer_remark", 32)
        fields.fen(values, "transfer_amount")
        fields.notify_url(values, required=False)
        self._check_name(values)
        self._check_scene(values)
        if values.get("appid") not in self.world.store.apps:
            raise PayError(400, "INVALID_REQUEST", "APPID不存在")
        user = self.world.store.users.get(values["openid"])
        if not user or user.appid != values["appid"]:
            raise PayError(400, "PARAM_ERROR", "openid与商户appid不匹配")

    def _check_name(self, values):
        amount = values["transfer_amount"]
        if amount >= NAME_FROM and not values.get("user_name"):
            raise param_error("user_name", "转账金额大于等于2000元时，收款用户姓名必填")
        if "user_name" in values and amount < NAME_NEVER_BELOW:
            raise param_error("user_name", "转账金额低于0.3元时，不支持校验收款用户姓名")

    def _check_scene(self, values):
        scene = values["transfer_scene_id"]
        wanted = self.world.settings.scenes.get(scene)
        if not wanted:
            raise PayError(400, "INVALID_REQUEST", "你尚未获取该转账场景")
        infos = values.get("transfer_scene_report_infos")
        if not isinstance(infos, list) or not all(isinstance(one, dict) for one in infos):
            raise param_error("transfer_scene_report_infos", "必填字段缺失或类型错误")
        for info in infos:
            fields.known_only(info, {"info_type", "info_content"})
            fields.text(info, "info_content", 32)
        if [info.get("info_type") for info in infos] != list(wanted):
            raise PayError(400, "INVALID_REQUEST", f"转账场景报备信息与场景{scene}要求不一致：{'、'.join(wanted)}")
        perception = values.get("user_recv_perception")
        if perception and perception not in PERCEPTIONS.get(scene, {perception}):
            raise PayError(400, "INVALID_REQUEST", "暂不支持展示当前传入的用户收款感知")

    def _decrypted(self, values, request):
        """Return the request with the clear name: its ciphertext differs every time."""
        if "user_name" not in values:
            return values
        if not request.header("Wechatpay-Serial"):
            raise PayError(400, "PARAM_ERROR", "请求中含有加密字段，Http头缺少Wechatpay-Serial")
        key = self.world.identity.signer(request.serial).private_key
        try:
            return {**values, "user_name": crypto.decrypt_field(key, values["user_name"])}
        except (ValueError, TypeError):
            raise param_error("user_name", "敏感字段解密失败，请使用微信支付公钥加密") from None

    def _accept(self, values):
        number, now = values["out_bill_no"], self.world.clock.now()
        try:
            self.world.ledger.move(MERCHANT, TRANSFERS, values["transfer_amount"], "transfer_locked", number)
        except NotEnough:
            message = "商户运营账户资金不足,充值后可以原单号发起重试,请勿更换商户单号"
            raise PayError(403, "NOT_ENOUGH", message) from None
        transfer = Transfer(number, values, self.world.numbers.digits("13300", 40), now, now)
        self.world.store.transfers[number] = transfer
        slow = self.world.faults.take_business("accepted", number)
        if slow:
            transfer.state = slow.options.get("state", "ACCEPTED")
        else:
            self._ask_user(transfer)
        return transfer

    def _ask_user(self, transfer):
        transfer.package_info = transfer.package_info or self.world.numbers.text(64) + "=="
        self._set(transfer, "WAIT_USER_CONFIRM")

    def _created(self, transfer):
        names = ("out_bill_no", "transfer_bill_no", "create_time", "state", "fail_reason")
        values = self.as_dict(transfer)
        answer = {name: values[name] for name in names if name in values}
        if transfer.state == "WAIT_USER_CONFIRM":
            answer["package_info"] = transfer.package_info
        return answer

    def _recent(self, transfer):
        if not transfer or self.world.clock.now() - transfer.created_at >= QUERY_WITHIN:
            raise PayError(404, "NOT_FOUND", "记录不存在")
        if transfer.state in NOT_YET_ASKED:
            self._ask_user(transfer)
        return transfer

    def _end_cancel(self, out_bill_no):
        with self.world.store.lock:
            transfer = self.world.store.transfers.get(out_bill_no)
            if transfer and transfer.state == "CANCELING":
                self.finish_cancel(transfer)
                self.world.store.save()

    def _wrong_name(self, transfer):
        name = transfer.request.get("user_name")
        return name is not None and name != self.world.store.users[transfer.openid].real_name

    def _set(self, transfer, state):
        transfer.state = state
        transfer.updated_at = self.world.clock.now()

    def _notify(self, transfer):
        url = transfer.request.get("notify_url")
        if not url:
            return
        values = self.as_dict(transfer)
        resource = {name: value for name, value in values.items() if name not in ("appid", "transfer_remark")}
        self.world.notifier.notify("MCHTRANSFER.BILL.FINISHED", transfer.out_bill_no, resource, url)
