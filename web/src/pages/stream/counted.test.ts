import { expect, it } from "vitest";
import { countedSince } from "./counted";

it.each([
  ["the point before the start of the server", "2026-11-30T04:36:00Z", "2026-11-30T04:39:11Z", "2026-11-30T04:39:11Z"],
  ["the publisher came anew later", "2026-11-30T05:10:00Z", "2026-11-30T04:39:11Z", "2026-11-30T05:10:00Z"],
  ["a server that does not say", "2026-11-30T04:36:00Z", null, "2026-11-30T04:36:00Z"],
])("%s", (_, reset, started, since) => expect(countedSince(reset, started)).toBe(since));
