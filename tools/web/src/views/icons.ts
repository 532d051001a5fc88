// Line icons of our own, 24 × 24, drawn with the text's colour.

import { svg, html, type TemplateResult } from 'lit';

const paths = {
  back: svg`<path d="M14.5 5.5 8 12l6.5 6.5"/>`,
  rotate: svg`<rect x="4" y="9.5" width="9" height="11" rx="2"/><path d="M9 5.5h5a5 5 0 0 1 5 5v3"/><path d="m16.2 11.2 2.8 2.8 2.8-2.8" transform="translate(0 -.4)"/>`,
  keyboard: svg`<rect x="3" y="6" width="18" height="12" rx="2.5"/><path d="M7 10h.01M10.4 10h.01M13.7 10h.01M17 10h.01M8.5 14h7"/>`,
  fill: svg`<path d="M9 4.5H6A1.5 1.5 0 0 0 4.5 6v3M15 4.5h3A1.5 1.5 0 0 1 19.5 6v3M9 19.500H6A1.5 1.5 0 0 1 4.5 18v-3M15 19.500h3a1.5 1.5 0 0 0 1.5-1.500v-3"/>`,
  phone: svg`<rect x="7.5" y="3.5" width="9" height="17" rx="2.5"/><path d="M11 17.800h2"/>`,
  fullscreen: svg`<path d="M13.5 10.5 20 4M14.5 4H20v5.500M10.5 13.5 4 20M9.5 20H4v-5.5"/>`,
  shrink: svg`<path d="M20 4l-6 6M14 4.800V10h5.200M4 20l6-6M10 19.200V14H4.8"/>`,
  settings: svg`<path d="M4 7.500h9M17.5 7.500H20M4 16.500h2.500M11 16.500h9"/><circle cx="15.2" cy="7.5" r="2.2"/><circle cx="8.8" cy="16.5" r="2.2"/>`,
  hide: svg`<path d="m9.5 5.5 6.5 6.5-6.5 6.5"/>`,
  copy: svg`<rect x="8.5" y="8.5" width="11" height="11" rx="2.5"/><path d="M15.5 8.500V7A2.5 2.5 0 0 0 13 4.500H7A2.5 2.5 0 0 0 4.5 7v6A2.5 2.5 0 0 0 7 15.500h1.5"/>`,
  plus: svg`<path d="M12 5.500v13M5.5 12h13"/>`,
} as const;

export type IconName = keyof typeof paths;

export function icon(name: IconName): TemplateResult {
  return html`<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor"
    stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths[name]}</svg>`;
}

export function logo(): TemplateResult {
  return html`<svg viewBox="0 0 64 64" width="40" height="40" aria-hidden="true">
    <rect width="64" height="64" rx="15" fill="#0d5f57"/><rect x="20" y="10" width="24" height="44" rx="6" fill="#f2f7f5"/>
    <rect x="24" y="17" width="16" height="7" rx="2" fill="#2aa596"/><rect x="24" y="27" width="16" height="7" rx="2" fill="#74cabd"/>
    <rect x="24" y="37" width="16" height="7" rx="2" fill="#c3e6e0"/></svg>`;
}
