/** The page's own elements: index.html promises each by its id. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return found;
}

/** Shows words in an element that is hidden while there are none. */
export function say(target: HTMLElement, words: string): void {
  target.textContent = words;
  target.hidden = words === '';
}
