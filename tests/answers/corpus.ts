/**
 * Answers as teachers really give them, well and badly formed, and what is to become of each: `read`, or the reason why
 * it cannot be used. Families of forms and defects, and a few written by hand. Every text holds its own number.
 */

export interface Said {
  readonly content: string;
  readonly finishReason: string;
  readonly refusal?: string;
}
export interface Case {
  readonly name: string;
  readonly says: Said;
  readonly becomes: 'read' | 'unparseable' | 'wrong_label' | 'mismatch' | 'bad_choices' | Ending;
}
type Ending = 'declined' | 'content_filter' | 'cut_off' | 'empty' | 'too_long';
type Becomes = Case['becomes'];
type Named = readonly [name: string, text: string, becomes: Becomes, end?: Partial<Said>];

const json = (value: unknown, indent?: number): string => JSON.stringify(value, null, indent);
const fenced = (text: string, language = 'json'): string => `\`\`\`${language}\n${text}\n\`\`\``;

/** How a good answer may be wrapped. */
const wrappings: readonly (readonly [string, (text: string) => string])[] = [
  ['bare', (text) => text],
  ['fenced', (text) => fenced(text)],
  ['fenced without a language', (text) => fenced(text, '')],
  ['fenced as JSON5', (text) => fenced(text, 'json5')],
  ['a fence that is left open', (text) => `\`\`\`json\n${text}`],
  ['text before', (text) => `Sure! Here is what you asked for:\n\n${text}`],
  ['text after', (text) => `${text}\n\nLet me know if you need anything else.`],
  ['text around a fence', (text) => `Here you go:\n${fenced(text)}\nI hope this helps!`],
  ['braces in the text around', (text) => `The set {1, 2} and {x: y} are beside the point.\n${text}\nSee {3}.`],
  ['white space around', (text) => `\n\n \t${text}\r\n \n`],
  ['a byte order mark', (text) => `\uFEFF${text}`],
  ['a language’s name before', (text) => `json\n${text}`],
  ['a thought before', (text) => `<think>The user wants {something}. "Fine."</think>\n${text}`],
];

/** How JSON may be broken and still be read. */
const defects: readonly (readonly [string, (good: Record<string, string>) => string])[] = [
  ['pretty', (good) => json(good, 2)],
  ['in a list', (good) => json([good])],
  ['wrapped', (good) => json({ result: { row: good } })],
  ['a trailing comma', (good) => json(good).replace(/}$/, ',}')],
  ['a trailing comma and a fence', (good) => fenced(json(good, 1).replace(/\n}$/, ',\n}'))],
  ['no closing brace', (good) => json(good).replace(/}$/, '')],
  ['two closing braces', (good) => `${json(good)}}`],
  ['a missing comma', (good) => json(good).replace('", "', '" "').replace('","', '" "')],
  ['keys without quotes', (good) => json(good).replaceAll(/"(\w+)":/g, '$1:')],
  ['single quotes', (good) => json(good).replaceAll("'", '’').replaceAll('"', "'")],
  ['curly quotes', (good) => json(good).replaceAll(/"([^"]*)"/g, '“$1”')],
  ['line breaks in a text', (good) => json(good).replaceAll('. ', '.\n')],
  ['tabs in a text', (good) => json(good).replaceAll('. ', '.\t')],
  ['control characters', (good) => json(good).replaceAll('. ', '.\u0001\u0007 ')],
  ['a zero byte', (good) => json(good).replaceAll('. ', '.\u0000 ')],
  ['half a character', (good) => json(good).replaceAll('. ', '.\uD83D ')],
  ['escapes that are none', (good) => json(good).replaceAll('. ', '. \\_ \\( ')],
  ['quotes in a text', (good) => json(good).replaceAll('. ', '. It says "so" here. ')],
  ['a comment', (good) => json(good).replace('{', '{ // the answer\n')],
  ['more keys', (good) => json({ ...good, confidence: 0.9, notes: null, tags: ['a', 'b'] })],
  ['keys in capitals', (good) => json(Object.fromEntries(Object.entries(good).map(([k, v]) => [k.toUpperCase(), v])))],
  ['other words for keys', (good) => json(renamed(good))],
  ['a rationale in steps', (good) => json({ ...good, rationale: (good['rationale'] ?? '').split('. ') })],
  ['a draft before', (good) => `${json({ ...good, answer: 'corn' })}\nNo, better:\n${json(good)}`],
  ['the form repeated first', (good) => `{"rationale": "step by step", "answer": "LABEL"}\n${json(good)}`],
  ['escaped slashes and letters', (good) => json(good).replaceAll('a', '\\u0061').replaceAll('/', '\\/')],
];

function renamed({ input, rationale, answer }: Record<string, string>): Record<string, string> {
  return {
    ...(input === undefined ? {} : { text: input }),
    Explanation: rationale ?? '',
    'Final answer': answer ?? '',
  };
}

/** Ways not to answer at all, whatever was asked. */
function endings(mark: string): Named[] {
  const good = `${mark} The answer is: grain`;
  const declines = [
    `I'm sorry, but I can't help with that (${mark}).`,
    `I’m sorry, I cannot create this text. ${mark}`,
    `I am very sorry, but this is against my guidelines. ${mark}`,
    `Sorry, no. ${mark}`,
    `I cannot assist with this request. ${mark}`,
    `I can't provide that. ${mark}`,
    `Unfortunately, I am unable to invent such a text. ${mark}`,
    `I must decline. ${mark}`,
    `As an AI language model, I have no opinion. ${mark}`,
    `We are sorry, this cannot be done. ${mark}`,
    `Es tut mir leid, dabei kann ich nicht helfen. ${mark}`,
    `Lo siento, no puedo ayudar con eso. ${mark}`,
    `Je suis désolé, je ne peux pas faire cela. ${mark}`,
    `Mi dispiace, non posso farlo. ${mark}`,
    `抱歉,我无法帮助您。${mark}`,
    `申し訳ありませんが、お手伝いできません。${mark}`,
  ];
  const strange = [
    `Der Text handelt von Getreide, also lautet die Antwort: Getreide. ${mark}`,
    `El texto trata de cereales. La respuesta es: grano. ${mark}`,
    `这段文字讲的是谷物。${mark}`,
    `<html><body><h1>502 Bad Gateway</h1>${mark}</body></html>`,
    `${mark} lorem ipsum dolor sit amet`,
    `[] ${mark}`,
    `{} ${mark}`,
    `null ${mark}`,
    `"${mark}"`,
    fenced(mark),
    fenced('', mark),
    `🌾🌾🌾 ${mark}`,
    `{"error": {"message": "overloaded ${mark}"}}`,
    json({ type: 'object', properties: { rationale: { type: 'string' }, answer: { type: 'string' } }, title: mark }),
    `${'{"a":'.repeat(3000)}${mark}`,
    `${'['.repeat(5000)}${mark}`,
    `{"rationale": "it breaks off here ${mark}`,
    `\u0001\u0002\u0003${mark}`,
    `<answer></answer>${mark}`,
    `{"rationale": "${mark}", "answer": ""}`,
    `{"rationale": "${mark}", "answer": null}`,
    `{"rationale": "${mark}", "answer": {"label": {"name": {"deep": "grain"}}}}`,
  ];
  return [
    ...declines.map((text, index): Named => [`declines ${index}`, text, 'declined']),
    ...strange.map((text, index): Named => [`strange ${index}`, text, 'unparseable']),
    ['a long text that opens like a refusal', `I'm sorry to say: ${`${mark} `.repeat(200)}`, 'unparseable'],
    ['refused by the model', mark, 'declined', { refusal: `I can't do that. ${mark}` }],
    ['filtered', good, 'content_filter', { finishReason: 'content_filter' }],
    ['filtered to nothing', '', 'content_filter', { finishReason: 'content_filter' }],
    ['truncated in its text', `${mark} The text speaks of`, 'cut_off', { finishReason: 'length' }],
    ['truncated in its JSON', `{"rationale": "${mark} The text`, 'cut_off', { finishReason: 'length' }],
    ['truncated, although it looks whole', good, 'cut_off', { finishReason: 'length' }],
    ['truncated to nothing', '', 'cut_off', { finishReason: 'length' }],
    ['empty', '', 'empty'],
    ['white space', ` \n\t\r\n `, 'empty'],
    ['a mebibyte of words', `${mark} ${'word '.repeat(209_715)}The answer is: grain`, 'too_long'],
    ['a mebibyte of braces', `${mark} ${'{'.repeat(1_048_576)}`, 'too_long'],
    ['a mebibyte of JSON', json({ rationale: `${mark} ${'x'.repeat(1_048_576)}`, answer: 'grain' }), 'too_long'],
  ];
}

const explained = (mark: string, answer = 'grain') => ({
  rationale: `It is about harvests. Number ${mark}. So.`,
  answer,
});

/** Answers about a given text whose label is `grain`. */
export function explanations(): Case[] {
  const make = numbered('e');
  const found: Case[] = [];
  const add = (name: string, text: (mark: string) => string, becomes: Becomes): void => {
    const mark = make.next();
    found.push(caseOf(`explanation: ${name}`, text(mark), becomes));
  };
  for (const [name, wrap] of wrappings) {
    add(`JSON, ${name}`, (mark) => wrap(json(explained(mark))), 'read');
    add(`text, ${name}`, (mark) => wrap(`Harvests, ${mark}.\nThe answer is: grain`), 'read');
    add(`JSON with another label, ${name}`, (mark) => wrap(json(explained(mark, 'corn'))), 'mismatch');
  }
  for (const [name, broken] of defects) add(`JSON, ${name}`, (mark) => broken(explained(mark)), 'read');
  add('no rationale', (mark) => json({ answer: 'grain', id: mark }), 'read');
  add('an own answer in the rationale', (mark) => json(explained(`${mark}. The answer is: grain`)), 'read');
  add('a rationale for another', (mark) => json(explained(`${mark}. The answer is: corn\n`)), 'mismatch');
  add('a label that is none', (mark) => json(explained(mark, 'barley')), 'mismatch');
  add('two answers, the last counts', (mark) => `${mark} The answer is: corn. No. The answer is: GRAIN.`, 'read');
  add('two answers, the last is wrong', (mark) => `${mark} The answer is: grain. No. The answer is: corn.`, 'mismatch');
  add('markdown', (mark) => `**Rationale** ${mark}\n\n**The answer is: grain**`, 'read');
  add('tags', (mark) => `<rationale>${mark}</rationale><answer>grain</answer>`, 'read');
  add('tags in capitals, left open', (mark) => `<Rationale>${mark}\n<ANSWER>grain`, 'read');
  add('an object that is quoted', (mark) => `It says {"label": "corn"} ${mark}.\nThe answer is: grain`, 'read');
  add('LaTeX', (mark) => `{"rationale": "\\frac{1}{2} \\times \\sqrt{x} ${mark}", "answer": "grain"}`, 'read');
  add('a label in pieces', (mark) => json({ rationale: mark, answer: ['grain'] }), 'read');
  const rest = endings('').map(([name, , becomes, end], index) => {
    const [, text = ''] = endings(make.next())[index] ?? [];
    return caseOf(`explanation: ${name}`, text, becomes, end);
  });
  return [...found, ...rest];
}

const synthetic = (mark: string, answer = 'grain') => ({
  input: `Farmers bring in ${mark}. Prices fall.`,
  rationale: `Farmers harvest. So prices fall.\nThe answer is: ${answer}`,
  answer,
});

const tags = (row: ReturnType<typeof synthetic>): string =>
  Object.entries(row)
    .map(([name, value]) => `<${name}>\n${value}\n</${name}>`)
    .join('\n');

/** Rows that are asked to be synthesized with the label `grain`. */
export function syntheses(): Case[] {
  const make = numbered('i');
  const found: Case[] = [];
  const add = (name: string, text: (mark: string) => string, becomes: Becomes): void => {
    const mark = make.next();
    found.push(caseOf(`synthesis: ${name}`, text(mark), becomes));
  };
  for (const [name, wrap] of wrappings) {
    add(`JSON, ${name}`, (mark) => wrap(json(synthetic(mark))), 'read');
    add(`tags, ${name}`, (mark) => wrap(tags(synthetic(mark))), 'read');
    add(`another label, ${name}`, (mark) => wrap(json(synthetic(mark, 'corn'))), 'wrong_label');
  }
  for (const [name, broken] of defects) add(`JSON, ${name}`, (mark) => broken(synthetic(mark)), 'read');
  for (const key of ['input', 'rationale', 'answer'] as const) {
    add(`JSON without ${key}`, (mark) => json({ ...synthetic(mark), [key]: undefined, id: mark }), 'unparseable');
    add(`JSON with an empty ${key}`, (mark) => json({ ...synthetic(mark), [key]: '', id: mark }), 'unparseable');
    add(`tags without ${key}`, (mark) => `${tags(synthetic(mark)).replaceAll(key, 'other')} ${mark}`, 'unparseable');
    add(
      `tags, ${key} in capitals`,
      (mark) => tags(synthetic(mark)).replaceAll(`${key}>`, `${key.toUpperCase()}>`),
      'read',
    );
    add(`tags, ${key} left open`, (mark) => tags(synthetic(mark)).replace(`</${key}>`, ''), 'read');
  }
  add('tags of another language', (mark) => tags(synthetic(mark)).replaceAll('input', 'texto'), 'unparseable');
  add('tags with attributes', (mark) => tags(synthetic(mark)).replace('<input>', '<input type="text">'), 'unparseable');
  add('keys of another language', (mark) => json({ texto: mark, razón: 'x', respuesta: 'grain' }), 'unparseable');
  add(
    'half of a question',
    (mark) => json({ ...synthetic(mark), input: undefined, passage: mark, question: '?' }),
    'unparseable',
  );
  add('two rows, the last counts', (mark) => `${json(synthetic(`${mark}a`))}\n${json(synthetic(`${mark}b`))}`, 'read');
  add('a list of two rows', (mark) => json([synthetic(`${mark}a`), synthetic(`${mark}b`)]), 'read');
  add('a label that is none', (mark) => json(synthetic(mark, 'barley')), 'wrong_label');
  add('a label in another case', (mark) => json(synthetic(mark, 'GRAIN')), 'read');
  add('a label in another language', (mark) => json(synthetic(mark, 'Getreide')), 'wrong_label');
  const rest = endings('').map(([name, , becomes, end], index) => {
    const [, text = ''] = endings(make.next())[index] ?? [];
    return caseOf(`synthesis: ${name}`, text, becomes, end);
  });
  return [...found, ...rest];
}

const asked = (mark: string, more: object = {}) => ({
  input: `What is wet, ${mark}?`,
  choices: ['water', 'sand', 'air'],
  rationale: 'Water is.',
  answer: 'A',
  ...more,
});

/** Multiple-choice questions that are asked to be synthesized. */
export function questions(): Case[] {
  const make = numbered('q');
  const named: readonly (readonly [string, (mark: string) => string, Becomes])[] = [
    ['a list', (mark) => json(asked(mark)), 'read'],
    ['lettered', (mark) => json(asked(mark, { choices: ['(A) water', 'B) sand', 'C. air'] })), 'read'],
    ['by letter', (mark) => json(asked(mark, { choices: { B: 'sand', A: 'water', C: 'air' } })), 'read'],
    ['lines', (mark) => json(asked(mark, { choices: 'A) water\nB) sand\nC) air' })), 'read'],
    ['numbers', (mark) => json(asked(mark, { choices: [1, 2, 3] })), 'read'],
    ['other words', (mark) => json({ ...asked(mark), choices: undefined, Options: ['water', 'sand'] }), 'read'],
    ['none', (mark) => json(asked(mark, { choices: undefined })), 'unparseable'],
    ['one', (mark) => json(asked(mark, { choices: ['water'] })), 'bad_choices'],
    ['an empty list', (mark) => json(asked(mark, { choices: [] })), 'bad_choices'],
    ['twice the same', (mark) => json(asked(mark, { choices: ['water', 'Water', 'air'] })), 'bad_choices'],
    [
      'too many',
      (mark) => json(asked(mark, { choices: Array.from({ length: 27 }, (_, index) => `c${index}`) })),
      'bad_choices',
    ],
    ['an answer that is no choice', (mark) => json(asked(mark, { answer: 'D' })), 'bad_choices'],
    ['objects', (mark) => json(asked(mark, { choices: [{ text: 'water' }, { text: 'sand' }] })), 'unparseable'],
    ['declined', (mark) => `I'm sorry, ${mark}.`, 'declined'],
  ];
  return named.map(([name, text, becomes]) => caseOf(`question: ${name}`, text(make.next()), becomes));
}

function numbered(prefix: string): { next(): string } {
  let count = 0;
  return { next: () => `${prefix}${String(++count).padStart(3, '0')}` };
}

function caseOf(name: string, content: string, becomes: Becomes, end: Partial<Said> = {}): Case {
  return { name, becomes, says: { content, finishReason: 'stop', ...end } };
}
