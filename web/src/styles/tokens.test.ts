import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

/** The colours of each rule, by name; dark rules only say what differs. */
const rules = [...css.matchAll(/(:root[^{]*)\{([^}]*)\}/g)].map((rule) => ({
  selector: (rule[1] ?? "").trim(),
  colours: Object.fromEntries([...(rule[2] ?? "").matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map((one) => [one[1], one[2]])) as Record<string, string>,
}));

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const pairs = [
  ...["ink", "ink-2", "ink-3", "accent", "good", "warn", "bad", "off", "busy", "held", "rec"].flatMap((ink) => [
    [ink, "surface"],
    [ink, "ground"],
  ]),
  ...["good", "warn", "bad", "off", "busy", "held"].map((tone) => [tone, `${tone}-soft`]),
  ...["good", "warn", "bad", "held"].flatMap((tone) => [
    ["ink", `${tone}-soft`],
    ["ink-2", `${tone}-soft`],
  ]),
  ["ink-2", "sunk"],
  ["accent-ink", "accent"],
  ["accent", "accent-soft"],
  ["rec", "accent-soft"],
  ["ink-2", "accent-soft"],
  ["surface", "bad"],
] as [string, string][];

describe.each(rules)("$selector", ({ colours }) => {
  it.each(pairs)("%s on %s can be read", (ink, ground) => {
    const [front, back] = [colours[ink], colours[ground]];
    expect(front, ink).toBeDefined();
    expect(back, ground).toBeDefined();
    expect(contrast(front ?? "", back ?? "")).toBeGreaterThanOrEqual(4.5);
  });
});

it("dark by the system and dark by choice are the same", () => {
  expect(rules).toHaveLength(3);
  expect(rules[1]?.colours).toEqual(rules[2]?.colours);
});
