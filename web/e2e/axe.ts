// What axe finds on a page: contrast, names of controls, order of headings, roles.

import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/** Faults with their rule and where they are, one a line. */
export async function faults(page: Page): Promise<string[]> {
  // A finding while something fades, or before a new colour scheme is drawn, would be about a colour that nobody reads.
  await page.evaluate(async () => {
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    await frame();
    await frame();
    await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined)));
  });
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary ?? ""}`));
}
