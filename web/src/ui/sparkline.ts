// A small chart of the last minutes. Decoration of a number that stands beside it, so hidden from screen readers.

import { s, set } from "./dom";
import { shape, top, WINDOW, type Point } from "../series";

const WIDTH = 120;
const HEIGHT = 30;

export class Sparkline {
  readonly element: SVGSVGElement;
  private readonly line = s("path", { class: "line" });
  private readonly area = s("path", { class: "area" });

  constructor() {
    this.element = s(
      "svg",
      { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
      s("path", { class: "base", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
      this.area,
      this.line,
    );
  }

  render(points: readonly Point[], now: number): void {
    const drawn = shape(points, now - WINDOW, now, WIDTH, HEIGHT, top(points));
    set(this.line, "d", drawn.line);
    set(this.area, "d", drawn.area);
  }
}
