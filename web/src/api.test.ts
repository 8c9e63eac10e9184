import { expect, it } from "vitest";
import { address, playlistUrl, problem } from "./api";

function answer(status: number, body: unknown): Response {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Response(text, { status, statusText: "Nope" });
}

it.each([
  ["the server's sentence and field", answer(422, { title: "Unprocessable", detail: "port: 70000 is not a port", field: "port" }), "70000 is not a port", "port"],
  ["a sentence that only begins like a field", answer(409, { detail: "name: taken" }), "name: taken", null],
  ["the title where there is no sentence", answer(404, { title: "Not Found", detail: "" }), "Not Found", null],
  ["the status where the body is no JSON", answer(502, "<html>Bad gateway</html>"), "The server answered 502 Nope", null],
  ["the status where the body is of another shape", answer(500, { detail: 7, field: 3 }), "The server answered 500 Nope", null],
])("a problem is %s", async (_, response, words, field) => {
  const found = await problem(response);
  expect([found.message, found.field, found.status]).toEqual([words, field, response.status]);
});

it("addresses are relative, with only the parameters that are given", () => {
  expect(address("cameras", { server: null, after: undefined })).toBe("api/v1/cameras");
  expect(address("x", { server: "a b", points: 0 })).toBe("api/v1/x?server=a%20b&points=0");
});

it("a stream's name is one part of an address", () => {
  expect(playlistUrl("main", "site/cam 1", "2026-03-09T14:00:00Z", null)).toBe(
    "api/v1/recordings/site%2Fcam%201/playlist.m3u8?server=main&from=2026-03-09T14%3A00%3A00Z",
  );
});
