// Plugins are found by name and path; each that cannot be used is refused in a sentence that names its file,
// its kind and the cause; what breaks a promise while the server runs is named and does no harm.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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

// ---- all of that for each kind ----

/** How the kinds are called in messages and named in a configuration; each has a stubborn-<kind>.so. */
const KINDS = {
    authentication: { word: 'authentication', key: 'auth', within: (entry) => [entry] },
    permission: { word: 'permission', key: 'permission' },
    cache: { word: 'cache', key: 'cache' },
    storage: { word: 'storage', key: 'storage' },
    logger: { word: 'logger', key: 'logger' },
    monitoring: { word: 'monitoring', key: 'monitoring', within: (entry) => [entry] },
    custom: { word: 'plugin', key: 'plugins', within: (entry) => ({ mine: entry }) },
    telemetry: { word: 'telemetry', key: 'telemetry', more: { enabled: true } },
    subscription_registry: { word: 'subscriptions', key: 'subscriptions' },
    cluster_node: { word: 'clusternode', key: 'clusterNode', called: 'cluster node' },
    locks: { word: 'locks', key: 'locks' },
    cluster_registry: { word: 'clusterregistry', key: 'clusterRegistry', called: 'cluster registry' },
    state_registry: { word: 'clusterstates', key: 'clusterStates', called: 'cluster states' },
    http_service: { word: 'httpserver', key: 'httpServer', called: 'httpServer' },
    connection_endpoint: { word: 'connection', key: 'connectionEndpoints', within: (entry) => [entry], called: 'connection endpoint' },
};
/** In the log. */
function calledOf(name) {
    return KINDS[name].called ?? KINDS[name].word;
}
function stubborn(name) {
    return object(`stubborn-${name}`);
}

/** A configuration in which each of these kinds is the shared object that path names, with this fault. */
const ofEach = (names, path, fault) => Object.fromEntries(names.map((name) => {
    const { key, within = (entry) => entry, more = {} } = KINDS[name];
    return [key, within({ path: path(name), options: { ...more, ...(fault && { fault }) } })];
}));

const UNUSABLE = {
    'something of a newer server': [() => object('cache-wants-more'), () => REFUSED['cache-wants-more']],
    'another version': [() => object('cache-other-version'), () => REFUSED['cache-other-version']],
    'no symbol': [() => object('cache-without-entry'), () => REFUSED['cache-without-entry']],
    'no file': [() => object('missing'), () => REFUSED['cache-missing']],
    'another kind': [(name) => stubborn(name === 'cache' ? 'storage' : 'cache'),
        (name) => `it is a ${name === 'cache' ? 'storage' : 'cache'} plugin, not a ${KINDS[name].word} plugin`],
    'create fails': [stubborn, () => 'it does not want to be made', 'create fails'],
};
for (const [what, [path, cause, fault]] of Object.entries(UNUSABLE))
    await check(`for each kind the start names file, plugin and cause: ${what}`, (place) => {
        const names = Object.keys(KINDS);
        const config = place.file('config.json', given({ logLevel: 'ERROR', ...ofEach(names, path, fault) }));
        const ran = place.run(['start', '-c', config]);
        ended(ran, { status: 1, stdout: '' });
        for (const name of names) {
            const file = escaped(path(name));
            assert.match(ran.stderr, new RegExp(`\\n\\d+\\) Error loading ${KINDS[name].word} plugin via path ${file}: ${file}: ${cause(name)}\\n`));
        }
        assert.equal(ran.stderr.match(/^\d+\) /gm).length, names.length, ran.stderr);
    });

const FIRST = ['logger'], LAST = ['custom', 'connection_endpoint'];
const START_TOGETHER = [FIRST, LAST, Object.keys(KINDS).filter((name) => ![...FIRST, ...LAST].includes(name))];

for (const [fault, line] of Object.entries({
    'start fails': (name) => `PLUGIN_INITIALIZATION_ERROR | ${calledOf(name)} (a stubborn one, ${stubborn(name)}): it does not want to start`,
    'never ready': (name) => `PLUGIN_INITIALIZATION_TIMEOUT | ${calledOf(name)} wasn't initialised in time, ${stubborn(name)}`,
}))
    for (const names of START_TOGETHER)
        await check(`the start ends and names ${names.join(', ')}: ${fault}`, async (place) => {
            const config = given({ dependencyInitializationTimeout: 1000, ...ofEach(names, stubborn, fault) });
            const server = place.launch(['start', '-c', place.file('config.json', config)]);
            assert.deepEqual(await server.exit(), { code: 1, signal: null }, server.log);
            for (const name of names) assert.ok(server.log.includes(`${line(name)}\n`), `${line(name)}\n\n${server.log}`);
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

await check('info lists every kind', (place) => {
    const names = Object.keys(KINDS);
    mkdirSync(join(place.folder, 'lib'));
    for (const name of names) copyFileSync(stubborn(name), join(place.folder, 'lib', basename(stubborn(name))));
    const { plugins } = JSON.parse(place.run(['info', '-l', 'lib']).stdout);
    assert.deepEqual(plugins.map(({ kind, name, options: known }) => [kind, name, known]).sort(),
        names.map((name) => [KINDS[name].word, 'stubborn', ['fault']]).sort());
});

// ---- options ----

await check('an option that a plugin does not know is a warning with its place and the nearest word', async (place) => {
    const text = 'cache:\n  path: PATH\n  options:\n    falt: never ready\n'.replace('PATH', stubborn('cache'));
    ended(place.run(['start', '--check-config', '-c', place.file('config.yml', text)]), {
        status: 1,
        stdout: /^Warnings about your configuration:\n1\)\/cache\/options Property falt is not expected to be here\. Did you mean fault\?\n {2}[^\n]*config\.yml:4:5\n/,
    });
});

const CONNECTORS = resolve(dirname(fileURLToPath(import.meta.url)), '../../server/connectors');

/** The words of the first column of the table of options, when there is one. */
function documented(folder) {
    const readme = readFileSync(join(CONNECTORS, folder, 'README.md'), 'utf8');
    const [, rows] = readme.match(/\n\| option \|[^\n]*\n[^\n]*\n((?:\|[^\n]*\n)*)/) ?? [, ''];
    return [...rows.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`([^`.]+)[^`]*`/g)].map(([, word]) => word));
}

/** All of this build, without those that another library is missing for. */
function connectors(place) {
    return JSON.parse(place.run(['info']).stdout).plugins.filter((plugin) => !plugin.error);
}

/** What --check-config says about a configuration with these options of a connector. */
function judged(place, { kind, name }, given) {
    const key = kind.replace('clusternode', 'clusterNode');
    return place.run(['start', '--check-config', '-c', place.file('config.json', quiet({ [key]: { name, options: given } }))]).stdout;
}

await check('each connector knows the options of its README and no others', (place) => {
    for (const plugin of connectors(place)) {
        const { kind, name, options: known } = plugin;
        const words = new Set(documented(`${kind}-${name}`));
        if (name === 'redis') for (const word of documented('redis')) words.add(word);
        assert.deepEqual([...new Set(known.map((one) => one.split('.')[0]))].sort(), [...words].sort(), `${kind}-${name}`);
        assert.match(judged(place, plugin, { hots: 'localhost' }), new RegExp(`\\n\\d\\)/${kind}/options Property hots is not expected to be here`, 'i'));
    }
});

/** { a: { b: value } } of "a.b". */
const nested = (path, value) => path.split('.').reduceRight((inside, key) => ({ [key]: inside }), value);

await check('each connector warns of a member that none of its options has, with its place', (place) => {
    for (const plugin of connectors(place)) {
        const readme = readFileSync(join(CONNECTORS, plugin.name === 'redis' ? 'redis' : `${plugin.kind}-${plugin.name}`, 'README.md'), 'utf8');
        for (const option of plugin.options.filter((one) => one.includes('.'))) {
            const [map, member] = [option.slice(0, option.lastIndexOf('.')), option.slice(option.lastIndexOf('.') + 1)];
            const place_ = `/${plugin.kind}/options/${map.replaceAll('.', '/')}`;
            const text = judged(place, plugin, nested(map, { [`${member}s`]: 1 }));
            assert.match(text, new RegExp(`\\)${place_} Property ${member}s is not expected to be here. Did you mean ${member}\\?\\n {2}[^\\n]*config\\.json:\\d+:\\d+\\n`, 'i'));
            assert.ok(readme.includes(member), `${option} is in no README`);
        }
    }
});

report();
