import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import type { Plugin, ProxyOptions } from "vite";
import { hlsBuild } from "./hls_build";
import { sizes } from "./sizes";

const target = process.env["STREAMWARDEN"] ?? "http://127.0.0.1:8080";

/** The server answers its own page only: while developing, requests say that they come from it. */
const ownOrigin: ProxyOptions["configure"] = (proxy) => {
  proxy.on("proxyReq", (request) => request.setHeader("origin", target));
  proxy.on("proxyReqWs", (request) => request.setHeader("origin", target));
};

/** Other people's work that ends up in the bundle travels with its licence. */
function licences(packages: string[]): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      const texts = packages.map((name) => {
        const folder = new URL(`./node_modules/${name}/`, import.meta.url);
        return `${name}\n\n${readFileSync(new URL("LICENSE", folder), "utf8").trim()}\n`;
      });
      this.emitFile({ type: "asset", fileName: "licences.txt", source: texts.join(`\n${"=".repeat(80)}\n\n`) });
    },
  };
}

export default defineConfig({
  // Relative addresses: the page also works behind a reverse proxy that serves it under a prefix.
  base: "./",
  plugins: [hlsBuild(), sizes(), licences(["preact", "@preact/signals", "@preact/signals-core", "@tanstack/virtual-core", "uplot", "hls.js", "url-toolkit", "eventemitter3", "@svta/cml-id3", "@svta/cml-utils", "@fontsource-variable/instrument-sans"])],
  build: {
    target: "es2022",
    // No data: URLs, so that the page runs under `default-src 'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // hls.js is one chunk of its own, loaded by the player only.
    chunkSizeWarningLimit: 600,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target, ws: true, changeOrigin: true, configure: ownOrigin } },
  },
  // No verdict on the speed of a machine: five seconds were too few for reading all sources beside two builds.
  test: { include: ["src/**/*.test.ts"], setupFiles: ["src/words/test_setup.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
});
