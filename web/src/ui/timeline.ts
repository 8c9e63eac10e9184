// A day as a strip: what was recorded, where the player is, click or arrow keys to go there.

import { h, set, text } from "./dom";
import { timeOfDay } from "../format";
import { endOf, scale, type Scale } from "../days";
import type { RecordingSession } from "../types";

export class Timeline {
  readonly element: HTMLElement;
  private readonly blocks = h("div", { class: "blocks" });
  private readonly ticks = h("div", { class: "ticks", "aria-hidden": "true" });
  private readonly head = h("i", { class: "head" });
  private readonly hint = h("span", { class: "hint", "aria-hidden": "true" });
  private readonly strip: HTMLElement;
  private range: Scale = { from: 0, to: 1, ticks: [] };
  private at: number | null = null;
  private drawn = "";

  constructor(private readonly go: (at: number) => void) {
    this.strip = h("div", { class: "strip", role: "slider", tabindex: "0", "aria-label": "Position in the day", "aria-valuemin": 0, "aria-valuemax": 0 }, this.blocks, this.head, this.hint);
    this.element = h("div", { class: "timeline" }, this.strip, this.ticks);
    this.strip.addEventListener("click", (event) => this.go(this.moment(event)));
    this.strip.addEventListener("pointermove", (event) => {
      const at = this.moment(event);
      this.place(this.hint, at);
      text(this.hint, timeOfDay(at));
    });
    this.strip.addEventListener("keydown", (event) => this.key(event));
  }

  render(sessions: readonly RecordingSession[], chosen: string | null, now: number): void {
    this.range = scale(sessions, now, this.element.clientWidth < 520 ? 5 : 10);
    const { from, to } = this.range;
    const state = JSON.stringify([Math.round(from / 1000), Math.round(to / 1000), sessions.map((one) => [one.id, one.endedAt, one.durationMs]), chosen]);
    set(this.strip, "aria-valuemin", Math.round(from));
    set(this.strip, "aria-valuemax", Math.round(to));
    if (this.at === null) {
      // A slider has a value; before something plays it stands at the beginning.
      set(this.strip, "aria-valuenow", Math.round(from));
      set(this.strip, "aria-valuetext", "nothing is played");
    }
    if (state === this.drawn) return;
    this.drawn = state;
    this.blocks.replaceChildren(
      ...sessions.map((session) => {
        const start = Date.parse(session.startedAt);
        const block = h("i", { class: "block", "data-now": session.endedAt === null, "data-chosen": session.id === chosen });
        this.place(block, start);
        block.style.width = `max(3px, ${((endOf(session, now) - start) / (to - from)) * 100}%)`;
        return block;
      }),
    );
    this.ticks.replaceChildren(
      ...this.range.ticks.map((at) => {
        const share = (at - from) / (to - from);
        const tick = h("span", { "data-edge": share < 0.04 ? "start" : share > 0.96 ? "end" : null }, timeOfDay(at).slice(0, 5));
        this.place(tick, at);
        return tick;
      }),
    );
    if (this.at !== null) this.moveTo(this.at);
  }

  moveTo(at: number | null): void {
    this.at = at;
    this.head.hidden = at === null || at < this.range.from || at > this.range.to;
    if (at === null) return;
    this.place(this.head, at);
    set(this.strip, "aria-valuenow", Math.round(at));
    set(this.strip, "aria-valuetext", timeOfDay(at));
  }

  private place(element: HTMLElement, at: number): void {
    const { from, to } = this.range;
    element.style.left = `${Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100))}%`;
  }

  private moment(event: MouseEvent): number {
    const box = this.strip.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return this.range.from + share * (this.range.to - this.range.from);
  }

  private key(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowRight: 10_000, ArrowLeft: -10_000, ArrowUp: 10_000, ArrowDown: -10_000, PageUp: 300_000, PageDown: -300_000 };
    const step = steps[event.key];
    if (step === undefined || this.at === null) return;
    event.preventDefault();
    this.go(this.at + step);
  }
}
