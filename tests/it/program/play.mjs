// Opens recordings of a running program in one Chromium, side by side, and plays them to their end at four times their speed.
//
//     node play.mjs WEB URL STREAM START END ...
//
// WEB is the folder with the page's node_modules; START and END are the first and the last moment of the stream's recordings.
// Prints one line of JSON for each: where it came to, what stood over the picture, and what the browser complained about.

import { createRequire } from "node:module";

const [web, base, ...rest] = process.argv.slice(2);
const { chromium } = createRequire(`${web}/package.json`)("playwright-core");

/** A recording does not take longer, however slow the machine. */
const LIMIT = 180_000;
const RATE = 4;

const recordings = [];
for (let n = 0; n < rest.length; n += 3) recordings.push({ stream: rest[n], start: rest[n + 1], end: Date.parse(rest[n + 2]) });

const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell", args: ["--disable-gpu", ...root] });

async function play({ stream, start, end }) {
  const context = await browser.newContext({ timezoneId: "UTC", locale: "en-GB" });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${base}#/recordings/main/${encodeURIComponent(stream)}?at=${encodeURIComponent(start)}`);
  await page.locator("video").waitFor();
  let [at, notice] = [0, ""];
  const until = Date.now() + LIMIT;
  // The clock shows whole seconds.
  while (at < end - 1_500 && Date.now() < until) {
    await page.locator("video").evaluate((video, rate) => (video.playbackRate = rate), RATE);
    const [day, time] = await Promise.all([".clock span", ".clock time"].map((what) => page.locator(what).first().textContent()));
    at = Math.max(at, Date.parse(`${day}T${time}Z`) || 0);
    notice = (await page.locator(".player [role=status], .player [role=alert]").allTextContents()).join(" ");
    await page.waitForTimeout(100);
  }
  const { picture, ...video } = await page.locator("video").evaluate((video) => ({
    picture: video.videoWidth,
    position: video.currentTime,
    length: video.duration,
    loaded: Array.from({ length: video.buffered.length }, (_, n) => [video.buffered.start(n), video.buffered.end(n)]),
    readyState: video.readyState,
    paused: video.paused,
    ended: video.ended,
  }));
  console.log(JSON.stringify({ stream, missing: Math.max(0, end - at), picture, notice, complaints, video, address: page.url() }));
  await context.close();
}

await Promise.all(recordings.map(play));
await browser.close();
