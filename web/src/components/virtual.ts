// Which rows of a long table are worth drawing: those on screen and a few around them, however many there are.

import { observeWindowOffset, observeWindowRect, Virtualizer, windowScroll } from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useCallback, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

/** A table of no more rows is drawn whole: found by the browser's search, and printed. */
const WHOLE = 40;

export interface Window {
  /** Indexes of the rows to draw, ascending. */
  indexes: readonly number[];
  /** Height of what is left out above and below, px. */
  before: number;
  after: number;
  /** For every row that is drawn, with its `data-index`. */
  measure: (element: Element | null) => void;
}

/** Where the rows begin in the document, those included that are left out, px. */
function begin(body: HTMLElement | null): number {
  const table = body?.closest("table") ?? null;
  return table === null ? 0 : table.getBoundingClientRect().top + scrollY + (table.tHead?.offsetHeight ?? 0);
}

/** `kept` is drawn wherever it is: the row with the focus. */
export function useWindow(count: number, keyOf: (index: number) => string, body: RefObject<HTMLElement | null>, estimate: number, kept: number): Window {
  const [, redraw] = useReducer<number, void>((n) => n + 1, 0);
  const margin = useRef(0);
  const options = {
    count,
    getScrollElement: () => (typeof window === "undefined" ? null : window),
    estimateSize: () => estimate,
    getItemKey: keyOf,
    scrollMargin: margin.current,
    overscan: 4,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    initialOffset: () => scrollY,
    onChange: () => redraw(undefined),
  };
  const [virtual] = useState(() => new Virtualizer<globalThis.Window, Element>(options));
  virtual.setOptions(options);
  useLayoutEffect(() => virtual._didMount(), [virtual]);
  useLayoutEffect(() => {
    const top = begin(body.current);
    if (Math.abs(top - margin.current) > 1) {
      margin.current = top;
      redraw(undefined);
    }
    virtual._willUpdate();
  });
  const measure = useCallback((element: Element | null) => virtual.measureElement(element), [virtual]);
  if (count <= WHOLE) return { indexes: Array.from({ length: count }, (_, index) => index), before: 0, after: 0, measure: () => undefined };
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0], items[items.length - 1]];
  const indexes = items.map((one) => one.index);
  const before = first === undefined ? 0 : first.start - margin.current;
  const after = last === undefined ? 0 : virtual.getTotalSize() - (last.end - margin.current);
  // A row that keeps the focus out of sight stands beside the others; its height there does not matter.
  if (kept >= 0 && kept < count && !indexes.includes(kept)) indexes.push(kept);
  indexes.sort((a, b) => a - b);
  return { indexes, before: Math.max(0, before), after: Math.max(0, after), measure };
}
