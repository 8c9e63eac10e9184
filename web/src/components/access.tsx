// What only operators may use: a viewer sees none of it, and is told why once a page.

import type { ComponentChildren, VNode } from "preact";
import { mayChange, session } from "../login";
import { viewOnlyWords } from "../words/login";
import { Icon } from "./icons";

export function ForOperators({ children }: { children: ComponentChildren }): VNode | null {
  return mayChange.value ? <>{children}</> : null;
}

/** Why the buttons of this page are not there. */
export function ViewOnly(): VNode | null {
  if (mayChange.value) return null;
  return (
    <p class="view-only">
      <Icon name="lock" />
      {viewOnlyWords(session.value?.user ?? null)}
    </p>
  );
}
