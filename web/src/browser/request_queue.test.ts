import { expect, it } from "vitest";
import { A_MINUTE, RequestQueue } from "./request_queue";

const settle = () => new Promise((resolve) => setTimeout(resolve));

it("two that ask share one limit, and the first is served first", async () => {
  const requests = new RequestQueue(() => 1_000_000);
  const asked: string[] = [];
  const source = (name: string, count: number) => () => {
    if (count === 0) return null;
    count -= 1;
    asked.push(name);
    return () => Promise.resolve();
  };
  requests.join(source("lines", 30));
  requests.join(source("days", 30));
  requests.take();
  await settle();
  expect(asked).toHaveLength(A_MINUTE);
  expect(asked.filter((one) => one === "lines")).toHaveLength(30);
  expect(asked.indexOf("days")).toBe(30);
});
