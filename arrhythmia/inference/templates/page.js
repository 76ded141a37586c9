"use strict";
// The page of one recording: its plots, lists, keys. Text from the recording is only ever set as textContent.

const byId = (id) => document.getElementById(id);
const LONGEST_LIST = 200, LONGEST_RR = 2.5; // rows; s, longer ones are at the upper edge
const DRAG = 4, NEAR = 6; // px: a shorter drag is a click; a point at most so far from a click is meant

async function start() {
  const [distances, label, probability, parted, strip] = await Promise.all(
    [data.sample, data.label, data.probability, data.parted, data.strip].map(unpacked));
  const sample = summed(new Uint32Array(distances.buffer));
  const signal = signalFrom(strip);
  const n = sample.length, time = sample.map((x) => x / fs);
  const first = label.slice(); // the network's classes
  const likeliest = (i) => probability[first[i] * n + i] / 255;
  const doubtful = [...time.keys()].filter((i) => likeliest(i) < data.certain).sort((a, b) => likeliest(a) - likeliest(b));
  const undo = [];
  let { rr, rate } = intervals(time, label, parted);
  let selected = 0;

  // Plots over the time of the recording, which all show the same part of it
  const width = () => Math.max(document.body.clientWidth - 24, 300);
  const order = shuffled(n);
  const overviews = [];
  let shown = [0, duration];

  function overview(id, { height, range, draw, pick, x = bareAxis, y }) {
    const plot = new uPlot({
      width: width(), height, padding: PADDING, legend: { show: false },
      cursor: { drag: { dist: DRAG, setScale: false, click: () => {} }, points: { show: false }, y: false,
        sync: { key: "time" }, bind: { dblclick: () => () => show(0, duration) } },
      scales: { x: { time: false, auto: false, min: shown[0], max: shown[1] }, y: { range } },
      axes: [x, { size: LEFT - 20, labelSize: 20, ...y }],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: {
        drawClear: [inside(shade)],
        draw: [inside(draw), mark],
        setSelect: [({ select: { left, width } }) => { if (width) show(plot.posToVal(left, "x"), plot.posToVal(left + width, "x")); }],
        setScale: [(u) => u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)],
      },
    }, [[0, duration], [null, null]], byId(id));
    let pressed = 0;
    plot.over.addEventListener("mousedown", (event) => (pressed = event.clientX));
    plot.over.addEventListener("click", (event) => {
      if (Math.abs(event.clientX - pressed) < DRAG) select(pick(plot, event.offsetX, event.offsetY));
    });
    overviews.push(plot);
  }

  function mark(u) { // where the selected beat is: moved, not drawn, so that the beats stay as they are
    const at = u.over.querySelector(".at") ?? u.over.appendChild(Object.assign(document.createElement("div"), { className: "at" }));
    const x = u.valToPos(time[selected], "x");
    at.hidden = x < 0 || x > u.over.clientWidth;
    at.style.transform = `translateX(${x}px)`;
  }

  const inTime = (u, x) => nearest(time, u.posToVal(x, "x"));

  const pointAt = (values) => (u, x, y) => { // of the points around a click the nearest
    let best = inTime(u, x), least = NEAR;
    for (let i = inTime(u, x - NEAR); i <= inTime(u, x + NEAR); i++) {
      const off = Math.hypot(u.valToPos(time[i], "x") - x, u.valToPos(Math.min(values()[i], u.scales.y.max), "y") - y);
      if (off < least) [best, least] = [i, off]; // never where the value is unknown
    }
    return best;
  };

  function inLane(u, x, y) { // the nearest beat of the class that is clicked
    const k = Math.max(1, classes.length - 1 - Math.floor(u.posToVal(y, "y")));
    const at = inTime(u, x), clicked = u.posToVal(x, "x");
    const before = label.lastIndexOf(k, at), after = label.indexOf(k, at);
    if (before < 0 || after < 0) return before < 0 && after < 0 ? at : Math.max(before, after);
    return clicked - time[before] <= time[after] - clicked ? before : after;
  }

  overview("rate", {
    height: 140, range: () => topped(shown, time, rate, 120, 300), y: { label: "beats a minute" },
    draw: (u) => points(u, order, time, rate, label), pick: pointAt(() => rate),
  });
  overview("rr", {
    height: 180, range: () => topped(shown, time, rr, 1.5, LONGEST_RR), y: { label: "s" },
    draw: (u) => { line(u, PAUSE); points(u, order, time, rr, label); }, pick: pointAt(() => rr),
  });
  overview("lanes", {
    height: 130, range: () => [0, classes.length - 1], x: clockAxis,
    y: { splits: classes.slice(1).map((_, k) => k + 0.5), values: () => classes.slice(1).reverse(), grid: { show: false }, ticks: { show: false }, label: "class" },
    draw: (u) => lanes(u, time, label), pick: inLane,
  });

  const span = duration > 3 * 3600 ? 3600 : 300;
  let burden = burdens(time, label, span);
  overview("burden", {
    height: 130, range: () => [0, 1.6 * Math.max(1, ...burden.map(({ S, V }) => S + V))], x: clockAxis, y: { label: "%" },
    draw: (u) => bars(u, burden), pick: inTime,
  });

  function show(min, max) {
    const wide = Math.min(Math.max(max - min, STRIP), duration);
    const from = Math.min(Math.max((min + max - wide) / 2, 0), duration - wide);
    shown = [from, from + wide];
    for (const plot of overviews) plot.setScale("x", { min: shown[0], max: shown[1] });
  }

  // The strip around the selected beat
  const seconds = () => Math.min(width() < 700 ? STRIP / 2 : STRIP, duration);
  let stripFrom = 0, stripTo = 0;
  function stripData() {
    stripFrom = Math.min(Math.max(time[selected] - seconds() / 2, 0), duration - seconds());
    stripTo = stripFrom + seconds();
    const from = Math.ceil(stripFrom * data.strip_fs);
    const values = Array.from(signal.subarray(from, Math.floor(stripTo * data.strip_fs) + 1), (y) => y * data.strip_mv);
    return [values.map((_, i) => (from + i) / data.strip_fs), values];
  }

  function beatsOn(u) {
    const { ctx, bbox } = u, size = 13 * devicePixelRatio;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (let i = nearest(time, stripFrom); i < n && time[i] <= stripTo; i++) {
      if (time[i] < stripFrom) continue;
      const at = u.valToPos(time[i], "x", true), same = label[i] === first[i], out = label[i] === OUT;
      if (i === selected) {
        ctx.fillStyle = "#0001";
        ctx.fillRect(at - 1.3 * size, bbox.top, 2.6 * size, bbox.height);
      }
      ctx.fillStyle = out ? "#666" : colours[label[i]];
      ctx.font = `bold ${size}px sans-serif`;
      ctx.fillText(out ? classes[first[i]] : classes[label[i]] + (same ? "" : "*"), at, bbox.top + 0.8 * size);
      if (out) ctx.fillRect(at - 0.8 * size, bbox.top + 0.75 * size, 1.6 * size, 0.12 * size);
      ctx.fillStyle = "#444"; // small letters in orange are hard to read
      ctx.font = `${0.8 * size}px sans-serif`;
      ctx.fillText(out ? "no beat" : same ? Math.round(100 * likeliest(i)) : `was ${classes[first[i]]}`, at, bbox.top + 1.9 * size);
    }
  }

  const stripPlot = new uPlot({
    width: width(), height: 260, padding: PADDING, legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: { x: { time: false, range: () => [stripFrom, stripTo] },
      y: { range: (u, low, high) => [Math.min(low - 0.2, -1), Math.max(high + 0.8, 2)] } }, // room for letters
    axes: [{ ...clockAxis, grid: { show: false } }, { grid: { show: false }, size: LEFT - 20, label: "mV", labelSize: 20 }],
    series: [{}, { stroke: "#222", width: 1 }],
    hooks: { drawClear: [inside(shade), inside(paper)], draw: [apart(beatsOn)] },
  }, stripData(), byId("strip"));
  stripPlot.over.addEventListener("click", (event) => select(inTime(stripPlot, event.offsetX)));

  function list(id, title, items, row) { // row: item -> text of it, its beat, its time if it is not that of the beat
    const heading = byId(id).querySelector("h2"), rows = byId(id).querySelector("ol");
    heading.textContent = `${title}: ${items.length}` + (items.length > LONGEST_LIST ? `, the first ${LONGEST_LIST}` : "");
    rows.replaceChildren(...items.slice(0, LONGEST_LIST).map((item) => {
      const { beat, text, at = time[beat] } = row(item);
      const entry = document.createElement("li"), button = document.createElement("button");
      button.textContent = `${clock(at, 1)}  ${text}`;
      button.addEventListener("click", () => { select(beat); button.blur(); });
      entry.append(button);
      return entry;
    }));
  }

  const named = (k) => classes[k] ?? "not a beat";
  const showRuns = () => list("runs", "Runs of S or V, longest first", runsOf(label, parted), ([beat, beats]) =>
    ({ beat, text: `${classes[label[beat]]}, ${beats} beats` }));
  const showPauses = () => list("pauses", `Pauses over ${PAUSE} s, longest first`, longest(rr), (beat) =>
    ({ beat, text: `${rr[beat].toFixed(2)} s up to this beat` }));
  const showDoubtful = () => list("doubtful", "Beats too uncertain to call, least certain first", doubtful, (beat) =>
    ({ beat, text: `${classes[first[beat]]}, ${Math.round(100 * likeliest(beat))} %` + (label[beat] === first[beat] ? "" : `, now ${named(label[beat])}`) }));
  const showParts = () => list("parts", "Parts without signal to trust", parts, (part) =>
    ({ beat: nearest(time, part.start_s), text: `${part.state}, ${(part.stop_s - part.start_s).toFixed(1)} s`, at: part.start_s }));

  function showLegend() {
    const count = new Uint32Array(OUT + 1);
    for (const k of label) count[k]++;
    byId("legend").replaceChildren(...classes.map((name, k) => {
      const entry = document.createElement("span"), box = document.createElement("i");
      box.style.background = colours[k];
      const share = (100 * count[k] / Math.max(n - count[OUT], 1)).toFixed(1);
      entry.append(box, `${name} ${data.class_names[k]}: ${count[k]} (${share} %)`);
      return entry;
    }));
  }

  function say() {
    const all = classes.map((name, k) => `${name}\u00a0${Math.round(probability[k * n + selected] / 2.55)}`).join(", ");
    byId("selected").textContent = `Beat ${selected + 1} of ${n} at ${clock(time[selected], 2)}: ${named(label[selected])}` +
      (label[selected] === first[selected] ? "" : ` (corrected from ${classes[first[selected]]})`) + `; probabilities in %: ${all}; RR ` +
      (isNaN(rr[selected]) ? "unknown" : `${rr[selected].toFixed(2)} s, ${Math.round(60 / rr[selected])} a minute`);
  }

  function select(beat) {
    selected = Math.min(Math.max(beat, 0), n - 1);
    const [from, to] = shown, at = time[selected];
    if (at < from || at > to) show(at - (to - from) / 2, at + (to - from) / 2); // which marks it too
    else overviews.forEach(mark);
    stripPlot.setData(stripData());
    say();
  }

  let asSaved = label.slice(), unsaved = false;
  function correct(beat, k) {
    const counts = k === OUT || label[beat] === OUT;
    label[beat] = k;
    if (counts) {
      ({ rr, rate } = intervals(time, label, parted));
      showPauses();
    }
    burden = burdens(time, label, span);
    for (const plot of overviews) plot.redraw();
    showRuns();
    if (likeliest(beat) < data.certain) showDoubtful();
    showLegend();
    showSaved();
    select(beat);
  }

  function showSaved(file) {
    let corrected = 0, out = 0;
    unsaved = false;
    for (let i = 0; i < n; i++) {
      if (label[i] === OUT) out++;
      else if (label[i] !== first[i]) corrected++;
      if (label[i] !== asSaved[i]) unsaved = true;
    }
    byId("save").textContent = `Save all ${n - out} beats as reviewed`;
    byId("saved").textContent = (corrected || out ? `${corrected} corrected, ${out} not a beat` : "no corrections") + (file ? `; saved as ${file}` : unsaved ? "; not saved yet" : "");
  }

  function nextOther(step) {
    for (let i = selected + step; i >= 0 && i < n; i += step) if (!["N", undefined].includes(classes[label[i]])) return i;
    return selected;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toUpperCase(), step = { ARROWLEFT: -1, ARROWRIGHT: 1 }[key];
    const k = key === "X" ? OUT : classes.indexOf(key);
    if (step) select(event.shiftKey ? nextOther(step) : selected + step);
    else if (k >= 0) {
      if (k !== label[selected]) {
        undo.push([selected, label[selected]]);
        correct(selected, k);
      }
    } else if (key === "Z") { if (undo.length) correct(...undo.pop()); }
    else return;
    event.preventDefault();
  });

  byId("save").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([annotationFile(sample, label, first)]));
    link.download = `${data.file}.corrected`;
    link.click();
    URL.revokeObjectURL(link.href);
    asSaved = label.slice();
    showSaved(link.download);
    byId("save").blur();
  });
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  addEventListener("resize", () => {
    for (const plot of [...overviews, stripPlot]) plot.setSize({ width: width(), height: plot.height });
    select(selected);
  });

  byId("facts").textContent = `Lead ${summary.lead}; ${clock(duration)} h; ${n} beats${summary.rejected ? `, ${summary.rejected} detections rejected` : ""}; ${summary.model}`;
  byId("notes").textContent = summary.notes.join("; ");
  byId("rr-title").textContent = `RR intervals (dashed: ${PAUSE} s; longer than ${LONGEST_RR} s: at the upper edge)`;
  byId("burden-title").textContent = `Burden by ${span === 3600 ? "hour" : "five minutes"}: V and, on top of it, S in % of the beats`;
  showRuns();
  showPauses();
  showDoubtful();
  showParts();
  showLegend();
  showSaved();
  select(0);
  document.body.dataset.ready = "yes";
}

start().catch((error) => { byId("facts").textContent = `This page cannot be shown: ${error}`; throw error; });
