// hls.js as this page needs it, built from its own sources: with alternate sound, which MediaMTX sends apart and which its light build
// leaves out; without subtitles, DRM, advertisements, trick play and reports, which its full build has (185 KB gzipped).
//
// Names of its files stand here: the version is pinned in package.json, and a build with another one fails or outgrows its budget.

import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const folder = new URL("./node_modules/hls.js/", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as { version: string };

/** What hls.js asks of whoever builds it. */
const FEATURES: Record<string, boolean> = {
  ALT_AUDIO: true,
  SUBTITLES: false,
  EME_DRM: false,
  CMCD: false,
  CONTENT_STEERING: false,
  VARIABLE_SUBSTITUTION: false,
  M2TS_ADVANCED_CODECS: false,
  MEDIA_CAPABILITIES: false,
  INTERSTITIALS: false,
  IFRAMES: false,
};

/** Files of features that are off: imported, and never used. */
const UNUSED =
  /hls\.js\/src\/.*\/(cmcd|eme|content-steering|timeline|subtitle-track|interstitials|iframe)-controller\.ts$|hls\.js\/src\/.*\/(subtitle-stream-controller|interstitial-player|variable-substitution|cues|ac3-demuxer|mediacapabilities-helper)\.ts$/;

export function hlsBuild(): Plugin {
  return {
    name: "hls-build",
    enforce: "pre",
    config: () => ({
      resolve: { alias: { "hls.js/light": new URL("src/hls.ts", folder).pathname } },
      define: {
        ...Object.fromEntries(Object.entries(FEATURES).map(([name, on]) => [`__USE_${name}__`, String(on)])),
        __VERSION__: JSON.stringify(version),
        __HLS_WORKER_BUNDLE__: "undefined",
        __IN_WORKER__: "false",
      },
      optimizeDeps: { exclude: ["hls.js"] },
    }),
    load(id) {
      // Whatever is asked of it by name is undefined.
      return UNUSED.test(id) ? { code: "export default undefined;", moduleSideEffects: false, syntheticNamedExports: true } : null;
    },
  };
}
