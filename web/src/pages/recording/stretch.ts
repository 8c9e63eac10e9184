// The time to ask for when one session is wanted. Pure.

import type { RecordingSession } from "../../types";

/** The time that holds a session's segments and nobody else's. Until its first segment is complete its start is told in whole
 * seconds, so the neighbour's last segment may reach up to a second into it. */
export function stretch(session: RecordingSession, now: number): [string, string] {
  const start = Date.parse(session.startedAt);
  const from = start + (start % 1_000 === 0 ? 1_000 : 1);
  const to = session.endedAt === null ? now : Date.parse(session.endedAt) - 500;
  return [new Date(from).toISOString(), new Date(Math.max(to, from + 1)).toISOString()];
}
