// Where the fault of an incident lies, in words. Pure. A code of a later version, and English before its texts are there, are said in the
// words of the server.

import { capital, timeOfDay } from "./format";
import type { Incident, Verdict } from "./types";
import { m } from "./words/language";

type Evidence = Verdict["evidence"][number];

/** The texts beyond the first page are there. */
const known = () => (m.verdicts as typeof m.verdicts | undefined) ?? null;

/** `The camera stopped sending`; null while there is none. */
export function causeWords({ cause }: Pick<Verdict, "cause">): string {
  return known()?.causes[cause] ?? cause;
}

/** `camera: stopped sending at 03:12:07; relay, server, network fine`. */
export function verdictSentence(verdict: Verdict): string {
  const words = known();
  const wrong = verdict.evidence.filter((one) => one.finding !== "fine");
  if (words === null || verdict.evidence.length === 0 || wrong.some((one) => words.findings[one.finding] === undefined)) return verdict.summary;
  const fine = verdict.evidence.filter((one) => one.finding === "fine").map((one) => words.parts[one.part] ?? one.part);
  return [...wrong.map(evidenceWords), ...(fine.length === 0 ? [] : [words.fine(fine.join(", "))])].join("; ");
}

function evidenceWords(one: Evidence): string {
  const words = m.verdicts;
  const time = one.at === null || one.at === undefined ? "" : timeOfDay(one.at);
  const [count, of] = [one.count ?? null, one.of ?? null];
  const said = words.findings[one.finding]?.(time, count === null ? "" : of === null ? String(count) : words.outOf(count, of));
  const name = one.name === null || one.name === undefined ? "" : ` ${one.name}`;
  return `${words.parts[one.part] ?? one.part}${name}: ${said ?? one.text}`;
}

/** What to try, one after the other. */
export function stepWords(verdict: Verdict): string[] {
  return verdict.tryNext.map((one) => capital(known()?.steps[one.step] ?? one.text));
}

export interface Folded {
  incident: Incident;
  /** Incidents of the same list that follow from it. */
  consequences: readonly Incident[];
}

/** How many troubles these are: what follows from another of them is none of its own. */
export function troublesIn(items: readonly Incident[]): number {
  return folded(items).length;
}

/** Roots with what follows from them; what follows from one that is not in the list stands for itself. */
export function folded(items: readonly Incident[]): Folded[] {
  const there = new Set(items.map((one) => one.id));
  const rootOf = (one: Incident) => {
    const root = one.verdict?.root ?? null;
    return root !== null && root !== one.id && there.has(root) ? root : null;
  };
  const under = new Map<string, Incident[]>();
  for (const one of items) {
    const root = rootOf(one);
    if (root !== null) under.set(root, [...(under.get(root) ?? []), one]);
  }
  return items.filter((one) => rootOf(one) === null).map((incident) => ({ incident, consequences: under.get(incident.id) ?? [] }));
}
