// After a one-time code: choosing the name and password for the next time.

import { html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Api, SessionInfo, User } from '../api';
import { strings } from '../strings';
import { base, controls } from '../styles/shared';
import { logo } from './icons';
import { card } from './sign_in';

const kMinPassword = 10;

@customElement('rp-set-up')
export class SetUp extends LitElement {
  static override styles = [base, controls, card];

  @property({ attribute: false }) api!: Api;
  @property({ attribute: false }) user!: User;
  @state() private problem = '';
  @state() private working = false;

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const name = String(data.get('name') ?? '').trim();
    const password = String(data.get('password') ?? '');
    const t = strings.setUp;
    this.problem = !name ? strings.signIn.needName
      : [...password].length < kMinPassword ? t.tooShort
      : password !== data.get('repeat') ? t.differ : '';
    if (this.problem) return;
    this.working = true;
    try {
      this.done(await this.api.setMe({ name, password }));
    } catch (error) {
      this.problem = (error as Error).message;
    } finally {
      this.working = false;
    }
  }

  private done(info: SessionInfo | null): void {
    this.dispatchEvent(new CustomEvent('done', { detail: info }));
  }

  override render() {
    const t = strings.setUp;
    return html`<main><div class="card">
      <div class="brand">${logo()}<span>${strings.product}</span></div>
      <h1>${t.title}</h1>
      <p class="lead">${t.lead}</p>
      <form novalidate @submit=${this.submit}>
        <div role="alert">${this.problem ? html`<p class="message">${this.problem}</p>` : nothing}</div>
        <div class="field"><label for="name">${t.name}</label>
          <input id="name" name="name" autocomplete="username" autocapitalize="off" spellcheck="false"
            .value=${this.user.name} /></div>
        <div class="field"><label for="password">${t.password}</label>
          <input id="password" name="password" type="password" autocomplete="new-password"
            aria-describedby="hint" /><p class="hint" id="hint">${t.hint}</p></div>
        <div class="field"><label for="repeat">${t.repeat}</label>
          <input id="repeat" name="repeat" type="password" autocomplete="new-password" /></div>
        <button class="primary submit" ?disabled=${this.working}>${this.working ? t.working : t.submit}</button>
        <button type="button" class="plain other" aria-describedby="later" @click=${() => this.done(null)}>
          ${t.later}</button>
        <p class="hint" id="later">${t.laterHint}</p>
      </form></div></main>`;
  }
}
