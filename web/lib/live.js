// Follows something that changes: by the server's stream, and while there is none by asking.

import { url } from "./api.js";
import { user } from "./user.js";

/**
 * Calls onData(data) with each `event` of the stream at `path`, and with what poll() resolves to,
 * which is asked every `every` ms while the stream is away; data may come again, or older than
 * what was there. onState tells "live", "polling" (the stream is away, the server answers) and
 * "offline". Ends with `signal`, or by the function that it returns.
 *
 * A browser has six connections to an origin: one stream a page.
 */
export function follow(path, { event, poll, onData, onState, signal, every = 10000, again = 3000 }) {
  let source = null;
  let state = "";
  let polling = 0;
  let reopening = 0;

  const tell = (now) => {
    if (now !== state) onState((state = now));
  };

  async function askOnce() {
    try {
      const data = await poll();
      if (polling) {
        tell("polling");
        onData(data);
      }
    } catch {
      if (polling) tell("offline");
    }
  }

  function away() {
    if (!polling) {
      polling = setInterval(askOnce, every);
      askOnce();
    }
    // The browser tries again by itself, unless the server answered something else than a stream.
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(reopening);
      reopening = setTimeout(open, again);
    }
  }

  function back() {
    clearInterval(polling);
    polling = 0;
    tell("live");
  }

  function open() {
    source = new EventSource(url(path, { userId: user() }));
    source.addEventListener("open", back);
    source.addEventListener("error", away);
    source.addEventListener(event, (message) => onData(JSON.parse(message.data)));
  }

  function end() {
    clearInterval(polling);
    clearTimeout(reopening);
    polling = 0;
    source.close();
  }

  open();
  signal?.addEventListener("abort", end, { once: true });
  return end;
}

/** Calls f now and every `every` ms until `signal` aborts, only while the page is seen. */
export function repeat(f, every, signal) {
  const timer = setInterval(() => document.hidden || f(), every);
  signal?.addEventListener("abort", () => clearInterval(timer), { once: true });
  f();
}
