// What axe finds on the main views, in both colours: contrast, names of controls, order of headings, roles.

import { expect, test } from "@playwright/test";
import { faults } from "./axe";
import { cameras } from "./api";
import { open, recorded } from "./page";

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    // The clock of the player and the lines of streams go on; what moves is not what is judged.
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("the main views", async ({ page }) => {
      const { server, stream } = await recorded(page);
      const part = `${encodeURIComponent(server)}/${encodeURIComponent(stream)}`;
      const camera = (await cameras(page))[0]?.id ?? 1;
      for (const route of ["#/", `#/streams/${part}`, "#/cameras", `#/cameras/${camera}`, "#/recordings", `#/recordings/${part}`, "#/incidents", "#/system", "#/wall", "#/nowhere"]) {
        await open(page, route);
        await expect(page.locator(".page")).toBeVisible();
        await page.waitForLoadState("networkidle");
        expect(await faults(page), route).toEqual([]);
      }
    });

    test("the form for a camera and the one for a file", async ({ page }) => {
      await open(page, "#/cameras");
      for (const button of ["Add camera", "Import cameras from CSV"]) {
        await page.getByRole("button", { name: button }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        expect(await faults(page), button).toEqual([]);
        await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
        await expect(page.getByRole("dialog")).toHaveCount(0);
      }
    });
  });
}
