// A state as sign and word.

import type { VNode } from "preact";
import { Sign } from "./icons";
import { lookOf, type StateStyle } from "../words/states";

export function Badge<S extends string>({ looks, state }: { looks: Record<S, StateStyle>; state: S }): VNode {
  const look = lookOf(looks, state);
  return (
    <span class="badge" data-tone={look.tone}>
      <Sign kind={look.sign} />
      <span>{look.words}</span>
    </span>
  );
}
