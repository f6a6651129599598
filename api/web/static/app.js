// What all pages share: calls to the API, live news, fragments, messages to the reader.
const csrf = document.querySelector('meta[name=csrf]')?.content ?? '';

/** call the API; answers {ok, status, data, header}. Failures show themselves. */
export async function call(method, path, body, {quiet = false, key} = {}) {
  const headers = {'X-CSRF-Token': csrf};
  if (key) headers['Idempotency-Key'] = key;
  let payload = body;
  if (body !== undefined && !(body instanceof FormData)) {
    headers['Content-Type'] = 'application/json';
    payload = JSON.stringify(body);
  }
  let res, data = null;
  try {
    res = await fetch(path, {method, headers, body: payload, credentials: 'same-origin'});
    const type = res.headers.get('Content-Type') ?? '';
    if (type.includes('json')) data = await res.json();
  } catch {
    toast(word('code-unavailable') || 'offline');
    return {ok: false, status: 0, data: null, header: () => null};
  }
  if (!res.ok && !quiet) toast(word('code-' + (data?.code ?? '')) || (word('code-other') + (data?.detail ?? res.status)));
  return {ok: res.ok, status: res.status, data, header: name => res.headers.get(name)};
}

/** a word of the page's language, put there by the server. */
export function word(key) {
  const el = document.getElementById('words');
  return el?.getAttribute('data-' + key.replaceAll('_', '-')) ?? '';
}

let hide;
/** show a short message. */
export function toast(text) {
  const el = document.getElementById('toast');
  el.textContent = text;
  el.hidden = false;
  clearTimeout(hide);
  hide = setTimeout(() => { el.hidden = true; }, 6000);
}

/** fetch a fragment again; what the reader is typing in it is kept. */
export async function refresh(el, src = el.dataset.src) {
  const res = await fetch(src, {credentials: 'same-origin', headers: {'X-Fragment': '1'}});
  if (res.status === 401) { location.href = '/signin'; return; }
  if (!res.ok) return;
  const html = await res.text(); // rendered and escaped by our own server
  const active = document.activeElement;
  if (active && el.contains(active) && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName) && active.type !== 'file') return;
  el.innerHTML = html;
}

/** run a function soon, at most once every few hundred milliseconds. */
export function soon(fn, ms = 400) {
  let timer = null;
  return () => { timer ??= setTimeout(() => { timer = null; fn(); }, ms); };
}

/** listen to the desk's news; the browser connects again by itself. */
export function live(onNews) {
  const source = new EventSource('/v1/stream');
  const take = e => { let data = {}; try { data = JSON.parse(e.data); } catch { /* not ours */ } onNews(data, e.type); };
  for (const type of ['message', 'ticket', 'queue', 'queues', 'presence', 'claim', 'notice', 'offer', 'incident', 'redecide']) source.addEventListener(type, take);
  source.addEventListener('mode', e => setTimeout(() => take(e), 1500)); // pages see modes a second later
  return source;
}
