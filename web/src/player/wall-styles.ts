/** How the wall arranges its tiles; controls and colours are the player's. */
import { css, type CSSResult } from 'lit';

export const wallStyles: CSSResult = css`
  #stage {
    position: relative;
  }
  #tiles {
    --columns: 1;
    display: grid;
    grid-template-columns: repeat(var(--columns), minmax(0, 1fr));
    gap: 6px;
  }
  #tiles[data-columns='2'] {
    --columns: 2;
  }
  #tiles[data-columns='3'] {
    --columns: 3;
  }
  #tiles[data-columns='4'] {
    --columns: 4;
  }
  :host(:fullscreen) {
    grid-template-rows: minmax(0, 1fr);
    grid-auto-rows: auto;
    overflow: auto;
  }
  :host(:fullscreen) #tiles {
    height: 100%;
    grid-auto-rows: minmax(0, 1fr);
  }
  :host(:fullscreen) #tiles:has(.large) {
    grid-template-rows: minmax(0, 4fr);
  }
  .tile {
    position: relative;
    margin: 0;
    aspect-ratio: 16 / 9;
    overflow: hidden;
    border-radius: 8px;
    background: #000;
    color: #fff;
    container-type: inline-size;
  }
  .tile.large {
    grid-column: 1 / -1;
    order: -1;
    width: 100%;
    max-height: 60vh;
  }
  :host(:fullscreen) .tile {
    aspect-ratio: auto;
    max-height: none;
  }
  .tile.covered video {
    visibility: hidden;
  }
  .enlarge {
    position: absolute;
    inset: 0;
    width: 100%;
    border: 0;
    border-radius: inherit;
    background: none;
  }
  button.enlarge:disabled {
    opacity: 1;
  }
  button.enlarge[aria-pressed='true'] {
    background: none;
  }
  .enlarge:focus-visible {
    outline: 3px solid #9fe3ec;
    outline-offset: -3px;
  }
  .tile .label {
    position: absolute;
    inset: 6px auto auto 6px;
    max-width: calc(100% - 56px);
    padding: 1px 8px;
    border-radius: 6px;
    background: rgb(0 0 0 / 70%);
    font-weight: 600;
    font-size: 13px;
    overflow: hidden;
    white-space: nowrap;
    text-overflow: ellipsis;
    pointer-events: none;
  }
  .busy {
    position: absolute;
    inset: auto auto 6px 6px;
    max-width: calc(100% - 56px);
    padding: 1px 8px;
    border-radius: 6px;
    background: rgb(0 0 0 / 70%);
    font-size: 12px;
    pointer-events: none;
  }
  .busy:empty {
    display: none;
  }
  .gap,
  .fault {
    position: absolute;
    inset: 0;
    display: flex;
    flex-direction: column;
    justify-content: center;
    align-items: center;
    gap: 2px;
    padding: 24px 10px 10px;
    text-align: center;
    font-size: 13px;
  }
  .gap {
    color: #c9d2d4;
    background: repeating-linear-gradient(-45deg, #15191b 0 10px, #1c2225 10px 20px);
    pointer-events: none;
    font-variant-numeric: tabular-nums;
  }
  .gap b {
    color: #fff;
    font-size: 15px;
  }
  .fault {
    background: #1a1e20;
    gap: 8px;
  }
  .fault button,
  .tile .sound {
    color: #fff;
    border-color: rgb(255 255 255 / 40%);
    background: rgb(0 0 0 / 60%);
  }
  .sound {
    position: absolute;
    inset: 6px 6px auto auto;
    min-width: 30px;
    min-height: 30px;
    padding: 0 4px;
  }
  .tile .sound[aria-pressed='true'] {
    background: #5cc2cf;
    color: #0c1c1f;
  }
  @container (max-width: 240px) {
    .gap,
    .fault {
      font-size: 11px;
      padding: 20px 4px 4px;
    }
    .gap b {
      font-size: 13px;
    }
    .tile .label {
      font-size: 11px;
      max-width: calc(100% - 28px);
    }
  }
  @container (max-width: 640px) {
    #tiles[data-columns='3'],
    #tiles[data-columns='4'] {
      --columns: 2;
    }
    #tiles[data-columns='2'][data-few] {
      --columns: 1;
    }
  }
`;
