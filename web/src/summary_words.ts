// The few words before the page's title, seen of a hidden tab, too: the worst that is known. Pure.

import { count } from "./stream_lines";
import type { Model } from "./model";
import { m } from "./words/language";

export interface Lead {
  words: string;
  /** Something needs a person. */
  trouble: boolean;
}

/** Worst first: what hides everything else, then what is dark, then what is not known, then what waits. */
export function lead({ live, connection, plan, status, polling }: Pick<Model, "live" | "connection" | "plan" | "status"> & { polling?: boolean }): Lead {
  const trouble = (words: string): Lead => ({ words: `⚠ ${words}`, trouble: true });
  if (connection.lostAt !== null && polling !== true) return trouble(m.troubles.tab.lost);
  const silent = [...live.servers.values()].filter((server) => !server.reachable).map((server) => server.name);
  if (silent.length === 1) return trouble(m.troubles.tab.server(silent[0] ?? ""));
  if (silent.length > 1) return trouble(m.troubles.tab.servers(silent.length));
  const counts = count(live);
  if (counts.dark > 0) return trouble(m.troubles.tab.notLive(counts.dark));
  if (counts.unknown > 0) return trouble(m.troubles.tab.unknown(counts.unknown));
  if (plan !== null && plan.blocked !== null) return trouble(m.troubles.tab.blocked);
  const failing = status?.services.find((service) => !service.ok && service.name !== "cameras" && service.name !== "camera table");
  if (failing !== undefined) return trouble(m.troubles.tab.down(failing.name));
  return { words: counts.live > 0 ? m.troubles.tab.live(counts.live) : "", trouble: false };
}
