// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
/* The distributor's side: membership, money, team, codes, withdrawals. */
import {get, listed, person, post, wechat} from "./api.js";
import {across, button, card, filters, go, h, money, note, pages, plain, row, toast, when} from "./dom.js";

const STATE = {
    draft: "审核中",
    incomplete: "待补充",
    refused: "未通过",
    active: "已通过",
    suspended: "已暂停",
    closed: "已关闭",
};
const APPEAL = {open: "处理中", granted: "已支持", rejected: "未支持"};
const ENTRY = {held: "观察期", due: "待结算", settled: "已结算"};
const WITHDRAWAL = {
    under_review: "审核中",
    being_sent: "打款中",
    waiting_for_confirmation: "待确认收款",
    cancelling: "取消中",
    paid: "已打款",
    failed: "失败",
    expired: "已过期",
    refused: "已拒绝",
    cancelled: "已取消",
};

// === Membership and money ===

export async function showCentre() {
    const me = await get("me");
    if (!me.distributor) return application(me);
    if (me.distributor.state === "draft") {
        return h("div.card.head", {}, h("h2", {}, "申请审核中"), note("商家通过后，您就可以推广赚佣金。"));
    }
    if (["incomplete", "refused"].includes(me.distributor.state)) {
        const {reason} = await get("me/distributor");
        return [
            h("div.card.head", {}, h("h2", {}, STATE[me.distributor.state]), note(reason || "")),
            await application(me),
        ];
    }
    const [membership, summary] = await Promise.all([get("me/distributor"), get("me/summary")]);
    const suspension = me.distributor.state === "suspended" && suspended(membership);
    return [suspension, wallet(membership, summary), states(summary), links(membership, summary)];
}

/** Why, and the appeal: a new one unless one waits for its answer. */
function suspended({reason, appeal}) {
    const text = h("textarea", {rows: 3, maxlength: 2000, "aria-label": "申诉理由", placeholder: "申诉理由"});
    const send = async () => {
        await post("me/appeals", {text: text.value});
        toast("已提交申诉");
        go("centre");
    };
    const waits = appeal && appeal.state === "open";
    return h(
        "div.card.head",
        {},
        h("h2", {}, STATE.suspended),
        note(reason || ""),
        note("已得的佣金为您保留。"),
        appeal && row("申诉", APPEAL[appeal.state]),
        appeal && note(appeal.text),
        appeal && appeal.reason && note(`答复：${appeal.reason}`),
        !waits && [text, button("申诉", send, "main")]
    );
}

async function application(me) {
    const {agreement, introduction} = await get("program");
    const agreed = h("input", {type: "checkbox", id: "agreed"});
    const isAsked = me.distributor && me.distributor.state === "incomplete";
    const label = isAsked ? "您的回复" : "想告诉商家的话（选填）";
    const message = h("textarea", {rows: 3, maxlength: 2000, "aria-label": label, placeholder: label});
    const apply = async () => {
        await post("me/distributor", {
            agreement_accepted: agreed.checked,
            agreement_version: agreement && agreement.version,
            name: person().name,
            message: message.value.trim() || null,
        });
        toast("已提交申请");
        go("centre");
    };
    return h(
        "div.card.head",
        {},
        h("h2", {}, "成为分销员"),
        note("分享好茶，朋友下单，您得佣金。"),
        introduction && note(plain(introduction)),
        me.binding && row("推荐人", me.binding.recommended_by),
        agreement &&
            h("details", {}, h("summary", {}, `分销员协议（第${agreement.version}版）`), note(plain(agreement.text))),
        message,
        h("label.check", {for: "agreed"}, agreed, " 我同意分销员协议"),
        button("申请", apply, "main")
    );
}

function wallet(membership, summary) {
    return h(
        "div.card.wallet",
        {},
        across(
            h("strong", {}, person().name),
            h("span", {}, `${membership.grade || STATE[membership.state]} · ${membership.code}`)
        ),
        h("p", {}, "可提现"),
        across(
            h("span.amount", {}, money(summary.available, summary.currency)),
            button("提现", () => go("withdraw"))
        ),
        h(
            "div.thirds",
            {},
            [
                ["今日", summary.today],
                ["昨日", summary.yesterday],
                ["本月", summary.this_month],
            ].map(([label, amount]) => h("span", {}, label, h("strong", {}, money(amount, summary.currency))))
        )
    );
}

function states(summary) {
    const figures = [
        ["预估", "pending", "下单未到账"],
        ["观察期", "held", summary.next_release_date && `最早 ${summary.next_release_date} 结束`],
        ["待结算", "due", summary.next_settlement_date ? `${summary.next_settlement_date} 结算` : "由商家结算"],
        ["提现中", "in_withdrawal"],
        ["待确认收款", "waiting_confirmation", "24 小时内确认"],
        ["已打款", "paid"],
        ["已追回", "taken_back", "退货退款"],
        ["待抵扣", "debt", "从以后的佣金抵扣"],
    ];
    const figure = ([label, name, note]) =>
        h(
            "div.figure",
            {},
            h("span", {}, label),
            h("strong", {}, money(summary[name], summary.currency)),
            h("small", {}, note)
        );
    return h("div.card.figures", {}, figures.map(figure));
}

function links(membership, summary) {
    const team = summary.team.reduce((total, level) => total + level.count, 0);
    const link = (label, value, address) =>
        h("a.row", {href: `#/${address}`}, h("span", {}, label), h("span", {}, value, " ›"));
    return card(
        link("佣金明细", `${summary.orders} 单`, "entries"),
        link("我的团队", `${team} 人`, "team"),
        link("我的客户", `${summary.customers} 人`, "customers"),
        link("推广码", "邀请下单", "code/shop"),
        link("招募码", "邀请成为分销员", "code/recruit"),
        membership.upline && row("上级", membership.upline)
    );
}

// === Lists ===

export async function showEntries(state) {
    const list = await pages(listed(`me/entries${state ? `?state=${state}` : ""}`), entry, "还没有佣金");
    return [filters("entries", Object.entries(ENTRY), state), list];
}

function entry(one) {
    return card(
        across(
            h("span", {}, one.product),
            h(`strong${one.kind === "clawback" ? ".bad" : ".price"}`, {}, money(one.amount, one.currency))
        ),
        note([one.order, one.buyer, `${one.level} 级`, one.date].filter(Boolean).join(" · ")),
        one.why && h("p.why", {}, one.why),
        one.reason_text && h("p.why.bad", {}, one.reason_text),
        across(
            h("span.status", {}, ENTRY[one.state]),
            one.state === "held" && h("span.note", {}, one.release_date ? `${one.release_date} 结束` : "发货后起算")
        )
    );
}

export const showTeam = () =>
    pages(
        listed("me/team"),
        (member) =>
            card(
                row(h("strong", {}, member.name), `${member.level} 级 · ${member.grade || STATE[member.state]}`),
                row("订单", `${member.orders} 单 · ${money(member.sales)}`),
                row("加入", member.joined_on),
                row("团队", `${member.team_count} 人`)
            ),
        "还没有团队成员"
    );

export const showCustomers = () =>
    pages(
        listed("me/customers"),
        (one) =>
            card(row(one.name, one.until ? `有效至 ${when(one.until)}` : "长期有效"), row("绑定", when(one.since))),
        "还没有客户"
    );

// === Codes ===

/** The code of the shop, of recruiting, or of a product ("product-12"). */
export async function showCode(subject) {
    const [purpose, product] = subject.split("-");
    const code = await post("me/codes", {purpose, ...(product && {product_id: Number(product)})});
    const {image, media_type} = await get(`me/codes/${code.scene}/image`);
    const link = `/phone/?scene=${code.scene}`;
    return h(
        "div.card.code",
        {},
        h("h2", {}, {shop: "请朋友来买茶", recruit: "请朋友成为分销员", product: "分享这款好茶"}[purpose]),
        h("img", {src: `data:${media_type};base64,${image}`, alt: "小程序码"}),
        note("邀请码"),
        h("p.amount", {}, code.code),
        h("p.note.scene", {}, code.scene),
        h("a.as-button", {href: link, target: "_blank", rel: "noopener"}, "在另一部手机上扫码 ↗")
    );
}

// === Withdrawals ===

export async function showWithdraw() {
    const quote = await get("me/withdrawals/quote");
    const input = h("input", {inputmode: "decimal", "aria-label": "提现金额", value: quote.available, maxlength: 13});
    const said = h("div");
    const ask = async () => {
        const asked = await get(`me/withdrawals/quote?amount=${encodeURIComponent(input.value)}`);
        said.replaceChildren(...terms(asked));
        if (asked.reasons.length) return;
        said.append(button(`确认提现 ${money(asked.net, asked.currency)}`, () => send(asked), "main"));
    };
    const send = async (asked) => {
        await post("me/withdrawals", {amount: asked.amount});
        toast("已申请提现");
        go("withdraw");
    };
    const rest = `单笔最低 ${money(quote.minimum, quote.currency)}，今天还可提现 ${quote.left_today} 次`;
    return [
        card(
            row("可提现", h("strong.price", {}, money(quote.available, quote.currency))),
            across(h("span.amount", {}, "¥"), input, button("试算", ask, "main")),
            note(rest),
            said
        ),
        await pages(listed("me/withdrawals"), withdrawal, "还没有提现"),
    ];
}

function terms(quote) {
    return [
        row("手续费", money(quote.fee, quote.currency)),
        row("代扣税", money(quote.tax, quote.currency)),
        row("实际到账", h("strong", {}, money(quote.net, quote.currency))),
        ...quote.reasons.map((reason) => h("p.note.bad", {}, reason.detail)),
    ];
}

function withdrawal(one) {
    const act = (label, task, kind) =>
        button(
            label,
            async () => {
                await task();
                go("withdraw");
            },
            kind
        );
    const confirm = async () => {
        // As wx.requestMerchantTransfer: the person confirms, and the shop asks WeChat what came of it.
        const {package: bill, openId} = await get(`me/withdrawals/${one.id}/confirmation`);
        await wechat("confirm-transfer", {package: bill, openid: openId});
        const {state} = await post(`me/withdrawals/${one.id}/query`);
        toast(WITHDRAWAL[state]);
    };
    return card(
        across(h("strong", {}, money(one.amount, one.currency)), h("span.status", {}, WITHDRAWAL[one.state])),
        note(`${one.name} · ${when(one.requested_at)}${one.paid_on ? ` · ${one.paid_on} 到账` : ""}`),
        one.expires_at && note(`请在 ${when(one.expires_at)} 前确认收款`),
        one.reason && h("p.note.bad", {}, one.reason),
        one.state === "waiting_for_confirmation" && act("确认收款", confirm, "wechat"),
        one.can_cancel && act("取消提现", () => post(`me/withdrawals/${one.id}/cancel`))
    );
}
