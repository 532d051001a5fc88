// Controls that several views have: buttons, fields, messages, the focus ring.

import { css } from 'lit';

export const base = css`
  *, *::before, *::after { box-sizing: border-box; }
  :host { display: block; }
  :host([hidden]), [hidden] { display: none !important; }
  h1, h2, p { margin: 0; }
  h1 { font-size: 1.6rem; line-height: 1.2; letter-spacing: -0.015em; font-weight: 650; }
  h1:focus { outline: none; }
  h2 { font-size: 1.05rem; line-height: 1.3; font-weight: 620; }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .muted { color: var(--muted); }
  .small { font-size: 0.875rem; }
  .visually-hidden {
    position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; overflow: hidden;
    clip-path: inset(50%); white-space: nowrap; border: 0;
  }
`;

export const controls = css`
  button {
    font: inherit; font-weight: 560; min-height: 44px; padding: 0 18px; border-radius: 10px; cursor: pointer;
    border: 1px solid var(--control-line); background: var(--surface); color: var(--text);
    transition: background var(--quick), border-color var(--quick), color var(--quick);
    -webkit-tap-highlight-color: transparent; touch-action: manipulation;
  }
  button:hover { background: var(--surface-2); }
  button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
  button.primary:hover { background: var(--accent-hover); border-color: var(--accent-hover); }
  button.plain { border-color: transparent; background: transparent; color: var(--accent); padding: 0 10px; }
  button.plain:hover { background: var(--accent-soft); }
  button:disabled { opacity: 0.55; cursor: default; }
  label { display: block; font-weight: 560; font-size: 0.925rem; margin-bottom: 6px; }
  input:not([type='checkbox'], [type='radio']), select {
    font: inherit; width: 100%; min-height: 46px; padding: 0 14px; border-radius: 10px;
    border: 1px solid var(--control-line); background: var(--surface); color: var(--text);
  }
  input[aria-invalid='true'] { border-color: var(--bad); }
  .field { margin-bottom: 16px; }
  .hint { font-size: 0.875rem; color: var(--muted); margin-top: 6px; }
  .message {
    border-radius: 10px; padding: 11px 14px; background: var(--bad-soft); color: var(--bad);
    font-size: 0.925rem; margin-bottom: 16px;
  }
`;
