// The server behind an HTTP service from a shared object: its own paths, those of plugins and of the HTTP endpoint
// are answered through it, and what it does wrong at the end is named.
//
//     node serving.mjs --server FILE --objects FOLDER [--only TEXT]

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { configurationOf } from '../support/servers.mjs';
import { check, ended, options, portOf, report } from '../commands/check.mjs';

const object = (name) => join(options.objects, `${name}.so`);

const configuration = (service = {}, more = {}) => ({
    ...configurationOf(0, { storage: { type: 'none', options: {} } }),
    httpServer: { path: object('httpserver-plain'), options: service },
    connectionEndpoints: [{ type: 'ws-binary', options: {} }, { type: 'http', options: {} }],
    plugins: { hook: { path: object('plugin-late-answers') } },
    monitoring: { type: 'http', options: { url: '/monitoring', allowOpenPermissions: true } },
    ...more,
});

/** act gets a function that asks. */
async function serve(place, config, act, environment = {}) {
    const server = place.launch(['start', '-c', place.file('config.json', config)], { environment });
    const port = await portOf(server);
    await server.logs(/INFO \| Deepstream started\n/);
    await act(async (method, path, body) => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
            method, body, headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
        });
        return { status: answer.status, by: answer.headers.get('server'), body: await answer.text() };
    }, server);
    server.signal('SIGTERM');
    assert.deepEqual(await server.exit(), { code: 0, signal: null }, server.log);
    assert.doesNotMatch(server.log, /Sanitizer|runtime error:/);
    return server.log;
}

await check('all paths of the server are answered through it', async (place) => {
    const log = await serve(place, configuration(), async (ask) => {
        assert.deepEqual(await ask('GET', '/health-check'), { status: 200, by: 'plain', body: '' });
        assert.deepEqual(await ask('GET', '/ready'), { status: 200, by: 'plain', body: '' });
        assert.deepEqual(await ask('POST', '/echo', 'x'.repeat(100000)), { status: 200, by: 'plain', body: 'x'.repeat(100000) });
        assert.equal((await ask('GET', '/none')).status, 404);
        assert.equal((await ask('GET', '/deepstream')).status, 501);
        const batch = { body: [{ topic: 'record', action: 'write', recordName: 'r', data: { a: 1 }, version: -1 },
            { topic: 'record', action: 'read', recordName: 'r' }] };
        const written = await ask('POST', '/api', JSON.stringify(batch));
        assert.equal(written.status, 200);
        assert.deepEqual(JSON.parse(written.body).body[1], { success: true, version: 1, data: { a: 1 } });
        assert.equal((await ask('POST', '/api', '[')).status, 400);
        const counted = JSON.parse((await ask('GET', '/monitoring')).body);
        assert.ok(JSON.stringify(counted).length > 10);
    });
    assert.match(log, /Listening for health checks on path \/health-check\n/);
    assert.doesNotMatch(log, /PLUGIN_ERROR/);
});

await check('paths are those of its options, which the server reads', (place) =>
    serve(place, configuration({ healthCheckPath: '/alive', readinessPath: '/may-i' }), async (ask) => {
        assert.equal((await ask('GET', '/alive')).status, 200);
        assert.equal((await ask('GET', '/may-i')).status, 200);
        assert.equal((await ask('GET', '/ready')).status, 404);
    }));

await check('that it never says so is named, and the server stops all the same', async (place) => {
    const log = await serve(place, configuration({ fault: 'never' }, { shutdownTimeout: 100 }), async () => {},
        { ASAN_OPTIONS: 'detect_leaks=0' }); // what such a plugin holds is left alone on purpose
    assert.match(log, /PLUGIN_ERROR \| httpServer did not close its connections in time\n/);
});

await check('a plugin may blame an option, whose place is shown, and warn', (place) => {
    const config = (text) => place.file('config.yml', `storage: { type: none }\nhttpServer:\n  path: ${object('httpserver-plain')}\n  options:\n    ${text}\n`);
    ended(place.run(['start', '--check-config', '-c', config('port: -1')]), { status: 1, stdout: /httpserver-plain\.so: `port` is below 0\n {2}\S*config\.yml:5:11\n/ });
    ended(place.run(['start', '--check-config', '-c', config('warns: true')]), { status: 1, stdout: /this is a warning of its own/ });
    ended(place.run(['start', '--check-config', '-c', config('readinessPath: ready')]), { status: 1, stdout: /readinessPath: pattern must be a path that begins with \// });
});

report();
