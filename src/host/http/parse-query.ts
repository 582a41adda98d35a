// A request's query as Go's net/url reads it. Imports nothing.

const badEscape = /%(?![0-9a-fA-F]{2})/;

/** The query's parameters. A pair with a semicolon or an escape that is none is left out, as Go's ParseQuery does. */
export function parseQuery(text: string): URLSearchParams {
  if (!text.includes("%") && !text.includes(";")) return new URLSearchParams(text);
  const kept = text.split("&").filter((pair) => !pair.includes(";") && !badEscape.test(pair));
  return new URLSearchParams(kept.join("&"));
}
