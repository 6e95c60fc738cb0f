// Paying. A decline says why and can be tried again; while the bank's answer is out, the order is
// asked until it tells. The card number is never kept.

import { get, post } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { repeat } from "../lib/live.js";
import { money } from "../lib/money.js";
import { canPay, lastWords, sentence } from "../lib/orders.js";
import { go, href } from "../lib/router.js";
import { banner, busy, explain, field, showErrors, skeleton } from "../lib/ui.js";
import { stepList, summary } from "./checkout_parts.js";
import { checkoutState, saveCheckout } from "./checkout_state.js";

const lookEvery = 2000;
const patience = 25000; // ms: the server itself waits 10 s for the bank
const demoCards = [
  ["4242424242424242", "4242 4242 4242 4242", "approved"],
  ["4000000000000002", "4000 0000 0000 0002", "declined"],
  ["4000000000000119", "4000 0000 0000 0119", "the bank answers late"],
];

const linesOf = (order) =>
  order.items.map((item) => ({ name: item.product.name, price: item.price, quantity: item.quantity }));

function paid() {
  saveCheckout({ done: true, paying: false });
  go(href("/checkout/complete"), { replace: true });
}

/** The next attempt is another one, with another key. */
function nextAttempt() {
  const { attempt } = checkoutState();
  saveCheckout({ paying: false, attempt: attempt + 1 });
}

function cardFields() {
  const input = h("input", {
    class: "form-control",
    inputmode: "numeric",
    autocomplete: "cc-number",
    maxlength: 23,
    placeholder: "1234 5678 9012 3456",
  });
  const use = (number) => () => {
    input.value = number;
    input.focus();
  };
  return [
    field({ label: "Card number", name: "card", input, wide: true }),
    h(
      "div",
      { class: "demo-cards" },
      h("span", { class: "small muted" }, "This is a demonstration. Cards to try:"),
      h(
        "ul",
        { class: "plain-list" },
        demoCards.map(([, shown, what]) =>
          h(
            "li",
            {},
            h("button", { class: "btn-text small", type: "button", onclick: use(shown) }, shown),
            h("span", { class: "small muted" }, ` ${what}`),
          ),
        ),
      ),
    ),
  ];
}

/** Why the last attempt took no money, in words that end with a full stop. */
function refusal(why) {
  const title = /declined/i.test(why) ? "Your card was declined" : "The payment did not go through";
  return banner(
    "bad",
    title,
    h("p", {}, `${why} Nothing was charged. You can try again, or use another card.`),
  );
}

/** "" or what is wrong with it. */
function complaintAbout(card) {
  return /^\d{12,19}$/.test(card) ? "" : "A card number has 12 to 19 digits.";
}

export async function paymentStep({ show, signal }, state) {
  const { orderId } = state;
  const at = `/orders/${orderId}`;

  function frame(order, ...content) {
    show(
      "Payment",
      stepList("payment"),
      h("h1", {}, "Payment"),
      h("div", { class: "two-columns" }, h("div", { class: "stack" }, content), summary(linesOf(order))),
    );
  }

  async function pay(order, card) {
    const { key, attempt } = saveCheckout({ paying: true });
    try {
      const { data, status } = await post(
        `${at}/process-payment`,
        { paymentMethod: "card", cardNumber: card },
        { key: `${key}-${attempt}`, timeout: patience },
      );
      if (data.success) return paid();
      if (status === 202) return wait(order);
      nextAttempt();
      renderForm(order, refusal(sentence(data.message)));
    } catch (error) {
      if (error.unknownOutcome || error.code === "payment_in_progress") return wait(order, error);
      nextAttempt();
      await look(error);
    }
    return undefined;
  }

  function renderForm(order, note) {
    const submit = (event) => {
      event.preventDefault();
      const card = event.target.elements.card.value.replace(/[\s-]/g, "");
      const complaint = complaintAbout(card);
      showErrors(event.target, { card: complaint });
      if (!complaint) busy(button, () => pay(order, card));
    };
    const button = h(
      "button",
      { class: "btn btn-primary btn-lg", type: "submit" },
      `Pay ${money(order.totalAmount)}`,
    );
    frame(
      order,
      note,
      h(
        "form",
        { class: "panel stack", novalidate: true, onsubmit: submit },
        cardFields(),
        h("div", { class: "row-between" }, h("a", { href: href(`/order/${orderId}`) }, "Pay later"), button),
      ),
      h(
        "p",
        { class: "muted small" },
        "Your order is placed and its goods are set aside for you. However often the button is pressed, you are charged once.",
      ),
    );
  }

  /** Asks the order every 2 s until the attempt has ended. */
  function wait(order, error) {
    frame(
      order,
      banner(
        "info",
        "Your payment is being checked",
        h(
          "p",
          {},
          error?.status === 0
            ? `${error.message} We keep asking what became of it.`
            : "The bank takes its time. You can wait here, or leave and come back: nothing is lost.",
        ),
        h("a", { href: href(`/order/${orderId}`) }, "Go to the order"),
      ),
      skeleton(2),
    );
    const looking = new AbortController();
    const stop = AbortSignal.any([signal, looking.signal]);
    repeat(
      async () => {
        try {
          const now = await get(at, { signal: stop });
          if (now.status === "PAYMENT_PENDING" || stop.aborted) return;
          looking.abort();
          showState(now);
        } catch {
          // Still out of reach: the next look tells.
        }
      },
      lookEvery,
      stop,
    );
  }

  function cancelled(order) {
    saveCheckout({ done: true, paying: false });
    frame(
      order,
      banner(
        "bad",
        "This order was cancelled",
        h(
          "p",
          {},
          `${lastWords(order)} It cannot be paid any more; what you paid for it, if anything, comes back to you.`,
        ),
      ),
      h(
        "p",
        {},
        h("a", { class: "btn btn-primary", href: "#/" }, "Back to the shop"),
        " ",
        h("a", { class: "btn btn-quiet", href: href(`/order/${orderId}`) }, "See the order"),
      ),
    );
  }

  /** What the order's state asks for; `error` is told above the form. */
  function showState(order, error) {
    if (order.status === "CANCELLED") return cancelled(order);
    if (order.status === "PAYMENT_PENDING") return wait(order);
    if (!canPay(order)) return paid();
    if (checkoutState().paying) nextAttempt(); // it ended without a charge, or never arrived
    if (error) return renderForm(order, banner("bad", ...explain(error)));
    return renderForm(order, order.status === "PAYMENT_FAILED" && refusal(lastWords(order)));
  }

  async function look(error) {
    showState(await get(at, { signal }), error);
  }

  show("Payment", stepList("payment"), h("h1", {}, "Payment"), skeleton(5));
  await look();
}
