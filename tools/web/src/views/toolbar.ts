// The phone's controls: a column at the right edge. Beside the phone where there is room; elsewhere over
// it, and then it hides behind a small handle.

import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { FitMode } from '../stream/fit';
import { strings } from '../strings';
import { base } from '../styles/shared';
import { icon, type IconName } from './icons';

export type ToolbarAction =
  'back' | 'rotate' | 'keyboard' | 'fit' | 'fullscreen' | 'settings' | 'show' | 'hide';

@customElement('rp-toolbar')
export class Toolbar extends LitElement {
  static override styles = [base, css`
    .bar { display: flex; flex-direction: column; gap: 4px; padding: 6px; border-radius: 16px;
           background: var(--overlay); color: var(--on-overlay); box-shadow: var(--shadow);
           max-height: calc(var(--view-height, 100dvh) - 16px); overflow-y: auto; scrollbar-width: none; }
    button { display: grid; place-items: center; flex: none; width: 44px; height: 44px; padding: 0; border: 0; cursor: pointer;
             border-radius: 11px; background: transparent; color: inherit; touch-action: manipulation;
             transition: background var(--quick); -webkit-tap-highlight-color: transparent; }
    button:hover { background: rgb(255 255 255 / 14%); }
    button[aria-pressed='true'], button[aria-expanded='true'] { background: rgb(255 255 255 / 20%); }
    button:focus-visible { outline: 3px solid #7ad8ca; outline-offset: -3px; }
    hr { width: 24px; margin: 4px auto; border: 0; border-top: 1px solid rgb(255 255 255 / 22%); }
    .handle { width: 28px; height: 64px; border-radius: 14px 0 0 14px; background: rgb(18 24 22 / 62%); color: var(--on-overlay);
              margin-right: calc(-1 * max(12px, env(safe-area-inset-right))); }
    .handle svg { transform: rotate(180deg); width: 20px; }
    .handle:hover { background: var(--overlay); }
  `];

  @property() fit: FitMode = 'phone';
  @property({ type: Boolean }) open = true;
  @property({ type: Boolean }) hideable = false;
  @property({ type: Boolean }) touch = false;
  @property({ type: Boolean }) fullscreen = false;
  @property({ type: Boolean }) settings = false;

  override focus(): void {
    this.renderRoot.querySelector('button')?.focus();
  }

  private act(action: ToolbarAction): void {
    this.dispatchEvent(new CustomEvent<ToolbarAction>('action', { detail: action }));
  }

  private button(action: ToolbarAction, name: IconName, label: string, expanded?: boolean) {
    return html`<button data-action=${action} aria-label=${label} title=${label}
      aria-expanded=${expanded === undefined ? nothing : String(expanded)}
      @click=${() => this.act(action)}>${icon(name)}</button>`;
  }

  override render() {
    const t = strings.phone;
    if (this.hideable && !this.open) {
      return html`<button class="handle" data-action="show" aria-label=${t.showToolbar} title=${t.showToolbar}
        @click=${() => this.act('show')}>${icon('hide')}</button>`;
    }
    const fill = this.fit === 'fill';
    return html`<div class="bar" role="toolbar" aria-orientation="vertical" aria-label=${t.toolbar}
      @keydown=${this.arrows}>
      ${this.button('back', 'back', t.back)}
      <hr />
      ${this.touch ? this.button('keyboard', 'keyboard', t.keyboard) : nothing}
      ${this.button('rotate', 'rotate', t.rotate)}
      ${this.button('fit', fill ? 'phone' : 'fill', fill ? t.phoneShape : t.fillWindow)}
      ${this.button('fullscreen', this.fullscreen ? 'shrink' : 'fullscreen',
        this.fullscreen ? t.leaveFullscreen : t.fullscreen)}
      ${this.button('settings', 'settings', t.settings, this.settings)}
      ${this.hideable ? html`<hr />${this.button('hide', 'hide', t.hideToolbar)}` : nothing}
    </div>`;
  }

  /** Up and down go through a vertical toolbar, as its role promises. */
  private arrows(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const all = [...this.renderRoot.querySelectorAll('button')];
    const at = all.indexOf(event.target as HTMLButtonElement);
    all[(at + step + all.length) % all.length]?.focus();
  }
}
