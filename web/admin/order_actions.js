// What an operator does to an order: dispatch it, tell that it was delivered.

import { h } from "../lib/dom.js";
import { canCancel, shortId } from "../lib/orders.js";
import { agreed, busy, field } from "../lib/ui.js";
import { ask } from "./desk.js";
import { formDialog } from "./dialog.js";

const path = (order, verb) => `/orders/${encodeURIComponent(order.id)}/${verb}`;

/** Resolves to {now, text}, or to null when the operator thought better of it. */
async function dispatch(order) {
  const given = (form, name) => form.elements[name].value.trim();
  return formDialog({
    title: `Dispatch ${shortId(order.id)}`, yes: "Dispatch",
    fields: [
      field({ label: "Courier", name: "courier", maxlength: 100, autocomplete: "off", value: "", hint: "Optional." }),
      field({ label: "Tracking number", name: "trackingNumber", maxlength: 100, autocomplete: "off", value: "", hint: "Optional; the customer is told." }),
    ],
    send: async (form) => {
      const wanted = { courier: given(form, "courier"), trackingNumber: given(form, "trackingNumber") };
      const body = Object.fromEntries(Object.entries(wanted).filter(([, text]) => text));
      const { data } = await ask("PATCH", path(order, "dispatch"), { body });
      return { now: data, text: `Order ${shortId(order.id)} is on its way.` };
    },
  });
}

async function deliver(order) {
  const { data } = await ask("PATCH", path(order, "deliver"), { body: {} });
  return { now: data, text: `Order ${shortId(order.id)} is delivered.` };
}

async function cancel(order) {
  const paid = order.paymentStatus === "SUCCESS";
  const yes = await agreed({
    title: `Cancel ${shortId(order.id)}?`, yes: "Cancel the order", no: "Keep it",
    text: paid ? "It is paid: the customer gets the money back. This cannot be undone." : "This cannot be undone.",
  });
  if (!yes) return null;
  const { data } = await ask("POST", `${path(order, "cancel")}?scope=all`, { body: {} });
  return { now: data, text: `Order ${shortId(order.id)} is cancelled.` };
}

const steps = {
  CONFIRMED: ["Dispatch", "btn-primary", dispatch],
  DISPATCHED: ["Mark delivered", "btn-primary", deliver],
};

/**
 * The buttons for what can be done now. `done({now, text})` and `failed(error)` tell what came of
 * it. `all`: also what is seldom wanted.
 */
export function actions(order, { done, failed, all = false }) {
  const button = (name, look, act) => {
    const made = h("button", { class: `btn btn-sm ${look}`, type: "button", "aria-label": `${name}: order ${shortId(order.id)}`, onclick: () => busy(made, async () => {
      try {
        const result = await act(order);
        if (result) await done(result);
      } catch (error) {
        failed(error);
      }
    }) }, name);
    return made;
  };
  return [
    steps[order.status] && button(...steps[order.status]),
    all && canCancel(order) && button("Cancel", "btn-quiet", cancel),
  ];
}
