import { expect, it } from "vitest";
import { href, isAtHome, parseRoute, placeOf, type Route } from "./router";

const routes: Exclude<Route, { page: "unknown" }>[] = [
  { page: "incidents" },
  { page: "system" },
  { page: "streams" },
  { page: "stream", server: "main", name: "site/cam.1" },
  { page: "cameras" },
  { page: "camera", id: 12 },
  { page: "recordings" },
  { page: "completeness" },
  { page: "recording", server: "my server", name: "a/b?c#d%", session: null },
  { page: "recording", server: "main", name: "a", session: "0190-x&y" },
];

it.each(routes)("$page survives the address", (route) => expect(parseRoute(href(route))).toEqual(route));

it("a name is one part, percent-encoded", () => {
  expect(href({ page: "stream", server: "main", name: "cam/front" })).toBe("#/streams/main/cam%2Ffront");
});

it.each(["", "#", "#/", "#/streams/main", "#/streams/main/%E0%A4%A"])("%j leads to the streams", (hash) => {
  expect(parseRoute(hash)).toEqual({ page: "streams" });
});

it.each(["#/nonsense", "#/stream/main/a"])("%j is no page", (hash) => expect(parseRoute(hash)).toEqual({ page: "unknown" }));

it.each(["#/cameras/x", "#/cameras/1e3", "#/cameras/"])("%j leads to all cameras", (hash) => {
  expect(parseRoute(hash)).toEqual({ page: "cameras" });
});

it("the same page with another session need not be built anew", () => {
  const page = (name: string, session: string | null): Route => ({ page: "recording", server: "main", name, session });
  expect(placeOf(page("a", null))).toBe(placeOf(page("a", "x")));
  expect(placeOf(page("a", null))).not.toBe(placeOf(page("b", null)));
  expect(placeOf({ page: "cameras" })).not.toBe(placeOf({ page: "streams" }));
  expect(placeOf({ page: "camera", id: 1 })).not.toBe(placeOf({ page: "camera", id: 2 }));
  expect(placeOf({ page: "camera", id: 1 })).toBe(placeOf({ page: "camera", id: 1 }));
});

it.each([
  ["/", "http://h/", true],
  ["/index.html", "http://h/index.html", true],
  ["/nope", "http://h/nope", false],
  ["/a/b", "http://h/a/../", false],
  ["/cams/", "http://h/cams/", true],
  ["/cams", "http://h/cams/", true],
  ["/cams/nope", "http://h/cams/", false],
])("%s below %s is the page's own address: %s", (path, base, is) => expect(isAtHome(path, base)).toBe(is));
