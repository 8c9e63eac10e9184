// A small chart of the last minutes. Decoration of a number that stands beside it, so hidden from screen readers.

import type { VNode } from "preact";
import { shape, top, WINDOW, type Point } from "../series";

const WIDTH = 120;
const HEIGHT = 30;

export function Sparkline({ points, now }: { points: readonly Point[]; now: number }): VNode {
  const { line, area } = shape(points, now - WINDOW, now, WIDTH, HEIGHT, top(points));
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <path class="base" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
      <path class="area" d={area} />
      <path class="line" d={line} />
    </svg>
  );
}
