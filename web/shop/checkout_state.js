// How far this window's checkout is. It survives a reload, and its one key makes sure that however
// often a request is sent there is one order, and one charge an attempt.
//
//   key      of the whole checkout
//   address  where to
//   placing  the body of POST /orders while nobody knows whether it was taken: it is sent again as it
//            was, and nothing can be edited meanwhile
//   orderId  once the order is there
//   attempt  of paying, from 1; a new one after a decline
//   paying   an attempt was sent and its outcome has not been seen
//   done     paid

import { newKey } from "../lib/api.js";
import { session } from "../lib/store.js";
import { user } from "../lib/user.js";

const name = () => `checkout.${user()}`;

export const checkoutState = () => session.get(name());

export function saveCheckout(changes) {
  const state = { ...checkoutState(), ...changes };
  session.set(name(), state);
  return state;
}

/** A new checkout; with `orderId`, of an order that is there and has to be paid. */
export function beginCheckout(more = {}) {
  session.set(name(), { key: newKey(), attempt: 1, ...more });
  return checkoutState();
}

/**
 * The step to show instead of `wanted`, or null: an order that is placed cannot be edited, what is
 * paid is over, and nothing is skipped.
 */
export function otherStep(wanted, state, cartIsEmpty) {
  if (state.done) return wanted === "complete" ? null : "complete";
  if (state.orderId) return wanted === "payment" ? null : "payment";
  if (state.placing) return wanted === "review" ? null : "review";
  if (cartIsEmpty) return null; // there is nothing to check out, which every step says
  if (wanted === "shipping") return null;
  if (!state.address) return "shipping";
  return wanted === "review" ? null : "review";
}
