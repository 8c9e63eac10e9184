// Opens recordings of a running program in one Chromium, side by side, and plays them to their end at four times their speed.
//
//     node play.mjs WEB URL STREAM START END ...
//
// WEB is the folder with the page's node_modules; START and END are the first and the last moment of the stream's recordings.
// Prints one line of JSON for each: where it came to, for how many seconds it played (what is skipped is not played), all that
// stood over the picture, which file was offered, and what the browser complained about.

import { createRequire } from "node:module";

const [web, base, ...rest] = process.argv.slice(2);
const { chromium } = createRequire(`${web}/package.json`)("playwright-core");

/** A recording does not take longer, however slow the machine. */
const LIMIT = 180_000;
const RATE = 4;
/** The last pictures are played by then. */
const REST = 5_000;

const recordings = [];
for (let n = 0; n < rest.length; n += 3) recordings.push({ stream: rest[n], start: rest[n + 1], end: Date.parse(rest[n + 2]) });

const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell", args: ["--disable-gpu", ...root] });

/** Runs in the page: adds up what is played over all sources of the video, and keeps every notice. */
function witness() {
  const seen = { notices: [], played: () => before + now };
  let [before, now] = [0, 0];
  const look = () => {
    const video = document.querySelector("video");
    if (video === null) return;
    const ranges = Array.from({ length: video.played.length }, (_, n) => video.played.end(n) - video.played.start(n));
    const sum = ranges.reduce((sum, one) => sum + one, 0);
    // Another source begins at nothing.
    if (sum < now) before += now;
    now = sum;
    const notice = document.querySelector(".player .notice:not([hidden]) p")?.textContent ?? "";
    if (notice !== "" && seen.notices.at(-1) !== notice) seen.notices.push(notice);
  };
  setInterval(look, 40);
  // Before the page hears of it, and opens another source.
  for (const event of ["timeupdate", "waiting", "pause", "ended"]) document.addEventListener(event, look, true);
  window.seen = seen;
}

async function play({ stream, start, end }) {
  const context = await browser.newContext({ timezoneId: "UTC", locale: "en-GB" });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.addInitScript(witness);
  await page.goto(`${base}#/recordings/main/${encodeURIComponent(stream)}?at=${encodeURIComponent(start)}`);
  await page.locator("video").waitFor();
  let at = 0;
  const isRefused = () => page.locator(".player .notice:not([hidden]) button").isVisible();
  const until = Date.now() + LIMIT;
  // The clock shows whole seconds.
  while (at < end - 1_500 && Date.now() < until && !(await isRefused())) {
    await page.locator("video").evaluate((video, rate) => (video.playbackRate = rate), RATE);
    const [day, time] = await Promise.all([".clock span", ".clock time"].map((what) => page.locator(what).first().textContent()));
    at = Math.max(at, Date.parse(`${day}T${time}Z`) || 0);
    await page.waitForTimeout(100);
  }
  // Whatever does not end is seen by what it played.
  if (at >= end - 1_500) await page.waitForFunction(() => document.querySelector("video").ended, null, { timeout: REST }).catch(() => undefined);
  const { notices, played } = await page.evaluate(() => ({ notices: window.seen.notices, played: window.seen.played() }));
  const offered = await page.locator(".player .notice:not([hidden]) a[download]").first().getAttribute("href", { timeout: 100 }).catch(() => null);
  const { picture, ...video } = await page.locator("video").evaluate((video) => ({
    picture: video.videoWidth,
    position: video.currentTime,
    length: video.duration,
    loaded: Array.from({ length: video.buffered.length }, (_, n) => [video.buffered.start(n), video.buffered.end(n)]),
    readyState: video.readyState,
    paused: video.paused,
    ended: video.ended,
  }));
  console.log(JSON.stringify({ stream, missing: Math.max(0, end - at), picture, played, notices, offered, complaints, video, address: page.url() }));
  await context.close();
}

await Promise.all(recordings.map(play));
await browser.close();
