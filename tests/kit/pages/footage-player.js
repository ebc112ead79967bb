// What the tests of <footage-player> hold on to: one tag in a page of another origin than the server's.
import '/built/player.js';

const heard = [];
for (const name of ['gap', 'error', 'token-expiring', 'statechange']) {
  document.addEventListener(name, (event) => event.detail && heard.push({ name, detail: event.detail }));
}

globalThis.footage = {
  heard,
  /** Puts the tag into the page as its author would have written it. */
  open(attributes) {
    const player = document.createElement('template');
    player.innerHTML = '<footage-player></footage-player>';
    for (const [name, value] of Object.entries(attributes)) player.content.firstChild.setAttribute(name, value);
    document.querySelector('main').replaceChildren(player.content);
  },
  /** Of each picture: when it was shown, by the page's clock, the wall time told of it, and how many
   * seconds of footage were at hand after it. */
  shown: [],
  renewed: 0,
  /** Notes every picture, and hands in another token when the player asks for one. */
  watch(token) {
    document.addEventListener('timeupdate', ({ detail }) => {
      if (detail) this.shown.push([performance.now(), detail.timeMs, this.ahead()]);
    });
    document.addEventListener('token-expiring', () => {
      this.renewed += 1;
      if (token) this.player.renew(token);
    });
  },
  get player() {
    return document.querySelector('footage-player');
  },
  /** Times, in ms, from the release of the button to the first picture of about that moment: `took`. */
  stopwatchOfClick(wantedMs) {
    this.took = new Promise((resolve) => {
      let began = NaN;
      const heard = new AbortController();
      const on = (name, act) => this.player.addEventListener(name, act, { signal: heard.signal });
      on('pointerup', (event) => (began = event.timeStamp));
      on('timeupdate', ({ detail }) => {
        if (Number.isNaN(began) || Math.abs(detail.timeMs - wantedMs) > 3000) return;
        heard.abort();
        resolve(performance.now() - began);
      });
    });
  },
  /** Times from the next move of the pointer to the picture of where it is. */
  stopwatchOfTip() {
    const before = this.tip.dataset.frameMs;
    this.took = new Promise((resolve) => {
      const start = (event) => {
        const began = event.timeStamp;
        const watch = new MutationObserver(() => {
          if (this.tip.dataset.frameMs === before) return;
          watch.disconnect();
          resolve(performance.now() - began);
        });
        watch.observe(this.tip, { attributes: true, attributeFilter: ['data-frame-ms'] });
      };
      this.timeline.addEventListener('pointermove', start, { once: true });
    });
  },
  ahead() {
    const { buffered, currentTime } = this.player.shadowRoot.querySelector('video');
    for (let at = 0; at < buffered.length; at += 1) {
      if (buffered.start(at) <= currentTime + 0.1 && currentTime <= buffered.end(at)) return buffered.end(at) - currentTime;
    }
    return 0;
  },
  /** The next picture that is shown, with the wall time told of it. */
  sample() {
    return new Promise((resolve) => {
      this.player.addEventListener('timeupdate', ({ detail }) => resolve([detail.timeMs, this.picture()]), { once: true });
    });
  },
  get timeline() {
    return this.player.shadowRoot.querySelector('footage-timeline');
  },
  /** The picture beside the pointer. */
  get tip() {
    return this.timeline.shadowRoot.querySelector('#tip canvas');
  },
  /** The name of what has the focus inside the player; null where that is outside. */
  focused() {
    const at = this.active();
    if (at === null) return null;
    return at.getAttribute('aria-label') ?? at.textContent.trim();
  },
  outline() {
    return getComputedStyle(this.active()).outlineStyle;
  },
  active() {
    let at = document.activeElement;
    if (at !== this.player) return null;
    while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at;
  },
  /** The bar of a clip that is being saved. */
  get progress() {
    const bar = this.player.shadowRoot.querySelector('footage-clip').shadowRoot.querySelector('progress');
    return { value: bar?.value ?? 0, max: bar?.max ?? 0 };
  },
  /** What shows the moment where the video can't. */
  get still() {
    return this.player.shadowRoot.querySelector('#still');
  },
  /** A picture, of the screen unless told another, as width, height and pixels. */
  picture(image = this.player.shadowRoot.querySelector('video')) {
    const canvas = new OffscreenCanvas(image.videoWidth ?? image.width, image.videoHeight ?? image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let text = '';
    for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000));
    return [canvas.width, canvas.height, btoa(text)];
  },
};
