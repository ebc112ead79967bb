// What the tests of <footage-wall> hold on to: one tag in a page of another origin than the server's.
import '/built/player.js';

const heard = [];
for (const name of ['gap', 'error', 'token-expiring', 'statechange']) {
  document.addEventListener(name, (event) => event.detail && heard.push({ name, detail: event.detail }));
}

function drawn(video) {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext('2d', { willReadFrequently: true }).drawImage(video, 0, 0);
  return canvas;
}

/** The brightness of a picture: width, height and a byte a pixel. */
function brightness(canvas) {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let text = '';
  for (let at = 1; at < data.length; at += 4) text += String.fromCharCode(data[at]);
  return [canvas.width, canvas.height, btoa(text)];
}

globalThis.footage = {
  heard,
  /** Puts the tag into the page as its author would have written it. */
  open(cameras, attributes) {
    const wall = document.createElement('footage-wall');
    wall.setAttribute('cameras', JSON.stringify(cameras));
    for (const [name, value] of Object.entries(attributes)) wall.setAttribute(name, value);
    document.querySelector('main').replaceChildren(wall);
  },
  get wall() {
    return document.querySelector('footage-wall');
  },
  get tiles() {
    return [...this.wall.shadowRoot.querySelectorAll('.tile')];
  },
  /** What the tiles say they show, and what they show, all in one go; null where they show nothing. */
  look() {
    const shown = [...this.wall.shown.values()];
    // Drawn at once and read after: reading takes long enough for another picture.
    const pictures = this.tiles.map((tile, at) => (shown[at] === null ? null : drawn(tile.querySelector('video'))));
    const { timeMs } = this.wall;
    return { timeMs, shown, pictures: pictures.map((canvas) => canvas && brightness(canvas)) };
  },
};
