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
  get player() {
    return document.querySelector('footage-player');
  },
  /** The picture on the screen, as width, height and pixels. */
  picture() {
    const video = this.player.shadowRoot.querySelector('video');
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let text = '';
    for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000));
    return [canvas.width, canvas.height, btoa(text)];
  },
};
