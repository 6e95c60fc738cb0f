// What a customer means to buy: [{id, name, category, price, quantity}], with the price as it was
// seen. One cart a customer, in this browser; onCartChange hears of changes, also in other windows.

import { kept } from "./store.js";
import { user } from "./user.js";

export const mostOfOne = 100;

const name = () => `cart.${user()}`;
const listeners = new EventTarget();

export const cart = () => kept.get(name(), []);
export const cartCount = () => cart().reduce((sum, line) => sum + line.quantity, 0);

function save(lines) {
  kept.set(name(), lines);
  listeners.dispatchEvent(new Event("change"));
}

export function addToCart(product, quantity) {
  const lines = cart();
  const line = lines.find((one) => one.id === product.id);
  if (line)
    Object.assign(line, { price: product.price, quantity: Math.min(line.quantity + quantity, mostOfOne) });
  else
    lines.push({
      id: product.id,
      name: product.name,
      category: product.category,
      price: product.price,
      quantity,
    });
  save(lines);
}

/** Changes of a line, {price, quantity}; a quantity below 1 takes it out. */
export function changeLine(id, changes) {
  const lines = cart().map((line) => (line.id === id ? { ...line, ...changes } : line));
  save(lines.filter((line) => line.quantity >= 1));
}

export function emptyCart() {
  save([]);
}

export function onCartChange(f) {
  listeners.addEventListener("change", f);
  window.addEventListener("storage", (event) => event.key === `troupe.${name()}` && f());
}
