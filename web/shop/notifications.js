// What the shop has told the customer; looked for every 30 s while the page is open.

import { ask, nextCursor, put, url } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { repeat } from "../lib/live.js";
import { shortId } from "../lib/orders.js";
import { focusHeading, href } from "../lib/router.js";
import { ago, time } from "../lib/time.js";
import { busy, empty, explain, failure, icon, skeleton, toast } from "../lib/ui.js";

const pageSize = 50;
const pollEvery = 30000;
const drawings = { ORDER: "box", PAYMENT: "card", DISPATCH: "truck" };

/** `onRead()`: after any was marked as read. */
export async function notifications({ signal, show }, onRead) {
  const body = h("div", {}, skeleton(6));
  const readAll = h(
    "button",
    {
      class: "btn btn-quiet btn-sm",
      type: "button",
      hidden: true,
      onclick: async () => {
        await busy(readAll, () => mark(shown.filter((one) => !one.isRead)));
        if (readAll.hidden && !signal.aborted) focusHeading(head); // the reader's place goes with the button
      },
    },
    "Mark all as read",
  );
  let shown = [];
  let more = "";

  async function mark(rows) {
    try {
      for (const one of rows) {
        const { data } = await put(`/notifications/${one.id}/read`);
        shown = shown.map((old) => (old.id === data.id ? data : old));
      }
    } catch (error) {
      toast(explain(error)[1], { kind: "bad" });
    }
    if (!signal.aborted) render();
    onRead();
  }

  function row(one) {
    const button =
      !one.isRead &&
      h(
        "button",
        { class: "btn-text small", type: "button", onclick: () => busy(button, () => mark([one])) },
        "Mark as read",
        h("span", { class: "visually-hidden" }, `: ${one.title}`),
      );
    return h(
      "li",
      { class: one.isRead ? "notice panel" : "notice panel is-unread" },
      h("span", { class: "notice-icon" }, icon(drawings[one.type] ?? "bell")),
      h(
        "div",
        { class: "grow" },
        h("h2", {}, one.title, !one.isRead && h("span", { class: "visually-hidden" }, " (unread)")),
        h("p", {}, one.orderId ? one.message.replaceAll(one.orderId, shortId(one.orderId)) : one.message),
        h(
          "p",
          { class: "muted small" },
          time(one.createdAt, ago(one.createdAt)),
          one.orderId && [" · ", h("a", { href: href(`/order/${one.orderId}`) }, "See the order")],
        ),
      ),
      button,
    );
  }

  function render() {
    const unread = shown.some((one) => !one.isRead);
    readAll.hidden = !unread;
    if (shown.length === 0) {
      fill(body, empty({ title: "Nothing yet", text: "News of your orders appears here.", icon: "bell" }));
      return;
    }
    fill(
      body,
      h("ul", { class: "plain-list stack" }, shown.map(row)),
      more && h("p", { class: "muted small more" }, `These are the newest ${pageSize}.`),
    );
  }

  async function load() {
    try {
      const { data, headers } = await ask("GET", url("/notifications", { limit: pageSize }), { signal });
      if (JSON.stringify(data) === JSON.stringify(shown) && data.length > 0) return;
      shown = data;
      more = nextCursor(headers);
      render();
    } catch (error) {
      if (!signal.aborted && shown.length === 0) fill(body, failure(error, load));
    }
  }

  const head = h("div", { class: "row-between page-head" }, h("h1", {}, "Notifications"), readAll);
  show("Notifications", head, body);
  repeat(load, pollEvery, signal);
}
