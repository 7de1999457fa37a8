// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
/* Elements, messages and sheets. Text from a server is always put in as text. */

/**
 * Return an element: h("p.note", {title: "…"}, "text", node, …). Attributes that begin with "on" are handlers; a
 * button does nothing more while its handler is at work, and what a handler throws is shown to the person.
 */
export function h(selector, attributes = {}, ...children) {
    const [tag, ...classes] = selector.split(".");
    const node = document.createElement(tag);
    if (classes.length) node.className = classes.join(" ");
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) node.addEventListener(name.slice(2), guarded(value));
        else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
}

function guarded(handler) {
    return async (event) => {
        const node = event.currentTarget;
        if (node.dataset.busy) return;
        node.dataset.busy = "yes";
        try {
            await handler(event);
        } catch (error) {
            toast(error.message, true);
        } finally {
            delete node.dataset.busy;
        }
    };
}

/** Return what there is to read in HTML from a server. */
export function plain(html) {
    return new DOMParser().parseFromString(html || "", "text/html").body.textContent.trim();
}

export function button(label, onclick, kind = "") {
    return h(`button${kind && `.${kind}`}`, {type: "button", onclick}, label);
}

/** Show a message for a while. */
export function toast(text, wrong = false) {
    document.querySelector(".toast")?.remove();
    const node = h(`div.toast${wrong ? ".wrong" : ""}`, {role: wrong ? "alert" : "status"}, text);
    document.getElementById("phone").append(node);
    setTimeout(() => node.remove(), wrong ? 6000 : 3000);
}

/** Show a sheet from below; content(close) returns what is in it. */
export function sheet(content) {
    const close = () => veil.remove();
    const veil = h("div.veil", {onclick: (event) => event.target === veil && close()});
    veil.append(h("div.sheet", {}, content(close)));
    document.getElementById("phone").append(veil);
}

/** A number between two others with buttons; change(value) is called for each new one. */
export function stepper(value, least, most, change) {
    const shown = h("span.count", {}, `${value}`);
    const step = (by) => async () => {
        const wanted = Math.min(Math.max(value + by, least), most ?? Infinity);
        if (wanted === value) return;
        await change(wanted);
        value = wanted;
        shown.textContent = `${value}`;
    };
    return h("span.stepper", {}, button("−", step(-1)), shown, button("+", step(1)));
}

export function money(amount, currency = "CNY") {
    const [sign, digits] = amount.startsWith("-") ? ["−", amount.slice(1)] : ["", amount];
    return `${sign}${currency === "CNY" ? "¥" : `${currency} `}${digits}`;
}

/** Return a moment as people read it. */
export function when(moment) {
    const format = {month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false};
    return moment ? new Date(moment).toLocaleString("zh-CN", format) : "";
}

/** Open another address of this page; the same one is shown anew. */
export function go(address) {
    const target = `#/${address}`;
    if (location.hash === target) window.dispatchEvent(new HashChangeEvent("hashchange"));
    else location.hash = target;
}

export const card = (...children) => h("div.card", {}, children);
export const across = (...children) => h("div.line", {}, children);
export const note = (...children) => h("p.note", {}, children);
export const bar = (...children) => h("div.bar", {}, children);
export const empty = (text) => h("p.empty", {}, text);
export const row = (label, value, kind = "") => h(`div.row${kind && `.${kind}`}`, {}, h("span", {}, label), value);

/** A row of links to the parts of a list: base/value for each [value, label], and base for all of it. */
export function filters(base, parts, chosen) {
    const chip = (label, value, address) =>
        h(`a.chip${value === chosen ? ".here" : ""}`, {href: `#/${address}`}, label);
    const chips = parts.map(([value, label]) => chip(label, value, `${base}/${value}`));
    return h("div.chips", {}, chip("全部", undefined, base), chips);
}

/** A list that asks for its next part: load(cursor) returns {items, next_cursor}. */
export async function pages(load, show, nothing) {
    const list = h("div.list");
    const more = button("更多", () => next(), "more");
    let cursor = null;
    async function next() {
        const page = await load(cursor);
        cursor = page.next_cursor;
        list.append(...page.items.map(show));
        more.hidden = !cursor;
    }
    await next();
    return list.children.length ? [list, more] : [empty(nothing)];
}
