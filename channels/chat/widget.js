/* Switchyard chat widget. One file, no build.
 *   <script src="https://desk.example/chat/SOURCE/widget.js" data-language="zh" async></script>
 * floats on any page. On a page that holds <div id="switchyard-chat" data-inline></div> it fills that element.
 * What customers and agents write is only ever set as textContent. */
(function () {
  "use strict";
  const script = document.currentScript || document.querySelector('script[src*="/chat/"][src*="/widget.js"]');
  if (!script) return;
  const address = new URL(script.src, location.href);
  const source = script.dataset.source || decodeURIComponent((address.pathname.match(/\/chat\/([^/]+)\/widget\.js$/) || [])[1] || "");
  const prefix = address.pathname.replace(/\/chat\/[^/]+\/widget\.js$/, "");
  const base = address.origin + prefix;
  if (!source) return;

  const mount = document.getElementById("switchyard-chat");
  const inline = !!mount && "inline" in mount.dataset;
  const wanted = script.dataset.language || (mount && mount.dataset.language) || document.documentElement.lang || navigator.language || "en";
  const language = /^zh/i.test(wanted) ? "zh" : "en";
  const words = {
    en: {
      title: "Chat with us", open: "Open chat", close: "Close chat", name: "Name (optional)", email: "Email (optional)",
      write: "Write a message", send: "Send", attach: "Attach a file", you: "You", agent: "Support",
      hello: "Hello! How can we help?", waiting: (n) => n > 0 ? n + (n === 1 ? " person is" : " people are") + " ahead of you." : "You are next.",
      wait: (m) => " Expected wait: about " + m + (m === 1 ? " minute." : " minutes."), typing: "Support is typing…",
      lost: "Connection lost. Trying again…", failed: "Not sent. Press Send to try again.", flood: "Please wait a moment before you write more.",
      big: "Files may have at most 10 MB.", refused: "This could not be sent.", sending: "Sending…", file: "File", fileFailed: "The file could not be loaded.",
      email_bad: "Please check the email address."
    },
    zh: {
      title: "在线客服", open: "打开客服窗口", close: "关闭客服窗口", name: "称呼（选填）", email: "邮箱（选填）",
      write: "请输入消息", send: "发送", attach: "添加文件", you: "我", agent: "客服",
      hello: "您好！请问有什么可以帮您？", waiting: (n) => n > 0 ? "前面还有 " + n + " 位。" : "您是下一位。",
      wait: (m) => "预计等待约 " + m + " 分钟。", typing: "客服正在输入…",
      lost: "连接已断开，正在重连…", failed: "发送失败，请按“发送”重试。", flood: "发送过于频繁，请稍候。",
      big: "文件不能超过 10 MB。", refused: "无法发送。", sending: "发送中…", file: "文件", fileFailed: "文件加载失败。",
      email_bad: "请检查邮箱地址。"
    }
  }[language];

  // ---- what is remembered between pages -------------------------------------------------
  const slot = "switchyard:" + base + ":" + source;
  let visit = null;
  function load() { try { visit = JSON.parse(localStorage.getItem(slot) || "null"); } catch (e) { visit = null; } }
  function keep() { try { visit ? localStorage.setItem(slot, JSON.stringify(visit)) : localStorage.removeItem(slot); } catch (e) { /* only this page then */ } }
  load();
  const api = base + "/v1/chat/" + encodeURIComponent(source);
  const text = (tag, cls, words) => { const e = document.createElement(tag); if (cls) e.className = cls; if (words) e.textContent = words; return e; };
  const newID = () => crypto.randomUUID ? crypto.randomUUID() : Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

  // ---- the panel ------------------------------------------------------------------------
  const host = mount || document.body.appendChild(document.createElement("div"));
  const root = host.attachShadow ? host.attachShadow({ mode: "open" }) : host;
  const css = `
    :host { display: block; }
    :host([data-inline]) { height: 100%; }
    * { box-sizing: border-box; font-family: system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
    button, input, textarea { font-size: 16px; color: inherit; }
    .launch { position: fixed; right: 20px; bottom: 20px; width: 56px; height: 56px; border: 0; border-radius: 50%; background: #1456c8; color: #fff; cursor: pointer; box-shadow: 0 4px 14px rgba(0,0,0,.25); z-index: 2147483000; }
    .launch svg { width: 26px; height: 26px; }
    .badge { position: absolute; top: -4px; right: -4px; min-width: 20px; padding: 0 5px; line-height: 20px; border-radius: 10px; background: #c62828; color: #fff; font-size: 12px; }
    .panel { display: flex; flex-direction: column; background: #fff; color: #1b2430; line-height: 1.45; font-size: 15px; }
    .float { position: fixed; right: 20px; bottom: 88px; width: 370px; height: min(580px, calc(100vh - 110px)); border-radius: 14px; overflow: hidden; box-shadow: 0 10px 40px rgba(0,0,0,.28); z-index: 2147483001; }
    .inline { height: 100%; min-height: 420px; border: 1px solid #d9dfe7; border-radius: 12px; overflow: hidden; }
    [hidden] { display: none !important; }
    header { display: flex; align-items: center; justify-content: space-between; padding: 12px 16px; background: #1456c8; color: #fff; font-weight: 600; }
    header button { border: 0; background: none; color: #fff; font-size: 22px; line-height: 1; cursor: pointer; padding: 4px 8px; }
    .log { flex: 1; overflow-y: auto; padding: 14px; display: flex; flex-direction: column; gap: 8px; background: #f5f7fa; }
    .m { max-width: 82%; padding: 8px 12px; border-radius: 12px; white-space: pre-wrap; overflow-wrap: anywhere; background: #fff; border: 1px solid #e1e6ed; align-self: flex-start; }
    .m.customer { align-self: flex-end; background: #1456c8; border-color: #1456c8; color: #fff; }
    .m.pending { opacity: .65; }
    .m small { display: block; font-size: 11px; opacity: .75; }
    .m button { display: block; margin-top: 4px; border: 1px solid currentColor; background: none; border-radius: 6px; padding: 3px 8px; font-size: 13px; cursor: pointer; max-width: 100%; overflow: hidden; text-overflow: ellipsis; }
    .note { min-height: 22px; padding: 2px 14px; font-size: 13px; color: #4a5768; background: #f5f7fa; }
    .note.bad { color: #b3261e; }
    .who { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; padding: 8px 12px; }
    .who input { width: 100%; padding: 7px 9px; border: 1px solid #c5ceda; border-radius: 8px; }
    form.write { display: flex; gap: 8px; padding: 10px 12px; align-items: flex-end; border-top: 1px solid #e1e6ed; }
    textarea { flex: 1; resize: none; height: 42px; max-height: 130px; line-height: 22px; padding: 9px 10px; border: 1px solid #c5ceda; border-radius: 10px; }
    .write button { height: 42px; border: 0; border-radius: 10px; padding: 0 14px; background: #1456c8; color: #fff; cursor: pointer; }
    .write .clip { background: #e8edf5; color: #1b2430; padding: 0 12px; }
    :focus-visible { outline: 3px solid #f5a623; outline-offset: 1px; }
    @media (max-width: 480px) { .float { right: 0; left: 0; bottom: 0; top: 0; width: auto; height: auto; border-radius: 0; } .who { grid-template-columns: 1fr; } }
    @media (prefers-reduced-motion: no-preference) { .log { scroll-behavior: smooth; } }`;
  try { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); root.adoptedStyleSheets = [sheet]; }
  catch (e) { root.appendChild(text("style", "", css)); }

  const panel = text("section", "panel " + (inline ? "inline" : "float"));
  panel.setAttribute("role", inline ? "region" : "dialog");
  panel.setAttribute("aria-label", words.title);
  panel.lang = language === "zh" ? "zh-CN" : "en";
  const header = text("header");
  header.append(text("span", "", words.title));
  const shut = text("button", "", "×");
  shut.type = "button"; shut.setAttribute("aria-label", words.close); shut.hidden = inline;
  header.append(shut);
  const log = text("div", "log");
  log.setAttribute("role", "log"); log.setAttribute("aria-live", "polite"); log.tabIndex = 0; log.setAttribute("aria-label", words.title);
  const note = text("div", "note"); note.setAttribute("role", "status");
  const who = text("div", "who");
  const field = (kind, label, auto, max) => { const i = text("input"); i.type = kind; i.placeholder = label; i.setAttribute("aria-label", label); i.autocomplete = auto; i.maxLength = max; i.name = auto; who.append(i); return i; };
  const nameField = field("text", words.name, "name", 60), mailField = field("email", words.email, "email", 254);
  const form = text("form", "write");
  form.noValidate = true;
  const picker = text("input"); picker.type = "file"; picker.hidden = true; picker.tabIndex = -1;
  const clip = text("button", "clip", "+"); clip.type = "button"; clip.setAttribute("aria-label", words.attach); clip.title = words.attach;
  const box = text("textarea"); box.rows = 1; box.placeholder = words.write; box.setAttribute("aria-label", words.write); box.maxLength = 8000;
  const go = text("button", "", words.send); go.type = "submit";
  form.append(picker, clip, box, go);
  panel.append(header, log, note, who, form);
  root.append(panel);
  log.append(text("div", "m agent", words.hello));

  let launch = null, badge = null, unread = 0, open = inline;
  if (!inline) {
    launch = text("button", "launch");
    launch.type = "button"; launch.setAttribute("aria-label", words.open); launch.setAttribute("aria-expanded", "false");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24"); svg.setAttribute("aria-hidden", "true"); path.setAttribute("fill", "currentColor");
    path.setAttribute("d", "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z");
    svg.append(path);
    badge = text("span", "badge"); badge.hidden = true;
    launch.append(svg, badge);
    root.append(launch);
    panel.hidden = true;
    launch.addEventListener("click", () => show(!open));
    shut.addEventListener("click", () => show(false));
    panel.addEventListener("keydown", (e) => { if (e.key === "Escape") show(false); });
  }
  function show(on) {
    open = on; panel.hidden = !on;
    launch.setAttribute("aria-expanded", String(on)); launch.setAttribute("aria-label", on ? words.close : words.open);
    if (on) { unread = 0; badge.hidden = true; box.focus(); bottom(); seen(); if (visit) connect(); } else { launch.focus(); }
  }

  // ---- messages on the screen -----------------------------------------------------------
  const pending = new Map();  // client_id -> {frame, item}
  const shown = new Set();    // message ids
  let after = 0, readUpTo = 0;
  const bottom = () => { log.scrollTop = log.scrollHeight; };
  function bubble(from, words_, files) {
    const m = text("div", "m " + (from === "customer" ? "customer" : "agent"));
    m.append(text("small", "", from === "customer" ? words.you : words.agent), text("span", "", words_ || ""));
    (files || []).forEach((f) => m.append(fileButton(f)));
    log.append(m); bottom();
    return m;
  }
  function fileButton(f) {
    const b = text("button", "", "📎 " + (f.name || words.file));
    b.type = "button";
    b.disabled = !f.id;
    b.addEventListener("click", async () => {
      try {
        const r = await fetch(base + "/v1/attachments/" + encodeURIComponent(f.id), { headers: { Authorization: "Bearer " + visit.token }, credentials: "omit" });
        if (!r.ok) throw new Error("status");
        const url = URL.createObjectURL(await r.blob()), a = text("a");
        a.href = url; a.download = f.name || "file"; a.click();
        setTimeout(() => URL.revokeObjectURL(url), 60000);
      } catch (e) { say(words.fileFailed, true); }
    });
    return b;
  }
  let place = "", typingTimer = 0;
  function say(words_, bad) { note.textContent = words_ || place; note.classList.toggle("bad", !!bad); }
  function seen() { if (after > readUpTo && open && ready) { readUpTo = after; push({ type: "read", seq: after }); } }

  // ---- the session and its socket -------------------------------------------------------
  let ws = null, ready = false, tries = 0, timer = 0, opening = null;
  who.hidden = !!visit;
  function openSession() {
    if (visit) return Promise.resolve();
    if (opening) return opening;
    const body = { language };
    if (nameField.value.trim()) body.name = nameField.value.trim();
    if (mailField.value.trim()) body.email = mailField.value.trim();
    opening = fetch(api + "/sessions", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), credentials: "omit" })
      .then(async (r) => {
        if (!r.ok) { const p = await r.json().catch(() => ({})); const e = new Error("refused"); e.field = p.field; e.status = r.status; throw e; }
        visit = await r.json(); keep(); who.hidden = true;
      })
      .finally(() => { opening = null; });
    return opening;
  }
  function push(f) { if (ws && ws.readyState === 1) { ws.send(JSON.stringify(f)); return true; } return false; }
  function connect() {
    if (!visit || (ws && ws.readyState <= 1)) return;
    clearTimeout(timer);
    const mine = ws = new WebSocket(api.replace(/^http/, "ws") + "/socket");
    ready = false;
    mine.onopen = () => push({ type: "hello", token: visit.token, after });
    mine.onmessage = (e) => { let f; try { f = JSON.parse(e.data); } catch (x) { return; } if (mine === ws) hear(f); };
    mine.onclose = () => {
      if (mine !== ws) return;
      ws = null; ready = false;
      if (!visit) return;
      tries++;
      if (tries > 1) say(words.lost, true);
      const pause = Math.min(30000, 500 * Math.pow(2, Math.min(tries, 6)));
      timer = setTimeout(connect, pause / 2 + Math.random() * pause);
    };
  }
  function hear(f) {
    switch (f.type) {
      case "ready": ready = true; tries = 0; say(""); pending.forEach((p) => push(p.frame)); break;
      case "ack": settle(f.client_id, f.message_id); break;
      case "message": take(f); break;
      case "position":
        place = f.waiting === false ? "" : words.waiting(f.ahead || 0) + (f.expected_wait_seconds ? words.wait(Math.max(1, Math.round(f.expected_wait_seconds / 60))) : "") + (f.notes || []).map((n) => " " + n[language]).join("");
        say(""); break;
      case "typing": say(words.typing); clearTimeout(typingTimer); typingTimer = setTimeout(() => say(""), 4000); break;
      case "error": trouble(f); break;
    }
  }
  function settle(client, id) {
    const p = pending.get(client);
    if (!p) return;
    pending.delete(client); shown.add(id); p.item.classList.remove("pending"); say("");
  }
  function take(f) {
    if (f.seq > after) after = f.seq;
    if (f.client_id && pending.has(f.client_id)) settle(f.client_id, f.id);
    if (!shown.has(f.id)) {
      shown.add(f.id);
      bubble(f.from, f.text, f.attachments);
      if (f.from !== "customer") { say(""); if (!open) { unread++; badge.textContent = String(unread); badge.hidden = false; } }
    }
    seen();
  }
  function trouble(f) {
    if (f.code === "unauthorized") {            // the session is over: the next one begins by itself
      visit = null; keep(); after = readUpTo = 0; shown.clear(); who.hidden = false;
      if (ws) { const old = ws; ws = null; old.close(); }
      if (pending.size) openSession().then(connect).catch(() => say(words.failed, true));
      return;
    }
    const p = f.client_id && pending.get(f.client_id);
    if (f.code === "rate_limited") { say(words.flood, true); if (p) setTimeout(() => pending.has(f.client_id) && push(p.frame), 6000 + Math.random() * 4000); return; }
    if (f.code === "unavailable") { if (p) setTimeout(() => pending.has(f.client_id) && push(p.frame), 2000 + Math.random() * 3000); return; }
    if (p) { pending.delete(f.client_id); p.item.remove(); box.value = box.value || p.frame.text; }
    say(words.refused, true);
  }
  function post(words_, files) {
    const client = newID(), frame = { type: "message", client_id: client, text: words_ };
    if (files) frame.attachments = files.map((f) => f.id);
    const item = bubble("customer", words_, files);
    item.classList.add("pending");
    pending.set(client, { frame, item });
    if (ready) push(frame); else connect();
  }
  function noSession(e) { say(e.field === "email" ? words.email_bad : e.status === 429 ? words.flood : words.failed, true); if (e.field === "email") mailField.focus(); }

  // ---- what the visitor does ------------------------------------------------------------
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const words_ = box.value.trim();
    if (!words_) return;
    try { await openSession(); } catch (x) { noSession(x); return; }
    box.value = ""; grow(); post(words_);
  });
  box.addEventListener("keydown", (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); form.requestSubmit(); } });
  const grow = () => { box.style.height = "auto"; box.style.height = Math.min(box.scrollHeight + 2, 130) + "px"; };
  let typedAt = 0;
  box.addEventListener("input", () => { grow(); if (ready && Date.now() - typedAt > 2000) { typedAt = Date.now(); push({ type: "typing" }); } });
  clip.addEventListener("click", () => picker.click());
  picker.addEventListener("change", async () => {
    const f = picker.files[0];
    picker.value = "";
    if (!f) return;
    if (f.size > 10 * 1024 * 1024) { say(words.big, true); return; }
    try { await openSession(); } catch (x) { noSession(x); return; }
    say(words.sending);
    try {
      const body = new FormData(); body.append("file", f);
      const r = await fetch(base + "/v1/attachments", { method: "POST", body, headers: { Authorization: "Bearer " + visit.token, "Idempotency-Key": newID() }, credentials: "omit" });
      if (!r.ok) throw new Error("status");
      post("", [await r.json()]); say("");
    } catch (x) { say(words.refused, true); }
  });
  window.addEventListener("online", () => { tries = 0; connect(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && visit) connect(); });
  if (visit) connect();
})();
