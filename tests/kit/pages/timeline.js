// What the tests of <footage-timeline> and <footage-calendar> hold on to.
import { Archive, Kept, parseSignedLink, Pictures } from '/built/player.js';

const element = document.querySelector('footage-timeline');
const calendar = document.querySelector('footage-calendar');
const heard = [];
for (const name of ['footage-seek', 'footage-scrub', 'footage-view', 'footage-marks', 'footage-choose']) {
  document.addEventListener(name, (event) => heard.push({ name, detail: event.detail }));
}
const canvas = () => element.shadowRoot.querySelector('#track canvas');
const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

function colours() {
  return [...element.shadowRoot.querySelectorAll('#colours i')].map((probe) => ({
    name: probe.className,
    value: getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number),
  }));
}

/** The name of the colour that is drawn at a pixel, of those that the timeline draws in. */
function nameAt(x, y, palette) {
  const ratio = canvas().width / canvas().clientWidth;
  const pixel = canvas().getContext('2d').getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data;
  const away = ({ value }) => value.reduce((sum, part, index) => sum + Math.abs(part - pixel[index]), 0);
  return palette.toSorted((a, b) => away(a) - away(b))[0].name;
}

function xOf(timeMs) {
  const { startMs, endMs } = element.view;
  return ((timeMs - startMs) / (endMs - startMs)) * canvas().clientWidth;
}

const settled = async () => {
  await nextFrame();
  await nextFrame();
};

globalThis.timeline = {
  element,
  calendar,
  heard,
  xOf,
  settled,
  async open(link, { view = null, zone = 'utc', calendarMs = null } = {}) {
    const archive = new Archive(parseSignedLink(link));
    this.kept = new Kept(archive);
    this.errors = [];
    this.kept.addEventListener('error', ({ detail }) => this.errors.push(detail.message));
    element.zone = calendar.zone = zone;
    element.pictures = new Pictures(archive);
    element.kept = calendar.kept = this.kept;
    if (view !== null) element.view = view;
    if (calendarMs !== null) calendar.timeMs = calendarMs;
    while (element.view === null || !this.kept.isKnown(element.view)) await nextFrame();
    await settled();
  },
  /** What the lane shows at moments, in the names of the colours. */
  lane(times) {
    const palette = colours();
    return times.map((timeMs) => nameAt(xOf(timeMs), 52, palette));
  },
  /** The colours on a stretch of the lane, from one moment to another. */
  colours(fromMs, toMs, y = 52) {
    const palette = colours();
    const found = new Set();
    for (let x = Math.ceil(xOf(fromMs)); x < xOf(toMs); x += 1) found.add(nameAt(x, y, palette));
    return [...found];
  },
  tip() {
    const tip = element.shadowRoot.querySelector('#tip');
    const picture = tip.querySelector('canvas');
    return {
      isShown: !tip.hidden,
      hasPicture: !tip.hidden && !picture.hidden,
      frameMs: Number(picture.dataset.frameMs),
      text: tip.innerText,
    };
  },
  picture() {
    const picture = element.shadowRoot.querySelector('#tip canvas');
    const { data } = picture.getContext('2d').getImageData(0, 0, picture.width, picture.height);
    let text = '';
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
    return [picture.width, picture.height, btoa(text)];
  },
  /** Zooms and pans over all that is kept for so many frames; how long each took, ms. */
  async animate(frames) {
    const { startMs, endMs } = this.kept.bounds;
    const whole = endMs - startMs;
    const took = [];
    const drawn = [];
    let before = await nextFrame();
    for (let frame = 0; frame < frames; frame += 1) {
      const part = frame / frames;
      const length = whole * Math.exp(-4 * Math.sin(Math.PI * part));
      const middle = startMs + whole * (0.5 + 0.3 * Math.sin(4 * Math.PI * part));
      element.view = { startMs: middle - length / 2, endMs: middle + length / 2 };
      const now = await nextFrame();
      took.push(now - before);
      drawn.push(performance.now() - now);
      before = now;
    }
    return { took, drawn };
  },
};
