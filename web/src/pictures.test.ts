import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Pictures } from "./pictures";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("are asked for one after the other, again after a while, and only while somebody looks", async () => {
  const asked: string[] = [];
  let running = 0;
  let most = 0;
  const ask = async (_: string, name: string) => {
    asked.push(name);
    running += 1;
    most = Math.max(most, running);
    await new Promise((done) => setTimeout(done, 100));
    running -= 1;
    if (name === "bad") throw new Error("none");
    return `data:${name} ${asked.length}`;
  };
  const pictures = new Pictures(ask, () => Date.now(), () => true);
  const end = ["a", "bad", "b"].map((name) => pictures.watch("main", name));
  await vi.advanceTimersByTimeAsync(500);
  expect([asked, most]).toEqual([["a", "bad", "b"], 1]);
  expect(["a", "bad", "b"].map((name) => pictures.of("main", name))).toEqual(["data:a 1", null, "data:b 3"]);
  end[1]?.();
  await vi.advanceTimersByTimeAsync(31_000);
  expect(asked.slice(3)).toEqual(["a", "b"]);
  expect(pictures.of("main", "a")).toBe("data:a 4");
  end[0]?.();
  end[2]?.();
  await vi.advanceTimersByTimeAsync(100_000);
  expect([asked.length, vi.getTimerCount()]).toEqual([5, 0]);
});
