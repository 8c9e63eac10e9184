// Older items than the newest page of a list, which alone is asked for again and again: loaded on demand, a page at a time.

import { useEffect, useRef, useState } from "preact/hooks";
import { sentence } from "../api";
import type { Page } from "../types";

interface Item {
  readonly id: string;
}

/** What stood on the newest page and stands there no more because newer ones have come. `isOlder`: whether the first comes after the
 * second in the list. */
export function pushedOff<One extends Item>(before: readonly One[], page: readonly One[], isOlder: (one: One, other: One) => boolean): One[] {
  const last = page.at(-1);
  // What is no longer in the list at all stood among those that are.
  return last === undefined ? [] : before.filter((one) => isOlder(one, last));
}

interface Older<One> {
  items: readonly One[];
  /** There is more. */
  more: boolean;
  /** Why it could not be loaded. */
  fault: string | null;
  load: () => Promise<void>;
}

/** `ask` loads what comes after a cursor. */
export function useOlder<One extends Item>(page: Page<One>, isOlder: (one: One, other: One) => boolean, ask: (after: string) => Promise<Page<One>>): Older<One> {
  const [loaded, setLoaded] = useState<Page<One> | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const before = useRef(page.items);
  useEffect(() => {
    const gone = pushedOff(before.current, page.items, isOlder);
    before.current = page.items;
    const isNew = (one: One, all: readonly One[]) => !all.some((other) => other.id === one.id);
    setLoaded((known) => known && { ...known, items: [...gone.filter((one) => isNew(one, known.items)), ...known.items].filter((one) => isNew(one, page.items)) });
  }, [page]);
  const next = loaded === null ? page.next : loaded.next;
  const load = async () => {
    if (next === null) return;
    try {
      const found = await ask(next);
      setLoaded((known) => ({ items: [...(known?.items ?? []), ...found.items], next: found.next }));
      setFault(null);
    } catch (error) {
      setFault(sentence(error));
    }
  };
  return { items: loaded?.items ?? [], more: next !== null, fault, load };
}
