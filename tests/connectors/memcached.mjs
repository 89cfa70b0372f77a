// Records through memcached: the whole server with the published client, and a real memcached that is killed
// under load while records are stored in SQLite.
//
//     node memcached.mjs --server FILE [--only TEXT]

import { connect } from 'node:net';
import { startMemcached } from '../support/backends.mjs';
import { assert, scenarios, until } from '../scenarios/stage.mjs';

const WRITERS = 8;
const KILLS = 2;
const WRITES_BETWEEN_KILLS = 100;

const memcached = await startMemcached({ args: ['-m', '64'] });
const configuration = {
    cache: { name: 'memcached', options: { serverLocation: `127.0.0.1:${memcached.port}`, memcachedOptions: { timeout: 500 } } },
    record: { storageExclusionPrefixes: ['cached-only/'] },
};

/** What memcached answers to a line, up to a text. */
const ask = (line, end) => new Promise((done, fail) => {
    const socket = connect({ host: '127.0.0.1', port: memcached.port });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', fail);
    socket.on('data', (piece) => {
        text += piece;
        if (!text.endsWith(end)) return;
        socket.destroy();
        done(text);
    });
    socket.write(`${line}\r\n`);
});

/** Writes numbers that grow into one record, and knows the last one that was acknowledged. */
class Writer {
    constructor(client, name) {
        Object.assign(this, { client, name, tried: 0, acknowledged: 0, successes: 0, failures: 0 });
    }

    async run() {
        while (!this.isOver) {
            const n = ++this.tried;
            try {
                await this.client.record.setDataWithAck(this.name, { n });
                this.acknowledged = n;
                this.successes++;
            } catch {
                this.failures++;
                await new Promise((next) => setTimeout(next, 5)); // not to keep the server busy with refusals
            }
        }
    }
}

const sum = (writers, member) => writers.reduce((total, writer) => total + writer[member], 0);

await scenarios('memcached', configuration, [
    ['records are in memcached as the Node.js connector has them', async (stage) => {
        const client = await stage.user('ann'), other = await stage.user('bo');
        await client.record.setDataWithAck('notes/1', { text: 'hello €' });
        assert.match(await ask('get notes/1', 'END\r\n'), /^VALUE notes\/1 2 \d+\r\n\{"version":\d+,"data":\{"text":"hello €"\}\}\r\nEND\r\n$/);
        assert.deepEqual(await other.record.snapshot('notes/1'), { text: 'hello €' });
        await other.record.setDataWithAck('a name with blanks', { odd: true });
        assert.deepEqual(await client.record.snapshot('a name with blanks'), { odd: true });
        const record = await client.record.getRecord('notes/1').whenReady();
        record.delete();
        await until(async () => await ask('get notes/1', 'END\r\n') === 'END\r\n', 'the end of the item');
    }],
    ['memcached is killed under load: what was acknowledged is there', async (stage) => {
        const client = await stage.user('ann');
        const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(client, `load/${i}`));
        const running = writers.map((writer) => writer.run());
        for (let kill = 0; kill < KILLS; kill++) {
            const before = sum(writers, 'successes'), failed = sum(writers, 'failures'), log = stage.server.log.length;
            await until(() => sum(writers, 'successes') >= before + WRITES_BETWEEN_KILLS, 'writes');
            await memcached.kill();
            await stage.server.logs(/BACKEND_LOST \| memcached at 127\.0\.0\.1/, { from: log });
            await until(() => sum(writers, 'failures') > failed, 'a failure');
            await memcached.again();
            await stage.server.logs(/BACKEND_REGAINED \| memcached at/, { from: log });
        }
        const before = sum(writers, 'successes');
        await until(() => sum(writers, 'successes') >= before + WRITES_BETWEEN_KILLS, 'writes after the last kill');
        for (const writer of writers) writer.isOver = true;
        await Promise.all(running);
        await memcached.restart(); // it is empty now: what is read comes from the storage
        const reader = await stage.user('bo');
        for (const { name, acknowledged, tried } of writers) {
            const { n } = await until(() => reader.record.snapshot(name).catch(() => null), name);
            assert.ok(n >= acknowledged && n <= tried, `${name}: acknowledged ${acknowledged}, tried ${tried}, found ${n}`);
        }
    }],
    ['what is kept out of the storage goes with memcached', async (stage) => {
        const client = await stage.user('ann');
        // It was restarted a moment ago, which the server may learn by this write.
        await until(() => client.record.setDataWithAck('cached-only/1', { here: true }).then(() => true, () => false), 'memcached');
        assert.deepEqual(await client.record.snapshot('cached-only/1'), { here: true });
        const log = stage.server.log.length;
        await memcached.restart();
        const reader = await stage.user('bo');
        await until(async () => (await reader.record.has('cached-only/1').catch(() => true)) === false, 'the loss');
        await until(() => !/BACKEND_LOST/.test(stage.server.log.slice(log)) || /BACKEND_REGAINED/.test(stage.server.log.slice(log)), 'memcached');
    }],
    ['a server that starts before memcached waits for it', async (stage) => {
        const log = stage.server.log.length;
        await stage.server.end();
        await memcached.kill();
        const started = stage.server.again();
        await until(() => /BACKEND_LOST/.test(stage.server.log), 'the news');
        await memcached.again();
        await started;
        assert.ok(stage.server.log.length > log);
        const client = await stage.user('ann');
        await client.record.setDataWithAck('late/1', { late: true });
    }],
], { ours: { storage: { type: 'default' } } });

await memcached.stop();
