// The last day of a stream while somebody looks at it: asked for when it is first seen, and looked after by the minute.

import { useEffect } from "preact/hooks";
import type { Known } from "../day_states";
import { clock, dayPast } from "../model";
import type { StreamStatus } from "../types";

const MINUTE = 60_000;

/** What was seen of it, null while that is not known, and the minute that it is now, ms. */
export function useDay({ server, name, since }: StreamStatus, watched = true): { past: Known | null; minute: number } {
  const minute = Math.floor(clock.value / MINUTE) * MINUTE;
  useEffect(() => (watched ? dayPast.watch(server, name, Date.parse(since)) : undefined), [server, name, watched, since, minute]);
  return { past: dayPast.knownOf(server, name), minute };
}
