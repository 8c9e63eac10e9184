import { expect, it, vi } from "vitest";
import { Problem } from "../api";
import { Poll } from "./poll";

function world(answers: (() => Promise<number>)[], every = 2_000) {
  const seen: string[] = [];
  let now = 0;
  const ask = vi.fn(() => (answers.shift() ?? (() => Promise.resolve(0)))());
  const poll = new Poll<number>(
    { every, ask, take: (answer) => seen.push(`took ${answer}`), fail: (words) => seen.push(words), none: () => seen.push("none") },
    () => now,
  );
  const settle = async () => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { seen, ask, poll, settle, pass: (ms: number) => (now += ms) };
}

it("asks at the first tick and then as often as told", async () => {
  const { ask, poll, settle, pass, seen } = world([]);
  poll.tick();
  await settle();
  for (const [ms, times] of [[1_000, 1], [1_000, 2], [1_000, 2], [1_000, 3]] as const) {
    pass(ms);
    poll.tick();
    await settle();
    expect(ask).toHaveBeenCalledTimes(times);
  }
  expect(seen).toHaveLength(3);
});

it("never asks twice at once; what was asked for meanwhile is asked after it", async () => {
  let answer: (value: number) => void = () => undefined;
  const { ask, poll, settle, pass, seen } = world([() => new Promise((resolve) => (answer = resolve)), () => Promise.resolve(2)]);
  poll.tick();
  pass(60_000);
  poll.tick();
  poll.refresh();
  poll.refresh();
  await settle();
  expect(ask).toHaveBeenCalledTimes(1);
  answer(1);
  await settle();
  expect(seen).toEqual(["took 1", "took 2"]);
});

it("a failure is told and asked again; where there is no such thing it is not asked again", async () => {
  const { ask, poll, settle, pass, seen } = world([() => Promise.reject(new Problem(503, "busy")), () => Promise.reject(new Problem(404, "there is no camera 7")), () => Promise.reject(new Problem(404, "there is no such route"))]);
  for (let round = 0; round < 5; round += 1) {
    poll.tick();
    await settle();
    pass(2_000);
  }
  expect(seen).toEqual(["busy", "there is no camera 7", "none"]);
  expect(ask).toHaveBeenCalledTimes(3);
});

it("is silent once closed", async () => {
  let answer: (value: number) => void = () => undefined;
  const { poll, settle, seen, pass, ask } = world([() => new Promise((resolve) => (answer = resolve))]);
  poll.tick();
  poll.refresh();
  poll.close();
  answer(1);
  await settle();
  pass(60_000);
  poll.tick();
  await settle();
  expect([seen, ask.mock.calls.length]).toEqual([[], 1]);
});

it("a question of nobody who is logged in is no fault, and is asked again at once", async () => {
  const { ask, poll, settle, seen } = world([() => Promise.reject(new Problem(401, "log in first")), () => Promise.resolve(2)]);
  poll.tick();
  await settle();
  poll.tick();
  await settle();
  expect([seen, ask.mock.calls.length]).toEqual([["took 2"], 2]);
});

it("asks soon again for what could not be read, however long an answer would do", async () => {
  const busy = () => Promise.reject(new Problem(503, "busy"));
  const fine = () => Promise.resolve(1);
  const cases: [number, () => Promise<number>, number, boolean][] = [
    [2_000, busy, 2_000, true],
    [300_000, busy, 9_000, false],
    [300_000, busy, 10_000, true],
    [300_000, fine, 10_000, false],
    [300_000, fine, 300_000, true],
  ];
  for (const [every, first, waited, again] of cases) {
    const { ask, poll, settle, pass } = world([first], every);
    poll.tick();
    await settle();
    pass(waited);
    poll.tick();
    await settle();
    expect([every, waited, ask.mock.calls.length]).toEqual([every, waited, again ? 2 : 1]);
  }
});
