import { expect, test } from "vitest";
import type { RecordingLock } from "../../types";
import { touching } from "./locks";

test("a lock is shown where it touches what is looked at", () => {
  const lock = (stream: string, from: string, to: string): RecordingLock => ({ id: from, stream, from: `2026-03-01T${from}:00Z`, to: `2026-03-01T${to}:00Z`, reason: "case 7", setBy: "ann", setAt: "2026-03-02T00:00:00Z" });
  const locks = [lock("yard", "10:00", "11:00"), lock("yard", "12:00", "13:00"), lock("gate", "10:00", "13:00")];
  const ids = (from: string, to: string) => touching(locks, "yard", Date.parse(`2026-03-01T${from}:00Z`), Date.parse(`2026-03-01T${to}:00Z`)).map((one) => one.id);
  expect(ids("09:00", "10:00")).toEqual([]);
  expect(ids("10:30", "12:30")).toEqual(["10:00", "12:00"]);
  expect(ids("11:00", "12:00")).toEqual([]);
});
