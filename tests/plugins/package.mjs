// What is installed is enough to build a plugin outside of the tree, from wherever the prefix lies; and a
// plugin sees the functions of plugin.h and nothing else of the server.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurationOf } from '../support/servers.mjs';
import { check, options, portOf, program, report } from '../commands/check.mjs';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const call = (command, args, more = {}) => execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe', ...more });

/** Installs the build, then moves the prefix: nothing in it may know where it was. */
function installed(place) {
    call('cmake', ['--install', options.build, '--prefix', join(place.folder, 'first')]);
    renameSync(join(place.folder, 'first'), join(place.folder, 'prefix'));
    return join(place.folder, 'prefix');
}

/** The installed server finds the plugin by its name alone. */
async function runsWith(place, prefix) {
    const config = place.file('config.json', configurationOf(0, {
        storage: { type: 'none', options: {} }, cache: { name: 'counting' },
    }));
    const server = place.launch(['start', '-c', config], { program: join(prefix, 'bin/deepstream') });
    await portOf(server);
    await server.logs(/Deepstream started\n/);
    server.signal('SIGTERM');
    assert.equal((await server.exit()).code, 0);
    assert.match(server.log, /INFO \| cache ready: a cache that counts\n/);
}

const source = (place) => {
    const folder = join(place.folder, 'source');
    mkdirSync(folder);
    copyFileSync(join(top, 'tests/plugins/objects/counting_cache.c'), join(folder, 'counting.c'));
    return folder;
};

await check('a plugin is built with the package for CMake', async (place) => {
    const prefix = installed(place);
    const folder = source(place);
    place.file('source/CMakeLists.txt', `cmake_minimum_required(VERSION 3.16)
project(counting C)
find_package(deepstream REQUIRED)
deepstream_add_plugin(cache counting counting.c)
`);
    call('cmake', ['-S', folder, '-B', 'build', `-DCMAKE_PREFIX_PATH=${prefix}`, `-DCMAKE_C_COMPILER=${options.compiler}`,
        `-DCMAKE_INSTALL_PREFIX=${prefix}`, '-DCMAKE_C_FLAGS=-Wall -Wextra -Werror'], { cwd: place.folder });
    call('cmake', ['--build', 'build', '--target', 'install'], { cwd: place.folder });
    await runsWith(place, prefix);
});

await check('a plugin is built with pkg-config', async (place) => {
    const prefix = installed(place);
    const folder = source(place);
    const query = (what) => call('pkg-config', [what, 'deepstream-plugin'],
        { env: { ...process.env, PKG_CONFIG_PATH: join(prefix, 'share/pkgconfig') } }).trim();
    mkdirSync(query('--variable=plugindir'), { recursive: true });
    call(options.compiler, ['-shared', '-fPIC', ...query('--cflags').split(' '), '-o',
        join(query('--variable=plugindir'), 'cache-counting.so'), 'counting.c'], { cwd: folder });
    await runsWith(place, prefix);
});

const STRICT = ['-Wall', '-Wextra', '-pedantic', '-Werror', '-c', '-fPIC', '-I', join(top, 'server/include')];

for (const compiler of ['gcc', 'clang'])
    await check(`the header is one of C99 to ${compiler} with all warnings`, (place) => {
        place.file('plugin.c', '#include <deepstream/plugin.h>\n' +
            'const struct ds_plugin *deepstream_plugin(void) { return 0; }\n');
        call(compiler, ['-std=c99', ...STRICT, 'plugin.c'], { cwd: place.folder });
    });

for (const compiler of ['g++', 'clang++'])
    await check(`the header is one of C++ too, to ${compiler} with all warnings`, (place) => {
        place.file('plugin.cpp', '#include <deepstream/plugin.h>\n' +
            'DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void) { return nullptr; }\n');
        const object = join(place.folder, 'plugin.o');
        call(compiler, ['-std=c++11', ...STRICT, '-o', object, 'plugin.cpp'], { cwd: place.folder });
        assert.match(call('nm', ['--defined-only', object]), / T deepstream_plugin\n/);
    });

await check('the program exports the functions of plugin.h and nothing else', () => {
    const folder = join(top, 'server/include/deepstream/plugin');
    const headers = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8')).join('');
    const declared = [...headers.matchAll(/^(?!typedef|static)[a-z][^(\n]*[ *](ds_\w+)\(/gm)].map(([, name]) => name);
    const exported = [...call('nm', ['-D', '--defined-only', program]).matchAll(/ [TDBRVW] (\w+)\n/g)].map(([, name]) => name);
    assert.ok(declared.length >= 10, declared.join(' '));
    assert.deepEqual(exported.filter((name) => name.startsWith('ds_')).sort(), declared.sort());
    assert.deepEqual(exported.filter((name) => /^(config|valve|log|http|session|services|plugin|setting|buf)_/.test(name)), []);
});

report();
