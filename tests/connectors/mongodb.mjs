// Records in MongoDB's layout: the whole server with storage-mongodb, and the Node.js connector with its driver,
// at the same double of a server. Each reads what the other has written, and both write the same documents.
//
//     node mongodb.mjs --server FILE [--only TEXT]

import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { startDouble } from '../support/backends.mjs';
import { assert, scenarios, until } from '../scenarios/stage.mjs';

const require = createRequire(import.meta.url);
const { Connector } = require('@deepstream/storage-mongodb');
const { MongoClient } = require('mongodb');

const DATABASE = 'records';
const RECORDS = {
    plain: { text: "it's", list: [1, 2, { x: null }], yes: true },
    'users/ada': { name: 'Żółć 🎉', quote: '"', path: 'a\\b', nested: { deep: [[], {}] } },
    'users/ada/photo': { size: 1.5, zero: 0, negative: -7, large: 2147483648, larger: 9007199254740991, tiny: 5e-324, huge: 1e300 },
    'Upper/Case': {},
};
const ENTRIES = ['plain', 'users/ada'];

const double = await startDouble('mongodb');
const connectionString = `mongodb://127.0.0.1:${double.port}`;
const driver = await MongoClient.connect(connectionString, { useUnifiedTopology: true });

const quiet = { fatal: (...words) => { throw new Error(words.join(' ')); } };
const original = new Connector({ connectionString, db: DATABASE }, { logger: { getNameSpace: () => quiet } });
await original.whenReady();
const originalSet = promisify(original.set.bind(original));
const originalGet = (name) => new Promise((done, fail) => {
    original.get(name, (error, version, data) => (error ? fail(new Error(error)) : done({ version, data })));
});

/** The document of a record as it is stored, with the types of numbers, without what each one chooses. */
async function documentOf(name) {
    const [collection, key] = name.includes('/') ? [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1)] : ['deepstream_docs', name];
    const document = await driver.db(DATABASE).collection(collection).findOne({ ds_key: key }, { promoteValues: false });
    const { _id, ds_version, ...rest } = document;
    const sorted = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))); // $set appends behind ds_key
    return JSON.stringify(sorted, (_, value) => (value?._bsontype === undefined ? value : { [value._bsontype]: value.value }));
}

const setList = async (client, name, entries) => {
    const list = await client.record.getList(name).whenReady();
    await new Promise((done, fail) => { list.setEntries(entries, (error) => (error ? fail(new Error(error)) : done())); });
};

const configuration = {};
const ours = { storage: { name: '@deepstream/storage-mongodb', options: { connectionString: `${connectionString}/?serverSelectionTimeoutMS=500`, db: DATABASE } } };

await scenarios('mongodb', configuration, [
    ['the Node.js connector reads what the server has written', async (stage) => {
        const client = await stage.user('ann');
        for (const [name, data] of Object.entries(RECORDS)) {
            await client.record.setDataWithAck(name, { gone: true });
            await client.record.setDataWithAck(name, data);
            assert.deepEqual(await originalGet(name), { version: 2, data }, name);
        }
        await setList(client, 'lists/a', ENTRIES);
        assert.deepEqual((await originalGet('lists/a')).data, ENTRIES);
    }],
    ['the server reads what the Node.js connector has written', async (stage) => {
        for (const [name, data] of Object.entries(RECORDS)) await originalSet(`${name}-theirs`, 7, structuredClone(data));
        await originalSet('lists/theirs', 3, [...ENTRIES]);
        const client = await stage.user('ann');
        for (const [name, data] of Object.entries(RECORDS)) {
            assert.deepEqual(await client.record.snapshot(`${name}-theirs`), data, name);
            assert.equal(await client.record.head(`${name}-theirs`), 7, name);
        }
        const list = await client.record.getList('lists/theirs').whenReady();
        assert.deepEqual(list.getEntries(), ENTRIES);
        await client.record.setDataWithAck('plain-theirs', { only: 'this' });
        assert.deepEqual(await originalGet('plain-theirs'), { version: 8, data: { only: 'this' } });
    }],
    ['both write the same documents, down to the types of numbers', async (stage) => {
        const client = await stage.user('ann');
        for (const [name, data] of Object.entries(RECORDS)) {
            await client.record.setDataWithAck(`${name}-same`, data);
            const ourDocument = await documentOf(`${name}-same`);
            const collection = name.includes('/') ? name.slice(0, name.indexOf('/')) : 'deepstream_docs';
            const key = name.includes('/') ? `${name.slice(name.indexOf('/') + 1)}-same` : `${name}-same`;
            await driver.db(DATABASE).collection(collection).deleteOne({ ds_key: key });
            await originalSet(`${name}-same`, 1, structuredClone(data));
            assert.equal(ourDocument, await documentOf(`${name}-same`), name);
        }
    }],
    ['S11: a member that was deleted, and the list before a record, stay in the database at the original, not here', async (stage) => {
        const client = await stage.user('ann');
        await originalSet('faults/theirs', 1, { a: 1, b: 2 });
        await originalSet('faults/theirs', 2, { a: 1 });
        assert.deepEqual((await originalGet('faults/theirs')).data, { a: 1, b: 2 });
        await originalSet('faults/list', 1, ['a']);
        await originalSet('faults/list', 2, { a: 1 });
        assert.deepEqual((await originalGet('faults/list')).data, ['a']);
        await client.record.setDataWithAck('faults/ours', { a: 1, b: 2 });
        await client.record.setDataWithAck('faults/ours', { a: 1 });
        assert.deepEqual((await originalGet('faults/ours')).data, { a: 1 });
        await setList(client, 'faults/list-ours', ['a']);
        await client.record.setDataWithAck('faults/list-ours', { a: 1 });
        assert.deepEqual((await originalGet('faults/list-ours')).data, { a: 1 });
    }],
    ['records are there after a restart, and refused while MongoDB is away', async (stage) => {
        const client = await stage.user('ann');
        await client.record.setDataWithAck('kept/1', { kept: true });
        await stage.clear();
        await stage.server.restart();
        const again = await stage.user('ann');
        assert.deepEqual(await again.record.snapshot('kept/1'), { kept: true });
        await double.kill();
        await assert.rejects(again.record.setDataWithAck('kept/2', {}));
        await stage.server.logs(/BACKEND_LOST \| mongodb at 127\.0\.0\.1/);
        await double.again();
        await stage.server.logs(/BACKEND_REGAINED \| mongodb at/);
        await until(() => again.record.setDataWithAck('kept/3', {}).then(() => true, () => false), 'a write');
    }],
], { ours });

await double.stop();
process.exit(process.exitCode); // the drivers would go on waiting for their server
