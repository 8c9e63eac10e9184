import { defineConfig } from "@playwright/test";

// Runs against a Streamwarden that is up, best `streamwarden demo`: BASE_URL=http://127.0.0.1:8080 npm run e2e
export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  // One demo, one browser at a time: a restart of a camera in one test must not surprise another.
  workers: 1,
  fullyParallel: false,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    baseURL: process.env["BASE_URL"] ?? "http://127.0.0.1:8080",
    // So that a step that hangs is named, and not what the test does last.
    actionTimeout: 60_000,
    navigationTimeout: 60_000,
    viewport: { width: 1360, height: 860 },
    // A trace of each test costs a fifth of the time: TRACE=1 for whoever looks for a fault.
    trace: process.env["TRACE"] === undefined ? "off" : "retain-on-failure",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium-headless-shell",
      // Containers and CI run as root, where Chromium's sandbox cannot start.
      args: process.getuid?.() === 0 ? ["--no-sandbox", "--disable-gpu"] : ["--disable-gpu"],
    },
  },
});
