// The phone view: joins the stream, the stage and the inputs, and shows the controls around them.

import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { Api } from '../api';
import { detectLayout } from '../input/layout';
import { isHandheld, loadPreferences, savePreferences, deviceId, type Preferences } from '../preferences';
import { probeHardware } from '../stream/decoder';
import { displaySize, scale120, type Size } from '../stream/fit';
import { refreshRate } from '../stream/refresh';
import type { EndReason } from '../stream/reconnect';
import { StreamSession, type Phase } from '../stream/session';
import { strings } from '../strings';
import { base } from '../styles/shared';
import type { Notice as ServerNotice, TextInput } from '../wire/server_messages';
import { icon } from './icons';
import './notice';
import type { NoticeAction } from './notice';
import { PhoneInput } from './phone_input';
import { phoneStyles } from './phone_styles';
import './settings';
import { Stage } from './stage';
import './statistics';
import './toolbar';
import type { Toolbar, ToolbarAction } from './toolbar';

const kResizeDelay_ms = 120;
const kToast_ms = 5000;

@customElement('rp-phone')
export class PhoneView extends LitElement {
  static override styles = [base, phoneStyles];

  @property({ attribute: false }) api!: Api;
  @property() phone = '';
  @property({ reflect: true }) phase: Phase = 'connecting';
  @property({ reflect: true }) fit = 'phone';
  @property({ reflect: true, type: Boolean }) pictured = false;
  @state() private preferences: Preferences = loadPreferences();
  @state() private settings = false;
  @state() private toolbar_open = true;
  @state() private hideable = false;
  @state() private fullscreen = false;
  @state() private offline = !navigator.onLine;
  @state() private name = '';
  @state() private toast = '';
  @state() private starting = '';
  @state() private end_reason: EndReason | null = null;
  @state() private detail = '';
  @query('.stage') private area!: HTMLElement;
  @query('.box') private box!: HTMLElement;
  @query('canvas') private canvas!: HTMLCanvasElement;
  @query('textarea') private field!: HTMLTextAreaElement;
  @query('rp-toolbar') private toolbar!: Toolbar;

  private session: StreamSession | null = null;
  private input: PhoneInput | null = null;
  private stage: Stage | null = null;
  private turns = 0;
  private readonly touch = matchMedia('(pointer: coarse)').matches;
  private readonly wide = matchMedia('(min-width: 700px)');
  private stopper = new AbortController();
  private resize_timer: ReturnType<typeof setTimeout> | undefined;
  private toast_timer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stopper = new AbortController();
    const { signal } = this.stopper;
    const on = (target: EventTarget, type: string, run: () => void) =>
      target.addEventListener(type, run, { signal });
    on(window, 'online', () => this.online(true));
    on(window, 'offline', () => this.online(false));
    on(window, 'focus', () => this.input?.focused());
    on(window, 'blur', () => this.input?.release());
    on(document, 'visibilitychange', () => this.visibility());
    on(document, 'fullscreenchange', () => (this.fullscreen = document.fullscreenElement !== null));
    on(this.wide, 'change', () => this.arrange());
    if (window.visualViewport) on(window.visualViewport, 'resize', () => this.viewport());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopper.abort();
    clearTimeout(this.resize_timer);
    clearTimeout(this.toast_timer);
    this.input?.close();
    this.stage?.close();
    this.session?.stop();
  }

  override willUpdate(changed: PropertyValues): void {
    if (!this.hasUpdated || changed.has('preferences')) this.arrange();
  }

  override firstUpdated(): void {
    this.viewport();
    this.stage = new Stage(this.area, this.box, (size) => this.placeSized(size));
    this.stage.shape(this.preferences.fit, this.turns);
    this.stage.start();
    void this.begin();
  }

  private async begin(): Promise<void> {
    if (!('VideoDecoder' in window)) {
      this.phase = 'ended';
      this.end_reason = 'no_decoder';
      return;
    }
    const [hardware_decoder, layout, max_fps] = await Promise.all([probeHardware(), detectLayout(), refreshRate()]);
    if (!this.isConnected) return;
    const session = new StreamSession(this.canvas, this.api, {
      phone: this.phone, device: deviceId(), layout, touch_screen: this.touch, hardware_decoder, max_fps,
      quality: this.preferences.quality,
    }, {
      on_change: () => this.changed(),
      on_cursor: (cursor) => this.input?.cursor(cursor),
      on_text_input: (text_input) => this.textInput(text_input),
      on_notice: (notice) => this.notice(notice),
      on_clipboard: (text) => this.input?.clipboard.fromPhone(text),
    });
    this.session = session;
    this.input = new PhoneInput({
      box: this.box, field: this.field, session, layout, touch: this.touch,
      picture: () => session.picture_on_page,
      on_change: () => this.requestUpdate(), on_leave: () => this.leaveScreen(), on_use: () => this.used(),
    });
    this.input.setMouseAsTouch(this.preferences.mouse_as_touch);
    this.placeSized(this.stage!.size(), true);
    session.start();
    this.input.focus();
    this.requestUpdate();
  }

  private changed(): void {
    const session = this.session;
    if (!session) return;
    if (session.phase === 'live' && this.phase !== 'live') {
      this.pictured = true;
      this.starting = '';
      this.input?.connected();
    }
    this.phase = session.phase;
    this.end_reason = session.end_reason;
    this.detail = session.detail;
    if (session.phone_name) this.name = session.phone_name;
    document.title = this.name ? `${this.name} – ${strings.product}` : strings.product;
    if (session.end_reason === 'signed_out') this.dispatchEvent(new CustomEvent('signed-out'));
  }

  private placeSized(size: Size, at_once = false): void {
    if (!this.session) return;
    this.session.resizePlace(size);
    clearTimeout(this.resize_timer);
    const send = () =>
      this.session?.resize(displaySize(size), scale120(devicePixelRatio, this.preferences.zoom));
    if (at_once) send();
    else this.resize_timer = setTimeout(send, kResizeDelay_ms);
  }

  private arrange(): void {
    this.fit = this.preferences.fit;
    this.hideable = this.fit === 'fill' || !this.wide.matches;
    if (!this.hideable) this.toolbar_open = true;
  }

  private viewport(): void {
    const viewport = window.visualViewport;
    if (!viewport || viewport.scale !== 1) return;
    this.style.setProperty('--view-height', `${viewport.height}px`);
  }

  private online(online: boolean): void {
    this.offline = !online;
    this.session?.wake();
  }

  private visibility(): void {
    const visible = document.visibilityState === 'visible';
    if (!visible) this.input?.release();
    this.session?.setVisible(visible);
    if (visible) this.session?.wake();
  }

  private textInput(text_input: TextInput): void {
    const display = this.session?.display;
    if (display) this.input?.textInput(text_input, display);
  }

  private notice(notice: ServerNotice): void {
    if (notice.code === 'phone.starting') {
      this.starting = strings.phone.starting;
      return;
    }
    this.toast = notice.text;
    clearTimeout(this.toast_timer);
    this.toast_timer = setTimeout(() => (this.toast = ''), kToast_ms);
  }

  /** The phone itself was touched: what lies over it gives way. */
  private used(): void {
    this.settings = false;
    if (this.hideable) this.toolbar_open = false;
  }

  private async leaveScreen(): Promise<void> {
    this.toolbar_open = true;
    await this.updateComplete;
    this.toolbar.focus();
  }

  private async action(action: ToolbarAction): Promise<void> {
    switch (action) {
      case 'back': return this.leave();
      case 'rotate': return this.rotate();
      case 'keyboard': return this.input?.toggleKeyboard();
      case 'fit': return this.prefer({ fit: this.preferences.fit === 'fill' ? 'phone' : 'fill' });
      case 'fullscreen': return this.toggleFullscreen();
      case 'settings':
        this.settings = !this.settings;
        return;
      case 'show': return this.leaveScreen();
      case 'hide':
        this.toolbar_open = false;
        this.settings = false;
        this.input?.focus();
    }
  }

  private leave(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    this.dispatchEvent(new CustomEvent('leave'));
  }

  private rotate(): void {
    this.turns = (this.turns + 1) & 3;
    this.session?.rotate(this.turns);
    this.stage?.shape(this.preferences.fit, this.turns);
    this.input?.focus();
  }

  private async toggleFullscreen(): Promise<void> {
    const keyboard = (navigator as { keyboard?: { lock?(): Promise<void> } }).keyboard;
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else {
        await document.documentElement.requestFullscreen({ navigationUI: 'hide' });
        await keyboard?.lock?.();
      }
    } catch {
      // The browser said no (an iPhone, a frame): the page stays as it is.
    }
    this.input?.focus();
  }

  private prefer(change: Partial<Preferences>): void {
    this.preferences = { ...this.preferences, ...change };
    savePreferences(this.preferences);
    if (change.quality !== undefined) this.session?.setQuality(change.quality);
    if (change.mouse_as_touch !== undefined) this.input?.setMouseAsTouch(change.mouse_as_touch);
    if (change.zoom !== undefined && this.stage) this.placeSized(this.stage.size());
    if (change.fit !== undefined) {
      this.toolbar_open = true;
      void this.updateComplete.then(() => this.stage?.shape(this.preferences.fit, this.turns));
    }
  }

  private noticeAction(action: NoticeAction): void {
    if (action === 'again') this.session?.start();
    else if (action === 'reload') location.reload();
    else if (action === 'list') this.leave();
    else this.dispatchEvent(new CustomEvent('signed-out'));
  }

  override render() {
    const t = strings.phone;
    const clipboard = this.input?.clipboard.waiting ?? null;
    return html`<div class="stage"><div class="box"><canvas aria-hidden="true"></canvas>
        <textarea aria-label=${t.screen(this.name || strings.product)} aria-describedby="help" rows="1"
          autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false"></textarea></div></div>
      <p id="help" class="visually-hidden">${t.screenHelp}</p>
      <rp-notice .phase=${this.phase} .reason=${this.end_reason} .detail=${this.detail}
        .starting=${this.starting} .offline=${this.offline}
        @action=${(e: CustomEvent<NoticeAction>) => this.noticeAction(e.detail)}></rp-notice>
      ${this.preferences.statistics && this.session
        ? html`<rp-statistics .figures=${this.session.figures}></rp-statistics>` : nothing}
      <div class="toast" role="status">
        ${clipboard === null ? nothing
          : html`<button @click=${() => void this.input?.clipboard.take()}>${icon('copy')}${t.copy}</button>`}
        ${this.toast ? html`<p>${this.toast}</p>` : nothing}</div>
      ${this.settings ? html`<rp-settings .preferences=${this.preferences}
        @change-preferences=${(e: CustomEvent<Partial<Preferences>>) => this.prefer(e.detail)}
        @close=${() => { this.settings = false; this.toolbar.focus(); }}></rp-settings>` : nothing}
      <rp-toolbar .fit=${this.preferences.fit} .open=${this.toolbar_open} .hideable=${this.hideable}
        .touch=${this.touch || isHandheld()} .fullscreen=${this.fullscreen} .settings=${this.settings}
        @action=${(e: CustomEvent<ToolbarAction>) => void this.action(e.detail)}></rp-toolbar>`;
  }
}
