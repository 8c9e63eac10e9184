// Questions that wait for one another: a few at a time, so many a minute, however many ask. A thousand rows must not become
// a thousand requests.

const AT_ONCE = 4;
/** Questions in a minute, at most; whoever scrolls through a thousand rows waits for the lines, not the server for him. */
export const A_MINUTE = 40;
const MINUTE = 60_000;

/** What is to be asked next; null when nothing is. */
type Source = () => (() => Promise<void>) | null;

export class RequestQueue {
  private readonly sources: Source[] = [];
  private running = 0;
  private times: number[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly now: () => number) {}

  /** Whoever joins first is served first. */
  join(source: Source): void {
    this.sources.push(source);
  }

  /** There is something to ask. */
  take(): void {
    while (this.running < AT_ONCE) {
      const at = this.now();
      this.times = this.times.filter((one) => one > at - MINUTE);
      const oldest = this.times[0];
      if (this.times.length >= A_MINUTE && oldest !== undefined) {
        this.timer ??= setTimeout(() => {
          this.timer = undefined;
          this.take();
        }, oldest + MINUTE - at);
        return;
      }
      const job = this.next();
      if (job === null) return;
      this.times.push(at);
      this.running += 1;
      void job().finally(() => {
        this.running -= 1;
        this.take();
      });
    }
  }

  private next(): (() => Promise<void>) | null {
    for (const source of this.sources) {
      const job = source();
      if (job !== null) return job;
    }
    return null;
  }
}
