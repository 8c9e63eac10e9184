// A table's head whose cells sort: one button per column, `aria-sort` on the chosen one.

import type { VNode } from "preact";

export interface Heading<C extends string> {
  key: C;
  label: string;
  sortable?: boolean;
}

export interface Sort<C extends string> {
  column: C;
  descending: boolean;
}

/** `bitrate descending`, as it is kept; what names no column is the first one. */
export function parseSort<C extends string>(words: string, headings: readonly Heading<C>[]): Sort<C> {
  const [column = "", direction] = words.split(" ");
  const known = headings.find((one) => one.key === column && one.sortable !== false) ?? headings[0];
  if (known === undefined) throw new Error("no columns");
  return { column: known.key, descending: known.key === column && direction === "descending" };
}

export function sortWords<C extends string>({ column, descending }: Sort<C>): string {
  return `${column}${descending ? " descending" : ""}`;
}

interface Props<C extends string> {
  headings: readonly Heading<C>[];
  sort: Sort<C>;
  choose: (sort: Sort<C>) => void;
}

export function SortHeader<C extends string>({ headings, sort, choose }: Props<C>): VNode {
  return (
    <thead role="rowgroup">
      <tr role="row">
        {headings.map(({ key, label, sortable }) => {
          const chosen = key === sort.column;
          return (
            <th key={key} scope="col" role="columnheader" class={`c-${key}`} aria-sort={chosen ? (sort.descending ? "descending" : "ascending") : undefined}>
              {sortable === false ? (
                label
              ) : (
                <button type="button" onClick={() => choose({ column: key, descending: chosen && !sort.descending })}>
                  {label}
                  <span class="arrow" aria-hidden="true" />
                </button>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}
