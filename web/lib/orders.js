// What the states of an order are called, and how far it has come.

import { h } from "./dom.js";

const statuses = {
  CREATED: ["Awaiting payment", "warn"],
  PAYMENT_PENDING: ["Payment is being checked", "info"],
  PAYMENT_FAILED: ["Payment declined", "bad"],
  PAYMENT_SUCCESS: ["Paid", "info"],
  CONFIRMED: ["Confirmed", "info"],
  DISPATCHED: ["On its way", "info"],
  COMPLETED: ["Delivered", "good"],
  CANCELLED: ["Cancelled", "muted"],
};

export const allStatuses = Object.keys(statuses);

export const statusText = (status) => statuses[status]?.[0] ?? status;

export function statusBadge(status) {
  return h("span", { class: `status is-${statuses[status]?.[1] ?? "muted"}` }, statusText(status));
}

const payments = {
  PENDING: "Not paid yet",
  SUCCESS: "Paid",
  FAILED: "Declined",
  REFUND_PENDING: "Refund on its way",
  REFUNDED: "Refunded",
};

export const paymentText = (status) => payments[status] ?? status;

export const steps = ["Placed", "Paid", "Confirmed", "On its way", "Delivered"];

const reached = {
  CREATED: 1,
  PAYMENT_PENDING: 1,
  PAYMENT_FAILED: 1,
  PAYMENT_SUCCESS: 2,
  CONFIRMED: 3,
  DISPATCHED: 4,
  COMPLETED: 5,
};

/** How many of `steps` are done; 0 for a cancelled order. */
export const stepsDone = (order) => reached[order.status] ?? 0;

export const canCancel = (order) =>
  ["CREATED", "PAYMENT_FAILED", "PAYMENT_SUCCESS", "CONFIRMED"].includes(order.status);
export const canPay = (order) => ["CREATED", "PAYMENT_FAILED"].includes(order.status);

/** Nothing more will happen to it. */
export const isOver = (order) =>
  order.status === "COMPLETED" || (order.status === "CANCELLED" && order.paymentStatus !== "REFUND_PENDING");

/** The last characters of an id, enough to tell orders apart. */
export const shortId = (id) => id.slice(-8).toUpperCase();

/** The words of the last entry of the history, as a sentence: "Payment failed: The card was declined." */
export function lastWords(order) {
  return sentence(order.statusHistory.at(-1)?.message ?? "");
}

/** With one full stop. */
export const sentence = (text) => `${text.replace(/\.+$/, "")}.`;
