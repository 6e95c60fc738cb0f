// One order, live: how far it is, what happened when, and what can still be done.

import { get, post } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { follow } from "../lib/live.js";
import { money } from "../lib/money.js";
import {
  canCancel,
  canPay,
  isOver,
  paymentText,
  shortId,
  statusBadge,
  statusText,
  steps,
  stepsDone,
} from "../lib/orders.js";
import { picture } from "../lib/picture.js";
import { href } from "../lib/router.js";
import { agreed, announce, banner, busy, empty, explain, skeleton, toast } from "../lib/ui.js";
import { time } from "../lib/time.js";

function progress(order) {
  const done = stepsDone(order);
  if (order.status === "CANCELLED") return null;
  return h(
    "ol",
    { class: "progress-steps plain-list", "aria-label": "Progress of the order" },
    steps.map((text, i) =>
      h(
        "li",
        {
          class: i < done ? "is-done" : i === done ? "is-next" : "",
          "aria-current": i === done - 1 && "step",
        },
        h("span", { class: "step-dot", "aria-hidden": "true" }, i < done && "✓"),
        text,
        h("span", { class: "visually-hidden" }, i < done ? " (done)" : " (to come)"),
      ),
    ),
  );
}

function history(order) {
  return h(
    "section",
    { class: "panel" },
    h("h2", {}, "History"),
    h(
      "ol",
      { class: "history plain-list" },
      order.statusHistory
        .toReversed()
        .map((entry) =>
          h("li", {}, h("strong", {}, entry.message || statusText(entry.status)), time(entry.timestamp)),
        ),
    ),
  );
}

function items(order) {
  return h(
    "section",
    { class: "panel" },
    h("h2", {}, "What you bought"),
    h(
      "ul",
      { class: "plain-list review-lines" },
      order.items.map((item) =>
        h(
          "li",
          {},
          h(
            "a",
            { class: "thumb", href: href(`/product/${item.productId}`), tabindex: -1, "aria-hidden": "true" },
            picture(item.product),
          ),
          h(
            "span",
            { class: "grow" },
            h("a", { href: href(`/product/${item.productId}`) }, item.product.name),
            h("span", { class: "muted small" }, `${item.quantity} × ${money(item.price)}`),
          ),
          h("span", { class: "price" }, money(item.price * item.quantity)),
        ),
      ),
    ),
    h(
      "div",
      { class: "row-between total" },
      h("strong", {}, "Total"),
      h("strong", { class: "price" }, money(order.totalAmount)),
    ),
  );
}

function address(order) {
  const { name, street, postcode, city, country } = order.shippingAddress;
  const lines = [name, street, [postcode, city].filter(Boolean).join(" "), country].filter(Boolean);
  return h(
    "section",
    { class: "panel" },
    h("h2", {}, "Delivery address"),
    h(
      "address",
      { class: "mb-0" },
      lines.flatMap((line, i) => (i > 0 ? [h("br"), line] : [line])),
    ),
  );
}

const connections = {
  polling: ["info", "Live updates have paused", "We look every 10 seconds until they are back."],
  offline: ["warn", "The connection is gone", "Reconnecting; what you see is the last that we know."],
};

function gone(show) {
  show(
    "Not found",
    empty({
      title: "No such order",
      text: "It may belong to another customer: choose who is shopping at the top.",
      heading: "h1",
      action: h("a", { class: "btn btn-primary", href: "#/orders" }, "My orders"),
    }),
  );
}

export async function orderPage({ params, signal, show }) {
  const at = `/orders/${encodeURIComponent(params.id)}`;
  const notice = h("div");
  const body = h("div", { class: "stack" });
  let order = null;
  let endLive = () => {};

  async function cancel(button) {
    const sure = await agreed({
      title: "Cancel this order?",
      yes: "Cancel the order",
      text:
        order.paymentStatus === "SUCCESS"
          ? `We give back ${money(order.totalAmount)} to your card.`
          : "Nothing has been charged.",
    });
    if (!sure) return;
    try {
      const { data } = await busy(button, () => post(`${at}/cancel`));
      take(data);
      toast("Your order was cancelled.");
    } catch (error) {
      const text =
        error.code === "payment_in_progress"
          ? "A payment is being checked; try again in a moment."
          : explain(error)[1];
      toast(text, { kind: "bad" });
    }
  }

  function actions() {
    const button =
      canCancel(order) &&
      h(
        "button",
        { class: "btn btn-quiet", type: "button", onclick: () => cancel(button) },
        "Cancel the order",
      );
    const payLink =
      canPay(order) &&
      h(
        "a",
        { class: "btn btn-primary", href: href("/checkout/payment", { order: order.id }) },
        order.status === "PAYMENT_FAILED" ? "Pay again" : "Pay now",
      );
    return button || payLink ? h("div", { class: "actions" }, payLink, button) : null;
  }

  function render() {
    fill(
      body,
      h(
        "section",
        { class: "panel" },
        h(
          "div",
          { class: "row-between" },
          h(
            "div",
            { class: "row-start" },
            statusBadge(order.status),
            h("span", { class: "muted small" }, paymentText(order.paymentStatus)),
          ),
          actions(),
        ),
        progress(order),
      ),
      h(
        "div",
        { class: "two-columns" },
        items(order),
        h("div", { class: "stack" }, history(order), address(order)),
      ),
    );
  }

  /** A version that is newer than what is shown. */
  function take(now) {
    if (order && now.version <= order.version) return;
    if (order) announce(`${statusText(now.status)}. ${now.statusHistory.at(-1).message}`);
    order = now;
    render();
    if (isOver(order)) {
      endLive();
      fill(notice);
    }
  }

  function connection(state) {
    const told = connections[state];
    fill(notice, told && banner(told[0], told[1], h("p", {}, told[2])));
  }

  const head = (id) => h("h1", {}, `Order ${shortId(id)}`);
  show("Order", head(params.id), skeleton(6));
  try {
    const first = await get(at, { signal });
    show(
      `Order ${shortId(first.id)}`,
      h("nav", { "aria-label": "Where you are", class: "crumbs" }, h("a", { href: "#/orders" }, "My orders")),
      head(first.id),
      h("p", { class: "muted" }, "Placed ", time(first.createdAt)),
      notice,
      body,
    );
    take(first);
  } catch (error) {
    if (error.status === 404) return gone(show);
    throw error;
  }
  if (isOver(order)) return;
  endLive = follow(`${at}/stream`, {
    event: "order",
    poll: () => get(at, { signal }),
    onData: take,
    onState: connection,
    signal,
  });
}
