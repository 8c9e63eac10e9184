import { expect, it } from "vitest";
import { Problem } from "../api";
import { reasonWords, refusalWords } from "./login";

it("says why the login view is there", () => {
  expect(reasonWords({ state: "out", used: false, user: null })).toBe("This Streamwarden asks for a login.");
  expect(reasonWords({ state: "out", used: true, user: null })).toContain("from now on");
  expect(reasonWords({ state: "out", used: true, user: "anna" })).toBe("The session of anna has ended. What you had open is still here.");
});

it.each([
  [new Problem(401, "the name or the password is wrong"), null, "The name or the password is wrong."],
  [new Problem(429, "too many attempts"), 6, "Too many attempts. Try again in 6 s."],
  [new Problem(429, "too many attempts"), 0, "Too many attempts. You may try again now."],
  [new Problem(429, "too many attempts"), null, "Too many attempts. You may try again now."],
  [new Problem(503, "who may log in is not known yet"), null, "Who may log in is not known yet."],
])("says why nobody was let in: %s", (error, wait, words) => expect(refusalWords(error, wait)).toBe(words));
