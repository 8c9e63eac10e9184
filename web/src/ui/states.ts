// Words and signs of the states: one place, so that table, cards and banners say the same.

import { h, text, set } from "./dom";
import { sign } from "./icons";
import { lookOf, type Look } from "../words/states";

export * from "../words/states";

/** A state as sign and word; `update` changes both only when the state changes. */
export class Badge<S extends string> {
  readonly element = h("span", { class: "badge" });
  private readonly words = h("span");
  private picture: SVGSVGElement | null = null;
  private shown: S | null = null;

  constructor(private readonly looks: Record<S, Look>) {}

  update(state: S): void {
    if (state === this.shown) return;
    this.shown = state;
    const look = lookOf(this.looks, state);
    const picture = sign(look.sign);
    if (this.picture === null) this.element.append(picture, this.words);
    else this.picture.replaceWith(picture);
    this.picture = picture;
    set(this.element, "data-tone", look.tone);
    text(this.words, look.words);
  }
}
