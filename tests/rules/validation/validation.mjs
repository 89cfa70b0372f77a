// Compares what `valvec check` says of good and bad rule files with what the original's validator says.
//
//     node validation.mjs --valvec PATH

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CASES } from './cases.mjs';

const { values: options } = parseArgs({ options: { valvec: { type: 'string', default: 'build/release/valvec/valvec' } } });

const require = createRequire(import.meta.url);
const yaml = require('js-yaml');
const validator = require('@deepstream/server/dist/src/services/permission/valve/config-validator.js');

function askOriginal(text) {
    let config;
    try {
        config = yaml.load(text);
    } catch {
        return 'not read';
    }
    try {
        const result = validator.validate(config);
        return result === true ? 'accepted' : result;
    } catch {
        return 'crash';
    }
}

/** "accepted", or the message of the first error. */
function askOurs(text, folder) {
    const file = join(folder, 'permissions.yml');
    writeFileSync(file, text);
    const run = spawnSync(options.valvec, ['check', file], { encoding: 'utf8' });
    if (run.status === 0) return 'accepted';
    const error = /permissions\.yml:\d+:\d+: error: (.*)/.exec(run.stdout + run.stderr);
    if (run.status !== 3 || !error) return `exit ${run.status}: ${run.stdout}${run.stderr}`;
    return error[1];
}

/** "error" asks for any located error; other texts must begin the message. */
function isAsExpected(said, expected) {
    if (expected === 'accepted' || said === 'accepted') return said === expected;
    return !said.startsWith('exit ') && (expected === 'error' || said.startsWith(expected));
}

const folder = mkdtempSync(join(tmpdir(), 'valve-validation-'));
let failed = 0;
try {
    for (const { title, text, original, ours = original } of CASES) {
        const theirs = askOriginal(text), here = askOurs(text, folder);
        const expected = ours === 'not read' || ours === 'crash' ? 'error' : ours;
        if (theirs.startsWith(original) && isAsExpected(here, expected)) continue;
        failed++;
        console.error(`${title}: here "${here}" (expected "${expected}"), original "${theirs}" (expected "${original}")`);
    }
} finally {
    rmSync(folder, { recursive: true, force: true });
}
console.log(`${CASES.length - failed} passed, ${failed} failed (each also run against the original)`);
process.exitCode = failed === 0 ? 0 : 1;
