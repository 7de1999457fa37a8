// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
/* Orders after they are placed: payment, receipt, money back. */
import {get, listed, person, post, wechat} from "./api.js";
import {
    across,
    bar,
    button,
    card,
    filters,
    go,
    h,
    money,
    note,
    pages,
    row,
    sheet,
    stepper,
    toast,
    when,
} from "./dom.js";
import {picture} from "./shop.js";

const STATUS = {to_pay: "待付款", to_ship: "待发货", to_receive: "待收货", completed: "已完成", cancelled: "已取消"};
const REFUND = {
    requested: "待商家处理",
    refused: "已拒绝",
    cancelled: "已撤销",
    processing: "退款中",
    refunded: "已退款",
    failed: "退款失败",
};

export async function showOrders(status) {
    const list = await pages(listed(`orders${status ? `?status=${status}` : ""}`), summary, "没有订单");
    return [filters("orders", Object.entries(STATUS), status), list];
}

function summary(order) {
    return h(
        "a.card.block",
        {href: `#/order/${order.id}`},
        across(h("span.note", {}, order.number), h("span.status", {}, STATUS[order.status])),
        order.lines.map((line) => goods(line, order.currency)),
        across(h("span.note", {}, when(order.placed_at)), h("strong", {}, money(order.total, order.currency)))
    );
}

function goods(line, currency) {
    const quantity = h("span.note", {}, ` ×${line.quantity}`);
    const name = h("span.grow", {}, line.name, quantity);
    return h("div.item", {}, picture(line.image_url, "thumb"), name, money(line.subtotal, currency));
}

export async function showOrder(id) {
    const [order, refunds] = await Promise.all([get(`orders/${id}`), get(`orders/${id}/refund-requests`)]);
    const isRefunded = Number(order.refunded) > 0;
    return [
        h(
            "div.card.head",
            {},
            h("h2", {}, STATUS[order.status]),
            order.pay_until && note(`请在 ${when(order.pay_until)} 前付款，库存为您保留`),
            order.status === "to_ship" && note("已付款，等待商家发货")
        ),
        card(
            order.lines.map((line) => goods(line, order.currency)),
            row("合计", h("strong.price", {}, money(order.total, order.currency))),
            isRefunded && row("已退款", money(order.refunded, order.currency))
        ),
        card(
            row("订单号", order.number),
            row("下单时间", when(order.placed_at)),
            row("收货人", `${order.receiver} ${order.receiver_phone}`),
            row("地址", order.receiver_address),
            order.note && row("留言", order.note)
        ),
        order.deliveries.map((delivery) => parcel(delivery)),
        refunds.items.map((asked) => refundCard(order, asked)),
        actions(order),
    ];
}

function parcel(delivery) {
    return card(
        row("发货", when(delivery.shipped_at)),
        row("签收", delivery.received_at ? when(delivery.received_at) : "未签收"),
        delivery.tracking_number && row(delivery.carrier || "快递", delivery.tracking_number)
    );
}

function actions(order) {
    const receive = async () => {
        await post(`orders/${order.id}/receipt`);
        toast("已确认收货");
        go(`order/${order.id}`);
    };
    const isPaid = !["to_pay", "cancelled"].includes(order.status);
    const buttons = [
        isPaid && button("申请退款", () => askBack(order)),
        order.can_confirm_receipt && button("确认收货", receive, "main"),
        order.status === "to_pay" && button("去支付", () => payFor(order), "main"),
    ].filter(Boolean);
    return buttons.length && bar(buttons);
}

// === Payment ===

/** Get the parameters of wx.requestPayment from the shop and pay with them in the simulated WeChat. */
export async function payFor(order) {
    const {parameters, amount, currency} = await post(`orders/${order.id}/pay`);
    sheet((close) => {
        const pay = async () => {
            await wechat("pay", {pay_params: parameters, openid: person().openid});
            close();
            // What the phone believes proves nothing: the shop asks WeChat.
            const {state} = await post(`orders/${order.id}/payment/query`);
            toast(state === "paid" ? "支付成功" : "支付处理中");
            go(`order/${order.id}`);
        };
        return [
            h("h2", {}, "微信支付"),
            h("p.amount", {}, money(amount, currency)),
            note(order.number),
            button("确认支付", pay, "wechat"),
            button("以后再付", close),
        ];
    });
}

// === Money back ===

function refundCard(order, asked) {
    const withdraw = async () => {
        await post(`orders/${order.id}/refund-requests/${asked.id}/withdrawal`);
        go(`order/${order.id}`);
    };
    return card(
        row(`退款 ${asked.number}`, h("span.status", {}, REFUND[asked.status])),
        asked.lines.map((line) => row(`${line.name} ×${line.quantity}`, money(line.amount, asked.currency))),
        row("原因", asked.reason),
        asked.refuse_reason && row("商家答复", asked.refuse_reason),
        asked.status === "requested" && button("撤销申请", withdraw)
    );
}

function askBack(order) {
    const wanted = new Map();
    const reason = h("input", {placeholder: "退款原因", "aria-label": "退款原因", maxlength: 200});
    const back = h("input", {type: "checkbox", id: "goods-come-back"});
    const line = (one) =>
        row(
            one.name,
            stepper(0, 0, Number(one.quantity), (quantity) => wanted.set(one.id, quantity))
        );
    sheet((close) => {
        const send = async () => {
            const lines = [...wanted].filter(([, quantity]) => quantity);
            await post(`orders/${order.id}/refund-requests`, {
                lines: lines.map(([line_id, quantity]) => ({line_id, quantity})),
                reason: reason.value,
                goods_come_back: back.checked,
            });
            close();
            toast("已提交，等待商家处理");
            go(`order/${order.id}`);
        };
        return [
            h("h2", {}, "申请退款"),
            order.lines.map(line),
            reason,
            h("label.check", {for: "goods-come-back"}, back, " 退货退款（商品寄回）"),
            button("提交", send, "main"),
            button("取消", close),
        ];
    });
}
