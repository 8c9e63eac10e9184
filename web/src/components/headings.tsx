// The head of a table: one row of headings, which on a phone stand in each cell, for a row is a card there (class `as-cards`).

import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** `children`: further cells, for those that not everybody sees. */
export function Headings({ of, children }: { of: readonly string[]; children?: ComponentChildren }): VNode {
  const head = useRef<HTMLTableSectionElement>(null);
  // Each time: the rows may be others.
  useLayoutEffect(() => label(head.current));
  return (
    <thead ref={head}>
      <tr>
        {of.map((one) => (
          <th key={one} scope="col">
            {one}
          </th>
        ))}
        {children}
      </tr>
    </thead>
  );
}

/** Tells each cell the heading of its column, and whether it says anything. */
function label(head: HTMLTableSectionElement | null): void {
  const table = head?.closest<HTMLTableElement>("table.as-cards");
  const headings = [...(head?.rows[0]?.cells ?? [])].map((one) => (one.querySelector(".unseen") === null ? (one.textContent ?? "") : ""));
  for (const row of [...(table?.tBodies ?? [])].flatMap((body) => [...body.rows])) {
    [...row.cells].forEach((cell, index) => {
      if (cell.tagName !== "TD") return;
      cell.dataset["label"] = headings[index] ?? "";
      cell.toggleAttribute("data-none", ["", "–"].includes(cell.textContent ?? ""));
    });
  }
}
