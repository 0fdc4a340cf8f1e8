// Shows new mail without a reload. Where the list has not changed, the page is
// left alone, so that focus and scroll position stay.
"use strict";

async function look() {
  if (document.hidden) return;
  const answer = await fetch(location.pathname, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.querySelector("main"), shown = document.querySelector("main");
  if (now.dataset.latest === shown.dataset.latest) return;
  shown.dataset.latest = now.dataset.latest;
  shown.replaceChildren(...now.children);
  document.title = page.title;
}

setInterval(() => look().catch(() => {}), 1500); // a server that is away may come back
