// Faults of the original that end it, or let it grow, shown on it; and that this server has none of them.
//
//     node faults.mjs --server FILE [--only TEXT]

import { pbkdf2Sync } from 'node:crypto';
import { createRequire } from 'node:module';
import { assert, until } from '../scenarios/stage.mjs';
import { check, report } from '../commands/check.mjs';
import { startOriginal, startOurs } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';

const require = createRequire(import.meta.url);
const { LocalCache } = require('@deepstream/server/dist/src/services/cache/local-cache.js');

async function withServer(started, act) {
    const server = await started;
    try {
        await act(server);
    } finally {
        await server.stop();
    }
}

async function attempt(server, username) {
    const peer = await Peer.connect(server.port);
    peer.send('CONNECTION.CHALLENGE', { url: 'ws://x', protocolVersion: '0.1a', sdkVersion: '7', sdkType: 'test' });
    await peer.sees('CONNECTION.ACCEPT');
    peer.send('AUTH.REQUEST', { data: JSON.stringify({ username, password: 'x' }) });
    return peer;
}

const HASH = { hash: 'md5', iterations: 100, keyLength: 32 }, SALT = 'AAAAAAAAAAAAAAAAAAAAAA==';
const password = pbkdf2Sync('x', SALT, HASH.iterations, HASH.keyLength, HASH.hash).toString('base64') + SALT;
const auth = [{ type: 'file', options: { users: { ann: { password } }, ...HASH } }];
const NAMES = ['constructor', '__proto__', 'toString'];

await check('S5: a user who is called like a property of objects ends the original, and is refused here', async () => {
    await withServer(startOriginal({ auth }), async (server) => {
        await attempt(server, 'constructor');
        await until(() => !server.isRunning, 'the end of the original');
        assert.match(server.log, /TypeError/);
    });
    await withServer(startOurs({ auth }), async (server) => {
        for (const name of NAMES) {
            const peer = await attempt(server, name);
            await peer.sees('AUTH.AUTH_UNSUCCESSFUL');
            await peer.close();
        }
        await (await Peer.login(server.port, { auth: { username: 'ann', password: 'x' } })).close();
    });
});

await check('S5: one of several entries of auth without options ends the original at its start, and not this server', async () => {
    const several = [...auth, { type: 'none' }];
    await assert.rejects(startOriginal({ auth: several }), /TypeError/);
    await withServer(startOurs({ auth: several }), async (server) => {
        await (await Peer.login(server.port, { auth: { username: 'somebody' } })).close();
    });
});

const MEGABYTE = 1 << 20, RECORDS = 3000, text = 'x'.repeat(1000);

await check('S15: the cache of the original keeps everything, the one here stays below its bound and loses nothing', async () => {
    const theirs = new LocalCache();
    for (let i = 0; i < RECORDS; i++) theirs.set(`r/${i}`, 1, { text }, () => {});
    assert.equal(theirs.data.size, RECORDS);

    const ours = { cache: { type: 'default', options: { maxBytes: MEGABYTE } }, storage: { type: 'default', options: { synchronous: 'off' } } };
    await withServer(startOurs({ monitoring: { type: 'prometheus' } }, { ours }), async (server) => {
        const peer = await Peer.login(server.port);
        const data = JSON.stringify({ text });
        for (let i = 0; i < RECORDS; i++) {
            peer.send('RECORD.CREATEANDUPDATE', { name: `r/${i}`, version: -1, data, isWriteAck: true, correlationId: `${i}` });
            await peer.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { correlationId: `${i}` });
        }
        const metrics = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
        const bytes = Number(metrics.match(/\ndeepstream_cache_bytes (\S+)\n/)[1]);
        assert.ok(bytes > MEGABYTE / 2 && bytes <= MEGABYTE, `${bytes} bytes in the cache`);
        for (let i = 0; i < RECORDS; i += 100) {
            peer.send('RECORD.READ', { name: `r/${i}` });
            assert.equal((await peer.sees('RECORD.READ_RESPONSE', { name: `r/${i}` })).data, data);
        }
        await peer.close();
    });
});

report();
