// What the last runs of a camera's ffmpeg said, the newest run first; read again while it is looked at.

import { api } from "../api";
import { copyText } from "../ui/clipboard";
import { capital, duration, plural, timeOfDay } from "../format";
import { logText } from "../log_text";
import type { LogRun, Page } from "../types";
import { h, Keyed, set, show, text, type Row } from "../ui/dom";
import { icon } from "../ui/icons";
import { Poll } from "../ui/poll";
import { toast } from "../ui/toast";

const EVERY = 2_000;

function run(): Row<LogRun> {
  const title = h("h3");
  const ending = h("p", { class: "ending" });
  const fault = h("p", { class: "fault" });
  // It scrolls: a keyboard must reach it.
  const lines = h("pre", { tabindex: "0", role: "group" });
  return {
    element: h("li", {}, h("header", {}, title, ending), fault, lines),
    update(one) {
      const live = one.endedAt === null;
      const ms = one.endedAt === null ? 0 : Date.parse(one.endedAt) - Date.parse(one.startedAt);
      const length = ms < 1_000 ? "" : `, ${duration(ms)}`;
      text(title, `${timeOfDay(one.startedAt)} – ${one.endedAt === null ? "now" : timeOfDay(one.endedAt)}${length}`);
      const silent = one.lines.length === 0 ? ", said nothing" : "";
      text(ending, `${one.program} ${one.pid}${live ? ", running" : `: ${one.ending ?? "ended"}`}${silent}`);
      text(fault, one.fault === null ? "" : capital(one.fault.message));
      show(fault, one.fault !== null);
      set(lines, "aria-label", `Lines of ${one.program} ${one.pid}`);
      const atEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 8;
      const words = one.lines.join("\n");
      show(lines, words !== "");
      if (lines.textContent === words) return;
      text(lines, words);
      if (atEnd) requestAnimationFrame(() => (lines.scrollTop = lines.scrollHeight));
    },
  };
}

export class CameraLog {
  readonly element: HTMLElement;
  private readonly list = h("ol", { class: "runs" });
  private readonly rows = new Keyed<LogRun, string>(this.list, run);
  private readonly note = h("p", { class: "note" }, "Reading…");
  private readonly copy: HTMLButtonElement;
  private runs: readonly LogRun[] = [];
  private readonly poll: Poll<Page<LogRun>>;

  constructor(id: number) {
    this.copy = h("button", { type: "button", class: "small", disabled: true, onclick: () => void this.take() }, icon("copy"), "Copy");
    set(this.copy, "aria-label", "Copy the log");
    this.element = h("section", { class: "panel log", "aria-labelledby": "log-title" }, h("div", { class: "graph-head" }, h("h2", { id: "log-title" }, "Log"), this.copy), this.note, this.list);
    this.poll = new Poll({
      every: EVERY,
      ask: (signal) => api.cameraLog(id, signal),
      take: ({ items }) => this.render(items),
      fail: (words) => this.say(`The log cannot be read: ${words}`),
      none: () => show(this.element, false),
    });
  }

  tick(): void {
    this.poll.tick();
  }

  refresh(): void {
    this.poll.refresh();
  }

  close(): void {
    this.poll.close();
  }

  private render(runs: readonly LogRun[]): void {
    this.runs = runs;
    this.rows.render(runs, (one) => `${one.startedAt} ${one.pid}`);
    this.copy.disabled = runs.length === 0;
    this.say(runs.length === 0 ? "No ffmpeg has run for this camera yet." : null);
  }

  private say(words: string | null): void {
    text(this.note, words ?? "");
    show(this.note, words !== null);
  }

  private async take(): Promise<void> {
    const copied = await copyText(logText(this.runs));
    if (copied) toast(`${plural(this.runs.length, "run")} copied`);
    else toast("The browser does not let the page copy; select the text instead", "bad");
  }
}
