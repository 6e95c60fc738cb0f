// JSON in the browser's storage. Where that is refused (private windows, a full disk) a value lives
// as long as the page.

function storeIn(storage) {
  const lost = new Map();
  return {
    get(name, fallback = null) {
      if (lost.has(name)) return lost.get(name);
      try {
        return JSON.parse(storage().getItem(`troupe.${name}`)) ?? fallback;
      } catch {
        return fallback;
      }
    },
    /** null removes it. */
    set(name, value) {
      try {
        if (value === null) storage().removeItem(`troupe.${name}`);
        else storage().setItem(`troupe.${name}`, JSON.stringify(value));
        lost.delete(name);
      } catch {
        lost.set(name, value);
      }
    },
  };
}

/** For all windows, and tomorrow. */
export const kept = storeIn(() => window.localStorage);
/** For this window, over reloads. */
export const session = storeIn(() => window.sessionStorage);
