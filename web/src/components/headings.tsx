// The head of a table: one row of headings.

import type { VNode } from "preact";

export function Headings({ of }: { of: readonly string[] }): VNode {
  return (
    <thead>
      <tr>
        {of.map((one) => (
          <th key={one} scope="col">
            {one}
          </th>
        ))}
      </tr>
    </thead>
  );
}
