/** Text as an attacker would have it: in rows, in labels, in what a model answers. */
export const hostile = {
  script: '<script>alert(1)</script>',
  handler: '"><img src=x onerror=alert(2)><svg onload=alert(3)>',
  link: '<a href="javascript:alert(4)">javascript:alert(4)</a>',
  ending: '</script></style></textarea></title>--><script>alert(5)</script>',
  ansi: '\u001b[31mred\u001b[0m \u001b]8;;http://evil.example\u0007click\u001b]8;;\u0007 \u009b2J',
  direction: 'abc\u202Egnp.exe \u2066x\u2069',
  // Half of a pair, a null and a line end of other systems.
  broken: 'half \ud83d null \0 line\r\nnext',
} as const;

export const allHostile = Object.values(hostile).join(' ');
