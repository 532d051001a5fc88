// The statistics overlay: small, over the corner, out of the way of fingers.

import { css, html, LitElement } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Figures, Snapshot } from '../stream/figures';
import { strings } from '../strings';
import { base } from '../styles/shared';

const kInterval_ms = 500;

@customElement('rp-statistics')
export class Statistics extends LitElement {
  static override styles = [base, css`
    dl { display: grid; grid-template-columns: auto auto; gap: 2px 14px; margin: 0; padding: 10px 14px; border-radius: 12px;
         background: var(--overlay); color: var(--on-overlay); font-size: 0.78rem; line-height: 1.45;
         font-variant-numeric: tabular-nums; min-width: 216px; }
    dt { opacity: 0.78; }
    dd { margin: 0; text-align: right; white-space: nowrap; }
  `];

  @property({ attribute: false }) figures!: Figures;
  @state() private shown: Snapshot | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    const update = () => (this.shown = this.figures.snapshot(performance.now()));
    this.timer = setInterval(update, kInterval_ms);
    queueMicrotask(update);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  override render() {
    const s = this.shown;
    if (!s) return html`<dl></dl>`;
    const t = strings.statistics;
    const rows: [string, string, string][] = [
      ['fps', t.fps, t.fpsValue(s.fps)],
      ['rate', t.rate, rate(s.kbps)],
      ['size', t.size, s.width_px ? `${s.width_px} × ${s.height_px}` : t.none],
      ['rtt', t.rtt, ms(s.rtt_ms)],
      ['server', t.server, ms(s.server_ms)],
      ['decode', t.decode, ms(s.decode_ms)],
      ['input', t.input, s.input_count ? t.inputValue(ms(s.input_p50_ms), ms(s.input_p95_ms)) : t.none],
      ['dropped', t.dropped, String(s.dropped)],
      ['reconnect', t.reconnect, ms(s.reconnect_ms)],
    ];
    return html`<dl aria-label=${t.title}>${rows.map(([name, label, value]) => html`
      <dt>${label}</dt><dd data-stat=${name}>${value}</dd>`)}</dl>`;
  }
}

function ms(value: number | null): string {
  return value === null ? strings.statistics.none : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function rate(kbps: number): string {
  return kbps >= 1000 ? `${(kbps / 1000).toFixed(1)} Mb/s` : `${Math.round(kbps)} kb/s`;
}
