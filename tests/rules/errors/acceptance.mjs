// Random texts, from tokens and from mutated expressions: what JavaScript refuses is refused, and what it
// accepts is accepted, or refused with the message of a construct that the language leaves out.
//
//     node acceptance.mjs --runner PROGRAM [--count N] [--seed N]

import { spawnSync } from 'node:child_process';

const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? otherwise : process.argv[at + 1];
};
const count = Number(option('count', 20000));
let state = Number(option('seed', 1));
const seed = state;

function below(limit) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
}
const pick = (list) => list[below(list.length)];

// valve.md 5.2: what JavaScript has and the language does not.
const LEFT_OUT = new Set([
    'assignment', 'compound-assignment', 'increment', 'comma-operator', 'new-keyword', 'user-function',
    'method-in-object', 'reserved-word', 'spread', 'tagged-template', 'proto-key', 'html-comment', 'leading-zero',
    'big-integer', 'octal-escape', 'stray-character',
]);
// What the compiler judges later.
const JUDGED_LATER = /Invalid regular expression/;

const TOKENS = [
    ...'ab_.,:;?!~+-*/%<>&|^()[]{}`=#\\'.split(''), 'user', '$x', '?.', '**', '<<', '>>', '>>>', '<=', '>=', ' in ',
    '==', '!=', '===', '!==', '&&', '||', '??', 'typeof ', 'void ', '0', '1', '.5', '5.', '0x1F', '1e3', '1_0', '010',
    '1n', '5a', '"t"', "'u'", '`c`', '${', '/r/', '/[/]/g', 'true', 'null', 'new ', 'function ', 'delete ', 'of',
    ' instanceof ', '+=', '++', '--', '=>', '...', '//c\n', '/*c*/', '\n', '__proto__', 'return ', 'é',
    '\u00a0', '<!--', '-->', '"\\u{41}"', '"\\8"', '`\\8`', '"\\1"', '"\\0"',
];
const LEAVES = ['a', '1', '"t"', 'user.id', '`q`', '[]', '{}', 'null', '.5', '/r/g', '_', '$x', '5.', '(a)', '{a}', '[,]'];
const OPERATORS = [
    '+', '-', '*', '/', '%', '<<', '>>', '>>>', '<', '<=', '>', '>=', '==', '!=', '===', '!==', '&', '^', '|', '&&',
    '||', '??', '**', ' in ',
];

function expression(depth) {
    if (depth <= 0) return pick(LEAVES);
    const part = () => expression(depth - 1 - below(2));
    const blank = () => pick(['', '', ' ', '\n', '/*x*/']);
    return pick([
        () => part() + blank() + pick(OPERATORS) + blank() + part(),
        () => part() + blank() + pick(OPERATORS) + blank() + part(),
        () => pick(['!', '~', '+', '-', 'typeof ', 'void ']) + blank() + part(),
        () => `${part()}${blank()}?${blank()}${part()}${blank()}:${blank()}${part()}`,
        () => `(${blank()}${part()}${blank()})`,
        () => `${part()}${blank()}${pick(['.', '?.'])}${blank()}${pick(['a', 'in', 'new', 'class', 'trim'])}`,
        () => `${part()}${pick(['', '?.'])}[${part()}]`,
        () => `${part()}${pick(['', '?.'])}(${pick(['', part(), `${part()},${part()},`])})`,
        () => `[${pick(['', part(), `${part()},,${part()}`, `,${part()},`])}]`,
        () => `{${pick([`a:${part()}`, `"b":${part()},c:${part()}`, `1:${part()}`, `[${part()}]:${part()}`, 'new:1,'])}}`,
        () => `\`a\${${part()}}b\${${blank()}${part()}}\``,
        part,
    ])();
}

function mutated(text) {
    const at = below(text.length + 1);
    return text.slice(0, at) + pick([pick(TOKENS), '']) + text.slice(at + below(3));
}

function randomText() {
    if (below(4) === 0) return Array.from({ length: 1 + below(9) }, () => pick(TOKENS) + pick(['', ' '])).join('');
    let text = expression(1 + below(5));
    for (let changes = below(3); changes > 0; changes--) text = mutated(text);
    return text;
}

function refusalOf(text) {
    try {
        new Function(`return (\n${text}\n)`);
        new Function(`[\n${text}\n]`); // closes no bracket that it did not open
        return null;
    } catch (error) {
        return error.message;
    }
}

// `;` may end a rule, and a comment may stand behind it.
function refusalOfJavaScript(text) {
    const refusal = refusalOf(text);
    if (refusal === null || JUDGED_LATER.test(refusal)) return refusal;
    const bare = text.replace(/(?:[;\s]|\/\*[^*]*\*\/|\/\/[^\n]*(?:\n|$))+$/, '');
    return bare === text ? refusal : refusalOf(bare);
}

function complaint(text, answer) {
    const refusal = refusalOfJavaScript(text);
    if (answer === 'accepted') return refusal === null || JUDGED_LATER.test(refusal) ? null : `JavaScript says: ${refusal}`;
    if (refusal !== null) return null;
    return answer.trim().split(' ').some((id) => LEFT_OUT.has(id)) ? null : 'JavaScript accepts it';
}

const texts = Array.from({ length: count }, randomText);
const input = Buffer.concat(texts.map((text) => Buffer.from(`${Buffer.byteLength(text)}\n${text}`)));
const run = spawnSync(option('runner'), { input, maxBuffer: 1 << 28 });
if (run.status !== 0) throw new Error(`the runner ended with ${run.status ?? run.signal}: ${run.stderr}`);
const answers = run.stdout.toString().split('\n');

let failed = 0;
texts.forEach((text, index) => {
    const reason = complaint(text, answers[index]);
    if (reason !== null && failed++ < 20) console.error(`${JSON.stringify(text)}\n    answered: ${answers[index]}\n    ${reason}`);
});
const accepted = answers.filter((answer) => answer === 'accepted').length;
if (accepted < count / 20) failed++, console.error(`only ${accepted} were accepted: is the generator broken?`);
console.log(`${count} texts from seed ${seed}, ${accepted} accepted, ${failed} wrong`);
process.exitCode = failed === 0 ? 0 : 1;
