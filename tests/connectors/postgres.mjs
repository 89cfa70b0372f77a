// The storage connector for PostgreSQL under the published client: what was acknowledged survives the death
// of the database, the server needs no restart, and data is shared with @deepstream/storage-postgres.
//
//     node postgres.mjs --server FILE [--only TEXT]

import { createRequire } from 'node:module';
import { startPostgres } from '../support/backends.mjs';
import { startOriginal, startOurs } from '../support/servers.mjs';
import { assert, scenarios, until } from '../scenarios/stage.mjs';

const require = createRequire(import.meta.url);
const { DeepstreamClient } = require('@deepstream/client');
const CONNECT_MS = 3000;

const postgres = await startPostgres();
const sql = (text) => postgres.run('psql', ['-h', '127.0.0.1', '-p', `${postgres.port}`, '-U', 'postgres', '-Atc', text]).trim();
const optionsOf = (more = {}) => ({ host: '127.0.0.1', port: postgres.port, user: 'postgres', database: 'postgres', writeInterval: 20, ...more });
const storage = { name: 'postgres', options: optionsOf({ connectionTimeoutMillis: CONNECT_MS }) };

async function withClient(server, act) {
    const client = new DeepstreamClient(`127.0.0.1:${server.port}`, { subscriptionInterval: 5 });
    try {
        await client.login({ username: 'somebody' });
        await act(client);
    } finally {
        client.close();
    }
}

const metricsOf = async (server) => (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();

const SHARED = {
    plain: { text: "it's", list: [1, 2, { x: null }] },
    'users/ada': { name: 'Żółć 🎉', quote: '"', path: 'a\\b' },
    'users/ada/photo': { size: 1.5 },
    'Upper/Case': {},
};

/** A list is changed only when its table is there: the original may lose a change while it makes the table. */
async function write(server, mark, schema = 'ds') {
    await withClient(server, async (client) => {
        for (const [name, data] of Object.entries(SHARED)) {
            await client.record.setDataWithAck(`${mark}${name}`, { old: true });
            await client.record.setDataWithAck(`${mark}${name}`, data);
        }
        const list = await client.record.getList(`${mark}lists/a`).whenReady();
        await until(() => sql(`SELECT to_regclass('${schema}."${mark}lists"') IS NOT NULL`) === 't', 'the table of lists');
        await new Promise((done, fail) => {
            list.setEntries(['a', 'b'], (error) => (error ? fail(new Error(error)) : done()));
        });
    });
}

async function read(server, mark) {
    await withClient(server, async (client) => {
        for (const [name, data] of Object.entries(SHARED)) {
            assert.deepEqual(await client.record.snapshot(`${mark}${name}`), data, name);
            assert.equal(await client.record.head(`${mark}${name}`), 2, name);
        }
        assert.deepEqual((await client.record.getList(`${mark}lists/a`).whenReady()).getEntries(), ['a', 'b']);
    });
}

/** The original acknowledges before the database has it. */
async function stored(schema, mark) {
    for (const [name, data] of Object.entries({ ...SHARED, 'lists/a': ['a', 'b'] })) {
        const [table, id] = name.includes('/') ? [`${mark}${name.split('/')[0]}`, name.slice(name.indexOf('/') + 1)] : ['default', `${mark}${name}`];
        const exists = `SELECT to_regclass('${schema}."${table}"') IS NOT NULL`;
        const same = `SELECT val::jsonb = '${JSON.stringify(data).replaceAll("'", "''")}' FROM ${schema}."${table}" WHERE id = '${id}'`;
        await until(() => sql(exists) === 't' && sql(same) === 't', `${mark}${name} in the database`);
    }
}

/** One writes, ends, and the other reads what it finds in the database. */
async function share(writer, reader, schema, mark) {
    const writeAll = async (server) => {
        await write(server, mark, schema);
        await stored(schema, mark);
    };
    for (const [start, act] of [[writer, writeAll], [reader, read]]) {
        const server = await start();
        try {
            await act(server, mark);
        } finally {
            await server.stop();
        }
    }
}

function both(useJsonb) {
    const schema = useJsonb ? 'shared_json' : 'shared';
    const options = optionsOf({ useJsonb, schema });
    return {
        schema,
        ours: () => startOurs({}, { ours: { storage: { name: 'postgres', options } } }),
        // On several connections its writes of one record overtake each other.
        original: () => startOriginal({ storage: { path: require.resolve('@deepstream/storage-postgres'), options: { ...options, max: 1 } } }),
    };
}

const exchange = [false, true].flatMap((useJsonb) => {
    const { schema, ours, original } = both(useJsonb);
    const type = useJsonb ? 'jsonb' : 'text';
    return [
        [`what the original wrote as ${type} is read`, () => share(original, ours, schema, 'theirs-')],
        [`the original reads what was written as ${type}`, () => share(ours, original, schema, 'ours-')],
    ];
});

/** Whether a client that reads a record of this name is shown another one. */
const SQL_NAME = "vault/nobody' OR id='secret";
const isShownAnother = async (start) => {
    const server = await start();
    let shown;
    try {
        await withClient(server, async (client) => {
            await client.record.setDataWithAck('vault/secret', { pin: 7 });
            await until(() => sql("SELECT to_regclass('injected.vault') IS NOT NULL") === 't' && sql('SELECT count(*) FROM injected.vault') === '1', 'the row');
            shown = await client.record.snapshot(SQL_NAME).catch(() => {});
        });
    } finally {
        await server.stop();
        sql('DROP SCHEMA IF EXISTS injected CASCADE');
    }
    return shown?.pin === 7;
};

try {
    await scenarios('postgres', { monitoring: { type: 'prometheus' } }, [
        ['records survive the end of the server', async (stage) => {
            await write(stage.server, 'kept-');
            await stage.server.restart();
            await read(stage.server, 'kept-');
        }],
        ['a deleted record is gone from the database, and so is its empty table', async (stage) => {
            const a = await stage.user('a');
            const record = await a.record.getRecord('brief/one').whenReady();
            await record.setWithAck({ a: 1 });
            assert.equal(sql("SELECT val FROM ds.brief WHERE id = 'one'"), '{"a":1}');
            await record.delete();
            await until(() => sql("SELECT to_regclass('ds.brief') IS NULL") === 't', 'the end of the table');
        }],
        ['names are data, whatever they look like', async (stage) => {
            const a = await stage.user('a');
            await a.record.setDataWithAck('victim/a', { safe: true });
            for (const name of ["victim/'; DROP TABLE ds.victim; --", '"; DROP TABLE ds.victim; --/x', "victim/\\'", 'victim/$1;"']) {
                await a.record.setDataWithAck(name, { name });
                assert.deepEqual(await a.record.snapshot(name), { name });
            }
            assert.equal(sql("SELECT val FROM ds.victim WHERE id = 'a'"), '{"safe":true}');
        }],
        ['S11: a name that is SQL shows another record at the original, and not here', async () => {
            const options = optionsOf({ schema: 'injected', max: 1 });
            const original = { storage: { path: require.resolve('@deepstream/storage-postgres'), options } };
            assert.equal(await isShownAnother(() => startOriginal(original)), true);
            assert.equal(await isShownAnother(() => startOurs({}, { ours: { storage: { name: 'postgres', options } } })), false);
        }],
        ['acknowledged writes survive the death of the database under load', async (stage) => {
            const WRITES = 600;
            const a = await stage.user('a');
            await a.record.setDataWithAck('load/first', {});
            const from = stage.server.log.length;
            const acknowledged = new Set();
            let answered = 0;
            let isDown;
            for (let i = 0; i < WRITES; i++) {
                a.record.setDataWithAck(`load/${i}`, { i }).then(() => acknowledged.add(i), () => {}).finally(() => answered++);
                if (i % 20 === 0) await new Promise((next) => setTimeout(next, 5)); // a stream, not one lump
                if (i === WRITES / 2) isDown = postgres.kill();
            }
            await isDown;
            await until(() => answered === WRITES, 'an answer to each write');
            assert.ok(acknowledged.size > 0 && acknowledged.size < WRITES, `${acknowledged.size} acknowledged`);
            await stage.server.logs(/BACKEND_LOST \| postgres at 127\.0\.0\.1:/, { from });
            await postgres.again();
            await stage.server.logs(/BACKEND_REGAINED \| postgres at 127\.0\.0\.1:/, { from });
            const stored = new Set(sql("SELECT id FROM ds.load WHERE id <> 'first'").split('\n').map(Number));
            for (const i of acknowledged) assert.ok(stored.has(i), `write ${i}`);
            await a.record.setDataWithAck('load/after', { back: true });
            const metrics = await metricsOf(stage.server);
            for (const event of ['BACKEND_LOST', 'BACKEND_REGAINED']) assert.match(metrics, new RegExp(`event="${event}"[^\\n]* 1\\n`));
        }],
        ['without the database a write fails in time, and works again afterwards', async (stage) => {
            const a = await stage.user('a');
            await a.record.setDataWithAck('away/a', { n: 1 });
            await postgres.kill();
            const before = Date.now();
            await assert.rejects(a.record.setDataWithAck('away/a', { n: 2 }), (error) => /RECORD_UPDATE_ERROR/.test(String(error)));
            await assert.rejects(a.record.snapshot('away/b'), (error) => /RECORD_LOAD_ERROR/.test(String(error)));
            assert.ok(Date.now() - before < CONNECT_MS + 20000);
            await stage.server.logs(/STORAGE_ERROR \| .*postgres at 127\.0\.0\.1:/);
            await postgres.again();
            await until(() => a.record.setDataWithAck('away/a', { n: 3 }).then(() => true, () => false), 'a write that succeeds');
            assert.equal(sql("SELECT val FROM ds.away WHERE id = 'a'"), '{"n":3}');
        }],
        ['a server that starts before the database waits for it', async () => {
            await postgres.kill();
            const start = startOurs({ dependencyInitializationTimeout: 60000 }, { ours: { storage } });
            await postgres.again();
            const server = await start;
            await withClient(server, (client) => client.record.setDataWithAck('early/a', {}));
            await server.stop();
        }],
        ...exchange,
    ], { ours: { storage } });
} finally {
    await postgres.stop();
}
