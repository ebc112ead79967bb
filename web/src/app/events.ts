/** What views tell the page around them. */

/** Says something that screen readers read out and all others see for a while. */
export function announce(from: EventTarget, words: string): void {
  from.dispatchEvent(new CustomEvent('page-announce', { detail: words, bubbles: true, composed: true }));
}

/** Writes where the view is into the address without a step in the history. */
export function stay(from: EventTarget, fragment: string): void {
  from.dispatchEvent(new CustomEvent('page-stay', { detail: fragment, bubbles: true, composed: true }));
}
