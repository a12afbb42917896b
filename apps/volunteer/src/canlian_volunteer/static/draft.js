// Keeps what is typed into a visit's form on this phone until the visit is recorded, so that neither a reload nor a lost
// connection loses it. With the text goes the form's command id: sent again after an answer that never came, it counts once.

const PREFIX = "canlian.visit/";
const FORGET_AFTER = 14 * 24 * 3600 * 1000;

for (const around of document.querySelectorAll("[data-draft]")) keep(around);
const list = document.querySelector("[data-over-visits]");
if (list) tidy(list.dataset.worker, new Set(list.dataset.overVisits.split(" ")));

function keep(around) {
  const form = around.querySelector("form"), key = PREFIX + around.dataset.draft;
  const note = around.querySelector("[data-draft-note]");
  const draft = read(key);
  // a form that comes back with errors already holds what was typed
  if (draft && !("answered" in around.dataset)) {
    fill(form, draft.fields);
    note.hidden = false;
  }
  const save = () => write(key, { at: Date.now(), fields: fields(form) });
  form.addEventListener("input", save);
  form.addEventListener("change", save);
  form.addEventListener("submit", save);
  around.querySelector("[data-draft-clear]").addEventListener("click", () => {
    remove(key);
    location.reload();
  });
  around.querySelector("[data-draft-hint]").hidden = !works();
}

function fields(form) {
  return [...new FormData(form)].filter(([, value]) => typeof value === "string" && value !== "");
}

function fill(form, saved) {
  const all = new Map();
  for (const [name, value] of saved) all.set(name, [...(all.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name) continue;
    const values = all.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") {
      if (field.type === "checkbox" || values.some((value) => form.querySelector(`[name="${field.name}"][value="${CSS.escape(value)}"]`)))
        field.checked = values.includes(field.value);
    } else if (values.length) field.value = values[0];
  }
  // what a tick opens is shown as the tick now stands
  dispatchEvent(new PageTransitionEvent("pageshow"));
}

// Once a visit is over, by whoever's doing, its draft is not kept either; the others go after two weeks. The draft of a
// visit that was given to somebody else stays until then: what was typed is not thrown away by another's decision.
function tidy(worker, over) {
  for (const key of keys()) {
    const [who, visit] = key.slice(PREFIX.length).split("/");
    if ((who === worker && over.has(visit)) || Date.now() - (read(key)?.at ?? 0) > FORGET_AFTER) remove(key);
  }
}

// A browser may refuse storage, as in private windows: the form then works without drafts.
function works() {
  try {
    localStorage.setItem(PREFIX + "?", "");
    localStorage.removeItem(PREFIX + "?");
    return true;
  } catch {
    return false;
  }
}
function keys() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  } catch {
    return [];
  }
}
function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}
function write(key, draft) {
  try {
    localStorage.setItem(key, JSON.stringify(draft));
  } catch {}
}
function remove(key) {
  try {
    localStorage.removeItem(key);
  } catch {}
}
