import { expect, it } from "vitest";
import { decode, forecast, outcome } from "./import_words";

const result = (added: number, changed: number, unchanged: number) => ({ added, changed, unchanged, faults: [] });

it.each([
  [result(3, 1, 5), "3 cameras to add, 1 camera to change, 5 cameras stay as they are.", "3 cameras added, 1 camera changed"],
  [result(0, 0, 1), "1 camera stays as it is.", "Nothing was changed"],
  [result(0, 2, 0), "2 cameras to change.", "2 cameras changed"],
  [result(0, 0, 0), "The file holds no camera.", "Nothing was changed"],
])("%j", (given, before, after) => expect([forecast(given), outcome(given)]).toEqual([before, after]));

it("reads UTF-8 with and without its mark, and nothing else", () => {
  const bytes = (...list: number[]) => new Uint8Array(list).buffer;
  expect(decode(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe("a");
  expect(decode(bytes(0xc3, 0xbc))).toBe("ü");
  expect(decode(bytes(0x74, 0xfc, 0x72))).toBe(null);
});
