// A list of incidents that is asked for whenever one of them has changed, as the WebSocket tells; again and again only while there
// is no WebSocket.

import { useEffect, useRef } from "preact/hooks";
import { incidentPause } from "../model";
import { toldIncidents } from "../told_incidents";
import { usePolled } from "./polled";

/** `key` names what is asked for: another one begins anew. */
export function useIncidents<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): ReturnType<typeof usePolled<T>> {
  const polled = usePolled(key, incidentPause, ask);
  const news = toldIncidents.value;
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) polled.refresh();
    first.current = false;
  }, [news]);
  return polled;
}
