// Figures drawn by Chart.js in the page's own colours. Each has its numbers as a table beside it,
// for whoever cannot see the drawing.

import { h } from "../lib/dom.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** What Chart.js draws with, read anew whenever light turns to dark. */
function options({ horizontal, format, axis }) {
  const text = { color: colour("--muted"), font: { family: getComputedStyle(document.body).fontFamily } };
  const values = { beginAtZero: true, grid: { color: colour("--line") }, ticks: { ...text, precision: 0, maxTicksLimit: 6, callback: axis } };
  const names = { grid: { display: false }, ticks: { ...text, autoSkip: !horizontal, maxRotation: 0, autoSkipPadding: 12 } };
  return {
    animation: false,
    maintainAspectRatio: false,
    indexAxis: horizontal ? "y" : "x",
    scales: horizontal ? { x: values, y: names } : { x: names, y: values },
    interaction: { mode: "index", axis: horizontal ? "y" : "x", intersect: false },
    plugins: {
      legend: { display: false },
      tooltip: { displayColors: false, callbacks: { title: ([item]) => item.label.replaceAll(",", " "), label: (item) => format(item.raw) } },
    },
  };
}

/** In two lines when it is long: a phone has little room beside the bars. */
function label(name) {
  const middle = name.indexOf(" ", name.length / 2 - 4);
  return name.length > 16 && middle > 0 ? [name.slice(0, middle), name.slice(middle + 1)] : name;
}

function dataset({ rows, line, colours }) {
  const fill = colours ? colours.map(colour) : colour("--accent");
  return {
    data: rows.map(([, value]) => value),
    backgroundColor: line ? colour("--accent-soft") : fill,
    borderColor: fill,
    fill: line,
    borderRadius: 4,
    borderWidth: line ? 2 : 0,
    maxBarThickness: 22,
    pointRadius: 0,
    pointHoverRadius: 4,
  };
}

/**
 * A figure: `title`, a sentence that `says` what there is to see, the drawing, and its table.
 * `rows`: [name, value]; `format` writes a value, `axis` (else `format`) one of the axis; `columns`:
 * the table's two headings; `colours`: a CSS variable for each row. Ends with `signal`.
 */
export function chart({ title, says, rows, format = String, axis = format, columns, signal, ...look }) {
  const canvas = h("canvas", { role: "img", "aria-label": `${title}. ${says}` });
  let drawn;
  const draw = () => {
    drawn?.destroy();
    drawn = new Chart(canvas, {
      type: look.line ? "line" : "bar",
      data: { labels: rows.map(([name]) => (look.horizontal ? label(name) : name)), datasets: [dataset({ rows, ...look })] },
      options: options({ format, axis: (value) => axis(value), horizontal: look.horizontal }),
    });
  };
  requestAnimationFrame(() => signal.aborted || draw()); // it measures the box that it is in by then
  dark.addEventListener("change", draw, { signal });
  signal.addEventListener("abort", () => drawn?.destroy(), { once: true });
  return h("figure", { class: "panel chart" },
    h("figcaption", {}, h("h2", { class: "panel-title" }, title), h("p", { class: "muted" }, says)),
    h("div", { class: look.horizontal ? "chart-box is-tall" : "chart-box" }, canvas),
    h("details", {}, h("summary", {}, "Show as a table"), table(title, columns, rows, format)));
}

function table(title, columns, rows, format) {
  return h("table", { class: "table table-sm" },
    h("caption", { class: "visually-hidden" }, title),
    h("thead", {}, h("tr", {}, columns.map((name, i) => h("th", { scope: "col", class: i > 0 && "number" }, name)))),
    h("tbody", {}, rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "number" }, format(value))))));
}
