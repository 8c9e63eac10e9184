// The head of a table: one row of headings.

import type { ComponentChildren, VNode } from "preact";

/** `children`: further cells, for those that not everybody sees. */
export function Headings({ of, children }: { of: readonly string[]; children?: ComponentChildren }): VNode {
  return (
    <thead>
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
