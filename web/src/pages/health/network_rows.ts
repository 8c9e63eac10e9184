// Order and figures of probed endpoints. Pure; every rule has a test.

import type { EndpointState, NetworkProbe } from "../../types";
import { m } from "../../words/language";

const order: Record<EndpointState, number> = { down: 0, doubtful: 1, degraded: 2, waiting: 3, up: 4 };
const DAY = 86_400_000;

/** Trouble first, then by name. */
export function endpointsByTrouble(probes: readonly NetworkProbe[]): NetworkProbe[] {
  const place = (one: NetworkProbe) => (order as Partial<Record<string, number>>)[one.state] ?? 3;
  return [...probes].sort((a, b) => place(a) - place(b) || a.endpoint.localeCompare(b.endpoint));
}

/** `0.42 ms`, `12 ms`, `1.5 s`. */
export function shortTime(seconds: number): string {
  const ms = seconds * 1e3;
  if (ms >= 1e3) return `${seconds.toFixed(1)} s`;
  return `${ms < 1 ? ms.toFixed(2) : ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

/** A share of 0.002 is no nought: `0.2 %`. */
export function share(ratio: number): string {
  const percent = ratio * 100;
  return `${percent === 0 || percent >= 10 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** The parts of a probe that were measured. */
export function phaseWords(phases: NetworkProbe["phases"]): string[] {
  const all: [string, number | null | undefined][] = [
    [m.network.phases.resolve, phases.resolveSeconds],
    [m.network.phases.connect, phases.connectSeconds],
    [m.network.phases.tls, phases.tlsSeconds],
    [m.network.phases.answer, phases.answerSeconds],
  ];
  return all.flatMap(([word, seconds]) => (seconds === null || seconds === undefined ? [] : [`${word} ${shortTime(seconds)}`]));
}

/** Whole days until then; below 0 of what is over. */
export function daysLeft(notAfter: string, now: number): number {
  return Math.floor((Date.parse(notAfter) - now) / DAY);
}
