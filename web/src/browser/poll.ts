// Asks for something again and again while somebody looks: on the page's own tick, never two requests at once, never
// while the tab is hidden (the page does not tick then), and never again once the server has said that it has no such
// thing.

import { noRoute, Problem, sentence } from "../api";

export interface Asked<T> {
  /** Time between two questions, ms; may change meanwhile. */
  every: number | (() => number);
  ask: (signal: AbortSignal) => Promise<T>;
  take: (answer: T) => void;
  /** It could not be read, in words. */
  fail: (words: string) => void;
  /** This server has no such thing. */
  none: () => void;
}

/** What could not be read is asked for again no later than this, ms. */
const AFTER_FAILURE = 10_000;

export class Poll<T> {
  private readonly abort = new AbortController();
  /** When the last answer came; null when one is due at once. */
  private answeredAt: number | null = null;
  private asking = false;
  private again = false;
  private failed = false;
  /** The last question was one of nobody who is logged in: asked again once somebody is. */
  private refused = false;
  private over = false;

  constructor(
    private readonly asked: Asked<T>,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  tick(): void {
    if (!this.asking && this.isDue()) void this.ask();
  }

  /** At once; when a question is under way, once more after it, for its answer may be old. */
  refresh(): void {
    if (this.asking) this.again = true;
    else void this.ask();
  }

  close(): void {
    this.abort.abort();
  }

  private async ask(): Promise<void> {
    if (this.over || this.abort.signal.aborted) return;
    this.asking = true;
    this.again = false;
    this.refused = false;
    this.failed = false;
    try {
      const answer = await this.asked.ask(this.abort.signal);
      if (!this.abort.signal.aborted) this.asked.take(answer);
    } catch (error) {
      this.failed = true;
      if (!this.abort.signal.aborted) this.tell(error);
    } finally {
      this.asking = false;
      this.answeredAt = this.refused ? null : this.clock();
      if (this.again) void this.ask();
    }
  }

  private isDue(): boolean {
    const told = typeof this.asked.every === "number" ? this.asked.every : this.asked.every();
    const every = this.failed ? Math.min(told, AFTER_FAILURE) : told;
    // A little less than asked for: a tick comes once a second, and must not come just too soon.
    return this.answeredAt === null || this.clock() >= this.answeredAt + every - 300;
  }

  private tell(error: unknown): void {
    if (noRoute(error)) {
      this.over = true;
      this.asked.none();
    } else if (error instanceof Problem && error.status === 401) this.refused = true;
    else this.asked.fail(sentence(error));
  }
}
