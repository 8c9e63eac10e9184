// Keeps the short past of every stream's bitrate: appends what the news say, and asks /history once for a stream that
// somebody looks at: a few at a time, so many a minute, so that a thousand rows do not become a thousand requests.

import { signal, type Signal } from "@preact/signals";
import { api } from "./api";
import { RequestQueue } from "./browser/request_queue";
import { append, seed, WINDOW, type Point } from "./series";
import { streamKey, type LiveState } from "./store";
import type { Sample, StreamStatus } from "./types";

/** Points asked for: the window in steps of 4 s. */
const POINTS = 75;

type Ask = (server: string, name: string, from: string, to: string) => Promise<Sample[]>;

const history: Ask = async (server, name, from, to) => (await api.history(server, name, { from, to, points: POINTS })).items;

export class Past {
  private readonly points = new Map<string, Point[]>();
  /** One per stream that is looked at: only its line is drawn again. */
  private readonly watched = new Map<string, { server: string; name: string; lookers: number; changes: Signal<number> }>();
  private readonly asked = new Set<string>();
  private queue: string[] = [];

  constructor(
    private readonly now: () => number,
    private readonly ask: Ask = history,
    private readonly requests: RequestQueue = new RequestQueue(now),
  ) {
    requests.join(() => this.next());
  }

  /** The line of a stream that is looked at; whoever reads it in a component is drawn again when it grows. */
  of(server: string, name: string): readonly Point[] {
    const key = streamKey(server, name);
    // Read for the subscription.
    void this.watched.get(key)?.changes.value;
    return this.points.get(key) ?? [];
  }

  /** Takes the bitrates of one message. */
  append(live: LiveState, streams: readonly StreamStatus[]): void {
    const at = this.now();
    for (const stream of streams) {
      const key = streamKey(stream.server, stream.name);
      const value = stream.state === "live" ? stream.bitrate : null;
      let points = this.points.get(key);
      if (points === undefined) this.points.set(key, (points = []));
      append(points, { at, value });
      this.changed(key);
    }
    for (const key of this.points.keys()) {
      if (live.streams.has(key)) continue;
      this.points.delete(key);
      this.asked.delete(key);
    }
  }

  /** After a time without connection the line has a hole that history can fill: ask again for what is looked at. */
  forget(): void {
    this.asked.clear();
    this.points.clear();
    this.queue = [...this.watched.keys()];
    for (const key of this.queue) this.asked.add(key);
    this.requests.take();
  }

  /** Somebody looks at this stream, until the returned function is called. */
  watch(server: string, name: string): () => void {
    const key = streamKey(server, name);
    const entry = this.watched.get(key) ?? { server, name, lookers: 0, changes: signal(0) };
    entry.lookers += 1;
    this.watched.set(key, entry);
    if (!this.asked.has(key)) {
      this.asked.add(key);
      this.queue.push(key);
      this.requests.take();
    }
    return () => {
      entry.lookers -= 1;
      if (entry.lookers > 0) return;
      this.watched.delete(key);
      // Not asked for yet, and nobody wants it any more.
      if (!this.queue.includes(key)) return;
      this.queue = this.queue.filter((one) => one !== key);
      this.asked.delete(key);
    };
  }

  private changed(key: string): void {
    const entry = this.watched.get(key);
    if (entry !== undefined) entry.changes.value += 1;
  }

  private next(): (() => Promise<void>) | null {
    for (;;) {
      const key = this.queue.shift();
      if (key === undefined) return null;
      const entry = this.watched.get(key);
      if (entry !== undefined) return () => this.fetch(key, entry.server, entry.name);
    }
  }

  private async fetch(key: string, server: string, name: string): Promise<void> {
    const from = new Date(this.now() - WINDOW).toISOString();
    const to = new Date(this.now()).toISOString();
    try {
      const items = await this.ask(server, name, from, to);
      this.points.set(key, seed(this.points.get(key) ?? [], items.map(point)));
      this.changed(key);
    } catch {
      // A sparkline without its past fills itself within minutes; no word about it.
    }
  }
}

export function point(sample: Sample): Point {
  return { at: Date.parse(sample.at), value: sample.state === "live" ? sample.bitrate : null };
}
