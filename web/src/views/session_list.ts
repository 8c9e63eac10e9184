// Which days have recordings, and the sessions of the chosen day. Buttons are kept and not rebuilt: a click or a
// scroll in progress must survive the refresh.

import { endOf, type Day } from "../days";
import { dayWords, duration, plural, bytes, timeOfDay } from "../format";
import type { RecordingSession } from "../types";
import { h, Keyed, set, show, text, type Row } from "../ui/dom";
import { Badge, recordingLook } from "../ui/states";
import { toast } from "../ui/toast";

/** Days shown as buttons; older ones are reached by their date. */
const NEAR = 7;

export class DayPicker {
  readonly element: HTMLElement;
  private readonly bar = h("div", { class: "days", role: "group", "aria-label": "Days" });
  private readonly date = h("input", { type: "date", "aria-label": "Another day", onchange: () => this.other() });
  private readonly buttons: Keyed<Day, string>;
  private days: readonly Day[] = [];
  private chosen: string | null = null;

  constructor(
    private readonly choose: (date: string) => void,
    private readonly now: () => number,
  ) {
    this.buttons = new Keyed<Day, string>(this.bar, (day) => this.button(day));
    this.element = h("div", { class: "day-picker" }, this.bar, this.date);
  }

  render(days: readonly Day[], chosen: string | null): void {
    this.days = days;
    this.chosen = chosen;
    const near = days.slice(0, NEAR);
    const far = days.find((one) => one.date === chosen && !near.includes(one));
    this.buttons.render(far === undefined ? near : [...near, far], (one) => one.date);
    show(this.date, days.length > NEAR);
    set(this.date, "max", days[0]?.date);
    set(this.date, "min", days[days.length - 1]?.date);
  }

  private button(first: Day): Row<Day> {
    const element = h("button", { type: "button", class: "small", onclick: () => this.choose(first.date) });
    return {
      element,
      update: (day) => {
        text(element, dayWords(day.date, this.now()));
        set(element, "aria-pressed", day.date === this.chosen ? "true" : "false");
      },
    };
  }

  private other(): void {
    const { value } = this.date;
    if (value === "") return;
    if (this.days.some((one) => one.date === value)) this.choose(value);
    else toast(`Nothing was recorded on ${dayWords(value, this.now())}`, "bad");
  }
}

export class SessionList {
  readonly element = h("ol", { class: "sessions" });
  private readonly rows: Keyed<RecordingSession, string>;
  private chosen: string | null = null;

  constructor(
    private readonly choose: (id: string) => void,
    private readonly now: () => number,
  ) {
    this.rows = new Keyed<RecordingSession, string>(this.element, (session) => this.row(session));
  }

  /** Newest first. */
  render(sessions: readonly RecordingSession[], chosen: string | null): void {
    this.chosen = chosen;
    this.rows.render([...sessions].reverse(), (one) => one.id);
  }

  private row(first: RecordingSession): Row<RecordingSession> {
    const when = h("span");
    const length = h("b");
    const figures = h("small");
    const ended = h("small");
    const badge = new Badge(recordingLook);
    badge.update("recording");
    const button = h("button", { type: "button", onclick: () => this.choose(first.id) }, h("span", { class: "when" }, when, length), figures, ended, badge.element);
    return {
      element: h("li", {}, button),
      update: (session) => {
        const live = session.endedAt === null;
        const now = this.now();
        text(when, `${timeOfDay(session.startedAt)} – ${live ? "now" : timeOfDay(endOf(session, now))}`);
        text(length, duration(live ? now - Date.parse(session.startedAt) : session.durationMs));
        text(figures, `${plural(session.segments, "segment")}, ${bytes(session.bytes)}`);
        const why = live ? null : session.endReason;
        text(ended, why === null ? "" : `Ended: ${why}`);
        show(ended, why !== null);
        show(badge.element, live);
        set(button, "aria-current", session.id === this.chosen ? "true" : null);
      },
    };
  }
}
