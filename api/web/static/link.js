import {call} from './app.js';

// The token stands in the fragment, which browsers keep to themselves.
const box = document.getElementById('link');
const token = location.hash.slice(1);
const bad = box.querySelector('.bad');
const form = box.querySelector('form');
history.replaceState(null, '', location.pathname);

function gone(text) {
  box.querySelector('h1').textContent = '—';
  bad.textContent = text || box.dataset.gone;
  bad.hidden = false;
}

async function use(body) {
  const res = await call('POST', '/link', {token, ...body}, {quiet: true});
  if (res.ok) { location.href = res.data.next; return; }
  gone(res.data?.detail);
}

const look = await call('POST', '/link/look', {token}, {quiet: true});
if (!look.ok) {
  gone();
} else if (look.data.purpose === 'sign_in') {
  box.querySelector('h1').textContent = box.dataset.signin;
  await use({});
} else {
  const first = look.data.purpose === 'first_manager';
  box.querySelector('h1').textContent = (first ? box.dataset.first : box.dataset.password) + (look.data.user ? ' · ' + look.data.user : '');
  form.hidden = false;
  form.querySelector('[data-for=name]').hidden = !first;
  form.querySelector('[data-for=password]').hidden = false;
  form.addEventListener('submit', e => { e.preventDefault(); bad.hidden = true; use({name: form.name.value.trim(), password: form.password.value}); });
}
