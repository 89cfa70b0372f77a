// Records in Elasticsearch: the whole server with the published client, at a double that is strict about the REST
// API: records and lists are there after a restart, and writes are refused while it is away.
//
//     node elasticsearch.mjs --server FILE [--only TEXT]

import { startDouble } from '../support/backends.mjs';
import { assert, scenarios, until } from '../scenarios/stage.mjs';

const double = await startDouble('elasticsearch', { args: ['--auth', 'deepstream:secret'] });
const requests = async () => (await fetch(`http://127.0.0.1:${double.port}/double/requests`, {
    headers: { authorization: `Basic ${Buffer.from('deepstream:secret').toString('base64')}` },
})).json();

const ours = { storage: { name: 'elasticsearch', options: { host: `http://127.0.0.1:${double.port}`, auth: 'deepstream:secret', splitChar: '/', mappings: {} } } };

await scenarios('elasticsearch', {}, [
    ['records and lists are there after a restart', async (stage) => {
        const RECORDS = { plain: { text: "it's" }, 'Users/ada': { name: 'Żółć 🎉' }, 'a/b/c': { n: [1, 2.5] } };
        const client = await stage.user('ann');
        for (const [name, data] of Object.entries(RECORDS)) await client.record.setDataWithAck(name, data);
        const list = await client.record.getList('lists/a').whenReady();
        await new Promise((done, fail) => { list.setEntries(['a', 'b'], (error) => (error ? fail(new Error(error)) : done())); });
        await stage.clear();
        await stage.server.restart();
        const again = await stage.user('ann');
        for (const [name, data] of Object.entries(RECORDS)) assert.deepEqual(await again.record.snapshot(name), data, name);
        assert.deepEqual((await again.record.getList('lists/a').whenReady()).getEntries(), ['a', 'b']);
        assert.equal((await requests()).refused, 0);
    }],
    ['writes are refused while Elasticsearch is away, and go on by themselves', async (stage) => {
        const client = await stage.user('ann');
        await double.kill();
        await assert.rejects(client.record.setDataWithAck('away/1', {}));
        await stage.server.logs(/BACKEND_LOST \| elasticsearch at http:\/\/127\.0\.0\.1/);
        await double.again();
        await stage.server.logs(/BACKEND_REGAINED \| elasticsearch at/);
        await until(() => client.record.setDataWithAck('away/2', { back: true }).then(() => true, () => false), 'a write');
    }],
], { ours });

await double.stop();
