// How often the page asks while nobody sees it: the title, the icon and the notifications tell of a hidden tab, too. Pure.

/** A hidden tab asks no more often, ms. */
const HIDDEN_EVERY = 60_000;

/** Whether it is time to ask, at `now`; `askedAt`: when it was asked last, by the same clock. */
export function isDue(visible: boolean, askedAt: number, now: number): boolean {
  return visible || now - askedAt >= HIDDEN_EVERY;
}
