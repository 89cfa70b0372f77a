// Plugins are found by name and path; each that cannot be used is refused in a sentence that names its file,
// its kind and the cause; what breaks a promise while the server runs is named and does no harm.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Peer } from '../support/wire.mjs';
import { configurationOf } from '../support/servers.mjs';
import { check, ended, options, portOf, report } from '../commands/check.mjs';

const object = (name) => join(options.objects, `${name}.so`);
const COUNTING = object('cache-counting');
const given = (more) => configurationOf(0, { storage: { type: 'none', options: {} }, ...more });
const quiet = (more) => given({ logLevel: 'ERROR', ...more });
const faulty = (fault, more = {}) => given({ cache: { path: COUNTING, options: { fault } }, ...more });
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

async function started(place, config, args = [], more = {}) {
    const server = place.launch(['start', '-c', place.file('config.json', config), ...args], more);
    server.port = await portOf(server);
    await server.logs(/INFO \| Deepstream started\n/);
    return server;
}

async function stopped(server) {
    server.signal('SIGTERM');
    assert.deepEqual(await server.exit(), { code: 0, signal: null }, server.log);
    assert.doesNotMatch(server.log, /Sanitizer|runtime error:/);
    return server.log;
}

/** A client writes a record and reads it back, which both go to the cache. */
async function useRecords(port) {
    const peer = await Peer.login(port);
    peer.send('RECORD.CREATEANDUPDATE', { name: 'a', version: -1, data: '{"b":1}', isWriteAck: true, correlationId: '1' });
    await peer.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
    peer.send('RECORD.READ', { name: 'a' });
    assert.equal((await peer.sees('RECORD.READ_RESPONSE', { name: 'a' })).data, '{"b":1}');
    await peer.close();
}

// ---- plugins that work ----

await check('a cache from a shared object keeps the records of a client', async (place) => {
    const server = await started(place, faulty(''));
    await useRecords(server.port);
    const log = await stopped(server);
    assert.match(log, /INFO \| cache ready: a cache that counts\n/);
    const [, gets, sets] = log.match(/COUNTED \| gets (\d+), sets (\d+), heads \d+, removes \d+\n/);
    assert.ok(Number(gets) > 0 && Number(sets) > 0, log);
});

await check('the example of plugin.h is a logger', async (place) => {
    const server = place.launch(['start', '-c', place.file('config.json',
        given({ logger: { path: object('logger-example'), options: { path: join(place.folder, 'log') } } }))]);
    const path = join(place.folder, 'log');
    const deadline = Date.now() + 20000;
    while (!existsSync(path) || !readFileSync(path, 'utf8').includes('INFO | Deepstream started\n')) {
        assert.ok(server.end === undefined && Date.now() < deadline, server.log);
        await new Promise((done) => setTimeout(done, 20));
    }
    await stopped(server);
    assert.equal(server.log, '');
});

const bundle = (place) => {
    mkdirSync(join(place.folder, 'conf'));
    mkdirSync(join(place.folder, 'lib'));
    copyFileSync(COUNTING, join(place.folder, 'lib', 'cache-counting.so'));
    copyFileSync(object('cache-null'), join(place.folder, 'lib', 'cache-null.so'));
};
const FINE = { status: 0, stdout: 'the configuration is fine\n' };

await check('a name is looked for in --lib-dir, in libDir beside the file, in the folder of the environment', (place) => {
    bundle(place);
    const named = quiet({ cache: { name: 'counting' } });
    const bare = place.file('conf/bare.json', named);
    ended(place.run(['start', '--check-config', '-c', bare, '-l', 'lib']), FINE);
    const withFolder = place.file('conf/with.json', { ...named, libDir: '../lib' });
    ended(place.run(['start', '--check-config', '-c', withFolder], { cwd: '/' }), FINE);
    const environment = { DEEPSTREAM_LIBRARY_DIRECTORY: join(place.folder, 'lib') };
    ended(place.run(['start', '--check-config', '-c', bare], { environment }), FINE);
    ended(place.run(['start', '--check-config', '-c', bare]), { status: 1 });
    ended(place.run(['start', '--check-config', '-c', withFolder, '-l', 'conf'], { environment }), {
        status: 1, stdout: new RegExp(`via name counting: ${escaped(join(place.folder, 'conf/cache-counting.so'))}: there is no`),
    });
});

await check('a name may be that of the package of the original', (place) => {
    bundle(place);
    for (const name of ['@deepstream/cache-counting', 'deepstream.io-cache-counting', 'counting'])
        ended(place.run(['start', '--check-config', '-l', 'lib', '-c', place.file('config.json', quiet({ cache: { name } }))]), FINE);
});

await check('a path starts at the folder of the configuration', (place) => {
    bundle(place);
    for (const path of ['../lib/cache-counting.so', './../lib/cache-counting.so', COUNTING])
        ended(place.run(['start', '--check-config', '-c', place.file('conf/config.json', quiet({ cache: { path } }))], { cwd: '/' }), FINE);
});

// ---- plugins that cannot be used ----

/** The one sentence, from --check-config and from start. */
function refuses(place, cache, sentence) {
    const config = place.file('config.json', quiet({ cache }));
    const pattern = new RegExp(`\\n1\\) Error loading ${sentence}\n(?!.*\\n2\\))`);
    ended(place.run(['start', '--check-config', '-c', config]), { status: 1, stdout: pattern });
    ended(place.run(['start', '-c', config]), { status: 1, stdout: '', stderr: pattern });
}

const REFUSED = {
    'cache-other-version': 'it was built for version \\d+ of plugins, this server has version \\d+',
    'cache-without-entry': 'it is not a plugin: it does not export deepstream_plugin',
    'cache-null': 'its deepstream_plugin returned NULL',
    'cache-wants-more': 'it cannot be loaded: undefined symbol: ds_value_of_the_future',
    'cache-without-close': 'it has no create, or no close',
    'cache-without-operations': 'it lacks operations that a cache plugin has to have',
    'cache-without-get': 'it lacks operations that a cache plugin has to have',
    'logger-example': 'it is a logger plugin, not a cache plugin',
    'cache-missing': 'there is no such file',
};
for (const [name, cause] of Object.entries(REFUSED))
    await check(`${name} is refused`, (place) => {
        const path = object(name);
        refuses(place, { path }, `cache plugin via path ${escaped(path)}: ${escaped(path)}: ${cause}`);
    });

await check('files that are no shared objects are told apart', (place) => {
    const CASES = [
        ['text.so', 'hello\n', 'it is not a shared object'], ['empty.so', '', 'it is not a shared object'],
        ['plugin.js', 'module.exports = class {}\n', 'plugins in JavaScript are of no use here: see plugin\\.h'],
        ['cut.so', '\x7fELF', 'it cannot be loaded: file too short'],
    ];
    for (const [name, content, cause] of CASES) {
        writeFileSync(join(place.folder, name), content, 'latin1');
        refuses(place, { path: name }, `cache plugin via path ${escaped(name)}: ${escaped(join(place.folder, name))}: ${cause}`);
    }
    refuses(place, { path: '.' }, `cache plugin via path \\.: .*: it is not a file`);
    symlinkSync('nowhere', join(place.folder, 'link.so'));
    refuses(place, { path: 'link.so' }, 'cache plugin via path link\\.so: .*: there is no such file');
    refuses(place, { name: '../cache' }, 'cache plugin via name \\.\\./cache: this cannot be a name: a file is named by `path`');
});

await check('all that cannot be loaded is found at once', (place) => {
    const config = place.file('config.json', given({
        cache: { path: 'a.so' }, storage: { name: 'b' }, permission: { path: COUNTING }, auth: [{ name: 'c' }, { type: 'none' }],
    }));
    const ran = place.run(['start', '--check-config', '-c', config]);
    ended(ran, { status: 1 });
    for (const kind of ['cache', 'storage', 'permission', 'authentication'])
        assert.match(ran.stdout, new RegExp(`\\d\\) Error loading ${kind} plugin via `));
});

await check('a plugin that does not want its options says so', (place) => {
    const config = place.file('config.json', faulty('create fails'));
    ended(place.run(['start', '-c', config]), {
        status: 1, stderr: new RegExp(`Error loading cache plugin via path .*: ${escaped(COUNTING)}: its options are not to its taste\n`),
    });
});

for (const [fault, line] of Object.entries({
    'start fails': `PLUGIN_INITIALIZATION_ERROR | cache (a cache that counts, ${COUNTING}): nobody answers at its backend`,
    'never ready': `PLUGIN_INITIALIZATION_TIMEOUT | cache wasn't initialised in time, ${COUNTING}`,
}))
    await check(`the start ends when it is: ${fault}`, async (place) => {
        const config = faulty(fault, { dependencyInitializationTimeout: 1000 });
        const server = place.launch(['start', '-c', place.file('config.json', config)]);
        assert.deepEqual(await server.exit(), { code: 1, signal: null }, server.log);
        assert.ok(server.log.includes(`${line}\n`), server.log);
    });

// ---- plugins that break their promises ----

for (const [fault, line] of Object.entries({
    'get answers twice': `cache plugin ${COUNTING}: it answered a get once more; this is ignored`,
    'start answers twice': `cache said once more how its start ended, ${COUNTING}; this is ignored`,
    'close answers twice': `cache said once more that it is closed, ${COUNTING}; this is ignored`,
}))
    await check(`S5: the server lives on and names the plugin: ${fault}`, async (place) => {
        const server = await started(place, faulty(fault));
        await useRecords(server.port);
        assert.ok((await stopped(server)).includes(`${line}\n`), server.log);
    });

await check('S5: a plugin that answers wrongly again and again does not fill the log', async (place) => {
    const server = await started(place, faulty('get answers twice'));
    for (let i = 0; i < 20; i++) await useRecords(server.port);
    const lines = (await stopped(server)).match(/PLUGIN_ERROR/g);
    assert.equal(lines.length, 10);
    assert.match(server.log, /this is ignored, and no longer logged\n/);
});

await check('a plugin that answers on another thread ends the process, which says whose fault it is', async (place) => {
    const server = await started(place, faulty('get answers elsewhere'));
    const peer = await Peer.login(server.port);
    peer.send('RECORD.READ', { name: 'a' });
    assert.equal((await server.exit()).signal, 'SIGABRT');
    assert.ok(server.log.includes(`cache plugin ${COUNTING}: it answered a get on a thread that is not the loop's`), server.log);
    await peer.close();
});

await check('a plugin that never closes is named, and does not keep the server', async (place) => {
    const server = await started(place, faulty('never closed', { shutdownTimeout: 1000 }));
    server.signal('SIGTERM');
    await server.exit();
    assert.ok(server.log.includes(`PLUGIN_ERROR | cache did not close in time, ${COUNTING}\n`), server.log);
});

await check('a crash of a plugin is one of the server', (place) => {
    const ran = place.run(['start', '-c', place.file('config.json', faulty('create crashes'))]);
    assert.equal(ran.signal, 'SIGABRT');
});

// ---- what is there ----

await check('info lists the plugins of a folder, and why one is of no use', (place) => {
    bundle(place);
    place.file('lib/notes.txt', 'not looked at');
    const ran = place.run(['info', '-l', 'lib']);
    ended(ran, { stderr: '' });
    const { libDir, plugins } = JSON.parse(ran.stdout);
    assert.equal(libDir, 'lib');
    assert.deepEqual(plugins.map(({ version, ...rest }) => rest), [
        { file: basename(COUNTING), kind: 'cache', name: 'counting', description: 'a cache that counts' },
        { file: 'cache-null.so', error: 'lib/cache-null.so: its deepstream_plugin returned NULL' },
    ]);
    assert.ok(plugins[0].version >= 1);
});

report();
