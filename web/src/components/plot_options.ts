// What all charts of uPlot have in common: axes in the page's colours, a drag that chooses a span, a double click that goes back.

import type uPlot from "uplot";
import { dateTime, timeOfDay } from "../format";

/** Room of the axes left and right, px: what stands below a chart begins and ends where it does. */
export const LEFT = 84;
export const RIGHT = 42;

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Times of the axis: of the day, or the day itself where days are shown. */
export function times(values: readonly number[]): string[] {
  const length = ((values[values.length - 1] ?? 0) - (values[0] ?? 0)) * 1_000;
  return values.map((one) => (length > 2 * 86_400_000 ? dateTime(one * 1_000).slice(5, 10) : timeOfDay(one * 1_000).slice(0, 5)));
}

export function axis(): uPlot.Axis {
  return { stroke: () => colour("--ink-2"), font: "12px system-ui", grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false } };
}

export interface Choice {
  /** A shorter span was chosen. */
  zoom: (from: number, to: number) => void;
  /** The longer span of before is wanted again. */
  out: () => void;
}

export function cursor(choice: { current: Choice }): uPlot.Cursor {
  return {
    y: false,
    points: { size: 7 },
    drag: { x: true, y: false, setScale: false },
    bind: {
      dblclick: () => () => {
        choice.current.out();
        return null;
      },
    },
  };
}

export function chosen(choice: { current: Choice }): (chart: uPlot) => void {
  return (chart) => {
    const { left, width } = chart.select;
    if (width < 4) return;
    choice.current.zoom(chart.posToVal(left, "x") * 1000, chart.posToVal(left + width, "x") * 1000);
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  };
}

/** Draws anew with the colours of another theme, and as wide as there is room; returns what ends it. */
export function follow(chart: uPlot, element: HTMLElement, height: number): () => void {
  const sizes = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
  sizes.observe(element);
  const repaint = () => chart.redraw(false);
  const themes = new MutationObserver(repaint);
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", repaint);
  return () => {
    sizes.disconnect();
    themes.disconnect();
    system.removeEventListener("change", repaint);
    chart.destroy();
  };
}
