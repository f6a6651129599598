import {call, live, refresh, soon, toast, word} from './app.js';

const side = document.getElementById('side');
const pane = document.getElementById('ticket');
const desk = document.querySelector('.console');
let current = '';
let query = '';

const sideSrc = () => '/agent/side' + (query ? '?q=' + encodeURIComponent(query) : '');
const showSide = soon(async () => { await refresh(side, sideSrc()); mark(); });
const conv = () => pane.querySelector('.conv');

function mark() {
  for (const b of document.querySelectorAll('[data-ticket]')) b.toggleAttribute('aria-current', b.dataset.ticket === current);
}

async function show(id) {
  current = id;
  desk.classList.add('reading');
  const text = pane.querySelector('textarea')?.value;
  const was = conv()?.dataset.id;
  await refresh(pane, '/agent/tickets/' + id);
  const area = pane.querySelector('textarea');
  if (area && text && was === id) area.value = text;
  mark();
  if (was !== id) area?.focus();
}

const showCurrent = soon(() => current && keepTyping());

// A fragment is not replaced while the agent types in it; then only what he reads is.
async function keepTyping() {
  const res = await fetch('/agent/tickets/' + current, {credentials: 'same-origin'});
  if (!res.ok || !conv()) return;
  const fresh = new DOMParser().parseFromString(await res.text(), 'text/html').querySelector('.conv');
  if (!fresh || fresh.dataset.id !== conv().dataset.id) return;
  const same = fresh.dataset.epoch === conv().dataset.epoch && fresh.dataset.mine === conv().dataset.mine && fresh.dataset.state === conv().dataset.state;
  if (!same) return show(current);
  for (const part of ['header', '.messages', '.why']) conv().querySelector(part).replaceWith(fresh.querySelector(part));
  conv().dataset.seen = fresh.dataset.seen;
}

async function pull() {
  const res = await call('POST', '/v1/pull', {});
  if (res.status === 204) toast(word('empty-' + (res.header('X-Switchyard-Empty') ?? '')) || '204');
  if (res.ok && res.data?.ticket) await show(res.data.ticket.id);
  showSide();
}

async function act(name, body = {}, options) {
  const c = conv();
  const res = await call('POST', `/v1/tickets/${c.dataset.id}/${name}`, {epoch: Number(c.dataset.epoch), ...body}, options);
  showSide();
  await show(c.dataset.id);
  return res;
}

async function upload(files) {
  const out = [];
  for (const f of files) {
    const form = new FormData();
    form.append('file', f);
    const res = await call('POST', '/v1/attachments', form);
    if (!res.ok) return null;
    out.push(res.data.id);
  }
  return out;
}

let replyKey = crypto.randomUUID();
async function reply(form) {
  const text = form.text.value.trim();
  if (!text) return;
  const button = form.querySelector('button.primary');
  button.disabled = true;
  const attachments = form.files ? await upload(form.files.files) : [];
  const body = {text, then: form.then.value, seen: conv().dataset.seen || undefined};
  if (attachments?.length) body.attachments = attachments;
  if (attachments) {
    const res = await act('replies', body, {key: replyKey});
    replyKey = crypto.randomUUID();
    if (res.ok || ['stale_claim', 'unseen_message'].includes(res.data?.code)) { const area = pane.querySelector('textarea'); if (area && res.ok) area.value = ''; }
  }
  button.disabled = false;
}

document.addEventListener('click', async e => {
  const row = e.target.closest('[data-ticket]');
  if (row) return show(row.dataset.ticket);
  const offer = e.target.closest('[data-take], [data-decline]');
  if (offer) {
    const id = offer.dataset.take ?? offer.dataset.decline;
    const res = await call('POST', `/v1/tickets/${id}/${offer.dataset.take ? 'claim' : 'decline'}`, {});
    showSide();
    return res.ok && offer.dataset.take ? show(id) : undefined;
  }
  const b = e.target.closest('button[data-act]');
  if (!b) return;
  switch (b.dataset.act) {
    case 'pull': return pull();
    case 'back': desk.classList.remove('reading'); return;
    case 'claim': await call('POST', `/v1/tickets/${conv().dataset.id}/claim`, {}); showSide(); return show(conv().dataset.id);
    case 'accept': { // the correction is made when the agent resolves
      const topic = conv().querySelector('form[data-act=resolve]')?.topic;
      if (topic) { topic.value = b.dataset.topic; topic.focus(); }
      return;
    }
    case 'release': case 'spam': return act(b.dataset.act);
    case 'snooze': return act('snooze', {until: new Date(Date.now() + 3600e3).toISOString()});
  }
});

/** what would have put this ticket first, or in another queue: the smallest changes, each in a sentence. */
async function whatIf(form) {
  const res = await call('GET', `/v1/tickets/${conv().dataset.id}/why?what_if=${encodeURIComponent(form.what.value)}`);
  if (!res.ok) return;
  const list = form.parentElement.querySelector('[data-whatif]');
  const changes = res.data.what_if.changes.slice(0, 6).map(c => c.why[document.documentElement.lang === 'zh' ? 'zh' : 'en']);
  list.replaceChildren(...(changes.length ? changes : [list.dataset.none]).map(text => Object.assign(document.createElement('li'), {textContent: text})));
}

document.addEventListener('submit', async e => {
  const form = e.target.closest('form[data-act]');
  if (!form) return;
  e.preventDefault();
  switch (form.dataset.act) {
    case 'search': query = form.q.value.trim(); document.activeElement?.blur(); return showSide();
    case 'reply': return reply(form);
    case 'note': await call('POST', `/v1/tickets/${conv().dataset.id}/notes`, {text: form.text.value}); form.reset(); return keepTyping();
    case 'resolve': return act('resolve', form.topic.value ? {topic: form.topic.value} : {});
    case 'transfer': return act('transfer', {queue: form.queue.value});
    case 'callback': return act('callbacks', {outcome: e.submitter.value});
    case 'whatif': return whatIf(form);
  }
});

document.addEventListener('change', e => {
  if (e.target.dataset.act === 'presence') { call('PUT', '/v1/me/presence', {state: e.target.value}); e.target.blur(); }
});

document.addEventListener('keydown', e => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName);
  if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && e.target.name === 'text') { e.preventDefault(); e.target.form.requestSubmit(); }
  if (!typing && !e.ctrlKey && !e.metaKey && !e.altKey && e.key.toLowerCase() === 'p') { e.preventDefault(); pull(); }
  if (!typing && e.key === 'Escape') desk.classList.remove('reading');
});

// A claim lives while its page does.
setInterval(() => {
  const c = conv();
  if (c?.dataset.mine === 'true') call('POST', `/v1/tickets/${c.dataset.id}/heartbeat`, {epoch: Number(c.dataset.epoch)}, {quiet: true}).then(r => r.status === 409 && show(c.dataset.id));
}, 30000);

// How long offers stand.
setInterval(() => {
  for (const el of document.querySelectorAll('[data-until]')) {
    const left = Math.max(0, Math.ceil((Number(el.dataset.until) - Date.now()) / 1000));
    el.textContent = left;
    if (left === 0 && !el.dataset.over) { el.dataset.over = '1'; showSide(); }
  }
}, 500);

live(news => {
  showSide();
  if (news.ticket_id && news.ticket_id === current) showCurrent();
});

// A link may lead to one ticket.
if (/^#[\w-]+$/.test(location.hash)) show(location.hash.slice(1));
