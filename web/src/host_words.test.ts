import { describe, expect, it } from "vitest";
import feed from "./feed.fixture.json";
import { forecast, fullest, percent, room, toneOf, whyNot } from "./host_words";
import type { Disk, HostStatus } from "./types";

const host = feed.snapshot.items.find((one) => one.kind === "host")?.item as unknown as HostStatus;
const disk: Disk = {
  mount: "/",
  device: "/dev/vda1",
  total: 100e9,
  free: 60e9,
  usedPercent: 40,
  inodes: null,
  inodesFree: null,
  readRate: null,
  writeRate: null,
  forecast: "unknown",
  daysUntilFull: null,
  reason: null,
};

describe("a host", () => {
  it("says where its disks are going", () => {
    const table: [Partial<Disk>, string][] = [
      [{}, "its trend is known after half an hour"],
      [{ forecast: "steady" }, "not filling"],
      [{ forecast: "filling", daysUntilFull: 1.5 }, "full in 1 d 12 h"],
      [{ forecast: "filling", daysUntilFull: 0 }, "full in 1 min"],
      [{ reason: "hangs" }, "hangs"],
    ];
    for (const [change, words] of table) expect(forecast({ ...disk, ...change })).toBe(words);
    expect([room(disk), room({ ...disk, free: null })]).toEqual(["60.0 GB of 100 GB free", "–"]);
  });

  it("never takes what was not measured for nothing", () => {
    const hangs = { ...disk, mount: "/nas", usedPercent: null };
    expect(fullest({ ...host, disks: [hangs] })).toBeNull();
    expect(fullest({ ...host, disks: [hangs, disk, { ...disk, mount: "/b", usedPercent: 41 }] })?.mount).toBe("/b");
    expect([percent(null), percent(0), percent(9.94), percent(55.5)]).toEqual(["–", "0.0 %", "9.9 %", "56 %"]);
    expect(whyNot({ ...host, unmeasured: { swap: "this host has no swap" } }, "swap")).toBe("this host has no swap");
    expect([79, 80, 90].map(toneOf)).toEqual(["good", "warn", "bad"]);
  });
});
