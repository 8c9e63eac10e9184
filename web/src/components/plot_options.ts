// What all charts of uPlot have in common: axes in the page's colours, a drag that chooses a span, one that takes it along, a double
// click that goes back.

import type uPlot from "uplot";
import { colour, colours } from "./theme";

// From here, so that it comes in one file with what else every chart needs.
export { bandTable, table } from "../history";

/** Room of the axes left and right, px: what stands below a chart begins and ends where it does. */
export const LEFT = 84;
export const RIGHT = 58;

export function axis(): uPlot.Axis {
  return { stroke: () => colour("--ink-2"), font: "12px system-ui", grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false } };
}

export interface Choice {
  /** A shorter span was chosen. */
  zoom: (from: number, to: number) => void;
  /** The longer span of before is wanted again. */
  out: () => void;
  /** Earlier (negative) or later by a share of the span. */
  pan: (share: number) => void;
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

/** The span goes along with a pointer that is held down: on the axis of time, with the shift key or a finger anywhere in the plot. */
function slide(chart: uPlot, element: HTMLElement, choice: { current: Choice }): void {
  element.onpointerdown = (event) => {
    const { clientX: x, clientY: y } = event;
    const { left, right, top, bottom, width } = chart.over.getBoundingClientRect();
    const [min, max] = [chart.posToVal(0, "x"), chart.posToVal(width, "x")];
    const takes = event.shiftKey || event.pointerType === "touch" || y > bottom;
    if (event.button !== 0 || !takes || x < left || x > right || y < top || !(min < max)) return;
    // Else uPlot takes it for the choice of a span.
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    const share = (now: PointerEvent) => (x - now.clientX) / width;
    const to = (part: number) => chart.setScale("x", { min: min + part * (max - min), max: max + part * (max - min) });
    element.onpointermove = (now) => to(share(now));
    element.onpointerup = element.onpointercancel = (now) => {
      element.onpointermove = element.onpointerup = element.onpointercancel = null;
      if (now.type === "pointerup" && Math.abs(now.clientX - x) > 3) choice.current.pan(share(now));
      else to(0);
    };
  };
}

/** Draws anew with the colours of another theme, and as wide as there is room, and goes along with a drag; returns what ends it. */
export function follow(chart: uPlot, element: HTMLElement, height: number, choice: { current: Choice }): () => void {
  const sizes = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
  sizes.observe(element);
  const themes = colours.subscribe(() => chart.redraw(false));
  slide(chart, element, choice);
  return () => {
    sizes.disconnect();
    themes();
    chart.destroy();
  };
}
