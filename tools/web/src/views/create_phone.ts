// The dialog that makes a new phone.

import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { Api, Image } from '../api';
import { strings } from '../strings';
import { base, controls } from '../styles/shared';

@customElement('rp-create-phone')
export class CreatePhone extends LitElement {
  static override styles = [base, controls, css`
    dialog { width: min(420px, calc(100vw - 32px)); border: 1px solid var(--line); border-radius: 20px; padding: 28px;
             background: var(--surface); color: var(--text); box-shadow: var(--shadow); }
    dialog::backdrop { background: rgb(10 16 14 / 55%); }
    h1 { font-size: 1.3rem; margin-bottom: 20px; }
    .actions { display: flex; gap: 8px; justify-content: flex-end; margin-top: 24px; }
  `];

  @property({ attribute: false }) api!: Api;
  @state() private images: Image[] = [];
  @state() private problem = '';
  @state() private working = false;
  @query('dialog') private dialog!: HTMLDialogElement;

  async show(): Promise<void> {
    this.problem = '';
    this.dialog.showModal();
    try {
      this.images = await this.api.images();
      if (this.images.length === 0) this.problem = strings.create.noImages;
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const name = String(data.get('name') ?? '').trim();
    const image = String(data.get('image') ?? '');
    this.problem = name ? (image ? '' : strings.create.noImages) : strings.create.needName;
    if (this.problem) return;
    this.working = true;
    try {
      await this.api.createPhone({ name, image });
      this.dialog.close();
      this.dispatchEvent(new CustomEvent('created'));
    } catch (error) {
      this.problem = (error as Error).message;
    } finally {
      this.working = false;
    }
  }

  override render() {
    const t = strings.create;
    return html`<dialog aria-labelledby="title"><form novalidate @submit=${this.submit}>
      <h1 id="title">${t.title}</h1>
      <div role="alert">${this.problem ? html`<p class="message">${this.problem}</p>` : nothing}</div>
      <div class="field"><label for="name">${t.name}</label>
        <input id="name" name="name" autocomplete="off" maxlength="60" value=${t.nameDefault} /></div>
      <div class="field"><label for="image">${t.image}</label>
        <select id="image" name="image">${this.images.map((image) => html`
          <option value=${image.name} ?disabled=${image.state !== 'ready'}>
            ${image.title || image.name}${image.state === 'ready' ? '' : ` (${t.imageStates[image.state] ?? image.state})`}</option>`)}</select></div>
      <div class="actions">
        <button type="button" @click=${() => this.dialog.close()}>${t.cancel}</button>
        <button class="primary" ?disabled=${this.working}>${t.submit}</button>
      </div></form></dialog>`;
  }
}
