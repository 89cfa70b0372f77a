// Shows for each hole in cases.mjs that valvec keeps it shut, and that the original, asked the same, does
// not: so each case would fail on the original.
//
//     node holes.mjs --valvec PATH

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { originalChecker } from '../../bench/original.mjs';
import { HOLES } from './cases.mjs';

const { values: options } = parseArgs({ options: { valvec: { type: 'string', default: 'build/release/valvec/valvec' } } });

const TOPICS = { event: { topic: 4, publish: 2 }, record: { topic: 5, write: 18 }, presence: { topic: 7, allow: 2 } };
const NO_VERDICT_AFTER_MS = 300;

const completed = (rules) => ({
    record: { '*': {} }, event: { '*': {} }, rpc: { '*': {} }, presence: { '*': {} }, ...rules,
});

function askOurs({ rules, request }, folder) {
    const file = join(folder, 'rules.json');
    writeFileSync(file, JSON.stringify(completed(rules)));
    const run = spawnSync(options.valvec, ['eval', file, '--requests', '-'],
        { input: `${JSON.stringify(request)}\n`, encoding: 'utf8' });
    return run.status === 3 ? 'refused' : JSON.parse(run.stdout).decision;
}

function parseData(message) {
    if (message.data === undefined) return true;
    try {
        message.parsedData = JSON.parse(message.data);
        return true;
    } catch (error) {
        return error;
    }
}

/** Every verdict the original gives; the caller of the original acts on each of them. */
async function verdictsOfOriginal({ rules, request }) {
    const permission = originalChecker(completed(rules), request.records ?? {});
    const user = structuredClone(request.user);
    const message = {
        topic: TOPICS[request.section].topic, action: TOPICS[request.section][request.rule], name: request.name,
        data: request.dataText ?? (request.data === undefined ? undefined : JSON.stringify(request.data)),
    };
    const verdicts = [];
    try {
        await new Promise((resolve) => {
            const timer = setTimeout(resolve, NO_VERDICT_AFTER_MS);
            permission.canPerformAction({ userId: user.id, serverData: user.data, parseData }, message,
                (socket, sent, passItOn, error, result) => {
                    verdicts.push(error === null && result !== false ? 'allow' : 'deny');
                    setImmediate(() => { clearTimeout(timer); resolve(); });
                }, {});
        });
    } catch (error) {
        verdicts.push('crash');
    } finally {
        await permission.close();
    }
    return { verdicts, promoted: JSON.stringify(user) !== JSON.stringify(request.user) };
}

function summary({ verdicts, promoted }) {
    if (promoted) return 'promotes';
    if (verdicts.length === 0) return 'never';
    return verdicts.includes('allow') ? 'allow' : verdicts[0];
}

const folder = mkdtempSync(join(tmpdir(), 'valve-holes-'));
let failed = 0;
try {
    for (const test of HOLES) {
        const ours = askOurs(test, folder);
        const original = summary(await verdictsOfOriginal(test));
        const good = ours === test.ours && original === test.original;
        if (!good) failed++;
        console.log(`${good ? 'ok' : 'NOT OK'} ${test.hole} ${test.title}: here ${ours}, original ${original}`
            + (good ? '' : ` (expected ${test.ours} and ${test.original})`));
    }
} finally {
    rmSync(folder, { recursive: true, force: true });
}
console.log(`${HOLES.length - failed} passed, ${failed} failed (each also run against the original)`);
process.exitCode = failed === 0 ? 0 : 1;
