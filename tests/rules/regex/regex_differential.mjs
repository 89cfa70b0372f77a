// Compares text.match(regex) of the runtime with node's, on a hand-written list and on random patterns.
//   node regex_differential.mjs --runner PROGRAM [--count N] [--seed N]
// Exits 1 and shows each difference when there is one.

import { spawnSync } from 'node:child_process';
import { cases } from './regex_cases.mjs';
import { randomCases } from './regex_random.mjs';

function option(name, fallback) {
    const at = process.argv.indexOf('--' + name);
    return at < 0 ? fallback : process.argv[at + 1];
}

function hex(text) {
    let out = '';
    for (const character of text) {
        const c = character.codePointAt(0);
        const bytes = c < 0x80 ? [c]
            : c < 0x800 ? [0xc0 | c >> 6, 0x80 | c & 63]
            : c < 0x10000 ? [0xe0 | c >> 12, 0x80 | c >> 6 & 63, 0x80 | c & 63]
            : [0xf0 | c >> 18, 0x80 | c >> 12 & 63, 0x80 | c >> 6 & 63, 0x80 | c & 63];
        out += bytes.map(byte => byte.toString(16).padStart(2, '0')).join('');
    }
    return out;
}

// What JavaScript says, in the form of regex_runner.c; an error becomes its text, without prefix.
function expected([pattern, flags, subject]) {
    let regex;
    try {
        regex = new RegExp(pattern, flags);
    } catch (error) {
        const text = error.message.startsWith('Invalid flags') ? '' : error.message.replace(/^[^]*: /, '');
        return { error: text.startsWith('\\') ? '' : text.toLowerCase() };
    }
    const match = subject.match(regex);
    if (match === null)
        return { items: null };
    const text = item => item === undefined ? null : hex(item);
    const result = { items: [...match].map(text) };
    if (!flags.includes('g'))
        result.index = match.index;
    if (match.groups)
        result.groups = Object.fromEntries(Object.entries(match.groups).map(([k, v]) => [hex(k), text(v)]));
    return result;
}

// V8 begins matches between the halves of a pair, under flag u, where a look-around lets it; ECMAScript does not.
function splitsPair([pattern, flags, subject], theirs) {
    if (!flags.includes('u') || !theirs.items)
        return false;
    const places = flags.includes('g')
        ? [...subject.matchAll(new RegExp(pattern, flags))].map(match => match.index) : [theirs.index];
    return places.some(at => at > 0 && /[\ud800-\udbff][\udc00-\udfff]/.test(subject.slice(at - 1, at + 1)));
}

function same(mine, theirs) {
    if (mine.costly)
        return true;
    if (mine.error !== undefined && theirs.error !== undefined)
        return theirs.error === '' || mine.error === theirs.error;
    return JSON.stringify(mine) === JSON.stringify(theirs);
}

function readable(answer) {
    return JSON.stringify(answer, (key, value) =>
        typeof value === 'string' && /^([0-9a-f]{2})+$/.test(value) ? Buffer.from(value, 'hex').toString() : value);
}

const count = Number(option('count', 5000)), seed = Number(option('seed', 1));
const all = [...cases, ...randomCases(count, seed)];
const lines = all.flatMap(([pattern, flags, subject]) =>
    ['chosen', 'exact'].map(engine => [hex(pattern), flags, hex(subject), engine].join('\t') + '\n'));
const run = spawnSync(option('runner'), { input: lines.join(''), maxBuffer: 1 << 30, encoding: 'utf8' });
if (run.status !== 0) {
    console.error(run.stderr || `the runner ended with ${run.status ?? run.signal}`);
    process.exit(1);
}
const answers = run.stdout.trimEnd().split('\n').map(line => JSON.parse(line));
let differences = 0, costly = 0;
answers.forEach((mine, i) => {
    const [pattern, flags, subject] = all[i >> 1];
    const theirs = expected(all[i >> 1]);
    costly += mine.costly ? 1 : 0;
    if (same(mine, theirs) || splitsPair(all[i >> 1], theirs))
        return;
    if (++differences <= 30)
        console.error(`/${pattern}/${flags} on ${JSON.stringify(subject)} (${i & 1 ? 'exact' : 'chosen'} engine)\n` +
            `    node: ${readable(theirs)}\n    ours: ${readable(mine)}`);
});
if (answers.length !== lines.length) {
    console.error(`${lines.length} questions, ${answers.length} answers`);
    differences++;
}
console.log(`${cases.length} written and ${count} random cases (seed ${seed}), both engines: ` +
    `${differences} differences, ${costly} over budget`);
process.exit(differences > 0 || costly > lines.length / 50 ? 1 : 0);
