// What it costs to reach a plugin by its table: cache, permission and subscription registry built in, and the same
// code loaded from shared objects, behind the guard that watches what is loaded.
//
//     node tests/bench/plugin_tables.mjs [--build build/release] [--seconds 3] [--rounds 5] [--json]
//
// The figure is CPU time of the server process per message. The two take turns, so that both have the same
// machine; the load generator checks every message that comes back.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
    options: {
        build: { type: 'string', default: 'build/release' },
        seconds: { type: 'string', default: '3' },
        rounds: { type: 'string', default: '5' },
        json: { type: 'boolean', default: false },
    },
});
const { load, median, startOurs, stop } = await import('./loaded_server.mjs');

const from = (name) => ({ path: resolve(options.build, 'tests/bench/plugins', `${name}.so`) });
const VARIANTS = {
    builtIn: {},
    loaded: { cache: from('cache-default'), permission: from('permission-none'), subscriptions: from('subscriptions-default') },
};
const SCENARIOS = [
    { title: 'event fan-out: 50 subscribers, 100 names', load: 'fanout', window: '100' },
    { title: 'events that nobody subscribes to', load: 'publish', window: '1000' },
    { title: 'versioned record updates, seen by a subscriber', load: 'update', window: '100' },
];

const folder = mkdtempSync(join(tmpdir(), 'plugin-bench-'));

async function once(scenario, variant) {
    const server = await startOurs(options.build, folder, variant);
    try {
        return (await load(options.build, server, scenario.load, ['--seconds', options.seconds, '--window', scenario.window])).cpu_ns;
    } finally {
        await stop(server);
    }
}

async function measure(scenario) {
    const figures = Object.fromEntries(Object.keys(VARIANTS).map((name) => [name, []]));
    for (let round = 0; round < Number(options.rounds); round++)
        for (const [name, variant] of Object.entries(VARIANTS)) figures[name].push(await once(scenario, variant));
    const result = { title: scenario.title };
    for (const [name, all] of Object.entries(figures)) result[name] = { cpuNs: median(all), least: Math.min(...all), most: Math.max(...all) };
    return result;
}

const results = [];
try {
    for (const scenario of SCENARIOS) {
        const result = await measure(scenario);
        results.push(result);
        if (options.json) continue;
        const shown = ({ cpuNs, least, most }) => `${cpuNs.toFixed(0)} ns (${least.toFixed(0)} to ${most.toFixed(0)})`;
        console.log(`${result.title}: ${shown(result.builtIn)} built in, ${shown(result.loaded)} loaded, ${(result.loaded.cpuNs - result.builtIn.cpuNs).toFixed(0)} ns more`);
    }
} finally {
    rmSync(folder, { recursive: true, force: true });
}
if (options.json) console.log(JSON.stringify(results));
