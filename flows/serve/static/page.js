// What a script adds to pages that work without one: answers without a reload, photos dropped or pasted, frames drawn.
"use strict";

const root = document.documentElement;
root.classList.add("script");

const tell = (text) => {
  const told = document.getElementById("told");
  if (told) told.textContent = text;
};

let asked = 0;
const pageOf = (url) => url.split("#")[0];
let shown = pageOf(location.href);

// The page at `url` takes the place of this one; its address is the state, so back and forward do the same.
async function go(url, { push = true, focus = "" } = {}) {
  const mine = ++asked;
  root.classList.add("waiting");
  try {
    const answer = await fetch(url, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = page.getElementById("main");
    if (mine !== asked) return;
    if (!main) {
      tell(page.body.textContent.trim().slice(0, 200) || "No answer; ask again.");
      return;
    }
    document.getElementById("main").replaceWith(main);
    document.title = page.title;
    if (push) history.pushState(null, "", answer.url);
    shown = pageOf(location.href);
    prepare();
    const held = focus && document.querySelector(focus);
    (held || main).focus({ preventScroll: Boolean(held) });
    if (!held) scrollTo(0, 0);
  } catch {
    tell("The server does not answer; ask again.");
  } finally {
    if (mine === asked) root.classList.remove("waiting");
  }
}

const addressOf = (form) => {
  const pairs = [...new FormData(form)].filter(([, value]) => value !== "");
  return `${form.getAttribute("action")}?${new URLSearchParams(pairs)}`;
};

const named = (field) =>
  field.id ? `#${field.id}` : `[name="${CSS.escape(field.name)}"][value="${CSS.escape(field.value)}"]`;

function give(file) {
  if (!file || !file.type.startsWith("image/")) {
    tell("That is no photo. Drop or paste the photo itself, not a link to it.");
    return;
  }
  const field = document.getElementById("file");
  if (!field) return;
  const held = new DataTransfer();
  held.items.add(file);
  field.files = held.files;
  tell("The photo is looked at …");
  field.form.submit();
}

function prepare() {
  for (const crop of document.querySelectorAll("[data-crop]")) draw(crop);
  if (matchMedia("(max-width: 900px)").matches) document.querySelector(".filters")?.removeAttribute("open");
}

// A frame drawn over the photo; let go, and the search goes on with that part.
function draw(crop) {
  const picture = crop.querySelector("svg");
  let from = null;
  const at = (event) => {
    const box = picture.getBoundingClientRect();
    const share = (value) => Math.min(1, Math.max(0, value));
    return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
  };
  const frame = (to) => [
    Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1]),
  ];
  picture.addEventListener("pointerdown", (event) => {
    from = at(event);
    picture.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  picture.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [left, top, right, bottom] = frame(at(event));
    const outside = document.createElementNS(picture.namespaceURI, "path");
    outside.setAttribute("class", "shade");
    outside.setAttribute("fill-rule", "evenodd");
    outside.setAttribute("d", `M0,0H1V1H0Z M${left},${top}H${right}V${bottom}H${left}Z`);
    const line = document.createElementNS(picture.namespaceURI, "rect");
    const sides = { x: left, y: top, width: right - left, height: bottom - top };
    for (const [name, value] of Object.entries(sides)) line.setAttribute(name, value);
    picture.replaceChildren(outside, line);
  });
  picture.addEventListener("pointerup", (event) => {
    if (!from) return;
    const sides = frame(at(event));
    from = null;
    if (sides[2] - sides[0] < 0.05 || sides[3] - sides[1] < 0.05) return;
    document.getElementById("crop").value = sides.map((side) => side.toFixed(3)).join(",");
    go(addressOf(document.getElementById("search")));
  });
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-swap]")) return;
  event.preventDefault();
  go(addressOf(event.target), { focus: event.submitter?.closest(".filters") ? "" : "#words" });
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-go]")) go(addressOf(event.target.form), { focus: named(event.target) });
  if (event.target.id === "file") give(event.target.files[0]);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("main a[href]");
  const plain = !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!link || !plain || link.origin !== location.origin || link.pathname.startsWith("/api/") || link.hash) return;
  event.preventDefault();
  go(link.href);
});

// Browsers tell of a jump within the page ("To the content") as of one to another; that one must not take
// the page, and what is being typed, away.
addEventListener("popstate", () => {
  if (pageOf(location.href) !== shown) go(location.href, { push: false });
});

addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, select, textarea")) {
    event.preventDefault();
    document.getElementById("words")?.focus();
  }
});

addEventListener("dragover", (event) => {
  if (!document.getElementById("file")) return;
  event.preventDefault();
  root.classList.add("dropping");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) root.classList.remove("dropping");
});
addEventListener("drop", (event) => {
  if (!document.getElementById("file")) return;
  event.preventDefault();
  root.classList.remove("dropping");
  give(event.dataTransfer.files[0]);
});
addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (file) give(file);
});

prepare();
