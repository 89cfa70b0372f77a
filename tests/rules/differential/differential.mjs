// Compares `valvec eval` with JavaScript on every expression of corpus/ under every context, and on random
// expressions.
//
//     node differential.mjs --valvec PATH [--random N] [--seed N] [--only TEXT]
//
// In corpus/*.txt each line is one expression; # starts a comment; the sign ↵ stands for a line break.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { CONTEXTS } from './contexts.mjs';
import { generator, randomSource } from './generate.mjs';
import { decide } from './reference.mjs';

const { values: options } = parseArgs({
    options: {
        valvec: { type: 'string', default: 'build/release/valvec/valvec' },
        random: { type: 'string', default: '2000' },
        seed: { type: 'string', default: '1' },
        only: { type: 'string' },
    },
});

const corpusFolder = join(dirname(fileURLToPath(import.meta.url)), 'corpus');

function corpusCases() {
    return readdirSync(corpusFolder).sort().flatMap((file) =>
        readFileSync(join(corpusFolder, file), 'utf8').split('\n').flatMap((line, index) =>
            line === '' || line.startsWith('#') ? []
                : [{ where: `${file}:${index + 1}`, expression: line.replaceAll('↵', '\n') }]));
}

/** JavaScript refuses some random texts (`-x ** y`); only what it parses is a case. */
function parses(expression) {
    try {
        new Function(`return (\n${expression}\n)`);
        return true;
    } catch {
        return false;
    }
}

function randomCases(count, seed) {
    const next = generator(randomSource(seed));
    const cases = [];
    while (cases.length < count) {
        const expression = next();
        if (parses(expression)) cases.push({ where: `seed ${seed}, #${cases.length + 1}`, expression });
    }
    return cases;
}

function ruleTree(cases) {
    const record = { '*': { write: false } };
    cases.forEach(({ expression }, i) => { record[`case${i}/$x`] = { write: expression }; });
    return { record, event: { '*': {} }, rpc: { '*': {} }, presence: { '*': {} } };
}

/** Text of one request line; lone surrogates leave JSON.stringify as escapes. */
function requestLine(i, context) {
    return JSON.stringify({
        section: 'record', rule: 'write', action: 18, name: `case${i}/${context.variable}`, user: context.user,
        data: context.data, oldData: context.oldData, now: context.now, records: context.records,
    });
}

function evaluateAll(cases) {
    const folder = mkdtempSync(join(tmpdir(), 'valve-differential-'));
    try {
        const rules = join(folder, 'rules.json'), requests = join(folder, 'requests.jsonl');
        writeFileSync(rules, JSON.stringify(ruleTree(cases), null, 1));
        const lines = cases.flatMap((_, i) => Object.values(CONTEXTS).map((context) => requestLine(i, context)));
        writeFileSync(requests, lines.join('\n') + '\n');
        const run = spawnSync(options.valvec, ['eval', rules, '--requests', requests, '--max-rule-iterations', '5'],
            { encoding: 'utf8', maxBuffer: 1 << 30 });
        if (run.status > 1 || run.status === null)
            throw new Error(`valvec eval ended with ${run.status ?? run.signal}:\n${run.stderr.slice(0, 4000)}`);
        return run.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

function agrees(ours, theirs) {
    return ours.decision === theirs.decision
        && (theirs.decision === 'error' || isDeepStrictEqual(ours.value, theirs.value));
}

const short = (value) => (JSON.stringify(value) ?? 'nothing').slice(0, 300);

function main() {
    const seed = Number(options.seed);
    let cases = [...corpusCases(), ...randomCases(Number(options.random), seed)];
    if (options.only) cases = cases.filter(({ where, expression }) => where.includes(options.only) || expression.includes(options.only));
    const results = evaluateAll(cases);
    const contexts = Object.entries(CONTEXTS);
    if (results.length !== cases.length * contexts.length)
        throw new Error(`${results.length} results for ${cases.length * contexts.length} requests`);
    let failed = 0;
    cases.forEach(({ where, expression }, i) => contexts.forEach(([contextName, context], k) => {
        const ours = results[i * contexts.length + k];
        const theirs = decide(expression, context, `case${i}/${context.variable}`);
        if (agrees(ours, theirs)) return;
        if (++failed > 40) return;
        console.error(`${where} (${contextName}): ${expression}`);
        console.error(`    JavaScript: ${theirs.decision} ${short(theirs.value ?? theirs.message)}`);
        console.error(`    valvec:     ${ours.decision} ${short(ours.decision === 'error' ? ours.message : ours.value)}`);
    }));
    console.log(`${results.length - failed} passed, ${failed} failed (seed ${seed})`);
    process.exitCode = failed === 0 ? 0 : 1;
}

main();
