/**
 * LaTeX that a model wrote into JSON without doubling its backslashes: `\frac` is read as a form feed and `rac`. Form
 * feeds and backspaces are never meant; a tab or a carriage return is a command where the rest of its name follows.
 */
export function mendLatex(text: string): string {
  return text
    .replaceAll('\f', '\\f')
    .replaceAll('\b', '\\b')
    .replaceAll(/\t(?=(?:imes|heta|frac|riangle|herefore)(?![a-z])|ext(?:bf)?\{)/g, '\\t')
    .replaceAll(/\r(?=(?:ight|ightarrow)(?![a-z]))/g, '\\r');
}

/** Backslashes that start no escape of JSON, doubled: `\sqrt`, `\(`. */
export function doubleBackslashes(json: string): string {
  return json.replaceAll(/\\(["\\/bfnrt]|u[0-9A-Fa-f]{4})?/g, (whole, escape: string | undefined) =>
    escape === undefined ? '\\\\' : whole,
  );
}
