// Keeps the short past of every stream's bitrate: appends what the WebSocket says, and asks /history once for a
// stream that somebody looks at, a few at a time so that a thousand rows do not become a thousand requests at once.

import { api } from "./api";
import { push, seed, WINDOW, type Point } from "./series";
import { streamKey, type LiveState } from "./store";
import type { Sample, StreamStatus } from "./types";

const AT_ONCE = 4;
/** Points asked for: the window in steps of 4 s. */
const POINTS = 75;

export class Past {
  private readonly points = new Map<string, Point[]>();
  private readonly asked = new Set<string>();
  private readonly queue: { server: string; name: string }[] = [];
  private running = 0;

  constructor(
    private readonly now: () => number,
    private readonly changed: () => void,
  ) {}

  of(server: string, name: string): readonly Point[] {
    return this.points.get(streamKey(server, name)) ?? [];
  }

  /** Takes the bitrates of one message. */
  append(live: LiveState, streams: readonly StreamStatus[]): void {
    const at = this.now();
    for (const stream of streams) {
      const key = streamKey(stream.server, stream.name);
      const value = stream.state === "live" ? stream.bitrate : null;
      this.points.set(key, push(this.points.get(key) ?? [], { at, value }));
    }
    for (const key of this.points.keys()) {
      if (live.streams.has(key)) continue;
      this.points.delete(key);
      this.asked.delete(key);
    }
  }

  /** After a time without connection the line has a hole that history can fill: ask again. */
  forget(): void {
    this.asked.clear();
    this.points.clear();
  }

  /** Somebody looks at this stream. */
  want(server: string, name: string): void {
    const key = streamKey(server, name);
    if (this.asked.has(key)) return;
    this.asked.add(key);
    this.queue.push({ server, name });
    this.next();
  }

  private next(): void {
    while (this.running < AT_ONCE) {
      const job = this.queue.shift();
      if (job === undefined) return;
      this.running += 1;
      void this.fetch(job.server, job.name).finally(() => {
        this.running -= 1;
        this.next();
      });
    }
  }

  private async fetch(server: string, name: string): Promise<void> {
    const from = new Date(this.now() - WINDOW).toISOString();
    const to = new Date(this.now()).toISOString();
    try {
      const page = await api.history(server, name, { from, to, points: POINTS });
      const key = streamKey(server, name);
      this.points.set(key, seed(this.points.get(key) ?? [], page.items.map(point)));
      this.changed();
    } catch {
      // A sparkline without its past fills itself within minutes; no word about it.
    }
  }
}

export function point(sample: Sample): Point {
  return { at: Date.parse(sample.at), value: sample.state === "live" ? sample.bitrate : null };
}
