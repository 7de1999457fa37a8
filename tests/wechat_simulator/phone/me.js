// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
/* Who holds the phone, and the codes that person scans. */
import {get, logIn, logOut, people, person, post, wechat} from "./api.js";
import {button, card, go, h, note, row, sheet, toast} from "./dom.js";

export async function showWho() {
    const known = (await people()).map((user) => button([h("strong", {}, user.name), user.phone], () => begin(user)));
    const name = h("input", {placeholder: "姓名", "aria-label": "姓名", required: true, maxlength: 20});
    const phone = h("input", {placeholder: "手机号", "aria-label": "手机号", inputmode: "tel", maxlength: 11});
    const create = async (event) => {
        event.preventDefault();
        const values = {name: name.value, real_name: name.value, phone: phone.value};
        await begin(await wechat("register-user", values));
    };
    return [
        note("这是一部演示手机：微信是模拟器，钱不是真的，商城是真正的 Odoo。每个浏览器标签页是一部手机。"),
        scene() && h("p.note.good", {}, "您扫了一个推广码。请选择扫码的人。"),
        h("div.card.people", {}, known),
        h("form.card", {onsubmit: create}, h("h2", {}, "新用户"), name, phone, h("button.main", {}, "创建并登录")),
    ];
}

async function begin(user) {
    await logIn(user);
    toast(`${user.name}，欢迎光临`);
    if (!(await useScene())) go("shop");
}

const scene = () => new URLSearchParams(location.search).get("scene");

/** Use the code this phone was opened with, once; tell whether it led somewhere. */
export async function useScene() {
    const scanned = scene();
    if (!scanned) return false;
    history.replaceState(null, "", location.pathname + location.hash);
    return scan({scene: scanned});
}

async function scan(code) {
    try {
        const found = await post("bindings", code);
        if (found.outcome === "asked") {
            go("me");
            return true;
        }
        toast(found.recommended_by ? `${found.recommended_by} 是您的推荐人` : "已扫码");
        go({product: `product/${found.product_id}`, recruit: "centre"}[found.purpose] || "shop");
        return true;
    } catch (error) {
        toast(error.message, true);
        return false;
    }
}

/** Another distributor has recommended: change, or stay? */
function question({id, asked_by}, binding) {
    const answer = (agreed) => async () => {
        await post(`me/questions/${id}`, {agreed});
        go("me");
    };
    return h(
        "div.card.head",
        {},
        h("h2", {}, `${asked_by} 向您推荐了我们`),
        note(
            binding
                ? `您现在的推荐人是 ${binding.recommended_by}，要换成 ${asked_by} 吗？`
                : `${asked_by} 是您的推荐人吗？`
        ),
        note("已下的订单不变，价格也不变。"),
        h("div.actions", {}, button("不换", answer(false)), button("换", answer(true), "main"))
    );
}

export async function showMe() {
    const me = await get("me");
    return [
        h("div.card.head", {}, h("h2", {}, person().name), note(me.phone || "未绑定手机号")),
        card(
            row("推荐人", me.binding ? me.binding.recommended_by : "无"),
            row("分销员", me.is_distributor ? `是（${me.distributor.code}）` : "否")
        ),
        me.questions.map((one) => question(one, me.binding)),
        h("div.actions", {}, !me.phone && button("绑定微信手机号", bindPhone), button("扫一扫", openScanner, "main")),
        h("div.actions", {}, button("换一个人", leave)),
    ];
}

async function bindPhone() {
    const {code} = await wechat("phone-code", {openid: person().openid});
    const {phone} = await post("me/phone", {code});
    toast(`已绑定 ${phone}`);
    go("me");
}

async function leave() {
    await logOut();
    go("who");
}

function openScanner() {
    const input = h("input", {placeholder: "推广码或邀请码", "aria-label": "推广码或邀请码", maxlength: 32});
    sheet((close) => {
        const read = async () => {
            const text = input.value.trim();
            // The scene of a picture has 20 letters and digits; what people type in is shorter.
            await scan(/^[0-9A-Za-z]{20}$/.test(text) ? {scene: text} : {code: text});
            close();
        };
        return [h("h2", {}, "扫一扫"), input, button("确定", read, "main")];
    });
}
