import { describe, expect, it } from "vitest";
import { bothTimes, timeOfDay } from "./format";
import type { Incident, Verdict } from "./types";
import { causeWords, folded, stepWords, troublesIn, verdictSentence } from "./verdict_words";
import { deVerdicts } from "./words/de_verdicts";
import { verdicts } from "./words/en_verdicts";
import { ruVerdicts } from "./words/ru_verdicts";

const AT = "2026-11-29T03:12:07Z";
const evidence = (part: string, finding: string, more: object = {}) => ({ part, finding, text: "in the server's words", ...more }) as Verdict["evidence"][number];
const verdict = (more: Partial<Verdict> = {}): Verdict => ({ cause: "cameraStopped", confidence: "high", summary: "what the server says", evidence: [], tryNext: [], root: null, ...more });
const incident = (id: string, root: string | null = null) => ({ id, verdict: verdict({ root }) }) as unknown as Incident;

describe("where a fault lies", () => {
  it("is said with local times, what works last", () => {
    const found = [evidence("camera", "stoppedSending", { at: AT }), evidence("relay", "fine"), evidence("server", "fine"), evidence("network", "manyDown", { name: "10.0.3.0/24", count: 39, of: 40 })];
    expect(verdictSentence(verdict({ evidence: found }))).toBe(`camera: stopped sending at ${timeOfDay(AT)}; network 10.0.3.0/24: 39 of 40 cameras do not answer; relay, server fine`);
    expect(bothTimes(AT)).not.toBe("");
  });

  it("is said in the words of the server where a later version knows more", () => {
    const of = (finding: string) => verdictSentence(verdict({ evidence: [evidence("camera", finding, { at: AT })] }));
    expect(of("sentTooMuch")).toBe("what the server says");
    expect(verdictSentence(verdict())).toBe("what the server says");
    expect(causeWords({ cause: "somethingNew" as never })).toBe("somethingNew");
    expect(stepWords(verdict({ tryNext: [{ step: "turnAround" as never, text: "turn around" }, { step: "freeDisk", text: "x" }] }))).toEqual(["Turn around", "Free room on the disk"]);
  });

  it("folds what follows under its root, and what follows from elsewhere stands for itself", () => {
    const list = [incident("a", "root"), incident("root"), incident("b", "root"), incident("c", "not here"), incident("d", "d")];
    expect(folded(list).map(({ incident: { id }, consequences }) => [id, consequences.map((one) => one.id)])).toEqual([["root", ["a", "b"]], ["c", []], ["d", []]]);
    expect(troublesIn(list)).toBe(3);
  });

  it("has the same codes in every language", () => {
    for (const other of [deVerdicts, ruVerdicts]) {
      for (const key of ["causes", "parts", "findings", "steps", "confidence"] as const) {
        expect(Object.keys(other.verdicts[key])).toEqual(Object.keys(verdicts.verdicts[key]));
      }
    }
  });
});
