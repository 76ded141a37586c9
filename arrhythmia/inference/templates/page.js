"use strict";
// The page of one recording. Text from the recording is only ever set as textContent.

const data = JSON.parse(document.getElementById("data").textContent);
const { summary, classes, colours } = data;
const fs = summary.fs, parts = summary.parts;
const byId = (id) => document.getElementById(id);
const PAUSE = 2; // s
const LONGEST_LIST = 200;
const STRIP = 10; // s

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function summed(distances) {
  let at = 0;
  return Float64Array.from(distances, (distance) => (at += distance));
}

function signalFrom(bytes) { // see packed_strip
  const n = bytes.length / 3, signal = new Float32Array(n);
  let at = 0;
  for (let i = 0; i < n; i++) {
    const folded = bytes[i] + 256 * bytes[n + i] + 65536 * bytes[2 * n + i];
    at += folded & 1 ? -(folded + 1) / 2 : folded / 2;
    signal[i] = at * data.strip_mv;
  }
  return signal;
}

function clock(s, digits = 0) {
  const whole = Math.floor(s * 10 ** digits + 1e-6) / 10 ** digits;
  const two = (x) => String(Math.floor(x)).padStart(2, "0");
  const tail = digits ? (whole % 1).toFixed(digits).slice(1) : "";
  return `${Math.floor(whole / 3600)}:${two((whole / 60) % 60)}:${two(whole % 60)}${tail}`;
}

// WFDB annotations in MIT format: 16-bit words, the type of an annotation above 10 bits of interval
const CODES = { N: 1, S: 9, V: 5, F: 6, Q: 13 }, NOTE = 22, SKIP = 59, AUX = 63;

function annotationFile(sample, label, first) {
  const bytes = [];
  const word = (x) => bytes.push(x & 255, (x >> 8) & 255);
  const note = (text) => {
    word((AUX << 10) | text.length);
    for (const letter of text) bytes.push(letter.charCodeAt(0));
    if (text.length % 2) bytes.push(0);
  };
  word(NOTE << 10);
  note(`## time resolution: ${fs}`);
  let last = 0;
  sample.forEach((at, i) => {
    let interval = at - last;
    if (interval > 1023) {
      word(SKIP << 10);
      word(Math.floor(interval / 65536)); // the high word comes first
      word(interval & 65535);
      interval = 0;
    }
    word((CODES[classes[label[i]]] << 10) | interval);
    if (label[i] !== first[i]) note(`corrected from ${classes[first[i]]}`);
    last = at;
  });
  word(0);
  return new Uint8Array(bytes);
}

async function start() {
  const [distances, label, probability, parted, strip] = await Promise.all(
    [data.sample, data.label, data.probability, data.parted, data.strip].map(unpacked));
  const sample = summed(new Uint32Array(distances.buffer));
  const signal = signalFrom(strip);
  const n = sample.length, time = Array.from(sample, (x) => x / fs);
  const first = label.slice(); // the network's classes
  const rr = time.map((at, i) => (parted[i] ? null : at - time[i - 1]));
  const rate = rr.map((x) => x && 60 / x);
  const likeliest = (i) => probability[first[i] * n + i] / 255;
  const undo = [];
  let selected = 0, unsaved = false;

  const width = () => Math.max(document.body.clientWidth - 30, 300);
  const x = { time: false, min: 0, max: summary.duration_s };
  const clockAxis = { values: (u, at) => at.map((s) => clock(s)), space: 80,
    incrs: [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400] };

  function shade(u) {
    u.ctx.fillStyle = "#ddd";
    for (const part of parts) {
      const from = Math.max(part.start_s, u.scales.x.min), to = Math.min(part.stop_s, u.scales.x.max);
      if (from >= to) continue;
      const left = u.valToPos(from, "x", true);
      u.ctx.fillRect(left, u.bbox.top, Math.max(u.valToPos(to, "x", true) - left, 1), u.bbox.height);
    }
  }

  // u.over takes clicks; a drag is a zoom
  function onClick(u, act) {
    let pressed = 0;
    u.over.addEventListener("mousedown", (event) => (pressed = event.clientX));
    u.over.addEventListener("click", (event) => {
      if (Math.abs(event.clientX - pressed) < 4) act(u.posToVal(event.offsetX, "x"));
    });
  }

  const rates = () => [time, ...classes.map((_, k) => rate.map((y, i) => (label[i] === k ? y : null)))];
  const ratePlot = new uPlot({
    width: width(), height: 240, legend: { show: true, live: false },
    cursor: { drag: { x: true, y: false, dist: 4 }, points: { show: false }, y: false },
    scales: { x: { time: false, range: (u, low, high) => low === time[0] && high === time[n - 1] ? [0, summary.duration_s] : [low, high] },
      y: { range: (u, low, high) => [0, Math.max(120, Math.min(high, 300) * 1.05)] } },
    axes: [clockAxis, { size: 45 }],
    series: [{}, ...classes.map((name, k) => ({ label: name, stroke: colours[k], width: 2, paths: () => null,
      points: { show: true, size: 4, width: 0, fill: colours[k] } }))],
    hooks: {
      drawClear: [shade],
      draw: [(u) => {
        const at = u.valToPos(time[selected], "x", true);
        if (at < u.bbox.left || at > u.bbox.left + u.bbox.width) return;
        u.ctx.fillStyle = "#000";
        u.ctx.fillRect(at, u.bbox.top, 1, u.bbox.height);
      }],
    },
  }, rates(), byId("rate"));
  onClick(ratePlot, (at) => select(nearest(at)));

  let stripFrom = 0;
  function stripData() {
    stripFrom = Math.min(Math.max(time[selected] - STRIP / 2, 0), Math.max(summary.duration_s - STRIP, 0));
    const from = Math.ceil(stripFrom * data.strip_fs), to = Math.floor((stripFrom + STRIP) * data.strip_fs);
    const values = Array.from(signal.subarray(from, to + 1));
    return [values.map((_, i) => (from + i) / data.strip_fs), values];
  }

  function grid(u) {
    shade(u);
    const { ctx, bbox } = u, { x, y } = u.scales;
    for (const [step, colour] of [[0.04, "#fbeaea"], [0.2, "#f0c4c4"]]) {
      ctx.fillStyle = colour;
      for (let k = Math.ceil(x.min / step); k * step <= x.max; k++) ctx.fillRect(u.valToPos(k * step, "x", true), bbox.top, 1, bbox.height);
      for (let k = Math.ceil(y.min / step / 2.5); k * step * 2.5 <= y.max; k++) ctx.fillRect(bbox.left, u.valToPos(k * step * 2.5, "y", true), bbox.width, 1);
    }
  }

  function beatsOn(u) {
    const { ctx, bbox } = u, size = 13 * devicePixelRatio;
    ctx.textAlign = "center";
    for (let i = nearest(stripFrom); i < n && time[i] <= stripFrom + STRIP; i++) {
      if (time[i] < stripFrom) continue;
      const at = u.valToPos(time[i], "x", true);
      if (i === selected) {
        ctx.fillStyle = "#0001";
        ctx.fillRect(at - 1.3 * size, bbox.top, 2.6 * size, bbox.height);
      }
      ctx.fillStyle = colours[label[i]];
      ctx.font = `bold ${size}px sans-serif`;
      ctx.fillText(classes[label[i]] + (label[i] === first[i] ? "" : "*"), at, bbox.top + 1.2 * size);
      ctx.font = `${0.8 * size}px sans-serif`;
      ctx.fillText(label[i] === first[i] ? Math.round(100 * likeliest(i)) : `was ${classes[first[i]]}`, at, bbox.top + 2.2 * size);
    }
  }

  const stripPlot = new uPlot({
    width: width(), height: 300, legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: { x: { time: false, range: () => [stripFrom, stripFrom + STRIP] },
      y: { range: (u, low, high) => [Math.min(low - 0.2, -1), Math.max(high + 0.8, 2)] } }, // room for letters
    axes: [{ ...clockAxis, grid: { show: false } }, { grid: { show: false }, size: 45, label: "mV", labelSize: 20 }],
    series: [{}, { stroke: "#222", width: 1 }],
    hooks: { drawClear: [grid], draw: [beatsOn] },
  }, stripData(), byId("strip"));
  onClick(stripPlot, (at) => select(nearest(at)));

  const span = summary.duration_s > 3 * 3600 ? 3600 : 300;
  byId("burden-title").textContent = `Burden by ${span === 3600 ? "hour" : "five minutes"}: share of S and V among the beats, %`;
  function burden() {
    const bins = Math.ceil(summary.duration_s / span);
    const all = new Float64Array(bins), count = { S: new Float64Array(bins), V: new Float64Array(bins) };
    time.forEach((at, i) => {
      const bin = Math.min(Math.floor(at / span), bins - 1), name = classes[label[i]];
      all[bin]++;
      if (name in count) count[name][bin]++;
    });
    const share = (name) => Array.from(count[name], (x, k) => (all[k] ? 100 * x / all[k] : null));
    return [Array.from(all, (_, k) => (k + 0.5) * span), share("S"), share("V")];
  }
  const bar = (name, align) => ({ label: name, fill: colours[classes.indexOf(name)], stroke: colours[classes.indexOf(name)], points: { show: false },
    paths: uPlot.paths.bars({ size: [0.35, 60], align }) });
  const burdenPlot = new uPlot({
    width: width(), height: 130, legend: { show: true, live: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: { x: { time: false, range: () => [0, Math.ceil(summary.duration_s / span) * span] },
      y: { range: (u, low, high) => [0, Math.max(high, 1) * 1.1] } },
    axes: [clockAxis, { size: 45 }],
    series: [{}, bar("S", -1), bar("V", 1)],
  }, burden(), byId("burden"));
  onClick(burdenPlot, (at) => select(nearest(at)));

  function nearest(at) {
    let low = 0, high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (time[middle] < at) low = middle + 1; else high = middle;
    }
    return low > 0 && at - time[low - 1] < time[low] - at ? low - 1 : low;
  }

  function runs() {
    const found = [];
    for (let i = 0, stop; i < n; i = stop) {
      stop = i + 1;
      while (stop < n && label[stop] === label[i] && !parted[stop]) stop++;
      if ("SV".includes(classes[label[i]]) && stop - i > 1) found.push([i, stop - i]);
    }
    return found.sort((a, b) => b[1] - a[1]);
  }

  function list(title, items) { // items: [beat, text, time, if it is not that of the beat]
    const box = document.createElement("div"), heading = document.createElement("h2"), rows = document.createElement("ol");
    heading.textContent = `${title}: ${items.length}` + (items.length > LONGEST_LIST ? `, the first ${LONGEST_LIST}` : "");
    for (const [beat, text, at = time[beat]] of items.slice(0, LONGEST_LIST)) {
      const row = document.createElement("li"), button = document.createElement("button");
      button.textContent = `${clock(at, 1)}  ${text}`;
      button.addEventListener("click", () => { select(beat); button.blur(); });
      row.append(button);
      rows.append(row);
    }
    box.append(heading, rows);
    return box;
  }

  function showLists() {
    const order = [...time.keys()];
    const pauses = order.filter((i) => rr[i] > PAUSE).sort((a, b) => rr[b] - rr[a]);
    const doubtful = order.filter((i) => likeliest(i) < data.certain).sort((a, b) => likeliest(a) - likeliest(b));
    const scrolled = Array.from(document.querySelectorAll("#lists ol"), (rows) => rows.scrollTop);
    byId("lists").replaceChildren(
      list("Runs of S or V, longest first", runs().map(([i, beats]) => [i, `${classes[label[i]]}, ${beats} beats`])),
      list("Pauses over 2 s, longest first", pauses.map((i) => [i, `${rr[i].toFixed(2)} s up to this beat`])),
      list("Beats too uncertain to call, least certain first", doubtful.map((i) => [i, `${classes[first[i]]}, ${Math.round(100 * likeliest(i))} %` + (label[i] === first[i] ? "" : `, now ${classes[label[i]]}`)])),
      list("Parts without signal to trust", parts.map((part) => [nearest(part.start_s), `${part.state}, ${(part.stop_s - part.start_s).toFixed(1)} s`, part.start_s])));
    document.querySelectorAll("#lists ol").forEach((rows, k) => (rows.scrollTop = scrolled[k] ?? 0));
  }

  function say() {
    const all = classes.map((name, k) => `${name} ${Math.round(probability[k * n + selected] / 2.55)}`).join("  ");
    byId("selected").textContent = `Beat ${selected + 1} of ${n} at ${clock(time[selected], 2)}: ${classes[label[selected]]}` +
      (label[selected] === first[selected] ? "" : ` (corrected from ${classes[first[selected]]})`) +
      `; probabilities in %: ${all}` + (rr[selected] ? `; RR ${rr[selected].toFixed(2)} s, ${Math.round(rate[selected])}/min` : "; RR unknown");
  }

  function select(beat) {
    selected = Math.min(Math.max(beat, 0), n - 1);
    const { min, max } = ratePlot.scales.x; // follow the selection where the overview is zoomed
    if (time[selected] < min || time[selected] > max) {
      ratePlot.setScale("x", { min: time[selected] - (max - min) / 2, max: time[selected] + (max - min) / 2 });
    }
    ratePlot.redraw(false);
    stripPlot.setData(stripData());
    say();
  }

  function correct(beat, k) {
    label[beat] = k;
    unsaved = true;
    const { min, max } = ratePlot.scales.x;
    ratePlot.setData(rates(), false);
    ratePlot.setScale("x", { min, max });
    burdenPlot.setData(burden());
    showLists();
    select(beat);
    const count = label.reduce((sum, k, i) => sum + (k !== first[i]), 0);
    byId("save").disabled = count === 0;
    byId("saved").textContent = `${count} corrected`;
  }

  function nextOther(step) {
    for (let i = selected + step; i >= 0 && i < n; i += step) if (classes[label[i]] !== "N") return i;
    return selected;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toUpperCase(), step = { ARROWLEFT: -1, ARROWRIGHT: 1 }[key];
    if (step) select(event.shiftKey ? nextOther(step) : selected + step);
    else if (classes.includes(key)) {
      const k = classes.indexOf(key);
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
    unsaved = false;
    byId("saved").textContent = `saved as ${link.download}`;
    byId("save").blur();
  });
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  addEventListener("resize", () => { for (const plot of [ratePlot, stripPlot, burdenPlot]) plot.setSize({ width: width(), height: plot.height }); });

  byId("facts").textContent = `Lead ${summary.lead}; ${clock(summary.duration_s)} h; ${n} beats: ` +
    classes.map((name) => `${name} ${summary.counts[name]}`).join(", ") + `; ${summary.model}`;
  byId("notes").textContent = summary.notes.join("; ");
  showLists();
  select(0);
  document.body.dataset.ready = "yes";
}

start().catch((error) => { byId("facts").textContent = `This page cannot be shown: ${error}`; throw error; });
