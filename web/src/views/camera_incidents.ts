// The last things that went wrong with a camera: when, how long, why.

import { api } from "../api";
import { incidentWords } from "../camera_words";
import { ago, capital, dateTime, duration } from "../format";
import type { Incident, Page } from "../types";
import { h, Keyed, replace, set, show, text, type Row } from "../ui/dom";
import { sign } from "../ui/icons";
import { Poll } from "../ui/poll";

const MOST = 10;
const EVERY = 10_000;

export class CameraIncidents {
  readonly element: HTMLElement;
  private readonly list = h("ol", { class: "incidents" });
  private readonly rows = new Keyed<Incident, string>(this.list, () => this.row());
  private readonly note = h("p", { class: "note" }, "Reading…");
  private readonly poll: Poll<Page<Incident>>;
  private now = 0;

  constructor(id: number) {
    this.element = h("section", { class: "panel incident-panel", "aria-labelledby": "incidents-title" }, h("h2", { id: "incidents-title" }, "Incidents"), this.note, this.list);
    this.poll = new Poll({
      every: EVERY,
      ask: (signal) => api.cameraIncidents(id, MOST, signal),
      take: ({ items }) => {
        this.rows.render(items, (one) => one.id);
        this.say(items.length === 0 ? "Nothing has gone wrong with this camera." : null);
        this.rows.each((row) => (row as { tick?: () => void }).tick?.());
      },
      fail: (words) => this.say(`The incidents cannot be read: ${words}`),
      none: () => show(this.element, false),
    });
  }

  tick(now: number): void {
    this.now = now;
    this.poll.tick();
    this.rows.each((row) => (row as { tick?: () => void }).tick?.());
  }

  refresh(): void {
    this.poll.refresh();
  }

  close(): void {
    this.poll.close();
  }

  private say(words: string | null): void {
    text(this.note, words ?? "");
    show(this.note, words !== null);
  }

  private row(): Row<Incident> & { tick(): void } {
    const what = h("span", { class: "badge" });
    const when = h("span", { class: "when" });
    const cause = h("p");
    let incident: Incident | null = null;
    const tick = () => {
      if (incident === null) return;
      const { openedAt, closedAt } = incident;
      const length = closedAt === null ? `for ${ago(openedAt, this.now)}, not over` : `for ${duration(Date.parse(closedAt) - Date.parse(openedAt))}`;
      text(when, `${dateTime(openedAt)}, ${length}`);
    };
    return {
      element: h("li", {}, h("div", { class: "line" }, what, when), cause),
      tick,
      update(given) {
        const open = given.closedAt === null;
        if (incident === null || (incident.closedAt === null) !== open) {
          const picture = open ? (given.kind === "otherPublisher" ? "held" : "bad") : "off";
          set(what, "data-tone", picture);
          replace(what, sign(picture), h("span", {}, incidentWords(given.kind)));
        }
        incident = given;
        text(cause, capital(given.cause));
      },
    };
  }
}
