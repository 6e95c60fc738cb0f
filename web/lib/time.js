// Times of the server (ISO 8601, UTC) in the reader's zone and language.

import { h } from "./dom.js";

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const dayOnly = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const units = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

export const dateTime = (iso) => moment.format(new Date(iso));

/** Of a UTC day, "2026-11-30" → "Nov 30". */
export const day = (date) => dayOnly.format(new Date(date));

/** "5 minutes ago" */
export function ago(iso, now = Date.now()) {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return Math.abs(seconds) < 10
    ? relative.format(0, "second")
    : relative.format(Math.round(seconds / size), unit);
}

/** A <time> element; its title has the seconds and the zone. */
export const time = (iso, text = dateTime(iso)) =>
  h("time", { datetime: iso, title: exact.format(new Date(iso)) }, text);
