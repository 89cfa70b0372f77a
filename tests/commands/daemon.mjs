// The daemon: a dead server is started again, signals are passed on, and too many deaths end it (S4).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Peer } from '../support/wire.mjs';
import { configurationOf } from '../support/servers.mjs';
import { check, portOf, report } from './check.mjs';

const config = (given = {}) => configurationOf(0, { storage: { type: 'none', options: {} }, logLevel: 'INFO', ...given });

/** The server that a daemon runs. */
const childOf = (daemon) =>
    Number(readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8').trim().split(' ')[0]);

const isAlive = (pid) => {
    try {
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
        return false;
    }
};

async function gone(pid) {
    while (isAlive(pid)) await new Promise((done) => setTimeout(done, 10));
}

function launchDaemon(place, args = []) {
    return place.launch(['daemon', '-c', place.file('config.json', config()), ...args]);
}

await check('the daemon runs a server with the options it was given', async (place) => {
    const daemon = launchDaemon(place, ['--host', '127.0.0.3']);
    await daemon.logs(/Listening for http connections on 127\.0\.0\.3:\d+/);
    const line = execFileSync('tr', ['\\0', ' '], { input: readFileSync(`/proc/${childOf(daemon)}/cmdline`) }).toString();
    assert.match(line, /^deepstream start -c .*config\.json --host 127\.0\.0\.3 $/);
});

await check('S4: a server that was killed is started again', async (place) => {
    const daemon = launchDaemon(place);
    let killed;
    for (let times = 1; times <= 3; times++) {
        const port = await portOf(daemon, times);
        await daemon.logs(/Deepstream started/, { times });
        await (await Peer.login(port)).close();
        assert.notEqual(childOf(daemon), killed);
        killed = childOf(daemon);
        process.kill(killed, 'SIGKILL');
        await daemon.logs(/the server died of signal 9/, { times });
    }
    await daemon.logs(/Deepstream started/, { times: 4 });
});

for (const signal of ['SIGTERM', 'SIGINT'])
    await check(`${signal} stops the server with its drain, then the daemon, with 0`, async (place) => {
        const daemon = launchDaemon(place);
        const peer = await Peer.login(await portOf(daemon));
        const server = childOf(daemon);
        daemon.signal(signal);
        assert.equal(await peer.closes(), 1001);
        assert.deepEqual(await daemon.exit(), { code: 0, signal: null });
        assert.ok(!isAlive(server));
        assert.match(daemon.log, new RegExp(`INFO \\| ${signal}: stopping`));
    });

await check('SIGHUP reaches the server, which goes on', async (place) => {
    const daemon = launchDaemon(place);
    await daemon.logs(/Deepstream started/);
    const server = childOf(daemon);
    daemon.signal('SIGHUP');
    await daemon.logs(/SIGHUP: reading the rules/);
    assert.equal(childOf(daemon), server);
});

await check('a server does not outlive a daemon that was killed', async (place) => {
    const daemon = launchDaemon(place);
    await daemon.logs(/Deepstream started/);
    const server = childOf(daemon);
    await daemon.kill();
    await gone(server);
});

await check('a server that cannot run is given up after ten quick restarts', async (place) => {
    const daemon = place.launch(['daemon', '-c', place.file('config.json', config({ nonsense: 1 }))]);
    assert.deepEqual(await daemon.exit(60000), { code: 1, signal: null });
    assert.equal(daemon.log.match(/the server ended with status 1/g).length, 11);
    assert.match(daemon.log, /Too many restarts: 11 servers in a row lived less than 5 seconds\n$/);
});

report();
