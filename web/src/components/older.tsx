// Older items than the newest page of a list, which alone is asked for again and again: loaded on demand, a page at a time.

import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { sentence } from "../api";
import type { Page } from "../types";

interface Item {
  readonly id: string;
}

/** What stood on the newest page and stands there no more because newer ones have come; a list is ordered by time, and then by id. */
export function pushedOff<One extends Item>(before: readonly One[], page: readonly One[], timeOf: (one: One) => string): One[] {
  const last = page.at(-1);
  // What is no longer in the list at all stood among those that are.
  if (last === undefined) return [];
  const end = Date.parse(timeOf(last));
  return before.filter((one) => {
    const earlier = end - Date.parse(timeOf(one));
    return earlier === 0 ? one.id < last.id : earlier > 0;
  });
}

export interface Older<One> {
  items: readonly One[];
  /** There is more. */
  more: boolean;
  /** Why it could not be loaded. */
  fault: string | null;
  load: () => Promise<void>;
}

/** `ask` loads what comes after a cursor. */
export function useOlder<One extends Item>(page: Page<One>, timeOf: (one: One) => string, ask: (after: string) => Promise<Page<One>>): Older<One> {
  const [loaded, setLoaded] = useState<Page<One> | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const before = useRef(page.items);
  useEffect(() => {
    const gone = pushedOff(before.current, page.items, timeOf);
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

/** Below what was loaded: more of it, and why that could not be read. */
export function MoreButton<One>({ older, label }: { older: Older<One>; label: string }): VNode {
  const { fault, more, load } = older;
  return (
    <>
      {fault === null ? null : <p class="note">{fault}</p>}
      {more ? (
        <button type="button" class="small" onClick={() => void load()}>
          {label}
        </button>
      ) : null}
    </>
  );
}
