// What stands in the place of a table without rows.

import type { ComponentChildren, VNode } from "preact";

export function Skeleton({ label }: { label: string }): VNode {
  return (
    <div class="skeleton" role="status" aria-label={label}>
      <i />
      <i />
      <i />
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }): VNode {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
