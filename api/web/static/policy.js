// The policy page: a table of expressions beside the document, what-if, promotion and roll-back.
import {call, toast} from './app.js';

const form = document.querySelector('form[data-act=policy]');
const cells = [...form.querySelectorAll('input[data-field]')];
const whatIf = document.getElementById('whatif');
const replay = document.getElementById('replay');
const promote = document.getElementById('promote');

const show = (out, text) => { out.hidden = !text; out.textContent = text; };

/** problems stand beside their cell, the others below the table. */
function showProblems(problems) {
  const rest = [];
  for (const c of cells) show(c.parentElement.querySelector('[data-problem]'), problems.filter(p => p.path === c.dataset.path).map(p => p.detail).join('\n'));
  for (const p of problems) if (!cells.some(c => c.dataset.path === p.path)) rest.push(`${p.path}: ${p.detail}`);
  show(form.querySelector('.problems'), rest.join('\n'));
  cells.find(c => problems.some(p => p.path === c.dataset.path))?.focus();
}

/** the table shows what the document says, and what that gives now. */
function showClasses(classes) {
  for (const c of cells) {
    const now = classes.find(k => k.class === c.dataset.class);
    if (!now) continue;
    c.value = c.dataset.was = c.title = now.exprs[c.dataset.field] ?? '';
    c.placeholder = c.value ? '' : String(now.values[c.dataset.field] ?? '');
    c.parentElement.querySelector('[data-now]').textContent = '= ' + now.values[c.dataset.field];
    const warning = (now.warnings ?? []).find(w => w.startsWith(`${c.dataset.class}.${c.dataset.field}:`)) ?? '';
    show(c.parentElement.querySelector('[data-problem]'), warning);
  }
}

/** write the changed cells into the document and check it; answers the version, or nothing. */
async function check() {
  const changes = cells.filter(c => c.value.trim() !== c.dataset.was).map(c => ({class: c.dataset.class, field: c.dataset.field, expr: c.value.trim()}));
  const res = await call('POST', '/v1/admin/policies/check', {doc: form.doc.value, changes});
  if (!res.ok) return '';
  showProblems(res.data.problems);
  if (!res.data.version) return '';
  form.doc.value = res.data.doc;
  showClasses(res.data.classes);
  return res.data.version;
}

async function tryOut() {
  if (!await check()) return;
  const res = await call('POST', '/v1/admin/policies', {doc: form.doc.value}, {quiet: true});
  if (!res.ok) return showProblems(res.data?.results ?? [{path: res.data?.code ?? '', detail: res.data?.detail ?? ''}]);
  const version = res.data.version;
  const page = await fetch('/manager/policy/whatif?version=' + encodeURIComponent(version), {credentials: 'same-origin'});
  if (page.ok) {
    whatIf.innerHTML = await page.text(); // rendered and escaped by our own server
    whatIf.hidden = false;
    whatIf.scrollIntoView({block: 'start'});
  }
  promote.hidden = Boolean(res.data.active);
  promote.querySelector('form').dataset.version = version;
  toast(`${form.dataset.saved} ${version}`);
  replayPast(version);
}

/** fetch a part that takes some seconds, with its progress. */
async function slow(into, path) {
  into.hidden = false;
  into.textContent = into.dataset.busy;
  const ask = setInterval(async () => {
    const done = await fetch('/manager/policy/replay', {credentials: 'same-origin'});
    if (done.ok) into.textContent = `${into.dataset.busy} ${await done.text()} %`;
  }, 1000);
  const page = await fetch(path, {credentials: 'same-origin'});
  clearInterval(ask);
  if (page.ok) into.innerHTML = await page.text(); // rendered and escaped by our own server
  else into.textContent = (await page.json().catch(() => ({}))).detail ?? page.status;
}

/** the desk's past under this version. */
async function replayPast(version) {
  await slow(replay, '/manager/policy/backtest?version=' + encodeURIComponent(version));
  const asks = promote?.querySelector('[data-override]');
  if (asks) asks.hidden = replay.querySelector('[data-refused=true]') === null;
}

async function put(f, path) {
  const reason = f.reason.value.trim();
  const body = reason ? {reason} : {};
  if (f.override?.checked) body.override = true;
  const res = await call('POST', path, body, {quiet: true});
  if (res.ok) { location.href = '/manager/policy'; return; }
  const asks = f.querySelector('[data-override]');
  if (asks && res.status === 409) asks.hidden = false;
  const out = f.parentElement.querySelector('.problems');
  const text = [res.data?.detail ?? res.status, ...(res.data?.results ?? []).map(p => `${p.path}: ${p.detail}`)].join('\n');
  if (out) show(out, text); else toast(text);
}

document.addEventListener('submit', async e => {
  const f = e.target.closest('form[data-act]');
  if (!f) return;
  e.preventDefault();
  switch (f.dataset.act) {
    case 'policy': if (await check()) toast(form.dataset.ok); return;
    case 'promote': if (f.dataset.version) return put(f, `/v1/admin/policies/${f.dataset.version}/activate`); return;
    case 'rollback': return put(f, '/v1/admin/policies/rollback');
  }
});

document.addEventListener('click', e => {
  if (e.target.closest('button[data-act=whatif]')) tryOut();
  if (e.target.closest('button[data-act=frontier]')) slow(document.getElementById('frontier'), '/manager/policy/frontier');
});

form.addEventListener('keydown', e => {
  if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); tryOut(); }
});
