// The service worker of the page. It stores the files of the page, so that the lab
// works without a network after it was loaded once.
"use strict";

const kept = "ftplab-VERSION";
const names = ["FILES"];

self.addEventListener("install", event => {
  event.waitUntil(caches.open(kept).then(cache => cache.addAll(["./", ...names])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", event => {
  event.waitUntil(caches.keys()
    .then(all => Promise.all(all.filter(n => n.startsWith("ftplab-") && n !== kept).map(n => caches.delete(n))))
    .then(() => self.clients.claim()));
});

self.addEventListener("fetch", event => {
  event.respondWith(caches.open(kept).then(cache => cache.match(event.request, { ignoreSearch: true })).then(found => found || fetch(event.request)));
});
