// The user's phones: their state, live, with start, stop and open.

import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { ApiError, shownState, type Api, type Phone, type PhoneVerb, type User } from '../api';
import { strings } from '../strings';
import { base, controls } from '../styles/shared';
import type { CreatePhone } from './create_phone';
import './create_phone';
import { icon, logo } from './icons';
import { phoneCard, phoneCardStyles } from './phone_card';

const kRefresh_ms = 2000;
const kBusyRefresh_ms = 500;

@customElement('rp-phones')
export class Phones extends LitElement {
  static override styles = [base, controls, phoneCardStyles, css`
    header { display: flex; align-items: center; gap: 12px; padding: 14px clamp(16px, 4vw, 40px);
             border-bottom: 1px solid var(--line); background: var(--surface); }
    header svg { width: 32px; height: 32px; flex: none; }
    .brand { font-weight: 650; }
    .who { margin-left: auto; color: var(--muted); font-size: 0.875rem; text-align: right; }
    main { max-width: 1080px; margin: 0 auto; padding: 32px clamp(16px, 4vw, 40px) 64px; }
    .head { display: flex; align-items: center; justify-content: space-between; gap: 16px; min-height: 44px; }
    .head button { display: inline-flex; align-items: center; gap: 6px; padding-left: 12px; }
    .status { min-height: 24px; margin: 8px 0 12px; }
    .grid { display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr));
            list-style: none; padding: 0; margin: 0; }
    .empty { border: 1px dashed var(--control-line); border-radius: var(--radius); padding: 48px 24px;
             text-align: center; }
    .empty button { margin-top: 20px; }
    @media (max-width: 480px) { .who span { display: none; } }
  `];

  @property({ attribute: false }) api!: Api;
  @property({ attribute: false }) user!: User;
  @state() private phones: Phone[] | null = null;
  @state() private stale = false;
  @state() private problem = '';
  @query('rp-create-phone') private create!: CreatePhone;

  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly on_visible = () => {
    if (document.visibilityState === 'visible') void this.refresh();
  };

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = strings.product;
    document.addEventListener('visibilitychange', this.on_visible);
    void this.refresh();
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.on_visible);
    clearTimeout(this.timer);
  }

  private async refresh(): Promise<void> {
    clearTimeout(this.timer);
    try {
      this.phones = await this.api.phones();
      this.stale = false;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        this.dispatchEvent(new CustomEvent('signed-out'));
        return;
      }
      this.stale = true;
      this.phones ??= [];
    }
    if (!this.isConnected || document.visibilityState === 'hidden') return;
    const busy = this.phones.some((phone) => /^(start|stop|delet)ing$/.test(shownState(phone)));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), busy ? kBusyRefresh_ms : kRefresh_ms);
  }

  private async act(phone: Phone, verb: PhoneVerb): Promise<void> {
    this.problem = '';
    try {
      const next = await this.api.phoneVerb(phone.id, verb);
      this.phones = (this.phones ?? []).map((p) => (p.id === next?.id ? next : p));
    } catch (error) {
      this.problem = `${phone.name}: ${(error as Error).message}`;
    }
    await this.refresh();
  }

  private open(phone: Phone): void {
    this.dispatchEvent(new CustomEvent('open-phone', { detail: phone.id }));
  }

  override render() {
    const t = strings.phones;
    return html`<header>${logo()}<span class="brand">${strings.product}</span>
        <span class="who"><span>${t.account(this.user.name)}</span></span>
        <button class="plain" @click=${() => this.dispatchEvent(new CustomEvent('sign-out'))}>${t.signOut}</button>
      </header>
      <main aria-busy=${this.phones === null}>
        <div class="head"><h1 tabindex="-1">${t.title}</h1>
          ${this.phones?.length ? this.createButton() : nothing}</div>
        <div class="status small" role="status">
          ${this.problem ? html`<span class="bad">${this.problem}</span>`
            : this.stale ? html`<span class="muted">${t.stale}</span>` : nothing}</div>
        ${this.phones === null ? nothing : this.phones.length ? this.list(this.phones) : this.empty()}
      </main>
      <rp-create-phone .api=${this.api} @created=${() => void this.refresh()}></rp-create-phone>`;
  }

  private createButton() {
    return html`<button class="primary" @click=${() => this.create.show()}>${icon('plus')}${strings.phones.create}</button>`;
  }

  private list(phones: Phone[]) {
    return html`<ul class="grid">${repeat(phones, (phone) => phone.id, (phone) => phoneCard(phone, {
      open: () => this.open(phone),
      start: () => void this.act(phone, 'start'),
      stop: () => void this.act(phone, 'stop'),
    }))}</ul>`;
  }

  private empty() {
    if (this.stale) return nothing;
    return html`<div class="empty"><h2>${strings.phones.empty}</h2>
      <p class="muted">${strings.phones.emptyHint}</p>
      <button class="primary" @click=${() => this.create.show()}>${strings.phones.create}</button></div>`;
  }
}
