# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The mini-program's server API, over wechatpy.

wechatpy's traps (version 1.8.18): its addresses are hard-coded, so a session of our own rewrites them; it retries an
invalid token without bound, so that is switched off and done once here; it sends an access token with every call.
WeChat wants secret, code and token in the address, which urllib3 logs when asked to log everything.
"""

import logging
import re
from dataclasses import dataclass

import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from .errors import WeChatError, WeChatUnavailable

OFFICIAL_URL = "https://api.weixin.qq.com"
TIMEOUT = 5
INVALID_TOKEN = {40001, 40014, 42001}
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
IMAGE_BEGINNINGS = (PNG, JPEG)
SECRET_PARAMETERS = re.compile(r"\b(secret|js_code|access_token)=[^&\s]+")


@dataclass(frozen=True, slots=True)
class Session:
    """Who logged in: the open id is the person in this mini-program, the union id in all of the merchant's."""

    open_id: str
    union_id: str | None


class MiniProgram:
    """One mini-program.

    :param storage: keeps the access token, a `wechatpy.session.SessionStorage`
    :param str url: address of the API, another one for a simulator
    """

    def __init__(self, app_id, secret, storage=None, url=OFFICIAL_URL):
        self._client = WeChatClient(app_id, secret, session=storage, timeout=TIMEOUT, auto_retry=False)
        self._client._http = _Redirected(url)

    def code_to_session(self, code):
        """Exchange the code of ``wx.login()`` for the person behind it; a code works once.

        :rtype: Session
        :raise WeChatError: 40029 bad code, 45011 too often, 40226 blocked
        """
        answer = self._call(self._client.wxa.code_to_session, code)
        return Session(answer["openid"], answer.get("unionid"))

    def get_phone_number(self, code):
        """Exchange the code of the phone number button for the number, with its country code; a code works once.

        :rtype: str
        """
        answer = self._call(self._client.post, f"{OFFICIAL_URL}/wxa/business/getuserphonenumber", data={"code": code})
        return f"+{answer['phone_info']['countryCode']}{answer['phone_info']['purePhoneNumber']}"

    def get_code_image(self, scene, page):
        """Have a code of the mini-program drawn; scanning it opens a page with the scene.

        wechatpy's own method cannot say `check_path`: without it, WeChat refuses a page that is not released yet.

        :param str scene: at most 32 characters of WeChat's alphabet
        :param str page: without a slash in front and without parameters
        :return: the image, PNG or JPEG as WeChat chooses
        :rtype: bytes
        :raise WeChatError: 41030 bad page, 40169 bad scene, 45009 too often
        """
        values = {"scene": scene, "page": page, "check_path": False, "env_version": "release"}
        answer = self._call(self._client.post, f"{OFFICIAL_URL}/wxa/getwxacodeunlimit", data=values)
        # What is not JSON comes back as the response itself: an image, or the page of some proxy.
        image = answer.content if isinstance(answer, requests.Response) else b""
        if not image.startswith(IMAGE_BEGINNINGS):
            raise WeChatUnavailable("the answer is not an image")
        return image

    def check(self):
        """Fetch an access token: whether id and secret are right.

        :raise WeChatError: 40013 wrong app id, 40125 wrong secret
        """
        self._call(self._client.fetch_access_token)

    def _call(self, function, *args, **kwargs):
        """Call wechatpy; an access token that is no longer valid is replaced once."""
        try:
            return function(*args, **kwargs)
        except WeChatClientException as error:
            if error.errcode not in INVALID_TOKEN:
                raise self._translate(error) from error
        except (requests.RequestException, ValueError) as error:
            raise WeChatUnavailable(type(error).__name__) from error
        self._client.session.delete(self._client.access_token_key)
        try:
            return function(*args, **kwargs)
        except WeChatClientException as error:
            raise self._translate(error) from error
        except (requests.RequestException, ValueError) as error:
            raise WeChatUnavailable(type(error).__name__) from error

    @staticmethod
    def _translate(error):
        # wechatpy wraps an HTTP error without a code of WeChat's; -1 is WeChat's "busy, try again".
        if error.errcode is None or error.errcode == -1:
            return WeChatUnavailable(str(error.errmsg))
        return WeChatError(error.errcode, error.errmsg)


class _Redirected(requests.Session):
    """Sends requests meant for the official address to another one, and never waits for ever."""

    def __init__(self, url):
        super().__init__()
        self._url = url.rstrip("/")

    def request(self, method, url, **kwargs):
        """Override of `requests` to rewrite the address."""
        kwargs["timeout"] = kwargs.get("timeout") or TIMEOUT
        return super().request(method, url.replace(OFFICIAL_URL, self._url, 1), **kwargs)


class _SecretsLeftOut(logging.Filter):
    """Takes the secrets out of the addresses that urllib3 logs."""

    def filter(self, record):
        """Override of `logging` to let every record pass, without secrets."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                SECRET_PARAMETERS.sub(r"\1=***", value) if isinstance(value, str) else value for value in record.args
            )
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_SecretsLeftOut())
