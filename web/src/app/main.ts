/**
 * The page: which archives it shows is named in the address's fragment, which no browser sends to a
 * server, so a signed link stays out of every log. Without one, it asks for a link.
 */
import { Archive, ArchiveError, fragmentFor, parseFragment, parseSignedLink } from '../player/archive';
import type { LinkedCamera } from '../player/archive';
import { element, say } from './page';
import { Viewer } from './viewer';

const welcome = element('welcome', HTMLElement);
const cameraList = element('cameras', HTMLElement);
const pasted = element('pasted-link', HTMLInputElement);
const pasteProblem = element('paste-problem', HTMLParagraphElement);
const viewer = new Viewer();

function openPage(): void {
  let cameras: LinkedCamera[] = [];
  say(pasteProblem, '');
  try {
    cameras = parseFragment(location.hash);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    say(pasteProblem, error.message);
  }
  viewer.close();
  welcome.hidden = cameras.length > 0;
  cameraList.hidden = cameras.length === 0;
  const buttons = cameras.map((camera) => cameraButton(camera));
  cameraList.replaceChildren(...buttons);
  buttons[0]?.click();
}

function cameraButton({ title, link }: LinkedCamera): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = title;
  button.addEventListener('click', () => {
    for (const other of cameraList.children) other.removeAttribute('aria-current');
    button.setAttribute('aria-current', 'true');
    document.title = `${title} · Footage`;
    viewer.open(new Archive(link));
  });
  return button;
}

element('paste', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  try {
    parseSignedLink(pasted.value);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    say(pasteProblem, error.message);
    return;
  }
  location.hash = fragmentFor(pasted.value);
  pasted.value = '';
});

window.addEventListener('hashchange', openPage);
openPage();
