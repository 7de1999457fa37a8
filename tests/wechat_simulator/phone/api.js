// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
/* The shop's interface, WeChat on this phone, and who holds it. */

// Of this tab: another tab is another person's phone.
const kept = JSON.parse(sessionStorage.getItem("phone") || "{}");

export const person = () => kept.user;

function keep(values) {
    Object.assign(kept, values);
    sessionStorage.setItem("phone", JSON.stringify(kept));
}

/** Ask WeChat's simulator, as wx.… would. */
export async function wechat(call, values = {}) {
    const answer = await fetch(`/simulator/${call}`, {
        method: "POST",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify(values),
    });
    const result = await answer.json();
    if (!answer.ok) throw new Error(`微信：${result.error}`);
    return result;
}

export async function people() {
    return (await (await fetch("/simulator/state")).json()).users;
}

export async function logIn(user) {
    keep({user, token: null});
    const {code} = await wechat("login-code", {openid: user.openid});
    const answer = await send("POST", "sessions", {app_id: user.appid, code});
    keep({token: answer.access_token});
}

export async function logOut() {
    await shop("DELETE", "sessions/current");
    keep({user: null, token: null});
}

/** Call the shop; a token that is over is replaced as wx.login does, without asking the person. */
export async function shop(method, path, body) {
    const key = crypto.randomUUID();
    try {
        return await send(method, path, body, key);
    } catch (error) {
        if (error.status !== 401 || !kept.user) throw error;
        await logIn(kept.user);
        return send(method, path, body, key);
    }
}

export const get = (path) => shop("GET", path);
export const post = (path, body) => shop("POST", path, body);

/** A loader for pages(): the path with its query, and a cursor. */
export const listed = (path) => (cursor) =>
    get(path + (cursor ? `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}` : ""));

async function send(method, path, body, key) {
    const headers = {"Accept-Language": "zh-CN"};
    if (kept.token) headers.Authorization = `Bearer ${kept.token}`;
    if (body) headers["Content-Type"] = "application/json";
    // What comes a second time because an answer was lost is done once.
    if (method === "POST" && key) headers["Idempotency-Key"] = key;
    const request = {method, headers, body: body && JSON.stringify(body)};
    const url = `/phone/api/${path}`;
    const answer = await fetch(url, request).catch(() => fetch(url, request));
    if (answer.status === 204) return null;
    const result = await answer.json().catch(() => ({detail: `${answer.status} ${answer.statusText}`}));
    if (answer.ok) return result;
    const details = (result.errors || []).map((error) => `\n${error.pointer}: ${error.detail}`);
    throw Object.assign(new Error(result.detail + details.join("")), {status: answer.status, code: result.code});
}
