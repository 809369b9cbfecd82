// Keeps what the page needs, so that it works without a network connection after the first visit; and adds the headers
// without which a browser lends a page no threads, since a plain host of files does not send them.

const VERSION = "{{version}}"; // of all the files; put here by the build, so that a new page replaces the old one
const FIRST = ["./", "index.html", "style.css", "icon.svg", "app.js", "painting.js", "network.js", "photo.jpg", "outlined.jpg", "model/card.json"];
const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const place = new URL("./", self.location).pathname; // another page of the same host has caches of its own
const CACHE = `${place} ${VERSION}`;

self.addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FIRST.map((name) => new Request(name, { cache: "no-cache" })));
    await self.skipWaiting();
  };
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) if (name.startsWith(`${place} `) && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(new URL("./", self.location).href)) event.respondWith(give(request));
});

// Runtime and weights are kept when they are asked for: there are several, and a browser needs one of each.
async function give(request) {
  const cache = await caches.open(CACHE);
  let answer = await cache.match(request, { ignoreSearch: true });
  if (!answer) {
    answer = await fetch(request);
    if (answer.status !== 200) return answer;
    await cache.put(request, answer.clone()).catch(() => {}); // no room: it works all the same
  }
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(answer.body, { status: answer.status, headers });
}
