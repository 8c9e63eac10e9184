// A name and its value, in a list of facts.

import type { VNode } from "preact";

export function Fact({ title, value }: { title: string; value: string }): VNode {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </div>
  );
}
