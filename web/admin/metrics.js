// Prometheus' text format, as the dashboard and the system page read it.

import { ask } from "./desk.js";

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const escaped = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };

function labelsOf(text) {
  const labels = {};
  for (const [, name, value] of text.matchAll(labelPair)) labels[name] = value.replace(/\\./g, (pair) => escaped[pair] ?? pair);
  return labels;
}

/** The samples of one scrape. `at`: when it was taken, in milliseconds of performance.now(). */
export class Metrics {
  constructor(text, at = performance.now()) {
    this.at = at;
    this.samples = new Map();
    for (const line of text.split("\n")) {
      const [, name, labels, value] = sampleLine.exec(line) ?? [];
      if (name === undefined) continue;
      if (!this.samples.has(name)) this.samples.set(name, []);
      this.samples.get(name).push({ labels: labelsOf(labels ?? ""), value: Number(value) });
    }
  }

  /** The samples of a name that bear these labels. */
  of(name, labels = {}) {
    const wanted = Object.entries(labels);
    return (this.samples.get(name) ?? []).filter((sample) => wanted.every(([label, value]) => sample.labels[label] === value));
  }

  /** Their sum; null when nothing is told by that name. */
  sum(name, labels) {
    const found = this.of(name, labels);
    return found.length > 0 ? found.reduce((all, sample) => all + sample.value, 0) : null;
  }

  /** Sums by the values of one label: [value, sum], in the order told. */
  by(label, name, labels) {
    const sums = new Map();
    for (const sample of this.of(name, labels)) sums.set(sample.labels[label], (sums.get(sample.labels[label]) ?? 0) + sample.value);
    return [...sums];
  }

  /** How much a counter rose each second since `earlier`; null when that cannot be said: there is
   * no earlier scrape, or the counter has begun anew. */
  rate(earlier, name, labels) {
    const now = this.sum(name, labels);
    const before = earlier?.sum(name, labels) ?? null;
    if (now === null || before === null || now < before || this.at <= earlier.at) return null;
    return ((now - before) * 1000) / (this.at - earlier.at);
  }
}

/** The gateway's: it tells of all services. */
export const scrape = async (signal) => new Metrics((await ask("GET", "/metrics", { signal, timeout: 5000 })).data);
