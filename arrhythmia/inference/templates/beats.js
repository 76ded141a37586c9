"use strict";
// The beats of the recording, and what follows from their classes. Nothing here draws.

const data = JSON.parse(document.getElementById("data").textContent);
const { summary, classes, colours } = data;
const fs = summary.fs, parts = summary.parts, duration = summary.duration_s;
const OUT = classes.length; // in place of a class: not a beat
const PAUSE = 2, STRIP = 10; // s

async function unpacked(text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  const stream = new DecompressionStream("gzip"), writer = stream.writable.getWriter(); // a Blob's is slower
  writer.write(bytes);
  writer.close();
  return new Uint8Array(await new Response(stream.readable).arrayBuffer());
}

function summed(distances) {
  let at = 0;
  return Float64Array.from(distances, (distance) => (at += distance));
}

function signalFrom(bytes) { // in steps of data.strip_mv; see packed_strip
  const n = bytes.length / 3, signal = new Int16Array(n);
  let at = 0;
  for (let i = 0; i < n; i++) {
    const folded = bytes[i] | (bytes[n + i] << 8) | (bytes[2 * n + i] << 16);
    signal[i] = at += (folded >>> 1) ^ -(folded & 1);
  }
  return signal;
}

function clock(s, digits = 0) {
  const whole = Math.floor(s * 10 ** digits + 1e-6) / 10 ** digits;
  const two = (x) => String(Math.floor(x)).padStart(2, "0");
  const tail = digits ? (whole % 1).toFixed(digits).slice(1) : "";
  return `${Math.floor(whole / 3600)}:${two((whole / 60) % 60)}:${two(whole % 60)}${tail}`;
}

// rr: s from the beat before, NaN where that is unknown. rate: a minute, over data.rate_beats intervals around
// the beat, NaN where one of them is unknown.
function intervals(time, label, parted) {
  const n = time.length, span = data.rate_beats, rr = new Float64Array(n).fill(NaN), rate = rr.slice();
  let beats = []; // since the last unknown interval
  for (let i = 0; i < n; i++) {
    if (parted[i]) beats = [];
    if (label[i] === OUT) continue;
    if (beats.length) rr[i] = time[i] - time[beats.at(-1)];
    beats.push(i);
    if (beats.length > span) rate[beats.at(-1 - span / 2)] = 60 * span / (time[i] - time[beats.at(-1 - span)]);
  }
  return { rr, rate };
}

function longest(rr) { // the beats that end a pause, the longest first
  const found = [];
  rr.forEach((s, i) => { if (s > PAUSE) found.push(i); });
  return found.sort((a, b) => Math.round(fs * (rr[b] - rr[a])) || a - b);
}

function runsOf(label, parted) { // [first, its beats] of those of S or V, longest first
  const found = [], n = label.length;
  for (let i = 0, stop; i < n; i = stop) {
    let beats = 1, last = i;
    for (stop = i + 1; stop < n && !parted[stop] && (label[stop] === label[i] || label[stop] === OUT); stop++) {
      if (label[stop] !== OUT) { beats++; last = stop; }
    }
    stop = last + 1;
    if (beats > 1 && "SV".includes(classes[label[i]])) found.push([i, beats]);
  }
  return found.sort((a, b) => b[1] - a[1]);
}

function burdens(time, label, span) { // % of S and of V in each span of the recording that has beats
  const bins = Math.ceil(duration / span), all = new Uint32Array(bins);
  const count = { S: new Uint32Array(bins), V: new Uint32Array(bins) };
  time.forEach((at, i) => {
    if (label[i] === OUT) return;
    const bin = Math.min(Math.floor(at / span), bins - 1), name = classes[label[i]];
    all[bin]++;
    if (name in count) count[name][bin]++;
  });
  return Array.from(all, (beats, k) => ({ beats, from: k * span, to: Math.min((k + 1) * span, duration),
    S: 100 * count.S[k] / beats, V: 100 * count.V[k] / beats })).filter(({ beats }) => beats);
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
    if (label[i] === OUT) return;
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
