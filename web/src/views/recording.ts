// One stream's recordings: pick a day and a session, watch it, take the files.

import { api, playlistUrl, Problem, sentence } from "../api";
import { titleOf } from "../camera_words";
import { byDay, endOf, type Day } from "../days";
import { dateTime, day, duration, plural, timeOfDay } from "../format";
import { position, wallClock, type Cue } from "../playlist";
import { href, type Route } from "../router";
import { streamKey } from "../store";
import type { RecordingSession } from "../types";
import { h, replace, show, text } from "../ui/dom";
import { icon, sign } from "../ui/icons";
import { Clock, Player } from "../ui/player";
import { Badge, recordingLook } from "../ui/states";
import { Timeline } from "../ui/timeline";
import type { Model, View } from "../ui/view";
import { Segments } from "./segments";
import { DayPicker, SessionList } from "./session_list";
import { stretch } from "./stretch";

/** How often the sessions are asked for while the page is open. */
const REFRESH = 8_000;

export function recordingView(server: string, name: string, session: string | null, now: () => number): View {
  return new RecordingPage(server, name, session, now);
}

class RecordingPage implements View {
  readonly element: HTMLElement;
  title: string;
  private days: Day[] = [];
  private sessions: RecordingSession[] = [];
  private day: string | null = null;
  private chosen: RecordingSession | null = null;
  /** The player waits for the first segment of the chosen session. */
  private waiting = false;
  private cues: Cue[] = [];
  private readonly player: Player;
  private readonly clock = new Clock();
  private readonly timeline = new Timeline((at) => this.goTo(at));
  private readonly segments = new Segments();
  private readonly badge = new Badge(recordingLook);
  private readonly heading = h("h1", { id: "recording-title" });
  private readonly path = h("p", { class: "lead", hidden: true });
  private readonly lead = h("p", { class: "lead" });
  private readonly dayPicker: DayPicker;
  private readonly growing = h("p", { class: "growing", hidden: true }, sign("rec"), "Being recorded: it grows while you watch");
  private readonly list: SessionList;
  private readonly playerArea: HTMLElement;
  private readonly empty = h("div", { class: "panel empty" });
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly abort = new AbortController();

  constructor(
    private readonly server: string,
    private readonly name: string,
    private wanted: string | null,
    private readonly now: () => number,
  ) {
    this.title = name;
    text(this.heading, name);
    text(this.path, name);
    this.dayPicker = new DayPicker((date) => this.showDay(date), now);
    this.list = new SessionList((id) => this.choose(id), now);
    this.player = new Player({
      onTime: (at) => this.playing(at),
      onEnded: () => this.ended(),
      onCues: (cues) => (this.cues = cues),
    });
    this.playerArea = h(
      "div",
      { class: "stage", hidden: true },
      h("div", { class: "watch" }, h("div", { class: "panel screen" }, this.player.element, h("div", { class: "under" }, this.clock.element, this.growing), this.timeline.element)),
      h("div", { class: "panel pick" }, this.dayPicker.element, this.list.element),
      h("div", { class: "panel files" }, h("h2", {}, "Segments"), this.segments.element),
    );
    this.element = h(
      "section",
      { class: "page", "aria-labelledby": "recording-title" },
      h("a", { class: "back", href: href({ page: "recordings" }) }, icon("back"), "Recordings"),
      h("div", { class: "headline" }, h("div", {}, this.heading, this.path, this.lead), this.badge.element),
      this.playerArea,
      this.empty,
    );
    replace(this.empty, h("div", { class: "skeleton", role: "status", "aria-label": "Loading recordings" }, [0, 1, 2].map(() => h("i"))));
    this.timer = setInterval(() => void this.refresh(), REFRESH);
    void this.refresh();
  }

  render(model: Model): void {
    const recorder = model.live.recordings.get(streamKey(this.server, this.name));
    show(this.badge.element, recorder !== undefined);
    if (recorder !== undefined) this.badge.update(recorder.state);
    const camera = [...model.live.cameras.values()].find((one) => one.server === this.server && one.path === this.name);
    this.title = camera === undefined ? this.name : titleOf(camera);
    text(this.heading, this.title);
    show(this.path, this.title !== this.name);
  }

  tick(now: number): void {
    if (this.sessions.length === 0) return;
    const sessions = this.shown();
    this.list.render(sessions, this.chosen?.id ?? null);
    this.timeline.render(sessions, this.chosen?.id ?? null, now);
  }

  moved(route: Route): void {
    if (route.page !== "recording" || route.session === null || route.session === this.chosen?.id) return;
    this.wanted = route.session;
    this.pickWanted();
  }

  close(): void {
    this.abort.abort();
    clearInterval(this.timer);
    this.player.close();
  }

  private async refresh(): Promise<void> {
    if (document.visibilityState !== "visible") return;
    let sessions: RecordingSession[];
    try {
      sessions = (await api.sessions(this.server, this.name, this.abort.signal)).items;
    } catch (error) {
      if (this.abort.signal.aborted || this.sessions.length > 0) return;
      if (error instanceof Problem && error.status === 404) sessions = [];
      else {
        replace(this.empty, h("h2", {}, "The recordings cannot be read"), h("p", {}, sentence(error)));
        return;
      }
    }
    this.sessions = sessions.filter((one) => one.segments > 0 || one.endedAt === null);
    this.days = byDay(this.sessions);
    const some = this.sessions.length > 0;
    show(this.playerArea, some);
    show(this.empty, !some);
    if (!some) {
      replace(this.empty, h("h2", {}, "Nothing recorded yet"), h("p", {}, "The first segment shows here as soon as it is complete. A stream is recorded while it is live, when its camera's “Record” is on and record.include in the configuration admits its name."));
      return;
    }
    const total = this.sessions.reduce((sum, one) => sum + one.durationMs, 0);
    text(this.lead, `${duration(total)} in ${plural(this.sessions.length, "session")} on ${plural(this.days.length, "day")}, times in ${Intl.DateTimeFormat().resolvedOptions().timeZone}`);
    if (this.chosen === null) this.pickWanted();
    else this.follow(this.chosen);
    this.draw();
  }

  /** Takes what is new of the chosen session. */
  private follow(before: RecordingSession): void {
    const after = this.sessions.find((one) => one.id === before.id);
    if (after === undefined) return;
    this.chosen = after;
    if (after.segments === before.segments && after.endedAt === before.endedAt) return;
    const [from, to] = stretch(after, this.now());
    this.segments.follow({ server: this.server, stream: this.name, session: after.id, from, to });
  }

  /** The session of the address, else the newest that can be played. */
  private pickWanted(): void {
    const playable = this.sessions.filter((one) => one.segments > 0);
    const wanted = this.sessions.find((one) => one.id === this.wanted) ?? playable[playable.length - 1] ?? this.sessions[this.sessions.length - 1];
    if (wanted !== undefined) this.pick(wanted, null);
  }

  /** Opens a session, at a moment or at its beginning. */
  private pick(session: RecordingSession, at: number | null): void {
    this.cues = [];
    this.adopt(session);
    this.open(session, (cues) => (at === null ? 0 : (position(cues, at) ?? 0)));
  }

  /** Shows a session as the one that plays, without touching the player. */
  private adopt(session: RecordingSession): void {
    // Whoever looks at another day meanwhile is left there.
    const along = this.chosen === null || this.cues.length === 0 || this.day === day(this.chosen.startedAt);
    if (along) this.day = day(session.startedAt);
    this.chosen = session;
    history.replaceState(null, "", href({ page: "recording", server: this.server, name: this.name, session: session.id }));
    const [from, to] = stretch(session, this.now());
    this.segments.open({ server: this.server, stream: this.name, session: session.id, from, to });
    this.waiting = session.segments === 0;
    this.draw();
  }

  private open(session: RecordingSession, from: (cues: Cue[]) => number): void {
    const [start, end] = stretch(session, this.now());
    this.waiting = session.segments === 0;
    if (this.waiting) {
      this.player.close();
      this.player.say("The first segment is still being written. It can be played in a moment.");
      return;
    }
    void this.player.load(playlistUrl(this.server, this.name, start, session.endedAt === null ? null : end), Date.parse(session.startedAt), from);
  }

  private playing(at: number): void {
    const wall = wallClock(this.cues, at);
    this.timeline.moveTo(wall);
    if (wall === null) return;
    this.clock.render(timeOfDay(wall), dateTime(wall).slice(0, 10));
    // A playlist that grows runs on into the sessions that follow.
    const now = this.now();
    const inside = this.sessions.find((one) => wall > Date.parse(one.startedAt) + 1_000 && wall < endOf(one, now));
    if (inside !== undefined && this.chosen !== null && inside.id !== this.chosen.id) this.adopt(inside);
  }

  /** Goes on with what was recorded next, over the gap. */
  private ended(): void {
    const last = this.cues[this.cues.length - 1];
    const next = this.sessions.find((one) => last !== undefined && Date.parse(one.startedAt) > last.at);
    if (next !== undefined && next.segments > 0) this.pick(next, null);
  }

  private goTo(at: number): void {
    const sessions = this.shown();
    const now = this.now();
    // In a gap, the session that follows; after the last one, the last.
    const found = sessions.find((one) => at <= endOf(one, now)) ?? sessions[sessions.length - 1];
    if (found === undefined) return;
    const place = position(this.cues, at);
    if (found.id === this.chosen?.id && place !== null) this.player.seek(place);
    else this.pick(found, at);
  }

  private draw(): void {
    const { chosen } = this;
    if (chosen !== null && this.waiting && chosen.segments > 0) this.open(chosen, () => 0);
    show(this.growing, chosen !== null && chosen.endedAt === null);
    this.dayPicker.render(this.days, this.day);
    this.tick(this.now());
  }

  /** Sessions of the day that is looked at. */
  private shown(): RecordingSession[] {
    return this.days.find((one) => one.date === this.day)?.sessions ?? [];
  }

  private choose(id: string): void {
    const session = this.sessions.find((one) => one.id === id);
    if (session !== undefined) this.pick(session, null);
  }

  private showDay(date: string): void {
    this.day = date;
    this.draw();
  }
}
