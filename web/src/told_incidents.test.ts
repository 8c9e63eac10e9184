import { expect, it, vi } from "vitest";
import { reduce, type LiveState } from "./store";
import type { Envelope } from "./types";

vi.stubGlobal("location", { hash: "#/incidents", pathname: "/" });
const { model } = await import("./model");
const { toldIncidents } = await import("./told_incidents");

function take(change: { upsert?: Envelope[]; update?: Envelope[]; remove?: Envelope[] }): void {
  const { live } = model.peek();
  const seq = live.seq ?? 0;
  const message = { type: "delta", prev: seq, seq: seq + 1, upsert: [], update: [], remove: [], ...change };
  const next: LiveState = reduce(live, message as never).state;
  expect(next.seq).toBe(seq + 1);
  model.value = { ...model.peek(), live: next };
}

it("tells of an incident again whenever anything about it is another, and of nothing else", () => {
  model.value = { ...model.peek(), live: { ...model.peek().live, seq: 0 } };
  const incident = (item: object) => ({ kind: "incident", item: { id: "1", ...item } }) as unknown as Envelope;
  let before = toldIncidents.value;
  const isOther = () => {
    const after = toldIncidents.value;
    const other = after !== before;
    before = after;
    return other;
  };
  const cases: [string, Parameters<typeof take>[0], boolean][] = [
    ["begins", { upsert: [incident({ closedAt: null, verdict: null, notes: [] })] }, true],
    ["a stream changes", { upsert: [{ kind: "stream", item: { server: "a", name: "b" } }] }, false],
    // The verdict comes after the incident, and on a busy machine much later.
    ["is judged", { update: [incident({ verdict: { cause: "cameraPortClosed" } })] }, true],
    ["gets a remark", { update: [incident({ notes: [{ text: "x" }] })] }, true],
    ["ends", { update: [incident({ closedAt: "2026-03-09T14:00:00Z" })] }, true],
    ["is forgotten", { remove: [incident({})] }, true],
  ];
  expect(cases.map(([what, change, ,]) => (take(change), [what, isOther()]))).toEqual(cases.map(([what, , other]) => [what, other]));
});
