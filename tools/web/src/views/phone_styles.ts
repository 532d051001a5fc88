// Layout of the phone view. "Wide" has room for the controls beside the phone; elsewhere they lie over it.

import { css } from 'lit';

export const phoneStyles = css`
  :host { position: fixed; inset: 0; height: var(--view-height, 100dvh); background: var(--stage); overflow: hidden; }
  .stage { position: absolute; inset: 0; overflow: hidden; }
  :host([fit='phone']) .stage { inset: 22px; overflow: visible; }
  :host([fit='fill']) { background: #000; }
  .box { position: absolute; background: #000; touch-action: none; user-select: none; -webkit-user-select: none;
         -webkit-touch-callout: none; }
  :host([fit='phone']) .box { isolation: isolate; }
  :host([fit='phone']) .box::before { content: ''; position: absolute; inset: -11px; z-index: -1; border-radius: 20px;
    background: #1a201e; border: 1px solid #39423f; box-shadow: 0 16px 44px rgb(0 0 0 / 26%); }
  canvas { position: absolute; opacity: 0;
           transition: opacity 180ms linear, filter 180ms linear; }
  :host([pictured]) canvas { opacity: 1; }
  :host([pictured][phase='reconnecting']) canvas, :host([pictured][phase='ended']) canvas {
    opacity: 0.45; filter: grayscale(0.6); transition-delay: 120ms; }
  .box[data-keyboard-focus] { outline: 3px solid var(--accent); outline-offset: 13px; border-radius: 6px; }
  :host([fit='fill']) .box[data-keyboard-focus] { outline-offset: -3px; }
  textarea { position: absolute; width: 2px; height: 1.2em; padding: 0; margin: 0; border: 0; opacity: 0; resize: none;
             outline: none; pointer-events: none; font-size: 16px; overflow: hidden; caret-color: transparent; z-index: -1; }
  rp-toolbar { position: absolute; z-index: 3; right: max(12px, env(safe-area-inset-right)); top: 50%;
               transform: translateY(-50%); }
  rp-statistics { position: absolute; z-index: 2; left: max(12px, env(safe-area-inset-left));
                  top: max(12px, env(safe-area-inset-top)); pointer-events: none; }
  .toast { position: absolute; z-index: 3; left: 50%; bottom: max(20px, env(safe-area-inset-bottom));
           transform: translateX(-50%); max-width: calc(100% - 32px); display: grid; gap: 8px; justify-items: center; }
  .toast p, .toast button { background: var(--overlay); color: var(--on-overlay); border-radius: 12px;
           padding: 10px 16px; font-size: 0.925rem; box-shadow: var(--shadow); }
  .toast button { display: inline-flex; align-items: center; gap: 8px; min-height: 44px; border: 1px solid rgb(255 255 255 / 18%);
           font-weight: 560; cursor: pointer; font-family: inherit; }
  @media (min-width: 700px) {
    :host([fit='phone']) .stage { inset: 24px 88px; }
    :host([fit='phone']) rp-toolbar { right: 16px; }
  }
  @media (prefers-reduced-motion: reduce) { canvas { transition: none; } }
`;
