// What a page of recordings plays: which day and session are chosen, where the player is, and what comes next.

import { signal } from "@preact/signals";
import { writeQuery } from "../../address";
import { playlistUrl, serverNow } from "../../api";
import { byDay, endOf, type Day } from "../../days";
import { day } from "../../format";
import { position, wallClock, type Cue } from "../../playlist";
import type { RecordingSession } from "../../types";
import { m } from "../../words/language";
import { Player } from "./player";
import { stretch } from "./stretch";

/** So long before the newest picture a recording that goes on is opened: what comes next is there by then, s. */
const BEHIND = 30;

/** The moment that plays is written into the address so often, ms. */
const WRITE_EVERY = 5_000;

/** Where a recording that goes on is looked at for now. */
export function newest(cues: readonly Cue[]): number {
  const last = cues[cues.length - 1];
  return last === undefined ? 0 : Math.max(0, last.start + last.duration - BEHIND);
}

export class Playback {
  readonly sessions = signal<readonly RecordingSession[]>([]);
  readonly days = signal<readonly Day[]>([]);
  readonly day = signal<string | null>(null);
  readonly chosen = signal<RecordingSession | null>(null);
  /** The moment that is shown, or is about to be, ms since the epoch. */
  readonly at = signal<number | null>(null);
  /** The moment that somebody asked for, where nothing was recorded at that time, and when what is shown instead begins, if that is later;
   * ms since the epoch. */
  readonly unrecorded = signal<{ at: number; begins: number | null } | null>(null);
  /** The stretch that somebody chose on the strip, ms since the epoch. */
  readonly stretch = signal<{ from: number; to: number } | null>(null);
  readonly notice = signal<{ words: string; retry: (() => void) | null; file: string | null } | null>(null);
  readonly player = new Player({
    onTime: (place) => this.playing(place),
    onEnded: () => this.ended(),
    onCues: (cues) => (this.cues = cues),
    onNotice: (words, retry, file) => (this.notice.value = words === null ? null : { words, retry, file }),
    onPause: () => this.write(),
  });
  private cues: Cue[] = [];
  /** The player waits for the first segment of the chosen session. */
  private waiting = false;
  /** Moments that were written into the address from here, the newest last, and when that was. */
  private readonly written: number[] = [];
  private writtenAt = -Infinity;

  constructor(
    private readonly server: string,
    private readonly name: string,
    private wanted: string | null,
    /** A moment to begin at, ms since the epoch. */
    private moment: number | null,
  ) {}

  /** Sessions of the day that is looked at, oldest first. */
  get shown(): readonly RecordingSession[] {
    return this.days.value.find((one) => one.date === this.day.value)?.sessions ?? [];
  }

  /** Takes what the server lists now. */
  take(all: readonly RecordingSession[]): void {
    const sessions = all.filter((one) => one.segments > 0 || one.endedAt === null);
    this.sessions.value = sessions;
    this.days.value = byDay(sessions, serverNow());
    if (sessions.length === 0) return;
    const before = this.chosen.peek();
    if (before === null) {
      this.pickWanted();
      return;
    }
    const after = sessions.find((one) => one.id === before.id);
    if (after === undefined) return;
    this.chosen.value = after;
    if (this.waiting && after.segments > 0) this.open(after, () => 0);
  }

  /** The address names another session or moment. */
  want(session: string | null, moment: number | null): void {
    if (this.sessions.peek().length === 0 || (moment !== null && this.written.includes(moment))) return;
    if (moment !== null) this.goTo(moment);
    else if (session !== null && session !== this.chosen.peek()?.id) {
      this.wanted = session;
      this.pickWanted();
    }
  }

  choose(id: string): void {
    const session = this.sessions.peek().find((one) => one.id === id);
    this.unrecorded.value = null;
    if (session !== undefined) this.pick(session, null);
  }

  /** Goes to a moment; in a gap to the first picture after it, after the last session to that. With `still`, what stands still goes on
   * standing, where no other recording has to be opened. */
  goTo(at: number, still = false): void {
    const now = serverNow();
    const sessions = this.sessions.peek();
    const found = sessions.find((one) => at <= endOf(one, now)) ?? sessions[sessions.length - 1];
    if (found === undefined) return;
    const start = Date.parse(found.startedAt);
    if (at < start) this.unrecorded.value = { at, begins: start };
    else this.unrecorded.value = at > endOf(found, now) ? { at, begins: null } : null;
    const place = position(this.cues, at);
    if (found.id === this.chosen.peek()?.id && place !== null) this.seek(place, still);
    else this.pick(found, at);
  }

  close(): void {
    this.player.close();
  }

  /** The moment or the session of the address, else the newest that can be played. */
  private pickWanted(): void {
    const sessions = this.sessions.peek();
    if (this.moment !== null) {
      const { moment } = this;
      this.moment = null;
      this.goTo(moment);
      return;
    }
    const playable = sessions.filter((one) => one.segments > 0);
    const wanted = sessions.find((one) => one.id === this.wanted) ?? playable[playable.length - 1] ?? sessions[sessions.length - 1];
    if (wanted === undefined) return;
    // What goes on now is looked at for now: not from its beginning, which may be a day ago.
    if (wanted.endedAt === null && this.wanted === null) this.pick(wanted, null, newest);
    else this.pick(wanted, null);
  }

  /** Opens a session, at a moment, at its beginning, or where `from` says. */
  private pick(session: RecordingSession, at: number | null, from: (cues: Cue[]) => number = () => 0): void {
    this.cues = [];
    this.adopt(session, at);
    this.at.value = at === null ? null : Math.max(at, Date.parse(session.startedAt));
    this.open(session, (cues) => (at === null ? from(cues) : (position(cues, at) ?? 0)));
  }

  /** The moment is the new one at once, not when the player gets there: the next step counts from it. */
  private seek(place: number, still = false): void {
    this.player.seek(place, still);
    this.playing(place);
  }

  /** Some seconds on or back from what is shown; null leads to the newest picture. */
  step(seconds: number | null): void {
    const sessions = this.sessions.peek();
    const at = this.at.peek();
    const last = sessions[sessions.length - 1];
    if (seconds === null) {
      this.unrecorded.value = null;
      if (last === undefined) return;
      if (last.id === this.chosen.peek()?.id && this.cues.length > 0) this.seek(newest(this.cues));
      else this.pick(last, null, newest);
    } else if (at !== null) this.goTo(at + seconds * 1_000, true);
  }

  /** Shows a session as the one that plays, without touching the player. */
  private adopt(session: RecordingSession, at: number | null): void {
    // Whoever looks at another day meanwhile is left there.
    const before = this.at.peek();
    const along = this.chosen.peek() === null || this.cues.length === 0 || (before !== null && this.day.peek() === day(before));
    if (along) this.day.value = day(Math.max(at ?? 0, Date.parse(session.startedAt)));
    this.chosen.value = session;
    if (at === null) writeQuery({ session: session.id, at: null });
    else this.tell(at);
    this.waiting = session.segments === 0;
  }

  private open(session: RecordingSession, from: (cues: Cue[]) => number): void {
    const [start, end] = stretch(session, serverNow());
    this.waiting = session.segments === 0;
    if (this.waiting) {
      this.player.close();
      this.player.say(m.player.firstSegment);
      return;
    }
    void this.player.load(playlistUrl(this.server, this.name, start, session.endedAt === null ? null : end), Date.parse(session.startedAt), from);
  }

  private playing(place: number): void {
    const wall = wallClock(this.cues, place);
    // What is being opened keeps the moment that it is opened at.
    if (wall === null) return;
    const before = this.at.peek();
    this.at.value = wall;
    if (performance.now() - this.writtenAt >= WRITE_EVERY) this.write();
    // Over midnight: the day goes along, when it is the one that is looked at.
    if (before !== null && day(before) !== day(wall) && this.day.peek() === day(before)) this.day.value = day(wall);
    // A playlist that grows runs on into the sessions that follow.
    const now = serverNow();
    const inside = this.sessions.peek().find((one) => wall > Date.parse(one.startedAt) + 1_000 && wall < endOf(one, now));
    const chosen = this.chosen.peek();
    if (inside !== undefined && chosen !== null && inside.id !== chosen.id) this.adopt(inside, wall);
  }

  /** The address leads back to the moment that is shown: after a reload, and for a colleague. */
  private write(): void {
    const moment = this.at.peek();
    if (moment === null) return;
    this.writtenAt = performance.now();
    this.tell(moment);
  }

  /** Writes a moment into the address. */
  private tell(moment: number): void {
    this.written.push(Math.round(moment));
    // The page hears of an address a little later.
    if (this.written.length > 8) this.written.shift();
    writeQuery({ session: null, at: new Date(Math.round(moment)).toISOString() });
  }

  /** Goes on with what was recorded next, over the gap. */
  private ended(): void {
    const last = this.cues[this.cues.length - 1];
    const next = this.sessions.peek().find((one) => last !== undefined && Date.parse(one.startedAt) > last.at);
    if (next !== undefined && next.segments > 0) this.pick(next, null);
  }
}
