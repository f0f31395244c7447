"use strict";
// Draws each plot that the page holds, by its kind. All text goes through the chart library, which writes text nodes and attributes, never markup.
(() => {
  // Text keeps its size on a phone: the plot is drawn narrower there, not scaled down.
  let width = 480;
  const longest = () => width < 420 ? 16 : 28;
  const known = ["teacher", "student", "baseline", "untrained"];
  const spare = ["var(--student)", "var(--baseline)", "var(--other)", "var(--untrained)", "var(--more)", "var(--teacher)"];
  const unique = (values) => [...new Set(values)];

  // A name keeps its colour in every plot.
  function colours(names) {
    let next = 0;
    const range = names.map((name) => known.includes(name) ? `var(--${name})` : spare[next++ % spare.length]);
    return { domain: names, range, legend: names.length > 1 };
  }

  // Fewer say nothing.
  const enough = 10;
  const flat = (series) => series.flatMap((one) => one.points.filter((point) => point.every((x) => Number.isFinite(x)))
    .map((point) => ({ name: one.name, x: point[0], y: point[1], z: point[2], faint: one.isFaint, dots: one.hasDots })));
  const percent = { tickFormat: "%" };
  const plain = { tickFormat: "~g" };
  const axis = (label, isLog) => ({ label, labelAnchor: "center", labelOffset: 36, type: isLog ? "log" : "linear", ...(isLog ? plain : {}) });
  const shorten = (label) => label.length > longest() ? label.slice(0, longest() - 1) + "…" : label;
  const room = (labels) => 20 + 6.4 * Math.max(...labels.map((label) => Math.min(longest(), label.length)));

  // Dots of a row that would hide one another stand above one another around its middle.
  const dot = 9;
  function apart(points, place) {
    const sizes = [];
    for (const label of unique(points.map((d) => d.label))) {
      let group = [];
      const end = () => {
        group.sort((a, b) => points.indexOf(a) - points.indexOf(b)).forEach((d, i) => { d.dy = (i - (group.length - 1) / 2) * (dot + 1); });
        sizes.push(group.length);
        group = [];
      };
      for (const d of points.filter((d) => d.label === label).sort((a, b) => a.value - b.value)) {
        if (group.length > 0 && place(d) - place(group[group.length - 1]) >= dot) end();
        group.push(d);
      }
      end();
    }
    return sizes;
  }

  const draw = {
    lines(plot) {
      const points = flat(plot.series).filter((d) => !plot.logY || d.y > 0);
      return {
        height: 300, marginLeft: 50, x: axis(plot.x), y: { label: plot.y, type: plot.logY ? "log" : "linear", grid: true, ticks: 5, ...(plot.logY ? plain : {}) },
        color: colours(unique(plot.series.map((one) => one.name))),
        marks: [
          Plot.lineY(points.filter((d) => d.faint), { x: "x", y: "y", stroke: "name", strokeOpacity: 0.45, strokeWidth: 1 }),
          Plot.lineY(points.filter((d) => !d.faint), { x: "x", y: "y", stroke: "name", strokeWidth: 2 }),
          Plot.dot(points.filter((d) => d.dots), { x: "x", y: "y", fill: "name", r: 3.5 }),
        ],
      };
    },
    histogram(plot) {
      const bins = flat(plot.series);
      const names = unique(plot.series.map((one) => one.name));
      const least = Math.min(...bins.filter((d) => d.x > 0).map((d) => d.x));
      const from = (d) => plot.logX && d.x <= 0 ? least / Math.sqrt(10) : d.x;
      return {
        height: 70 + 105 * names.length, marginLeft: 50, marginRight: 70,
        x: { ...axis(plot.x, plot.logX), ticks: 6 }, y: { label: "share", grid: true, ticks: 3, ...percent }, fy: { label: null, domain: names },
        color: { ...colours(names), legend: false },
        marks: [Plot.rectY(bins, { x1: from, x2: "y", y: "z", fy: "name", fill: "name", insetLeft: 0.5, insetRight: 0.5 }), Plot.ruleY([0])],
      };
    },
    calibration(plot) {
      const points = flat(plot.series).filter((d) => d.z >= enough);
      const most = Math.max(1, ...points.map((d) => d.z));
      return {
        height: 380, marginLeft: 50, x: { ...axis("how sure of its first choice"), domain: [0, 1], ...percent }, y: { label: "how often right", domain: [0, 1], grid: true, ...percent },
        color: colours(unique(plot.series.map((one) => one.name))), r: { range: [1.5, 9], domain: [0, most] },
        marks: [Plot.line([[0, 0], [1, 1]], { stroke: "currentColor", strokeOpacity: 0.4, strokeDasharray: "4 4" }), Plot.dot(points, { x: "x", y: "y", r: "z", fill: "name", fillOpacity: 0.8 })],
      };
    },
    dots(plot) {
      const rows = plot.rows.map((row) => ({ ...row, label: shorten(row.label) }));
      const labels = unique(rows.map((row) => row.label));
      const points = rows.flatMap((row) => Object.entries(row.values).filter(([, value]) => Number.isFinite(value) && (!plot.logX || value > 0)).map(([name, value]) => ({ label: row.label, name, value })));
      const [marginLeft, marginRight, inset] = [room(labels), 20, 8];
      const along = plot.logX ? Math.log : (value) => value;
      const [from, to] = [Math.min(...points.map((d) => along(d.value))), Math.max(...points.map((d) => along(d.value)))];
      const most = Math.max(1, ...apart(points, (d) => to > from ? (along(d.value) - from) / (to - from) * (width - marginLeft - marginRight - 2 * inset) : 0));
      const say = (value) => plot.percent ? `${(100 * value).toFixed(1)} %` : value.toPrecision(3);
      return {
        height: 70 + Math.max(26, most * (dot + 1) + 8) * labels.length, marginLeft, marginRight,
        x: { ...axis(plot.x, plot.logX), grid: true, ticks: 5, inset, ...(plot.percent ? percent : {}) }, y: { label: null, domain: labels },
        color: colours(unique(points.map((d) => d.name))),
        marks: [
          Plot.ruleY(points, Plot.groupY({ x1: "min", x2: "max" }, { x: "value", y: "label", strokeOpacity: 0.3 })),
          // A mark has one offset: those of one height in their rows are drawn together.
          ...unique(points.map((d) => d.dy)).map((dy) => Plot.dot(points.filter((d) => d.dy === dy), { x: "value", y: "label", fill: "name", r: dot / 2, dy, title: (d) => `${d.label}, ${d.name}: ${say(d.value)}` })),
        ],
      };
    },
    scatter(plot) {
      const shown = plot.points.filter((d) => Number.isFinite(d.x ?? 0) && Number.isFinite(d.y ?? 0) && (!plot.logY || d.y > 0));
      const cheaper = (a, b) => plot.moreIsBetter ? a.x > b.x : a.x < b.x;
      const beats = (a, b) => (cheaper(a, b) && a.y <= b.y) || (a.x === b.x && a.y < b.y);
      const points = shown.map((d) => ({ ...d, front: !shown.some((other) => beats(other, d)) }));
      const front = points.filter((d) => d.front).sort((a, b) => a.x - b.x || b.y - a.y);
      const opacity = (d) => d.front ? 1 : 0.45;
      return {
        height: 340, marginTop: 40, marginLeft: 60, marginRight: 60, inset: 12, x: { ...axis(plot.x), grid: true, zero: true, ticks: 6 }, y: { label: plot.y, type: plot.logY ? "log" : "linear", grid: true, ticks: 5, ...(plot.logY ? plain : {}) },
        marks: [Plot.line(front, { x: "x", y: "y", stroke: "currentColor", strokeOpacity: 0.35, curve: plot.moreIsBetter ? "step-before" : "step-after" }), Plot.dot(points, { x: "x", y: "y", fill: "var(--student)", fillOpacity: opacity, r: 5 }), Plot.text(points, { x: "x", y: "y", text: "label", dy: -12, fillOpacity: opacity })],
      };
    },
    bars(plot) {
      const bars = plot.bars.map((bar) => ({ value: 0, note: "", ...bar, label: shorten(bar.label) }));
      const labels = unique(bars.map((bar) => bar.label));
      return {
        height: 60 + 26 * labels.length, marginLeft: room(labels), marginRight: 130, x: { ...axis(plot.x), grid: true, ticks: 3, tickFormat: "~s" }, y: { label: null, domain: labels },
        marks: [Plot.barX(bars, { x: "value", y: "label", fill: "var(--student)", insetTop: 2, insetBottom: 2 }), Plot.text(bars, { x: "value", y: "label", text: "note", textAnchor: "start", dx: 6 }), Plot.ruleX([0])],
      };
    },
  };

  for (const plot of JSON.parse(document.getElementById("plots").textContent)) {
    const figure = document.getElementById(plot.id);
    const place = figure.querySelector(".plot");
    width = Math.max(300, Math.min(480, place.clientWidth));
    place.replaceChildren(Plot.plot({ width, marginBottom: 48, style: { fontSize: "12px" }, ariaLabel: plot.title, ...draw[plot.$type](plot) }));
    figure.dataset.drawn = "yes";
  }
})();
