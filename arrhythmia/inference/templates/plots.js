"use strict";
// What is drawn between uPlot's axes. `u` is a uPlot; sizes in pixels of the screen are times `devicePixelRatio`.

const clockAxis = { values: (u, at) => at.map((s) => clock(s)), space: 80, size: 30,
  incrs: [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400] };
const bareAxis = { ...clockAxis, values: () => [], size: 6 };
const LEFT = 70; // of every plot the same, so that they stand below one another
const PADDING = [8, 32, 0, 0];

// Drawn without a trace in the state of the canvas, of which uPlot keeps a copy; `inside`: between the axes only.
const apart = (draw) => (u) => {
  u.ctx.save();
  draw(u);
  u.ctx.restore();
};
const inside = (draw) => apart((u) => {
  u.ctx.beginPath();
  u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  u.ctx.clip();
  draw(u);
});

function block(u, from, to, low, high, colour) {
  const left = u.valToPos(from, "x", true), top = u.valToPos(high, "y", true);
  u.ctx.fillStyle = colour;
  u.ctx.fillRect(left, top, Math.max(u.valToPos(to, "x", true) - left, 1), u.valToPos(low, "y", true) - top);
}

function shade(u) {
  for (const part of parts) block(u, part.start_s, part.stop_s, u.scales.y.min, u.scales.y.max, "#ddd");
}

// From 0 to the highest value between two times, but to `least` at least and `most` at most.
function topped([from, to], time, value, least, most) {
  let high = least;
  for (let i = nearest(time, from); i < time.length && time[i] <= to; i++) if (value[i] > high) high = value[i];
  return [0, 1.05 * Math.min(high, most)];
}

function shuffled(n) { // the same order each time
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1, state = 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const k = Math.floor(state / 2 ** 32 * (i + 1));
    [order[i], order[k]] = [order[k], order[i]];
  }
  return order;
}

// A point a beat. Where points cover one another, chance says which is on top: of the pixels there each class
// has its share. They are set in memory, because a canvas needs half a second for the points of a day.
function points(u, order, time, value, label) {
  const { left, top } = u.bbox, width = Math.ceil(u.bbox.width), height = Math.ceil(u.bbox.height);
  const image = new ImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  const { min, max } = u.scales.x, highest = u.scales.y.max;
  const shown = nearest(time, max) - nearest(time, min);
  const size = Math.round((shown > 20000 ? 2 : shown > 1000 ? 3 : 5) * devicePixelRatio);
  const paint = colours.map((colour) => { // #rrggbb as the bytes r, g, b, 255
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
  });
  for (const i of order) {
    const at = time[i], y = Math.max(1 - value[i] / highest, 0) * (height - size); // above: at the edge
    if (!(y >= 0) || at < min || at > max) continue;
    const x = (at - min) / (max - min) * (width - size), colour = paint[label[i]];
    for (let corner = Math.round(y) * width + Math.round(x), row = 0; row < size; row++, corner += width) {
      for (let column = 0; column < size; column++) pixels[corner + column] = colour;
    }
  }
  const picture = document.createElement("canvas");
  picture.width = width;
  picture.height = height;
  picture.getContext("2d").putImageData(image, 0, 0);
  u.ctx.drawImage(picture, left, top);
}

const foot = (k) => classes.length - 1 - k; // of the lane of a class; S, the first one after N, is at the top

// A lane for each class but N: its share of the beats in each column of two pixels. Even a single beat is so high
// that it is seen.
function lanes(u, time, label) {
  const { left, width } = u.bbox, { min, max } = u.scales.x;
  const column = 2 * devicePixelRatio, columns = Math.ceil(width / column), least = 0.2;
  const count = classes.map(() => new Uint32Array(columns)), all = new Uint32Array(columns);
  for (let i = nearest(time, min); i < time.length && time[i] <= max; i++) {
    const at = Math.floor((time[i] - min) / (max - min) * width / column);
    if (label[i] === OUT || at < 0 || at >= columns) continue;
    all[at]++;
    count[label[i]][at]++;
  }
  for (let k = 1; k < classes.length; k++) {
    const bottom = u.valToPos(foot(k), "y", true), high = 0.9 * (bottom - u.valToPos(foot(k) + 1, "y", true));
    u.ctx.fillStyle = "#bbb";
    u.ctx.fillRect(left, bottom - 1, width, 1);
    u.ctx.fillStyle = colours[k];
    for (let at = 0; at < columns; at++) {
      if (!count[k][at]) continue;
      const tall = high * Math.max(count[k][at] / all[at], least);
      u.ctx.fillRect(left + at * column, bottom - tall, column, tall);
    }
  }
}

// V with S on top of it, and both in figures where there is room for them.
function bars(u, burden) {
  const size = 11 * devicePixelRatio, { min, max } = u.scales.x;
  for (const { from, to, S, V } of burden) {
    block(u, from, to, 0, V, colours[classes.indexOf("V")]);
    block(u, from, to, V, V + S, colours[classes.indexOf("S")]);
    block(u, to, to, 0, u.scales.y.max, "#fff");
  }
  u.ctx.globalAlpha = 0.7; // a bar is not of the parts without signal
  shade(u);
  u.ctx.globalAlpha = 1;
  u.ctx.fillStyle = "#222";
  u.ctx.font = `${size}px sans-serif`;
  u.ctx.textAlign = "center";
  u.ctx.textBaseline = "top";
  for (const { from, to, S, V } of burden) {
    if (u.valToPos(to, "x", true) - u.valToPos(from, "x", true) < 3 * size) continue;
    const middle = u.valToPos((Math.max(from, min) + Math.min(to, max)) / 2, "x", true);
    u.ctx.fillText(`S ${percent(S)}`, middle, u.bbox.top);
    u.ctx.fillText(`V ${percent(V)}`, middle, u.bbox.top + 1.2 * size);
  }
}
const percent = (share) => (share === 0 || share >= 10 ? share.toFixed(0) : share.toFixed(1));

function line(u, value) {
  const at = Math.round(u.valToPos(value, "y", true)) + 0.5;
  u.ctx.strokeStyle = "#666";
  u.ctx.setLineDash([4, 4]);
  u.ctx.beginPath();
  u.ctx.moveTo(u.bbox.left, at);
  u.ctx.lineTo(u.bbox.left + u.bbox.width, at);
  u.ctx.stroke();
}

function paper(u) { // 1 mm is 0.04 s and 0.1 mV
  const { ctx, bbox } = u, { x, y } = u.scales;
  for (const [step, colour] of [[0.04, "#fbeaea"], [0.2, "#f0c4c4"]]) {
    ctx.fillStyle = colour;
    for (let k = Math.ceil(x.min / step); k * step <= x.max; k++) ctx.fillRect(u.valToPos(k * step, "x", true), bbox.top, 1, bbox.height);
    for (let k = Math.ceil(y.min / step / 2.5); k * step * 2.5 <= y.max; k++) ctx.fillRect(bbox.left, u.valToPos(k * step * 2.5, "y", true), bbox.width, 1);
  }
}

function nearest(time, at) { // the beat
  let low = 0, high = time.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time[middle] < at) low = middle + 1; else high = middle;
  }
  return low > 0 && at - time[low - 1] < time[low] - at ? low - 1 : low;
}
