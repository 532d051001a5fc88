// The controller's REST interface as the page uses it. Every failure is an ApiError whose message is a
// sentence for people; status 0 means that no answer came.

import { strings } from './strings';

export interface User {
  name: string;
  role: string;
  needs_password: boolean;
}

export interface SessionInfo {
  user: User | null;
  csrf: string;
  first_sign_in: boolean;
}

export type PhoneState = 'created' | 'starting' | 'running' | 'frozen' | 'stopped' | 'failed';

export interface Phone {
  id: string;
  name: string;
  image: string;
  state: PhoneState;
  wanted: string;
  reason: string;
}

export interface Image {
  name: string;
  title: string;
  state: string;
}

export interface Ticket {
  ticket: string;
  stream: string;
}

/** What a person calls the state: a phone on its way from one to another is neither. */
export function shownState(phone: Pick<Phone, 'state' | 'wanted'>): PhoneState | 'stopping' | 'deleting' {
  const { state, wanted } = phone;
  if (wanted === 'deleted') return 'deleting';
  if (wanted === 'stopped' && state !== 'stopped' && state !== 'created' && state !== 'failed') return 'stopping';
  if (wanted === 'running' && (state === 'created' || state === 'stopped')) return 'starting';
  return state;
}

export type PhoneVerb = 'start' | 'stop';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

const kTimeout_ms = 15_000;

export class Api {
  private csrf = '';

  async session(): Promise<SessionInfo> {
    const info = await this.call<SessionInfo>('GET', '/session');
    this.csrf = info.csrf;
    return info;
  }
  async signIn(who: { name: string; password: string } | { code: string }): Promise<SessionInfo> {
    if (!this.csrf) await this.session();
    await this.call('POST', '/session', who);
    return this.session();
  }
  async signOut(): Promise<SessionInfo> {
    await this.call('DELETE', '/session');
    return this.session();
  }
  async setMe(me: { name: string; password: string; current_password?: string }): Promise<SessionInfo> {
    await this.call('PUT', '/me', me);
    return this.session();
  }
  async phones(): Promise<Phone[]> {
    return (await this.call<{ phones: Phone[] }>('GET', '/phones')).phones;
  }
  async images(): Promise<Image[]> {
    return (await this.call<{ images: Image[] }>('GET', '/images')).images;
  }
  createPhone(phone: { name: string; image: string }): Promise<Phone> {
    return this.call('POST', '/phones', phone);
  }
  phoneVerb(id: string, verb: PhoneVerb): Promise<Phone> {
    return this.call('POST', `/phones/${encodeURIComponent(id)}/${verb}`);
  }
  async ticket(id: string, device: string, signal: AbortSignal): Promise<Ticket> {
    const path = `/phones/${encodeURIComponent(id)}/ticket`;
    try {
      return await this.call('POST', path, { device }, signal);
    } catch (error) {
      // The guard's value dies with a restarted controller; the sign-in itself does not.
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      await this.session();
      return this.call('POST', path, { device }, signal);
    }
  }

  private async call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (method !== 'GET') headers['X-CSRF-Token'] = this.csrf;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const signals = [AbortSignal.timeout(kTimeout_ms), ...(signal ? [signal] : [])];
    let response: Response;
    try {
      response = await fetch(`/api/v1${path}`, {
        method, headers, credentials: 'same-origin', cache: 'no-store', signal: anySignal(signals),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new ApiError(0, 'unreachable', '', strings.error.unreachable);
    }
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) return answer as T;
    throw toError(response, answer);
  }
}

function toError(response: Response, answer: unknown): ApiError {
  const error = (answer as { error?: { code?: string; field?: string; message?: string } } | null)?.error;
  const retry_s = Number(response.headers.get('Retry-After'));
  if (response.status === 429) {
    return new ApiError(429, 'rate_limited', '', strings.error.tooMany(retry_s > 0 ? retry_s : 60));
  }
  if (response.status >= 502 && response.status <= 504 && !error?.message) {
    return new ApiError(response.status, 'unavailable', '', strings.error.unavailable);
  }
  return new ApiError(
    response.status, error?.code ?? '', error?.field ?? '',
    error?.message ? sentence(error.message) : strings.error.unexpected(response.status));
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

/** AbortSignal.any, which browsers of before 2024 do not have. */
function anySignal(signals: AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort();
    signal.addEventListener('abort', () => controller.abort(), { once: true });
  }
  return controller.signal;
}
