# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging

from odoo import http
from odoo.http import request

from ..client.merchant import ForgedNotification
from ..models.distribution_wechat_account import NOTIFICATION_PATH

_logger = logging.getLogger(__name__)

MAX_BODY = 64 * 1024


class NotificationsController(http.Controller):
    """WeChat Pay reports here; everybody else is sent away."""

    @http.route(
        f"{NOTIFICATION_PATH}/<int:account_id>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        sitemap=False,
        max_content_length=MAX_BODY,
    )
    def notify(self, account_id):
        """Take a notification: 204 when it is recorded, anything else makes WeChat send it again."""
        account = request.env["distribution.wechat.account"].sudo().browse(account_id).exists()
        if not account.active or not account._has_merchant():
            return _refuse(404, "unknown account")
        try:
            notification = account._get_merchant().read_notification(
                request.httprequest.headers, request.httprequest.get_data()
            )
        except ForgedNotification as error:
            _logger.warning("WeChat account %s: a notification was refused: %s", account_id, error)
            return _refuse(401, "signature")
        # After a collision Odoo itself pauses for seconds before it tries again; WeChat waits five for an answer.
        receive = type(account)._receive_notification
        if not request.env["ir.cron"]._run_with_retries(lambda one: receive(one, notification), account):
            _logger.warning("WeChat account %s: %s concerns nothing here", account_id, notification.event_type)
            return _refuse(404, "unknown number")
        return request.make_response("", status=204)


def _refuse(status, reason):
    return request.make_json_response({"code": "FAIL", "message": reason}, status=status)
