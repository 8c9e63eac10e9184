// What a look at a source found: asked for by a button, shown with its progress, and marked as old when what was looked
// at is another by now.

import { sentence } from "../api";
import { capital } from "../format";
import { advice, found, looked, headline } from "../probe_words";
import type { Probe } from "../types";
import { h, replace, set, show, text } from "./dom";
import { icon, sign } from "./icons";

export class ProbePanel {
  readonly element: HTMLElement;
  readonly button: HTMLButtonElement;
  private readonly result = h("div", { class: "probe-result", role: "status", hidden: true });
  private readonly progress = h("p", { class: "progress", hidden: true });
  private readonly seconds = h("span", { "aria-hidden": "true" });
  private readonly note = h("p", { class: "old", role: "status", hidden: true });
  private abort: AbortController | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private has = false;
  /** When what is shown was found. */
  private last: string | null = null;
  private age: string | null = null;

  /** `run` looks; it may throw anything, or return null when there is nothing to look at. */
  constructor(
    label: string,
    private readonly run: (signal: AbortSignal) => Promise<Probe | null>,
    /** Told of a failure that is no finding; true when it was shown elsewhere. */
    private readonly failed: (error: unknown) => boolean = () => false,
  ) {
    this.button = h("button", { type: "button", class: "small", onclick: () => void this.look() }, icon("look"), label);
    this.progress.append(sign("busy"), h("span", { role: "status" }, "Probing the camera…"), this.seconds);
    this.element = h("div", { class: "probe" }, this.progress, this.note, this.result);
  }

  /** What was looked at is another by now, in words; null when it is the same again. */
  old(words: string | null): void {
    this.age = words;
    this.showAge();
  }

  /** Shows a finding that somebody else has made, when it is the newer one. */
  news(probe: Probe): void {
    if (this.abort !== null || (this.last !== null && Date.parse(probe.at) <= Date.parse(this.last))) return;
    this.age = null;
    this.draw(probe);
  }

  private draw(probe: Probe): void {
    this.has = true;
    this.last = probe.at;
    const rows = found(probe).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
    replace(
      this.result,
      h("p", { class: "verdict badge", "data-tone": probe.ok ? "good" : "bad" }, sign(probe.ok ? "good" : "bad"), h("span", {}, headline(probe))),
      probe.fault === null ? null : h("p", { class: "advice" }, advice(probe)),
      rows.length === 0 ? null : h("dl", { class: "found" }, rows),
      h("p", { class: "looked" }, looked(probe)),
    );
    show(this.result, true);
    this.showAge();
  }

  close(): void {
    this.abort?.abort();
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.abort !== null) return;
    const abort = new AbortController();
    this.abort = abort;
    this.age = null;
    this.begin();
    try {
      const probe = await this.run(abort.signal);
      if (probe !== null && !abort.signal.aborted) this.draw(probe);
    } catch (error) {
      if (!abort.signal.aborted && !this.failed(error)) this.complain(sentence(error));
    } finally {
      this.abort = null;
      clearInterval(this.timer);
      show(this.progress, false);
      this.button.disabled = false;
    }
  }

  private begin(): void {
    const from = performance.now();
    const count = () => text(this.seconds, `${Math.floor((performance.now() - from) / 1000)} s`);
    count();
    this.timer = setInterval(count, 1_000);
    this.button.disabled = true;
    show(this.progress, true);
    this.has = false;
    show(this.note, false);
    show(this.result, false);
  }

  private showAge(): void {
    const old = this.has && this.age !== null;
    text(this.note, old ? (this.age ?? "") : "");
    show(this.note, old);
    set(this.result, "data-old", old);
  }

  private complain(words: string): void {
    replace(this.result, h("p", { class: "verdict badge", "data-tone": "warn" }, sign("warn"), h("span", {}, "The probe could not be made")), h("p", { class: "advice" }, capital(words)));
    show(this.result, true);
  }
}
