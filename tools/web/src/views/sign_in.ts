// Signing in, by name and password or by a one-time code.

import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { ApiError, type Api } from '../api';
import { strings } from '../strings';
import { base, controls } from '../styles/shared';
import { logo } from './icons';

export const card = css`
  main { min-height: 100dvh; display: grid; place-items: center; padding: 24px 16px; }
  .card { width: 100%; max-width: 400px; background: var(--surface); border: 1px solid var(--line);
          border-radius: 20px; box-shadow: var(--shadow); padding: 32px 28px 24px; }
  .brand { display: flex; align-items: center; gap: 12px; margin-bottom: 24px; font-weight: 650; font-size: 1.1rem; }
  .brand svg { width: 36px; height: 36px; }
  .lead { color: var(--muted); margin: 6px 0 24px; }
  .submit { width: 100%; margin-top: 4px; }
  .other { width: 100%; margin-top: 8px; }
  @media (max-width: 420px) { .card { padding: 26px 20px 18px; } }
`;

@customElement('rp-sign-in')
export class SignIn extends LitElement {
  static override styles = [base, controls, card];

  @property({ attribute: false }) api!: Api;
  @property() problem = '';
  @property({ type: Boolean }) first = false;
  @state() private by_code = false;
  @state() private working = false;

  override willUpdate(): void {
    if (!this.hasUpdated) this.by_code = this.first;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? '').trim();
    const t = strings.signIn;
    const who = this.by_code
      ? { code: text('code') }
      : { name: text('name'), password: String(data.get('password') ?? '') };
    this.problem = this.by_code ? (text('code') ? '' : t.needCode)
      : !text('name') ? t.needName : data.get('password') ? '' : t.needPassword;
    if (this.problem) return;
    this.working = true;
    try {
      const info = await this.api.signIn(who);
      this.dispatchEvent(new CustomEvent('signed-in', { detail: info }));
    } catch (error) {
      const refused = error instanceof ApiError && [400, 401, 403].includes(error.status);
      this.problem = refused ? (this.by_code ? t.badCode : t.badPassword) : (error as Error).message;
    } finally {
      this.working = false;
    }
  }

  override render() {
    const t = strings.signIn;
    return html`<main><div class="card">
      <div class="brand">${logo()}<span>${strings.product}</span></div>
      <h1>${t.title}</h1>
      <p class="lead">${this.first ? t.leadFirst : t.lead}</p>
      <form novalidate @submit=${this.submit}>
        <div role="alert">${this.problem ? html`<p class="message">${this.problem}</p>` : nothing}</div>
        ${this.by_code ? this.codeField() : this.passwordFields()}
        <button class="primary submit" ?disabled=${this.working}>${this.working ? t.working : t.submit}</button>
        <button type="button" class="plain other" @click=${this.toggle}>
          ${this.by_code ? t.usePassword : t.useCode}</button>
      </form></div></main>`;
  }

  private toggle(): void {
    this.by_code = !this.by_code;
    this.problem = '';
  }

  private codeField() {
    const t = strings.signIn;
    return html`<div class="field"><label for="code">${t.code}</label>
      <input id="code" name="code" autocomplete="one-time-code" autocapitalize="off" spellcheck="false"
        aria-describedby="code-hint" />
      <p class="hint" id="code-hint">${t.codeHint}</p></div>`;
  }

  private passwordFields() {
    const t = strings.signIn;
    return html`<div class="field"><label for="name">${t.name}</label>
        <input id="name" name="name" autocomplete="username" autocapitalize="off" spellcheck="false" /></div>
      <div class="field"><label for="password">${t.password}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" /></div>`;
  }
}
