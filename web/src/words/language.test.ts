import { describe, expect, it } from "vitest";
import { de } from "./de";
import { en as first } from "./en";
import { rest } from "./en_all";
import { pick } from "./language";
import { ru } from "./ru";

const en = { ...first, ...rest };

/** Every text with its place, functions as they answer to plain arguments. */
function texts(part: unknown, place: string): [string, string][] {
  if (typeof part === "function") return [[place, String((part as (...all: unknown[]) => unknown)(...Array<unknown>(part.length).fill(5)))]];
  if (typeof part === "string") return [[place, part]];
  return Object.entries(part as object).flatMap(([key, value]) => texts(value, `${place}.${key}`));
}

describe("the language", () => {
  it("is the one that was chosen, else the first that the browser asks for and that there is", () => {
    expect(pick("ru", ["de-DE"])).toBe("ru");
    expect(pick(null, ["fr-FR", "de-AT", "en"])).toBe("de");
    expect(pick("xx", ["fr"])).toBe("en");
  });

  it.each([["en", en], ["de", de], ["ru", ru]] as const)("%s has words for everything", (_, messages) => {
    const all = texts(messages, "");
    expect(all.length).toBeGreaterThan(200);
    // The empty key of the groups is the choice of none.
    expect(all.filter(([, text]) => text.trim() === "" || text.includes("undefined")).map(([place]) => place)).toEqual([]);
  });

  it("says as many things in each language as in English", () => {
    const places = (messages: unknown) => texts(messages, "").map(([place]) => place).sort();
    expect(places(de)).toEqual(places(en));
    expect(places(ru)).toEqual(places(en));
  });

  it("counts in Russian as Russian does", () => {
    expect([1, 2, 5, 11, 21, 1_000].map(ru.overview.allLive)).toEqual(["1 поток", "2 потока", "5 потоков", "11 потоков", "21 поток", "1\u00a0000 потоков"]);
  });
});
