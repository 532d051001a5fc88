// What lies over the picture while there is none, or none that is fresh: connecting, coming back, ended.

import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { EndReason } from '../stream/reconnect';
import type { Phase } from '../stream/session';
import { strings } from '../strings';
import { base, controls } from '../styles/shared';

export type NoticeAction = 'again' | 'reload' | 'list' | 'sign-in';

const actions: Record<EndReason, NoticeAction> = {
  ended: 'again', taken_over: 'again', too_many: 'again', reload: 'reload', protocol: 'reload', too_big: 'reload',
  no_phone: 'list', forbidden: 'list', no_decoder: 'list', signed_out: 'sign-in',
};

@customElement('rp-notice')
export class Notice extends LitElement {
  static override styles = [base, controls, css`
    :host { position: absolute; inset: 0; z-index: 1; display: grid; place-items: center; pointer-events: none; padding: 16px; }
    .pill, .card { background: var(--overlay); color: var(--on-overlay); border-radius: 14px; font-size: 0.95rem;
                   box-shadow: var(--shadow); }
    .pill { display: flex; align-items: center; gap: 12px; padding: 12px 18px; }
    .late { animation: appear 160ms 200ms both; }
    .card { pointer-events: auto; padding: 24px; max-width: 360px; text-align: center; }
    .detail { font-size: 0.85rem; opacity: 0.8; margin-top: 8px; }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; justify-content: center; margin-top: 18px; }
    .actions .primary { background: #7ad8ca; border-color: #7ad8ca; color: #05211d; }
    .actions .plain { color: #a9e6dc; }
    .actions .plain:hover { background: rgb(255 255 255 / 12%); }
    .ring { width: 18px; height: 18px; border-radius: 50%; border: 2.5px solid rgb(255 255 255 / 28%);
            border-top-color: #7ad8ca; animation: turn 900ms linear infinite; flex: none; }
    @keyframes turn { to { transform: rotate(1turn); } }
    @keyframes appear { from { opacity: 0; } }
    @media (prefers-reduced-motion: reduce) { .ring { animation-duration: 6s; } .late { animation-duration: 1ms; } }
  `];

  @property() phase: Phase = 'connecting';
  @property() reason: EndReason | null = null;
  @property() detail = '';
  @property() starting = '';
  @property({ type: Boolean }) offline = false;

  override render() {
    const t = strings.phone;
    if (this.phase === 'live') return nothing;
    if (this.phase === 'ended') return this.ended(this.reason ?? 'ended');
    const back = this.phase === 'reconnecting';
    const text = this.offline ? t.offline : this.detail ? t.waiting(this.detail) : back ? t.reconnecting : this.starting || t.connecting;
    return html`<div class="pill ${back ? 'late' : ''}" role="status"><span class="ring"></span>${text}</div>`;
  }

  private ended(reason: EndReason) {
    const t = strings.phone;
    const action = actions[reason];
    const labels: Record<NoticeAction, string> = {
      again: reason === 'taken_over' ? t.takeBack : t.again, reload: t.reload, list: t.toList, 'sign-in': t.toSignIn,
    };
    return html`<div class="card" role="alertdialog" aria-labelledby="text">
      <p id="text">${strings.end[reason]}</p>
      ${reason === 'protocol' && this.detail ? html`<p class="detail">${this.detail}</p>` : nothing}
      <div class="actions">
        <button class="primary" @click=${() => this.act(action)}>${labels[action]}</button>
        ${action === 'list' ? nothing
          : html`<button class="plain" @click=${() => this.act('list')}>${t.toList}</button>`}
      </div></div>`;
  }

  private act(action: NoticeAction): void {
    this.dispatchEvent(new CustomEvent<NoticeAction>('action', { detail: action }));
  }
}
