// An answer of the server that is asked for again and again while somebody looks: never two questions at once, never while
// the tab is hidden, and never again once the server has said that it has no such thing.

import { signal, type Signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { access } from "../api";
import { Poll } from "../browser/poll";

export interface Polled<T> {
  /** Last answer; null before the first. */
  answer: T | null;
  /** Why the last question failed; null when it did not. */
  fault: string | null;
  /** This server has no such thing. */
  none: boolean;
}

interface Source<T> {
  state: Signal<Polled<T>>;
  /** Asks at once. */
  refresh: () => void;
}

/** `key` names what is asked for: another one begins anew. `of` names the thing that it is about: while it stays the same, the
 * last answer stays until the next one is there, so that what has the focus is not taken away from whoever moves on. */
export function usePolled<T>(key: string, every: number | (() => number), ask: (signal: AbortSignal) => Promise<T>, of = key): Source<T> {
  const [state] = useState(() => signal<Polled<T>>({ answer: null, fault: null, none: false }));
  const [current] = useState<{ poll: Poll<T> | null; of: string }>(() => ({ poll: null, of }));
  useEffect(() => {
    const answer = current.of === of ? state.peek().answer : null;
    state.value = { answer, fault: null, none: false };
    current.of = of;
    const poll = new Poll<T>({
      every,
      ask,
      take: (answer) => (state.value = { answer, fault: null, none: false }),
      fail: (fault) => (state.value = { ...state.peek(), fault }),
      none: () => (state.value = { answer: null, fault: null, none: true }),
    });
    current.poll = poll;
    const tick = () => {
      if (document.visibilityState === "visible" && !access.closed) poll.tick();
    };
    tick();
    const timer = setInterval(tick, 1_000);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
      poll.close();
    };
  }, [key]);
  return { state, refresh: () => current.poll?.refresh() };
}
