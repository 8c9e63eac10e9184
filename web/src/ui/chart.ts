// The bitrate of one stream over a span of time: area, scale, times, and below it a band that shows when it was not
// live. A pointer over it reads the value.

import { bitrate, timeOfDay, dateTime } from "../format";
import { ticks } from "../days";
import { shape, top, type Point } from "../series";
import type { Sample } from "../types";
import { h, s, set, show, text } from "./dom";
import { streamLook } from "./states";

const WIDTH = 1000;
const HEIGHT = 220;

export class Chart {
  readonly element: HTMLElement;
  private readonly line = s("path", { class: "line" });
  private readonly area = s("path", { class: "area" });
  private readonly most = h("span", { class: "most" });
  private readonly half = h("span", { class: "half" });
  private readonly times = h("div", { class: "ticks", "aria-hidden": "true" });
  private readonly band = h("div", { class: "band", "aria-hidden": "true" });
  private readonly cursor = h("i", { class: "cursor", hidden: true });
  private readonly reading = h("p", { class: "reading", hidden: true });
  private readonly plot: HTMLElement;
  private samples: readonly Sample[] = [];
  private from = 0;
  private to = 1;

  constructor() {
    this.plot = h(
      "div",
      { class: "plot" },
      s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" }, s("path", { class: "grid-line", d: `M0 1H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 1}H${WIDTH}` }), this.area, this.line),
      this.most,
      this.half,
      this.cursor,
      this.reading,
    );
    this.element = h("div", { class: "chart" }, this.plot, this.band, this.times);
    this.plot.addEventListener("pointermove", (event) => this.read(event));
    this.plot.addEventListener("pointerleave", () => {
      show(this.cursor, false);
      show(this.reading, false);
    });
  }

  /** `step` is the time between two samples as asked for, ms. */
  render(samples: readonly Sample[], from: number, to: number, step: number): void {
    [this.samples, this.from, this.to] = [samples, from, to];
    const points: Point[] = samples.map((one) => ({ at: Date.parse(one.at), value: one.state === "live" ? one.bitrate : null }));
    const most = top(points);
    const drawn = shape(points, from, to, WIDTH, HEIGHT, most, Math.max(15_000, step * 3));
    set(this.line, "d", drawn.line);
    set(this.area, "d", drawn.area);
    text(this.most, points.some((one) => one.value !== null) ? bitrate(most) : "");
    text(this.half, points.some((one) => one.value !== null) ? bitrate(most / 2) : "");
    this.drawBand();
    this.times.replaceChildren(
      ...ticks(from, to, this.element.clientWidth < 560 ? 4 : 8).map((at) => {
        const edge = this.share(at) < 0.04 ? "start" : this.share(at) > 0.96 ? "end" : null;
        const tick = h("span", { "data-edge": edge }, timeOfDay(at).slice(0, 5));
        tick.style.left = `${this.share(at) * 100}%`;
        return tick;
      }),
    );
  }

  /** Stretches of one state, the worst visible even when short. */
  private drawBand(): void {
    const runs: { state: Sample["state"]; from: number; to: number }[] = [];
    for (const sample of this.samples) {
      const at = Date.parse(sample.at);
      if (at < this.from || at > this.to) continue;
      const last = runs[runs.length - 1];
      if (last !== undefined && last.state === sample.state) last.to = at;
      else {
        if (last !== undefined) last.to = at;
        runs.push({ state: sample.state, from: at, to: at });
      }
    }
    const last = runs[runs.length - 1];
    if (last !== undefined) last.to = this.to;
    this.band.replaceChildren(
      ...runs.map((run) => {
        const look = streamLook[run.state] ?? streamLook.unknown;
        const part = h("i", { "data-tone": look.tone, "data-state": run.state, title: `${look.words} ${timeOfDay(run.from)} – ${timeOfDay(run.to)}` });
        part.style.left = `${this.share(run.from) * 100}%`;
        part.style.width = `max(2px, ${(this.share(run.to) - this.share(run.from)) * 100}%)`;
        return part;
      }),
    );
  }

  private share(at: number): number {
    return Math.min(1, Math.max(0, (at - this.from) / (this.to - this.from)));
  }

  private read(event: PointerEvent): void {
    const box = this.plot.getBoundingClientRect();
    const at = this.from + ((event.clientX - box.left) / box.width) * (this.to - this.from);
    let best: Sample | null = null;
    for (const sample of this.samples) {
      if (best === null || Math.abs(Date.parse(sample.at) - at) < Math.abs(Date.parse(best.at) - at)) best = sample;
    }
    if (best === null) return;
    const share = this.share(Date.parse(best.at));
    this.cursor.style.left = `${share * 100}%`;
    this.reading.style.left = `${Math.min(86, Math.max(14, share * 100))}%`;
    const value = best.state === "live" ? bitrate(best.bitrate) : (streamLook[best.state] ?? streamLook.unknown).words;
    text(this.reading, `${value} · ${dateTime(best.at).slice(11)}`);
    show(this.cursor, true);
    show(this.reading, true);
  }
}
