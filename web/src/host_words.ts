// What is said of a host and its disks. Pure.

import { bytes, duration } from "./format";
import type { Disk, HostStatus } from "./types";
import { m } from "./words/language";

/** Beyond these percents a measure is drawn as a warning and as trouble. */
export const LIMITS = { warn: 80, bad: 90 } as const;

export type Tone = "good" | "warn" | "bad";

export function toneOf(percent: number): Tone {
  return percent >= LIMITS.bad ? "bad" : percent >= LIMITS.warn ? "warn" : "good";
}

/** Why a value of this field is not there; the reason is the agent's own. */
export function whyNot(host: HostStatus, field: string): string {
  return host.unmeasured[field] ?? m.hosts.notMeasured;
}

export function percentOf({ used, total }: { used: number; total: number }): number {
  return total === 0 ? 0 : (used / total) * 100;
}

/** The disk with the least room; null when none could be measured. */
export function fullest(host: HostStatus): Disk | null {
  return host.disks.reduce<Disk | null>((worst, one) => (one.usedPercent !== null && one.usedPercent > (worst?.usedPercent ?? -1) ? one : worst), null);
}

/** Where a disk is going: `full in 3 d 4 h`. */
export function forecast(disk: Disk): string {
  if (disk.reason !== null) return disk.reason;
  if (disk.forecast === "filling" && disk.daysUntilFull !== null) return m.hosts.fullIn(duration(Math.max(60_000, disk.daysUntilFull * 86_400_000)));
  return disk.forecast === "steady" ? m.hosts.steady : m.hosts.noTrend;
}

/** `12.3 GB of 40.0 GB free`. */
export function room(disk: Disk): string {
  return disk.free === null || disk.total === null ? "–" : m.hosts.room(bytes(disk.free), bytes(disk.total));
}

export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : `${value.toFixed(value < 10 ? 1 : 0)} %`;
}
