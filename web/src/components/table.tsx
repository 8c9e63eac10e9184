// A table of live rows, however many: the rows on screen are drawn, and the one with the focus wherever it is.

import type { RefCallback, VNode } from "preact";
import { useRef } from "preact/hooks";
import { SortHeader, type Heading, type Sort } from "./sort";
import { useWindow } from "./virtual";

/** What a row has to put on its `tr`. */
export interface RowPlace {
  ref: RefCallback<HTMLTableRowElement>;
  "data-index": number;
  "data-key": string;
  "aria-rowindex": number;
}

interface Props<T, C extends string> {
  kind: string;
  caption: string;
  headings: readonly Heading<C>[];
  sort: Sort<C>;
  choose: (sort: Sort<C>) => void;
  items: readonly T[];
  keyOf: (item: T) => string;
  row: (item: T, place: RowPlace) => VNode;
  /** Height of a row that was not measured yet, px. */
  estimate: number;
}

export function DataTable<T, C extends string>({ kind, caption, headings, sort, choose, items, keyOf, row, estimate }: Props<T, C>): VNode {
  const body = useRef<HTMLTableSectionElement>(null);
  const focused = useRef<string | null>(null);
  const keys = items.map(keyOf);
  const kept = focused.current === null ? -1 : keys.indexOf(focused.current);
  const { indexes, before, after, measure } = useWindow(items.length, (index) => keys[index] ?? "", body, estimate, kept);
  return (
    <table class={`data ${kind}`} role="table" aria-rowcount={items.length + 1}>
      <caption class="unseen">{caption}</caption>
      <SortHeader headings={headings} sort={sort} choose={choose} />
      <Space height={before} columns={headings.length} />
      <tbody
        role="rowgroup"
        ref={body}
        onFocusIn={(event) => (focused.current = (event.target as HTMLElement).closest("tr")?.dataset["key"] ?? null)}
        onFocusOut={() => (focused.current = null)}
      >
        {indexes.map((index) => {
          const item = items[index];
          const key = keys[index] ?? "";
          return item === undefined ? null : row(item, { ref: measure, "data-index": index, "data-key": key, "aria-rowindex": index + 2 });
        })}
      </tbody>
      <Space height={after} columns={headings.length} />
    </table>
  );
}

/** Stands for the rows that are not drawn. */
function Space({ height, columns }: { height: number; columns: number }): VNode | null {
  if (height < 1) return null;
  return (
    <tbody class="space" aria-hidden="true">
      <tr>
        <td colSpan={columns} style={{ height: `${height}px` }} />
      </tr>
    </tbody>
  );
}
