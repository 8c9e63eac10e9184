// Small pictures of what was recorded last, where the server makes them: asked for while somebody looks, one after the other, so
// that neither three hundred squares nor a slow server become a crowd.

import { signal, type Signal } from "@preact/signals";
import { api } from "./api";
import { streamKey } from "./store";

/** A picture that is shown is asked for again after so long, ms. */
const AGAIN = 30_000;
const TICK = 1_000;

interface Watched {
  server: string;
  name: string;
  lookers: number;
  askedAt: number;
  /** A `data:` address; null while there is none. */
  picture: Signal<string | null>;
}

export class Pictures {
  private readonly watched = new Map<string, Watched>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private asking = false;

  constructor(
    private readonly ask: (server: string, name: string) => Promise<string> = (server, name) => api.thumbnail(server, name),
    private readonly now: () => number = () => performance.now(),
    private readonly seen: () => boolean = () => document.visibilityState === "visible",
  ) {}

  /** Somebody looks, until the returned function is called. */
  watch(server: string, name: string): () => void {
    const one = this.entry(server, name);
    one.lookers += 1;
    this.timer ??= setInterval(() => void this.next(), TICK);
    void this.next();
    return () => {
      one.lookers -= 1;
      if ([...this.watched.values()].some(({ lookers }) => lookers > 0)) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }

  of(server: string, name: string): string | null {
    return this.entry(server, name).picture.value;
  }

  private entry(server: string, name: string): Watched {
    const key = streamKey(server, name);
    const known = this.watched.get(key);
    if (known !== undefined) return known;
    const made: Watched = { server, name, lookers: 0, askedAt: -Infinity, picture: signal(null) };
    this.watched.set(key, made);
    return made;
  }

  /** Asks for the one that has waited longest, and goes on while some are due. */
  private async next(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    for (let one = this.due(); one !== undefined; one = this.due()) {
      one.askedAt = this.now();
      try {
        one.picture.value = await this.ask(one.server, one.name);
      } catch {
        // What was there stays; it is asked for again.
      }
    }
    this.asking = false;
  }

  private due(): Watched | undefined {
    if (!this.seen()) return undefined;
    const waiting = [...this.watched.values()].filter(({ lookers, askedAt }) => lookers > 0 && this.now() - askedAt >= AGAIN);
    return waiting.sort((a, b) => a.askedAt - b.askedAt)[0];
  }
}

export const pictures = new Pictures();
