// The time to ask for when one session is wanted. Pure.

import type { RecordingSession } from "../../types";

/** The time that holds a session's segments and nobody else's. Until its first segment is complete its start is told in whole
 * seconds, so the neighbour's last segment may reach up to a second into it. Its end may be told by a report that came before the last
 * pictures. */
export function stretch(session: RecordingSession, now: number): [string, string] {
  const start = Date.parse(session.startedAt);
  const from = start + (start % 1_000 === 0 ? 1_000 : 1);
  const to = session.endedAt === null ? now : Math.max(Date.parse(session.endedAt), start + session.durationMs);
  return [new Date(from).toISOString(), new Date(Math.max(to, from + 1)).toISOString()];
}
