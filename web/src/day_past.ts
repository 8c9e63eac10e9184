// How each stream that somebody looks at has been for a day: asked for once, and again when it has grown old, when the state of the
// stream has changed since, and when it could not be read.

import { signal, type Signal } from "@preact/signals";
import { api } from "./api";
import type { RequestQueue } from "./browser/request_queue";
import { DAY, STEP, type Known } from "./day_states";
import { streamKey } from "./store";

/** An answer is shown so long, ms; the state since then is known from the stream itself. */
const FRESH = 10 * 60_000;

type Ask = (server: string, name: string, from: string, to: string) => Promise<Known>;

const history: Ask = (server, name, from, to) => api.history(server, name, { from, to, points: DAY / STEP });

interface Entry {
  readonly server: string;
  readonly name: string;
  lookers: number;
  /** When it was asked for; null before. */
  at: number | null;
  readonly known: Signal<Known | null>;
}

export class DayPast {
  private readonly entries = new Map<string, Entry>();
  private readonly queue = new Set<string>();

  constructor(
    private readonly now: () => number,
    private readonly requests: RequestQueue,
    private readonly ask: Ask = history,
  ) {
    requests.join(() => this.next());
  }

  /** What was seen of a stream in the last day, with the times of which nothing is known; null while that is not known. */
  knownOf(server: string, name: string): Known | null {
    return this.entries.get(streamKey(server, name))?.known.value ?? null;
  }

  /** Somebody looks at this stream, until the returned function is called; called anew now and again, and when its state changes.
   * `since`: of its state, ms since the epoch. */
  watch(server: string, name: string, since: number): () => void {
    const key = streamKey(server, name);
    const entry = this.entries.get(key) ?? { server, name, lookers: 0, at: null, known: signal(null) };
    entry.lookers += 1;
    this.entries.set(key, entry);
    if (entry.at === null || entry.at < this.now() - FRESH || entry.at < since) {
      this.queue.add(key);
      this.requests.take();
    }
    return () => {
      entry.lookers -= 1;
      if (entry.lookers === 0) this.queue.delete(key);
    };
  }

  private next(): (() => Promise<void>) | null {
    const [key] = this.queue;
    const entry = key === undefined ? undefined : this.entries.get(key);
    if (key === undefined || entry === undefined) return null;
    this.queue.delete(key);
    return () => this.fetch(entry);
  }

  private async fetch(entry: Entry): Promise<void> {
    const to = this.now();
    entry.at = to;
    try {
      entry.known.value = await this.ask(entry.server, entry.name, new Date(to - DAY).toISOString(), new Date(to).toISOString());
    } catch {
      // A stream that is gone has no history to be read; the next look asks again.
      entry.at = null;
    }
  }
}
