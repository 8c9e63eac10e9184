import { expect, it } from "vitest";
import { each } from "./each";

it("goes on after one that fails, and says which", async () => {
  const done: number[] = [];
  const failed = await each([1, 2, 3], (number) => (number === 2 ? Promise.reject(new Error("two")) : Promise.resolve(done.push(number))));
  expect([done, failed]).toEqual([[1, 3], [[2, new Error("two")]]]);
});
