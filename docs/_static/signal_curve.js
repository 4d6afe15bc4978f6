// The bi-exponential signal with sliders; plain JavaScript, no library, no network.
"use strict";

(function () {
  const B = [0, 20, 50, 100, 150, 200, 400, 800, 1200, 1500];
  const AVERAGES = [2, 2, 2, 1, 1, 1, 2, 4, 6, 8];
  const SLIDERS = [
    ["f", "f (perfusion fraction)", 0, 0.6, 0.01, 0.15],
    ["slow", "D (10⁻³ mm²/s)", 0.2, 3, 0.05, 1.0],
    ["fast", "D* (10⁻³ mm²/s)", 5, 100, 1, 20],
    ["snr", "SNR at b = 0", 5, 100, 1, 30],
    ["draw", "draw of the noise", 1, 50, 1, 1],
  ];
  const WIDTH = 640, HEIGHT = 320, LEFT = 48, BOTTOM = 40, TOP = 12, B_MAX = 1500;
  const root = document.getElementById("signal-curve");
  const values = {};

  const x = (b) => LEFT + (b / B_MAX) * (WIDTH - LEFT - 24);
  const y = (s) => HEIGHT - BOTTOM - (Math.min(s, 1.15) / 1.15) * (HEIGHT - BOTTOM - TOP);
  const slow = (b) => (1 - values.f) * Math.exp(-b * values.slow * 1e-3);
  const fast = (b) => values.f * Math.exp(-b * values.fast * 1e-3);

  // A small generator with a seed (mulberry32), so that one draw stays one draw while the curve moves.
  function generator(seed) {
    return function () {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  function measured() {
    const random = generator(values.draw * 7919);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return B.map(function (b, place) {
      let sum = 0;
      for (let n = 0; n < AVERAGES[place]; n += 1) {
        sum += Math.hypot(slow(b) + fast(b) + normal() / values.snr, normal() / values.snr);
      }
      return sum / AVERAGES[place];
    });
  }

  function path(curve, name) {
    let line = "";
    for (let b = 0; b <= B_MAX; b += 5) line += (b ? "L" : "M") + x(b).toFixed(1) + " " + y(curve(b)).toFixed(1);
    return `<path class="${name}" d="${line}"/>`;
  }

  function draw() {
    const dots = measured().map((s, place) => `<circle cx="${x(B[place])}" cy="${y(s)}" r="4"/>`).join("");
    const ticks = [0, 500, 1000, 1500].map((b) => `<text x="${x(b)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${b}</text>`);
    const heights = [0, 0.5, 1].map((s) => `<text x="${LEFT - 8}" y="${y(s) + 4}" text-anchor="end">${s}</text>`);
    root.querySelector("svg").innerHTML =
      "<title>Signal against b for the chosen values</title>" +
      `<path class="axis" d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - 24}"/>` + ticks.join("") + heights.join("") +
      `<text x="${WIDTH / 2}" y="${HEIGHT - 6}" text-anchor="middle">b (s/mm²)</text>` +
      `<text x="14" y="${HEIGHT / 2}" transform="rotate(-90 14 ${HEIGHT / 2})" text-anchor="middle">signal / S0</text>` +
      path(slow, "slow") + path(fast, "fast") + path((b) => slow(b) + fast(b), "whole") + dots;
  }

  root.insertAdjacentHTML("beforeend", `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="signal curve"></svg>`);
  for (const [name, text, low, high, step, start] of SLIDERS) {
    values[name] = start;
    root.insertAdjacentHTML("beforeend",
      `<label><span>${text}</span><input type="range" name="${name}" min="${low}" max="${high}" step="${step}" value="${start}">` +
      `<output>${start}</output></label>`);
    const input = root.querySelector(`input[name=${name}]`);
    input.addEventListener("input", function () {
      values[name] = Number(input.value);
      input.nextElementSibling.textContent = input.value;
      draw();
    });
  }
  draw();
})();
