import {call, live, refresh, soon} from './app.js';

const pane = document.getElementById('live');
if (pane) {
  const made = () => pane.querySelector('[data-made]')?.dataset.made;
  const was = made();
  const again = soon(async () => {
    await refresh(pane);
    if (made() !== was && !document.activeElement?.matches('input')) location.reload(); // a new model is in the list
  }, 1000);
  live(again);
  setInterval(again, 5000);
}

document.addEventListener('click', async e => {
  const b = e.target.closest('button[data-post]');
  if (!b) return;
  b.disabled = true;
  const res = await call('POST', b.dataset.post, {});
  if (pane) refresh(pane);
  else if (res.ok && b.dataset.then === 'reload') location.reload();
  b.disabled = false;
});

document.addEventListener('submit', async e => {
  const model = e.target.closest('form[data-act=model]');
  if (!model) return;
  e.preventDefault();
  const reason = model.reason.value.trim();
  const res = await call('POST', `/v1/admin/models/${model.dataset.version}/activate`, reason ? {reason} : {});
  if (res.ok) location.reload();
});
