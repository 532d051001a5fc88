// The settings of the phone view: picture quality, zoom, mouse, statistics.

import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { kZooms, type Preferences } from '../preferences';
import { strings } from '../strings';
import { base, controls } from '../styles/shared';
import { QualityMode } from '../wire/protocol';

@customElement('rp-settings')
export class Settings extends LitElement {
  static override styles = [base, controls, css`
    :host { position: absolute; z-index: 4; right: max(76px, calc(env(safe-area-inset-right) + 76px)); top: 50%;
            transform: translateY(-50%); width: min(300px, calc(100% - 92px)); }
    .panel { background: var(--surface); color: var(--text); border: 1px solid var(--line); border-radius: 18px;
             box-shadow: var(--shadow); padding: 18px; max-height: calc(var(--view-height, 100dvh) - 24px); overflow-y: auto; }
    h2 { margin-bottom: 14px; }
    fieldset { border: 0; padding: 0; margin: 0 0 16px; min-width: 0; }
    legend { padding: 0; font-weight: 560; font-size: 0.925rem; margin-bottom: 6px; }
    .segments { display: flex; border: 1px solid var(--control-line); border-radius: 10px; overflow: hidden; }
    .segments label { flex: 1 1 auto; margin: 0; position: relative; overflow-wrap: normal; }
    .segments input { position: absolute; opacity: 0; inset: 0; margin: 0; cursor: pointer; }
    .segments span { display: grid; place-items: center; min-height: 44px; font-size: 0.85rem; padding: 0 6px; text-align: center; }
    .segments label + label span { border-left: 1px solid var(--line); }
    .segments input:checked + span { background: var(--accent); color: var(--on-accent); }
    .segments input:focus-visible + span { outline: 3px solid var(--accent); outline-offset: -5px; }
    .segments input:checked:focus-visible + span { outline-color: var(--on-accent); }
    .check { display: flex; align-items: center; gap: 12px; min-height: 44px; margin: 0; font-weight: 450; cursor: pointer; }
    .check input { width: 20px; height: 20px; accent-color: var(--accent); margin: 0; flex: none; }
    .close { width: 100%; margin-top: 10px; }
  `];

  @property({ attribute: false }) preferences!: Preferences;

  override firstUpdated(): void {
    this.renderRoot.querySelector('input')?.focus();
  }

  private set(change: Partial<Preferences>): void {
    this.dispatchEvent(new CustomEvent('change-preferences', { detail: change }));
  }
  private close(): void {
    this.dispatchEvent(new CustomEvent('close'));
  }

  override render() {
    const t = strings.settings;
    const p = this.preferences;
    const modes = [
      [QualityMode.Automatic, t.automatic], [QualityMode.Quality, t.quality], [QualityMode.Speed, t.speed],
    ] as const;
    return html`<section class="panel" role="dialog" aria-labelledby="title"
        @keydown=${(e: KeyboardEvent) => e.key === 'Escape' && this.close()}>
      <h2 id="title">${t.title}</h2>
      <fieldset><legend>${t.picture}</legend><div class="segments">${modes.map(([mode, label]) => html`
        <label><input type="radio" name="quality" .checked=${p.quality === mode}
          @change=${() => this.set({ quality: mode })} /><span>${label}</span></label>`)}</div></fieldset>
      <div class="field"><label for="zoom">${t.zoom}</label>
        <select id="zoom" @change=${(e: Event) => this.set({ zoom: Number((e.target as HTMLSelectElement).value) })}>
          ${kZooms.map((zoom) => html`<option value=${zoom} ?selected=${zoom === p.zoom}>${t.zoomValue(zoom)}</option>`)}
        </select></div>
      ${this.check('mouse_as_touch', t.mouse)} ${this.check('statistics', t.statistics)}
      <button class="close" @click=${this.close}>${t.close}</button>
    </section>`;
  }

  private check(name: 'mouse_as_touch' | 'statistics', label: string) {
    return html`<label class="check"><input type="checkbox" name=${name} .checked=${this.preferences[name]}
      @change=${(e: Event) => this.set({ [name]: (e.target as HTMLInputElement).checked })} />${label}</label>`;
  }
}
