// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
/* Which address shows what. */
import {person} from "./api.js";
import * as centre from "./centre.js";
import {empty, go, h, toast} from "./dom.js";
import * as me from "./me.js";
import * as orders from "./orders.js";
import * as shop from "./shop.js";

// Address, title, view, tab; a view returns what it shows, and may be given the last part of the address.
const ROUTES = [
    [/^shop(?:\/(\d+))?$/, "商城", shop.showShop, "shop"],
    [/^product\/(\d+)$/, "商品", shop.showProduct],
    [/^cart$/, "购物车", shop.showCart, "cart"],
    [/^checkout(?:\/(\d+-\d+))?$/, "确认订单", shop.showCheckout],
    [/^orders(?:\/(\w+))?$/, "我的订单", orders.showOrders, "orders"],
    [/^order\/(\d+)$/, "订单", orders.showOrder],
    [/^centre$/, "分销中心", centre.showCentre, "centre"],
    [/^entries(?:\/(\w+))?$/, "佣金明细", centre.showEntries],
    [/^team$/, "我的团队", centre.showTeam],
    [/^customers$/, "我的客户", centre.showCustomers],
    [/^code\/(.+)$/, "推广码", centre.showCode],
    [/^withdraw$/, "提现", centre.showWithdraw],
    [/^me$/, "我的", me.showMe, "me"],
    [/^who$/, "选择用户", me.showWho],
];
const TABS = {shop: "商城", cart: "购物车", orders: "订单", centre: "分销", me: "我的"};
let asked = 0;

async function show() {
    const address = location.hash.replace(/^#\/?/, "") || "shop";
    const route = (person() && ROUTES.find(([pattern]) => pattern.test(address))) || ROUTES.at(-1);
    const [pattern, title, view, tab] = route;
    const number = ++asked;
    const main = document.getElementById("view");
    document.querySelector(".veil")?.remove();
    main.classList.add("loading");
    let shown = null;
    try {
        shown = await view(pattern.exec(address)?.[1]);
    } catch (error) {
        toast(error.message, true);
        shown = empty(error.message);
    }
    // Somebody who taps on does not get the page from before.
    if (number !== asked) return;
    main.replaceChildren(...[shown].flat(Infinity).filter(Boolean));
    main.classList.remove("loading");
    main.scrollTop = 0;
    frame(title, tab, route === ROUTES.at(-1));
}

function frame(title, tab, bare) {
    document.getElementById("title").textContent = title;
    document.getElementById("back").hidden = Boolean(tab) || bare;
    document.getElementById("person").textContent = person()?.name || "";
    const tabs = Object.entries(TABS).map(([name, label]) =>
        h(`a${name === tab ? ".here" : ""}`, {href: `#/${name}`}, label)
    );
    document.getElementById("tabs").replaceChildren(...(bare ? [] : tabs));
}

document.getElementById("back").addEventListener("click", (event) => {
    event.preventDefault();
    history.length > 1 ? history.back() : go("shop");
});
window.addEventListener("hashchange", show);
if (person()) me.useScene().finally(show);
else show();
