// Runs every command of valvec as a person would, and compares exit code, standard output and standard error
// with what cases.mjs expects.
//
//     node commands.mjs --valvec PATH [--only TEXT]

import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CASES, FILES } from './cases.mjs';

const { values: options } = parseArgs({
    options: { valvec: { type: 'string', default: 'build/release/valvec/valvec' }, only: { type: 'string', default: '' } },
});
const valvec = resolve(options.valvec);
const folder = mkdtempSync(join(tmpdir(), 'valve-commands-'));

function run({ args, input = '', output = 'pipe', environment = {} }) {
    return spawnSync(valvec, args, {
        cwd: folder, input, encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, ...environment },
        stdio: ['pipe', output === 'pipe' ? 'pipe' : openSync(output, 'w'), 'pipe'],
    });
}

/** Texts must be equal, regular expressions must match, functions must return true. */
function isAsExpected(said, expected) {
    if (expected === undefined) return true;
    if (typeof expected === 'function') return expected(said) === true;
    return expected instanceof RegExp ? expected.test(said) : said === expected;
}

function problems(test) {
    const ran = run(test);
    const found = [];
    if (ran.status !== test.exit) found.push(`exit ${ran.status ?? ran.signal}, expected ${test.exit}`);
    for (const stream of ['stdout', 'stderr'])
        if (!isAsExpected(ran[stream] ?? '', test[stream]))
            found.push(`${stream}: ${JSON.stringify(ran[stream])}\n      expected: ${test[stream]}`);
    return found;
}

let passed = 0, failed = 0;
try {
    for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
    for (const test of CASES.filter(({ title }) => title.includes(options.only))) {
        const found = problems(test);
        if (found.length === 0) passed++;
        else {
            failed++;
            console.error(`${test.title}: valvec ${test.args.join(' ')}\n    ${found.join('\n    ')}`);
        }
    }
} finally {
    rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
