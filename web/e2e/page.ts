// What several tests need: opening the page, and a list of everything that the browser complained about.

import { expect, type Page } from "@playwright/test";

/** Opens a page of the app and waits for the live connection. */
export async function open(page: Page, route = ""): Promise<void> {
  await page.goto(`/${route}`);
  await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
}

/** By how many pixels the page is wider than its window. */
export function tooWide(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));
}

/** Frames come as plain text, to be read and changed on their way. Before the page is opened. */
export async function plainFrames(page: Page): Promise<void> {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "DecompressionStream"));
}

/** Collects errors of scripts and of the content policy. */
export function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on("pageerror", (error) => found.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") found.push(message.text());
  });
  return found;
}

/** A stream that has something to play: its name, once the first segment is complete. */
export async function recorded(page: Page): Promise<{ server: string; stream: string }> {
  let found: { server: string; stream: string; segments: number } | undefined;
  await expect
    .poll(
      async () => {
        const answer = await page.request.get("/api/v1/recordings");
        const { items } = (await answer.json()) as { items: { server: string; stream: string; segments: number }[] };
        found = items.find((one) => one.segments > 0);
        return found !== undefined;
      },
      { message: "a recording with a complete segment", timeout: 90_000 },
    )
    .toBe(true);
  return { server: found?.server ?? "", stream: found?.stream ?? "" };
}

/**
 * Records every text that an element of this selector shows from now on, for what is shown for a few seconds only: a test
 * that looks later, on a busy machine, would miss it. Call it on an open page, before what brings the text.
 */
export async function recordTexts(page: Page, selector: string): Promise<() => Promise<string[]>> {
  const texts = await page.evaluateHandle((selector) => {
    const texts: string[] = [];
    const look = () => {
      for (const element of document.querySelectorAll(selector)) {
        const text = element.textContent ?? "";
        if (!texts.includes(text)) texts.push(text);
      }
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
    return texts;
  }, selector);
  return () => texts.jsonValue();
}
