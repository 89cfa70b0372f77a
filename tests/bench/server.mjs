// Measures this server and @deepstream/server 7 (with its uws HTTP service) in one run and prints the ratios.
//
//     node tests/bench/server.mjs [--build build/release] [--seconds 3] [--rounds 3] [--json] [--require]
//
// The figure is CPU time of the server process per message, from the kernel's account: it is stable where
// rates are not. The load generator checks every message that comes back. --require exits 1 when a promise
// is missed.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { certificate } from '../support/certificates.mjs';
import { freePort } from '../support/servers.mjs';
import { ENDPOINTS, load as loadOf, median, startOurs as startOursWith, started, stop } from './loaded_server.mjs';
import { SCENARIOS } from './server_scenarios.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
    options: {
        build: { type: 'string', default: 'build/release' },
        seconds: { type: 'string', default: '3' },
        rounds: { type: 'string', default: '3' },
        json: { type: 'boolean', default: false },
        require: { type: 'boolean', default: false },
    },
});
const MOST_BYTES_IDLE = 2560, MOST_MS_START = 30, MOST_TIMES_MIXED = 1.3;
/** Of each ten clients, as the option of the load generator: 5 binary, 3 JSON, 2 of the v3 protocol. */
const MIX = 'bbbbbjjjtt';
const KINDS = { binary: 'b', JSON: 'j', text: 't', MQTT: 'm', HTTP: 'h' };
const folder = mkdtempSync(join(tmpdir(), 'server-bench-'));
let databases = 0;

async function startOriginal({ rules }) {
    const port = await freePort();
    const args = [join(here, 'original_server.mjs'), String(port)];
    if (rules) {
        writeFileSync(join(folder, 'rules.json'), JSON.stringify(rules));
        args.push(join(folder, 'rules.json'));
    }
    return started(process.execPath, args, port, folder);
}

async function startOurs({ rules, storage = 'none', ssl }) {
    const mqttPort = await freePort(), encrypted = ssl ? { ssl } : {};
    if (rules) writeFileSync(join(folder, 'permissions.json'), JSON.stringify(rules));
    const server = await startOursWith(options.build, folder, {
        httpServer: encrypted,
        connectionEndpoints: ENDPOINTS.concat({ type: 'mqtt', options: { host: '127.0.0.1', port: mqttPort, ...encrypted } }),
        ...(storage !== 'none' && { storage: { type: 'default', options: { path: join(folder, `records-${++databases}.db`) } } }),
        ...(rules && { permission: { type: 'config', options: { permissions: 'fileLoad(permissions.json)' } } }),
    });
    return { ...server, mqttPort };
}

const load = (server, scenario, extra = []) => loadOf(options.build, server, scenario, ['--seconds', options.seconds, ...extra]);

async function withServer(start, settings, use) {
    const server = await start(settings);
    try {
        return await use(server);
    } finally {
        await stop(server);
    }
}

async function measure(start, scenario) {
    const args = ['--window', String(scenario.window), ...(scenario.rules ? ['--expect-denied'] : []), ...(scenario.ssl ? ['--tls'] : [])];
    const results = [];
    for (let round = 0; round < Number(options.rounds); round++)
        results.push(await withServer(start, scenario, (server) => load(server, scenario.load, args)));
    return { cpuNs: median(results.map((r) => r.cpu_ns)), rate: median(results.map((r) => r.rate)) };
}

async function compare(scenario) {
    const ours = await measure(startOurs, scenario);
    const original = await measure(startOriginal, scenario);
    return { title: scenario.title, ours, original, ratio: original.cpuNs / ours.cpuNs, promised: scenario.promised };
}

/** p99 of both while messages are due at half of what the original can do at most. */
async function compareLatency(originalDeliveriesPerSecond) {
    const rate = String(Math.max(1, Math.floor(originalDeliveriesPerSecond / 50 / 2)));
    const at = (start) => withServer(start, {}, (server) => load(server, 'latency', ['--rate', rate]));
    return { rate: Number(rate), ours: await at(startOurs), original: await at(startOriginal) };
}

/** A fan-out to 25 binary, 15 JSON and 10 text subscribers, and the same to 50 binary ones, in turns. */
async function compareMixed() {
    const results = { binary: [], mixed: [] };
    for (let round = 0; round < Number(options.rounds); round++)
        for (const [kind, protocols] of [['binary', 'b'], ['mixed', MIX]])
            results[kind].push((await withServer(startOurs, {}, (server) => load(server, 'fanout', ['--window', '100', '--protocols', protocols]))).cpu_ns);
    return { binaryNs: median(results.binary), mixedNs: median(results.mixed) };
}

const idle = async (start, { protocols = 'b', ssl } = {}) => (await withServer(start, { ssl }, (server) =>
    load({ ...server, port: protocols === 'm' ? server.mqttPort : server.port }, 'idle', ['--clients', '5000', '--protocols', protocols, ...(ssl ? ['--tls'] : [])]))).bytes;

/** Bytes of the server for an idle connection of each kind. */
async function idleBytes(settings = {}) {
    const bytes = {};
    for (const [kind, protocols] of Object.entries(KINDS)) bytes[kind] = await idle(startOurs, { ...settings, protocols });
    return bytes;
}
const bytesText = (bytes) => Object.entries(bytes).map(([kind, each]) => `${kind} ${each.toFixed(0)}`).join(', ');
const startTime = async (start) => {
    const times = [];
    for (let i = 0; i < 5; i++) times.push(await withServer(start, { storage: 'default' }, (server) => server.startMs));
    return median(times);
};

const report = { scenarios: [] };
try {
    for (const scenario of SCENARIOS) {
        report.scenarios.push(await compare(scenario));
        const { title, ours, original, ratio, promised } = report.scenarios.at(-1);
        if (!options.json) console.log(`${title}: ${ours.cpuNs.toFixed(0)} ns here, ${original.cpuNs.toFixed(0)} ns there, ratio ${ratio.toFixed(1)} (promised ${promised})`);
    }
    report.stored = await measure((settings) => startOurs({ ...settings, storage: 'default' }), SCENARIOS.find((s) => s.load === 'update'));
    report.latency = await compareLatency(report.scenarios[0].original.rate);
    const { key, pem } = certificate(folder, 'localhost');
    const ssl = { key, cert: pem };
    report.encrypted = await measure(startOurs, { ...SCENARIOS[0], ssl });
    report.mixed = await compareMixed();
    report.idleBytes = { ours: await idleBytes(), encrypted: await idleBytes({ ssl }), original: await idle(startOriginal) };
    report.startMs = { ours: await startTime(startOurs), original: await startTime(startOriginal) };
} finally {
    rmSync(folder, { recursive: true, force: true });
}

const kept = report.scenarios.every((s) => s.ratio >= s.promised) && report.latency.ours.p99_us < report.latency.original.p99_us &&
    Math.max(...Object.values(report.idleBytes.ours)) <= MOST_BYTES_IDLE &&
    report.mixed.mixedNs <= MOST_TIMES_MIXED * report.mixed.binaryNs && report.startMs.ours <= MOST_MS_START;
if (options.json) console.log(JSON.stringify(report));
else {
    console.log(`updates that are stored on disk as well: ${report.stored.cpuNs.toFixed(0)} ns here`);
    console.log(`the first of these over TLS: ${report.encrypted.cpuNs.toFixed(0)} ns here`);
    console.log(`p99 at ${report.latency.rate} messages a second to 50: ${report.latency.ours.p99_us} us here, ${report.latency.original.p99_us} us there`);
    console.log(`the first fan-out to 25 binary, 15 JSON and 10 text subscribers: ${report.mixed.mixedNs.toFixed(0)} ns, to binary ones ${report.mixed.binaryNs.toFixed(0)} ns (promised ${MOST_TIMES_MIXED} times)`);
    console.log(`bytes of an idle connection, with a subscription but for HTTP: ${bytesText(report.idleBytes.ours)} here, binary ${report.idleBytes.original.toFixed(0)} there (promised ${MOST_BYTES_IDLE})`);
    console.log(`the same over TLS: ${bytesText(report.idleBytes.encrypted)}`);
    console.log(`start to first accepted connection: ${report.startMs.ours.toFixed(0)} ms here, ${report.startMs.original.toFixed(0)} ms there (promised ${MOST_MS_START})`);
}
if (options.require && !kept) process.exitCode = 1;
