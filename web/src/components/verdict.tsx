// Where the fault of an incident lies: what it comes down to, the evidence, what to try.

import type { VNode } from "preact";
import { capital } from "../format";
import type { Incident } from "../types";
import { causeWords, stepWords, verdictSentence } from "../verdict_words";
import { m } from "../words/language";

export function VerdictLines({ incident }: { incident: Incident }): VNode | null {
  const verdict = incident.verdict ?? null;
  // Where nothing is known there is nothing to say beside the incident's own words.
  if (verdict === null || (verdict.cause === "unknown" && verdict.evidence.length === 0)) return null;
  const follows = (verdict.root ?? null) !== null;
  const steps = follows ? [] : stepWords(verdict);
  return (
    <div class="verdict">
      <p>
        {follows ? `${m.verdicts.follows}: ` : ""}
        <b>{causeWords(verdict)}</b> <small>({m.verdicts.confidence[verdict.confidence] ?? verdict.confidence})</small>
      </p>
      <p>{capital(verdictSentence(verdict))}</p>
      {steps.length === 0 ? null : (
        <p class="try">
          {m.verdicts.tryNext}: {steps.join("; ")}
        </p>
      )}
    </div>
  );
}
