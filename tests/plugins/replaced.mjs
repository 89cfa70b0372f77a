// Parts that a plugin of one's own replaces: who subscribes to what, and telemetry.
//
//     node replaced.mjs --server FILE --objects FOLDER [--only TEXT]

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { check, options, portOf, report } from '../commands/check.mjs';
import { CLIENT_OPTIONS, once, until } from '../scenarios/stage.mjs';
import { configurationOf } from '../support/servers.mjs';

const { DeepstreamClient } = createRequire(import.meta.url)('@deepstream/client');
const path = (name) => join(options.objects, `${name}.so`);
const given = (more) => configurationOf(0, { storage: { type: 'none', options: {} }, ...more });

/** act gets the running server and a function that logs in. */
async function running(place, config, act) {
    const server = place.launch(['start', '-c', place.file('config.json', config)]);
    const clients = [];
    const port = await portOf(server);
    const login = async (username) => {
        const client = new DeepstreamClient(`127.0.0.1:${port}`, CLIENT_OPTIONS);
        client.on('error', () => {});
        clients.push(client);
        await client.login({ username });
        return client;
    };
    try {
        await act(login, server);
    } finally {
        for (const client of clients) client.close();
    }
    server.signal('SIGTERM');
    assert.deepEqual(await server.exit(), { code: 0, signal: null }, server.log);
    return server.log;
}

await check('a subscription registry of a plugin serves events, records, calls and presence', async (place) => {
    const log = await running(place, given({ subscriptions: { path: path('subscriptions-plain') } }), async (login, server) => {
        const ann = await login('ann'), bob = await login('bob');
        const seen = [], changes = [], users = [];
        ann.event.subscribe('news', (data) => seen.push(data));
        ann.record.getRecord('r').subscribe((data) => changes.push(data));
        ann.rpc.provide('double', (number, response) => response.send(number * 2));
        ann.presence.subscribe((user, isOnline) => users.push([user, isOnline]));
        await until(() => {
            bob.event.emit('news', 'probe');
            return seen.length > 0;
        }, 'the event');
        await bob.record.setDataWithAck('r', { from: 'bob' });
        await until(() => changes.some((data) => data.from === 'bob'), 'the change');
        await until(() => bob.rpc.make('double', 21).then((answer) => answer === 42, () => false), 'the answer');
        const carol = await login('carol');
        await until(() => users.some(([user, isOnline]) => user === 'carol' && isOnline), 'carol');
        carol.close();
        await until(() => users.some(([user, isOnline]) => user === 'carol' && !isOnline), 'the end of carol');

        ann.event.unsubscribe('news');
        await until(async () => {
            const before = seen.length;
            bob.event.emit('news', 'late');
            await bob.presence.getAll();
            await ann.presence.getAll(); /* what bob has published before has arrived */
            return seen.length === before;
        }, 'the end of the subscription');
        await server.logs(/subscriptions ready: subscriptions in a list\n/);
    });
    for (const what of ['EVENT_SUBSCRIPTIONS', 'RECORD_SUBSCRIPTIONS', 'RPC_SUBSCRIPTIONS', 'PRESENCE_SUBSCRIPTIONS']) {
        const [, added, removed] = log.match(new RegExp(`PLAIN_REGISTRY \\| ${what}: (\\d+) added, (\\d+) removed\\n`)) ?? assert.fail(`${what}\n${log}`);
        assert.ok(Number(added) > 0 && added === removed, `${what}: ${added} added, ${removed} removed`);
    }
});

await check('telemetry of a plugin sees what the server counts, once it is enabled', async (place) => {
    const telemetry = { path: path('telemetry-reporter'), options: { enabled: true } };
    await running(place, given({ telemetry }), async (login, server) => {
        await login('ann');
        await server.logs(/REPORTED \| version \d+\.\d+\.\d+, 1 logins\n/);
        await login('bob');
        await server.logs(/REPORTED \| version \S+, 2 logins\n/);
    });
});

await check('telemetry that is not enabled is not even loaded', async (place) => {
    for (const telemetry of [{ path: path('telemetry-reporter') }, { name: 'missing', options: { enabled: false } }]) {
        const log = await running(place, given({ telemetry }), async (login) => { await login('ann'); });
        assert.doesNotMatch(log, /telemetry|REPORTED/);
    }
});

report();
