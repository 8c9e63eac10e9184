// What a browser fetches, weighed: the build fails when the first view, the charts or the player outgrow their budget.

import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const KB = 1024;
/** Gzipped: what is fetched before the streams are shown (fonts aside), what comes with the first chart, and with the first recording. */
const BUDGETS = { first: 60 * KB, chart: 25 * KB, player: 125 * KB };

interface Chunk {
  type: string;
  fileName: string;
  code?: string;
  source?: string | Uint8Array;
  isEntry?: boolean;
  imports?: string[];
  viteMetadata?: { importedCss: Set<string> };
}

/** The files that come with a chunk: what it imports at once, and their styles. */
function files(bundle: Record<string, Chunk>, start: Chunk, found = new Set<string>()): Set<string> {
  if (found.has(start.fileName)) return found;
  found.add(start.fileName);
  for (const css of start.viteMetadata?.importedCss ?? []) found.add(css);
  for (const name of start.imports ?? []) {
    const chunk = bundle[name];
    if (chunk !== undefined) files(bundle, chunk, found);
  }
  return found;
}

export function sizes(): Plugin {
  return {
    name: "sizes",
    apply: "build",
    writeBundle(_, output) {
      const bundle = output as unknown as Record<string, Chunk>;
      const chunks = Object.values(bundle);
      const weight = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + gzipSync(bundle[name]?.code ?? bundle[name]?.source ?? "").length, 0);
      const entry = chunks.find((one) => one.isEntry === true);
      if (entry === undefined) throw new Error("the build has no entry");
      const first = files(bundle, entry);
      const later = (start: string) => {
        const chunk = chunks.find((one) => one.type === "chunk" && one.fileName.startsWith(`assets/${start}`));
        if (chunk === undefined) throw new Error(`the build has no chunk ${start}: is it in the first view?`);
        return [...files(bundle, chunk)].filter((name) => !first.has(name));
      };
      const found = { first: weight([...first, "index.html"]), chart: weight(later("chart-")), player: weight(later("hls-")) };
      for (const [name, size] of Object.entries(found)) {
        const budget = BUDGETS[name as keyof typeof BUDGETS];
        this.info(`${name}: ${(size / KB).toFixed(1)} KB gzipped of ${budget / KB}`);
        if (size > budget) this.error(`${name} view: ${(size / KB).toFixed(1)} KB gzipped, more than its budget of ${budget / KB} KB`);
      }
    },
  };
}
