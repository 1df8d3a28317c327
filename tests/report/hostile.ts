/** Hostile text for rows, labels and model answers. */
export const hostile = {
  script: '<script>alert(1)</script>',
  handler: '"><img src=x onerror=alert(2)><svg onload=alert(3)>',
  link: '<a href="javascript:alert(4)">javascript:alert(4)</a>',
  ending: '</script></style></textarea></title>--><script>alert(5)</script>',
  ansi: '\u001b[31mred\u001b[0m \u001b]8;;http://evil.example\u0007click\u001b]8;;\u0007 \u009b2J',
  direction: 'abc\u202Egnp.exe \u2066x\u2069',
  // A lone surrogate, a null character and a Windows line end.
  broken: 'half \ud83d null \0 line\r\nnext',
} as const;

export const allHostile = Object.values(hostile).join(' ');
