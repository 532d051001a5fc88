// One phone in the list.

import { css, html, nothing } from 'lit';
import { shownState, type Phone } from '../api';
import { strings } from '../strings';

export const phoneCardStyles = css`
  .card { display: flex; gap: 18px; padding: 18px; background: var(--surface); border: 1px solid var(--line);
          border-radius: var(--radius); min-height: 148px; }
  .glyph { flex: none; width: 58px; height: 110px; border-radius: 11px; border: 3px solid var(--control-line);
           background: var(--surface-2); position: relative; overflow: hidden; }
  .glyph::after { content: ''; position: absolute; inset: 0; opacity: 0; transition: opacity var(--quick);
    background: linear-gradient(160deg, #2aa596, #0d5f57 70%); }
  .glyph[data-state='running'] { border-color: var(--accent); }
  .glyph[data-state='running']::after { opacity: 1; }
  .glyph[data-state='frozen']::after, .glyph[data-state='starting']::after { opacity: 0.4; }
  .body { display: flex; flex-direction: column; min-width: 0; flex: 1; }
  .state { display: inline-flex; align-items: center; gap: 8px; font-size: 0.875rem; color: var(--muted); }
  .dot { width: 9px; height: 9px; border-radius: 50%; background: var(--control-line); }
  .dot[data-state='running'] { background: var(--good); }
  .dot[data-state='starting'], .dot[data-state='stopping'] { background: var(--warn); }
  .dot[data-state='failed'] { background: var(--bad); }
  .bad { color: var(--bad); }
  .detail { font-size: 0.875rem; color: var(--muted); overflow: hidden; text-overflow: ellipsis;
            display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
  .actions { display: flex; gap: 8px; margin-top: auto; padding-top: 12px; }
  .actions button { flex: 1; padding: 0 8px; }
`;

export interface PhoneActions {
  open(): void;
  start(): void;
  stop(): void;
}

const off = new Set<string>(['created', 'stopped', 'failed']);

export function phoneCard(phone: Phone, actions: PhoneActions) {
  const t = strings.phones;
  const state = shownState(phone);
  const failed = state === 'failed';
  return html`<li class="card" data-phone=${phone.id}>
    <div class="glyph" data-state=${state} aria-hidden="true"></div>
    <div class="body">
      <h2>${phone.name}</h2>
      <span class="state"><span class="dot" data-state=${state}></span>${t.states[state] ?? state}</span>
      <p class="detail ${failed ? 'bad' : ''}">
        ${failed && phone.reason ? phone.reason : phone.image ? t.image(phone.image) : nothing}</p>
      <div class="actions">
        <button class="primary" aria-label=${t.openNamed(phone.name)} @click=${actions.open}>${t.open}</button>
        ${off.has(state)
          ? html`<button aria-label=${t.startNamed(phone.name)} @click=${actions.start}>${t.start}</button>`
          : html`<button aria-label=${t.stopNamed(phone.name)} ?disabled=${state === 'stopping' || state === 'deleting'}
              @click=${actions.stop}>${t.stop}</button>`}
      </div>
    </div></li>`;
}
