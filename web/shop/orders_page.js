// The customer's orders, newest first.

import { ask, nextCursor, url } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { count, money } from "../lib/money.js";
import { shortId, statusBadge } from "../lib/orders.js";
import { picture } from "../lib/picture.js";
import { href } from "../lib/router.js";
import { time } from "../lib/time.js";
import { busy, empty, explain, skeleton, toast } from "../lib/ui.js";

const pageSize = 20;
const picturesShown = 4;

function row(order) {
  const units = order.items.reduce((sum, item) => sum + item.quantity, 0);
  return h(
    "li",
    {},
    h(
      "a",
      { class: "order-row panel", href: href(`/order/${order.id}`) },
      h(
        "span",
        { class: "order-row-pictures", "aria-hidden": "true" },
        order.items
          .slice(0, picturesShown)
          .map((item) => h("span", { class: "thumb" }, picture(item.product))),
      ),
      h(
        "span",
        { class: "grow" },
        h(
          "strong",
          {},
          order.items[0].product.name,
          order.items.length > 1 && ` and ${order.items.length - 1} more`,
        ),
        h(
          "span",
          { class: "muted small" },
          `Order ${shortId(order.id)} · ${count(units)} ${units === 1 ? "item" : "items"} · `,
          time(order.createdAt),
        ),
      ),
      statusBadge(order.status),
      h("span", { class: "price" }, money(order.totalAmount)),
    ),
  );
}

const page = (cursor, signal) => ask("GET", url("/orders", { limit: pageSize, cursor }), { signal });

export async function orders({ signal, show }) {
  const heading = h("h1", {}, "My orders");
  show("My orders", heading, skeleton(6));
  const first = await page("", signal);
  if (first.data.length === 0) {
    return show(
      "My orders",
      heading,
      empty({
        title: "No orders yet",
        text: "What you buy can be followed here.",
        action: h("a", { class: "btn btn-primary", href: "#/" }, "Look around"),
      }),
    );
  }
  const list = h("ul", { class: "plain-list stack" }, first.data.map(row));
  let cursor = nextCursor(first.headers);
  const more = h(
    "button",
    {
      class: "btn btn-quiet",
      type: "button",
      hidden: !cursor,
      onclick: () =>
        busy(more, async () => {
          try {
            const next = await page(cursor, signal);
            list.append(...next.data.map(row));
            cursor = nextCursor(next.headers);
            more.hidden = !cursor;
          } catch (error) {
            if (!signal.aborted) toast(explain(error)[1], { kind: "bad" });
          }
        }),
    },
    "Show older ones",
  );
  show("My orders", heading, list, h("p", { class: "more" }, more));
}
