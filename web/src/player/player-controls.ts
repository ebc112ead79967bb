/** The rows of buttons around the player's picture: what they show is handed in, what they do is a command. */
import { html, type SVGTemplateResult, type TemplateResult } from 'lit';
import { icon } from './icons';
import { BINDINGS, RATES, type Command } from './keys';

export interface Shown {
  readonly isPlaying: boolean;
  readonly isLive: boolean;
  /** True where a press of Live, while live, goes back to where the viewer was. */
  readonly canGoBack: boolean;
  readonly isMuted: boolean;
  readonly volume: number;
  readonly rate: number;
}

export interface Acts {
  do(command: Command): void;
  setRate(rate: number): void;
  setVolume(volume: number): void;
}

export function controls(shown: Shown, acts: Acts): TemplateResult {
  const button = (command: Command, words: string, sign: string | SVGTemplateResult, kind = ''): TemplateResult =>
    commandButton(acts, command, words, sign, kind);
  const value = (event: Event): number => Number((event.target as HTMLInputElement | HTMLSelectElement).value);
  return html`
    <div class="group">
      ${button('previous-run', 'Previous run', icon('previous-run'), 'wide')}
      ${button('back-60', 'Back a minute', '−1m', 'wide')} ${button('back-10', 'Back 10 seconds', '−10')}
      ${button('frame-back', 'A picture back', icon('frame-back'))}
      ${button('toggle', shown.isPlaying ? 'Pause' : 'Play', icon(shown.isPlaying ? 'pause' : 'play'), 'primary')}
      ${button('frame-on', 'A picture on', icon('frame-on'))} ${button('on-10', 'On 10 seconds', '+10')}
      ${button('on-60', 'On a minute', '+1m', 'wide')} ${button('next-run', 'Next run', icon('next-run'), 'wide')}
    </div>
    <span id="clock" part="time"><time>–</time></span>
    <div class="group rest">
      <select aria-label="Speed" @change=${(event: Event) => acts.setRate(value(event))}>
        ${RATES.map((rate) => html`<option value=${rate} ?selected=${rate === shown.rate}>${rate}×</option>`)}
      </select>
      <button
        type="button"
        aria-pressed=${shown.isLive}
        title=${shown.isLive && shown.canGoBack ? 'Back to where you were' : 'The newest footage'}
        @click=${() => acts.do('live')}
      >
        Live
      </button>
      ${button('mute', shown.isMuted ? 'Sound on' : 'Sound off', icon(shown.isMuted ? 'silent' : 'loud'))}
      <input
        type="range"
        class="wide"
        min="0"
        max="1"
        step="0.05"
        aria-label="Volume"
        .value=${String(shown.volume)}
        @input=${(event: Event) => acts.setVolume(value(event))}
      />
      ${button('snapshot', 'Save the picture', icon('snapshot'))}
      ${button('full-screen', 'Full screen', icon('full-screen'))}
    </div>
  `;
}

/** A button for a command. What is read of it is part of its name: so those who speak to it can say it. */
export function commandButton(
  acts: Pick<Acts, 'do'>,
  command: Command,
  words: string,
  sign: string | SVGTemplateResult,
  kind = '',
): TemplateResult {
  const name = typeof sign === 'string' ? `${sign}: ${words}` : words;
  return html`<button
    type="button"
    class=${kind}
    title=${words}
    aria-label=${name}
    aria-keyshortcuts=${shortcuts(command)}
    @click=${() => acts.do(command)}
  >
    ${sign}
  </button>`;
}

/** What every key does, for the `?` that people try. */
export function keyTable(): TemplateResult {
  return html`<table>
    <caption>
      Keys
    </caption>
    ${BINDINGS.map(
      ({ keys, words }) =>
        html`<tr>
          <td>${keys.map((key) => html`<kbd>${keyWords(key)}</kbd> `)}</td>
          <th scope="row">${words}</th>
        </tr>`,
    )}
  </table>`;
}

function shortcuts(command: Command): string {
  return (BINDINGS.find((binding) => binding.command === command)?.keys ?? []).map(keyWords).join(' ');
}

function keyWords(key: string): string {
  return key === ' ' ? 'Space' : key.toUpperCase() === key || key.length > 1 ? key : key.toUpperCase();
}
