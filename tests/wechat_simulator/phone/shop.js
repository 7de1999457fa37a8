// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
/* Categories, products, cart, placing an order. */
import {get, listed, person, post, shop} from "./api.js";
import {across, bar, button, card, empty, filters, go, h, money, note, pages, row, stepper, toast} from "./dom.js";
import {payFor} from "./orders.js";

export const picture = (url, kind) => h(`img.${kind}`, {src: url, alt: "", loading: "lazy"});
const earning = (item, currency) => item.earn && h("span.earn", {}, `赚${money(item.earn, currency)}`);

// === Shelves ===

export async function showShop(category) {
    const {items} = await get("categories");
    const search = h("input", {type: "search", placeholder: "搜索", "aria-label": "搜索", maxlength: 64});
    const shelf = h("div.shelf");
    const fill = async () => {
        const filter = new URLSearchParams({
            ...(category && {category_id: category}),
            ...(search.value && {search: search.value}),
        });
        shelf.replaceChildren(...(await pages(listed(`products?${filter}`), tile, "没有找到商品")));
    };
    search.addEventListener("change", () => fill().catch((error) => toast(error.message, true)));
    await fill();
    const parts = items.map((item) => [`${item.id}`, item.name]);
    return [search, filters("shop", parts, category), shelf];
}

function tile(product) {
    return h(
        "a.tile",
        {href: `#/product/${product.id}`},
        picture(product.image_url, "square"),
        h("span.name", {}, product.name),
        h(
            "span.line",
            {},
            h("span.price", {}, money(product.price, product.currency)),
            product.in_stock ? earning(product, product.earn_currency) : h("span.out", {}, "售罄")
        )
    );
}

// === One product ===

export async function showProduct(id) {
    const product = await get(`products/${id}`);
    let chosen = product.variants.find((variant) => variant.available !== 0) || product.variants[0];
    let quantity = 1;
    const box = h("div");
    const choose = (variant) => {
        [chosen, quantity] = [variant, 1];
        draw();
    };
    const draw = () =>
        box.replaceChildren(
            picture(chosen.image_url, "wide"),
            card(
                across(h("span.price.big", {}, money(chosen.price, product.currency)), earn(product, chosen)),
                h("h2", {}, product.name),
                product.summary && note(product.summary)
            ),
            card(
                variants(product, chosen, choose),
                row(
                    "数量",
                    counter(chosen, (value) => (quantity = value))
                )
            )
        );
    draw();
    const add = async () => {
        const {lines} = await get("cart");
        const already = lines.find((line) => line.variant_id === chosen.id)?.quantity || 0;
        await shop("PUT", `cart/${chosen.id}`, {quantity: already + quantity});
        toast("已加入购物车");
    };
    const description = h("div.card.description");
    // The one place where a server's HTML is put in as such: Odoo has sanitised it.
    description.innerHTML = product.description_html;
    const buy = () => go(`checkout/${chosen.id}-${quantity}`);
    return [
        box,
        product.description_html && description,
        bar(button("加入购物车", add), button("立即购买", buy, "main")),
    ];
}

function earn(product, variant) {
    const amount = earning(variant, product.earn_currency);
    return amount && h("a.share", {href: `#/code/product-${product.id}`}, amount, " 分享 ›");
}

function variants(product, chosen, choose) {
    if (product.variants.length < 2) return null;
    const label = (variant) => variant.attributes.map((attribute) => attribute.value).join(" · ");
    const name = product.variants[0].attributes.map((attribute) => attribute.attribute).join(" · ");
    const chips = product.variants.map((variant) =>
        h(`button.chip${variant === chosen ? ".here" : ""}`, {onclick: () => choose(variant)}, label(variant))
    );
    return [note(name), h("div.chips", {}, chips)];
}

function counter(variant, change) {
    if (variant.available === 0) return h("span.out", {}, "售罄");
    const left = variant.available !== null && h("span.note", {}, `库存 ${variant.available} `);
    return h("span", {}, left, stepper(1, 1, variant.available, change));
}

// === Cart ===

export async function showCart() {
    const cart = await get("cart");
    if (!cart.lines.length) return empty("购物车是空的");
    return [
        cart.lines.map((line) => cartLine(line, cart.currency)),
        bar(
            h("span.grow", {}, "合计 ", h("span.price.big", {}, money(cart.total, cart.currency))),
            button("结算", () => go("checkout"), "main")
        ),
    ];
}

function cartLine(line, currency) {
    const change = async (quantity) => {
        await shop("PUT", `cart/${line.variant_id}`, {quantity});
        go("cart");
    };
    return h(
        "div.card.item",
        {},
        picture(line.image_url, "thumb"),
        h(
            "div.grow",
            {},
            h("a.name", {href: `#/product/${line.product_id}`}, line.name),
            across(
                line.for_sale ? h("span.price", {}, money(line.price, currency)) : h("span.out", {}, "已下架"),
                stepper(line.quantity, 0, line.available === null ? null : Math.max(line.available, 0), change)
            )
        )
    );
}

// === Placing an order ===

/** The order of one variant ("12-3": three pieces of variant 12), or of the whole cart. */
export async function showCheckout(direct) {
    const [variant_id, quantity] = (direct || "").split("-").map(Number);
    const basket = direct ? {lines: [{variant_id, quantity}]} : {};
    const preview = await post("orders/preview", basket);
    const address = addressForm();
    const note = h("input", {placeholder: "给商家留言（选填）", "aria-label": "留言", maxlength: 200});
    const place = async () => {
        const order = await post("orders", {...basket, address: address.read(), note: note.value});
        history.replaceState(null, "", `#/order/${order.id}`);
        go(`order/${order.id}`);
        if (order.status === "to_pay") await payFor(order);
    };
    return [
        address.node,
        card(
            preview.lines.map((line) =>
                h(
                    "div.item",
                    {},
                    picture(line.image_url, "thumb"),
                    h("span.grow", {}, line.name, h("span.note", {}, ` ×${line.quantity}`)),
                    money(line.subtotal, preview.currency)
                )
            ),
            note
        ),
        preview.problems.map((problem) => h("p.note.bad", {}, problem)),
        bar(
            h("span.grow", {}, "应付 ", h("span.price.big", {}, money(preview.total, preview.currency))),
            button("提交订单", place, "main")
        ),
    ];
}

const FIELDS = {
    name: ["收货人", 64],
    phone: ["手机号", 20],
    province: ["省份", 64],
    city: ["城市", 64],
    district: ["区县", 64],
    street: ["详细地址", 200],
};

/** The address as wx.chooseAddress would give it, kept for the person's next order. */
function addressForm() {
    const place = `address ${person().openid}`;
    const {name, phone} = person();
    const first = {name, phone, province: "浙江省", city: "杭州市", district: "西湖区", street: "龙井路 1 号"};
    const known = JSON.parse(localStorage.getItem(place)) || first;
    const inputs = Object.entries(FIELDS).map(([field, [label, maxlength]]) =>
        h(`input${field === "street" ? ".whole" : ""}`, {
            name: field,
            placeholder: label,
            "aria-label": label,
            value: known[field],
            maxlength,
        })
    );
    const read = () => {
        const address = Object.fromEntries(inputs.map((input) => [input.name, input.value]));
        localStorage.setItem(place, JSON.stringify(address));
        return address;
    };
    return {node: h("div.card.address", {}, h("h2", {}, "收货地址"), inputs), read};
}
