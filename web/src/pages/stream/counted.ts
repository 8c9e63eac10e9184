// Since when the counters of a stream count. Pure.

/** A point of the history stands at the begin of its time: the server may have been started within it, and counts no longer than that. */
export function countedSince(reset: string, serverStarted: string | null): string {
  return serverStarted !== null && Date.parse(serverStarted) > Date.parse(reset) ? serverStarted : reset;
}
