// A camera's log as text, for a mail or a ticket. Pure.

import type { LogRun } from "./types";

/** Times in UTC, as the server keeps them: whoever reads it may be elsewhere. */
export function logText(runs: readonly LogRun[]): string {
  return runs
    .map((run) => {
      const end = run.endedAt === null ? "still running" : `to ${run.endedAt}: ${run.ending ?? "ended"}`;
      const fault = run.fault === null ? [] : [`fault: ${run.fault.message}`];
      return [`${run.program} ${run.pid}, ${run.startedAt} ${end}`, ...fault, ...run.lines.map((line) => `  ${line}`)].join("\n");
    })
    .join("\n\n");
}
