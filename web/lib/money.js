const dollars = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD" });
const counts = new Intl.NumberFormat();

/** 1299.5 → "$1,299.50", as the reader's language writes it. */
export const money = (amount) => dollars.format(amount);

/** 1234 → "1,234". */
export const count = (number) => counts.format(number);

/** The sum of price × quantity, without the errors of binary fractions. */
export function total(lines) {
  return lines.reduce((cents, line) => cents + Math.round(line.price * 100) * line.quantity, 0) / 100;
}
