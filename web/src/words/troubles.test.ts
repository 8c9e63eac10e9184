import { describe, expect, it } from "vitest";
import { model, type Model } from "../model";
import type { Status } from "../types";
import { troubles } from "./troubles";

const TOLD = { of: null, back: null };

/** The page after an answer of /status with these services. */
function answered(services: Status["services"]): Model {
  const before = model.peek();
  const connection = { ...before.connection, phase: "open" as const };
  const status = { version: "1", services } as Status;
  return { ...before, connection, status, version: "1" };
}

describe("what is wrong with services", () => {
  const full = { name: "recording", ok: false, required: true, detail: "the disk of the spool has less than record.min_free (1.0 GB) left; free space, or lower record.keep_local" };

  it("tells of a full disk on every page, with the way out", () => {
    for (const page of ["streams", "recordings", "wall"] as const) {
      const found = troubles({ ...answered([{ name: "database", ok: true, required: true, detail: "" }, full]), page }, TOLD, 0, 0);
      expect(found).toEqual([
        {
          key: "service recording",
          tone: "warn",
          title: "Recording: not working.",
          detail: "The disk of the spool has less than record.min_free (1.0 GB) left; free space, or lower record.keep_local.",
          ticking: "",
          action: null,
        },
      ]);
    }
  });

  it("says nothing while there is room, and nothing of what was before the connection was lost", () => {
    expect(troubles(answered([{ ...full, ok: true, detail: "3 recordings, 40.0 GB free in the spool" }]), TOLD, 0, 0)).toEqual([]);
    const lost = answered([full]);
    const connection = { ...lost.connection, lostAt: 0 };
    expect(troubles({ ...lost, connection }, TOLD, 100, 100)).toEqual([]);
  });
});
