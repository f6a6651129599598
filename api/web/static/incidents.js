import {call, live, soon} from './app.js';

const id = document.querySelector('[data-incident]')?.dataset.incident;
const typing = () => document.querySelector('textarea')?.value || document.activeElement?.matches('input, textarea, select');
const again = soon(() => { if (!typing()) location.reload(); }, 3000);
live((news, kind) => { if (kind === 'incident') again(); });

document.addEventListener('click', async e => {
  const b = e.target.closest('button');
  if (!b) return;
  let res;
  if (b.dataset.act === 'close-incident') res = await call('POST', `/v1/admin/incidents/${id}/close`, {});
  else if (b.dataset.remove) res = await call('POST', `/v1/admin/incidents/${id}/tickets`, {remove: [b.dataset.remove]});
  if (res?.ok) location.reload();
});

document.addEventListener('submit', async e => {
  const form = e.target.closest('form[data-act]');
  if (!form) return;
  e.preventDefault();
  let res;
  if (form.dataset.act === 'open-incident') res = await call('POST', '/v1/admin/incidents', {topic: form.topic.value, why: form.why.value.trim()}, {key: crypto.randomUUID()});
  else if (form.dataset.act === 'answer-incident') {
    res = await call('POST', `/v1/admin/incidents/${id}/answer`, {text: {zh: form.zh.value, en: form.en.value}, resolve: form.resolve.checked, later: form.later.checked}, {key: crypto.randomUUID()});
  }
  if (res?.ok) location.reload();
});
