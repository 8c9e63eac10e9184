import { afterEach, expect, it, vi } from "vitest";
import { excuseOf } from "./excused";
import { askInstead } from "./fallback";
import { emptyState } from "./store";

afterEach(() => vi.unstubAllGlobals());

it("knows without a WebSocket what is excused, and what is not any more", async () => {
  const camera = { id: 7, server: "main", path: "gate", state: "waiting" };
  const excuse = { key: "camera 7", subject: { type: "camera", id: 7, name: "gate" } };
  let excuses: object[] = [excuse];
  const found: Record<string, () => object[]> = { cameras: () => [camera], maintenance: () => excuses };
  vi.stubGlobal("fetch", (url: string) => {
    const [what = ""] = url.replace(/^.*api\/v1\//, "").split("?");
    return Promise.resolve(Response.json({ items: found[what]?.() ?? [], next: null }));
  });
  vi.stubGlobal("location", { hash: "#/" });
  const first = await askInstead(emptyState());
  expect(excuseOf(first, camera)).toEqual(excuse);
  excuses = [];
  expect(excuseOf(await askInstead(first), camera)).toBeNull();
});
