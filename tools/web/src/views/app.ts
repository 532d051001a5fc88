// The page's frame: who is signed in, and which view its address stands for.
// "/" is the list, "/phones/ID" one phone; "#code=…" signs in once and is taken out of the address.

import { css, html, LitElement } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { Api, ApiError, type SessionInfo } from '../api';
import { putSetUpOff, setUpLater } from '../preferences';
import { strings } from '../strings';
import { base, controls } from '../styles/shared';
import './phone';
import './phones';
import './set_up';
import './sign_in';

@customElement('rp-app')
export class App extends LitElement {
  static override styles = [base, controls, css`
    :host { height: 100%; }
    .quiet { display: grid; place-content: center; justify-items: center; gap: 16px; min-height: 100dvh;
             padding: 24px; text-align: center; color: var(--muted); }
  `];

  @state() private info: SessionInfo | null = null;
  @state() private path = location.pathname;
  @state() private problem = '';
  @state() private code_problem = '';
  @state() private set_up = false;

  private readonly api = new Api();

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('popstate', () => (this.path = location.pathname));
    window.addEventListener('hashchange', () => void this.enter());
    void this.enter();
  }

  private async enter(): Promise<void> {
    this.problem = '';
    const code = new URLSearchParams(location.hash.slice(1)).get('code');
    if (code !== null) history.replaceState(null, '', location.pathname);
    try {
      let info = await this.api.session();
      if (code && !info.user) info = await this.useCode(code, info);
      this.accept(info);
    } catch (error) {
      this.problem = error instanceof Error ? error.message : strings.error.unreachable;
    }
  }

  private async useCode(code: string, before: SessionInfo): Promise<SessionInfo> {
    try {
      const info = await this.api.signIn({ code });
      return info;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 0) throw error;
      this.code_problem = error.status === 429 ? error.message : strings.signIn.badCode;
      return before;
    }
  }

  private accept(info: SessionInfo): void {
    this.info = info;
    if (info.user?.needs_password && !setUpLater()) this.set_up = true;
  }

  private go(path: string): void {
    if (path !== location.pathname) history.pushState(null, '', path);
    this.path = path;
  }

  private async signOut(): Promise<void> {
    try {
      this.info = await this.api.signOut();
    } catch {
      await this.enter();
    }
    this.go('/');
  }

  private signedIn(event: CustomEvent<SessionInfo>): void {
    this.code_problem = '';
    this.accept(event.detail);
  }

  override render() {
    if (this.problem) {
      return html`<main class="quiet"><h1>${strings.error.title}</h1><p role="alert">${this.problem}</p>
        <button class="primary" @click=${() => void this.enter()}>${strings.error.retry}</button></main>`;
    }
    const info = this.info;
    if (!info) return html`<main class="quiet" aria-busy="true"><p>${strings.loading}</p></main>`;
    if (!info.user) {
      return html`<rp-sign-in .api=${this.api} .problem=${this.code_problem} .first=${info.first_sign_in}
        @signed-in=${this.signedIn}></rp-sign-in>`;
    }
    if (this.set_up) {
      return html`<rp-set-up .api=${this.api} .user=${info.user} @done=${(e: CustomEvent<SessionInfo | null>) => {
        this.set_up = false;
        if (e.detail) this.info = e.detail;
        else putSetUpOff();
      }}></rp-set-up>`;
    }
    const phone = /^\/phones\/([a-z0-9-]{1,40})$/.exec(this.path)?.[1];
    if (phone) {
      return html`<rp-phone .api=${this.api} .phone=${phone} @leave=${() => this.go('/')}
        @signed-out=${() => void this.enter()}></rp-phone>`;
    }
    return html`<rp-phones .api=${this.api} .user=${info.user} @sign-out=${() => void this.signOut()}
      @signed-out=${() => void this.enter()}
      @open-phone=${(e: CustomEvent<string>) => this.go(`/phones/${e.detail}`)}></rp-phones>`;
  }
}
