// Measures rule decisions of `valvec bench` and of the original in one run and prints the ratios.
//
//     node tests/bench/compare.mjs [--valvec build/release/valvec/valvec] [--json] [--require]
//
// Before anything is timed, both must give the same decisions. --require exits 1 when a promised ratio
// is missed; the test suite does not use it, since a busy machine is no fault of the code.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { timeOriginal } from './original.mjs';
import { largeRuleFile, PATTERN_GROWTH, PATTERN_GROWTH_LIMIT, SCENARIOS } from './scenarios.mjs';

const { values: options } = parseArgs({
    options: {
        valvec: { type: 'string', default: 'build/release/valvec/valvec' },
        json: { type: 'boolean', default: false },
        require: { type: 'boolean', default: false },
    },
});

const folder = mkdtempSync(join(tmpdir(), 'valve-bench-'));
const rulesFile = join(folder, 'rules.json');
const requestsFile = join(folder, 'requests.jsonl');

function writeInput({ permissions, requests, records }) {
    writeFileSync(rulesFile, JSON.stringify(permissions));
    writeFileSync(requestsFile, requests.map((r) => JSON.stringify({ ...r, records }) + '\n').join(''));
}

function valvec(...args) {
    try {
        return execFileSync(options.valvec, args, { encoding: 'utf8', maxBuffer: 1 << 30 });
    } catch (error) {
        if (error.status === 1) return error.stdout; // a denied request among them
        throw error;
    }
}

function ourAllowedCount() {
    const lines = valvec('eval', rulesFile, '--requests', requestsFile).trimEnd().split('\n');
    return lines.filter((line) => JSON.parse(line).decision === 'allow').length;
}

function timeOurs(scenario) {
    writeInput(scenario);
    const allowed = ourAllowedCount();
    const output = valvec('bench', rulesFile, '--requests', requestsFile, '--json');
    return { ...JSON.parse(output.trimEnd().split('\n').at(-1)), allowed };
}

async function compareScenario(scenario) {
    const ours = timeOurs(scenario);
    const original = await timeOriginal(scenario.permissions, scenario.requests, scenario);
    if (ours.allowed !== original.allowed)
        throw new Error(`${scenario.name}: allowed ${ours.allowed} here, ${original.allowed} there`);
    return {
        name: scenario.name, promised: scenario.ratio, ratio: original.median / ours.median_ns,
        ours_ns: ours.median_ns, ours_p99_ns: ours.p99_ns, original_ns: original.median,
    };
}

function comparePatternGrowth() {
    const [few, many] = PATTERN_GROWTH.map((input) => timeOurs(input).median_ns);
    return { name: '10,000 patterns against 10', promised: PATTERN_GROWTH_LIMIT, ratio: many / few, few_ns: few, many_ns: many };
}

function timeCheck() {
    writeFileSync(rulesFile, JSON.stringify(largeRuleFile(10000), null, 2));
    const start = performance.now();
    valvec('check', rulesFile);
    return { name: 'check of 10,000 rules', seconds: (performance.now() - start) / 1000 };
}

function printTable({ decisions, growth, check }) {
    const pad = (text, width) => String(text).padStart(width);
    console.log(`${'decision'.padEnd(36)}${pad('ours ns', 9)}${pad('p99', 8)}${pad('original', 10)}${pad('ratio', 8)}${pad('promised', 10)}`);
    for (const row of decisions)
        console.log(`${row.name.padEnd(36)}${pad(row.ours_ns.toFixed(1), 9)}${pad(row.ours_p99_ns.toFixed(1), 8)}`
            + `${pad(row.original_ns.toFixed(0), 10)}${pad(row.ratio.toFixed(1), 8)}${pad('>= ' + row.promised, 10)}`);
    console.log(`${growth.name.padEnd(36)}${growth.few_ns.toFixed(1)} -> ${growth.many_ns.toFixed(1)} ns,`
        + ` factor ${growth.ratio.toFixed(2)} (promised <= ${growth.promised})`);
    console.log(`${check.name.padEnd(36)}${check.seconds.toFixed(3)} s (promised < 1)`);
}

try {
    const decisions = [];
    for (const scenario of SCENARIOS) decisions.push(await compareScenario(scenario));
    const result = { decisions, growth: comparePatternGrowth(), check: timeCheck() };
    if (options.json) console.log(JSON.stringify(result));
    else printTable(result);
    const kept = decisions.every((row) => row.ratio >= row.promised)
        && result.growth.ratio <= result.growth.promised && result.check.seconds < 1;
    process.exitCode = options.require && !kept ? 1 : 0;
} finally {
    rmSync(folder, { recursive: true, force: true });
}
