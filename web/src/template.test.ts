import { expect, it } from "vitest";
import { places, preview } from "./template";

const dahua = "rtsp://{username}:{password}@{host}:{port=554}/cam/realmonitor?channel={channel=1}&subtype={substream=0}";

it("knows the fields that a template asks for", () => {
  expect(places(dahua).map((one) => `${one.name} ${one.fallback}`)).toEqual(["username null", "password null", "host null", "port 554", "channel 1", "substream 0"]);
});

it("never shows a password", () => {
  const shown = preview(dahua, { username: "viewer", password: "s3cret", host: "10.0.0.9" });
  expect(shown).toBe("rtsp://viewer:***@10.0.0.9:554/cam/realmonitor?channel=1&subtype=0");
});

it("without a user there is no login in the address, and what is missing is named", () => {
  expect(preview(dahua, { channel: "3" })).toBe("rtsp://‹host›:554/cam/realmonitor?channel=3&subtype=0");
});
