// Configurations: good, bad and missing ones, and those of the original.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, ended, report } from './check.mjs';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const FINE = 'the configuration is fine\n';

// ---- --check-config ----

await check('the shipped configuration is fine', ({ run }) => {
    ended(run(['-c', join(top, 'server/conf/config.yml'), '--check-config']), { stdout: FINE, stderr: '' });
});

await check('the configuration of the original, with its rules and users, is fine as it is', ({ run }) => {
    const conf = join(top, 'tests/node_modules/@deepstream/server/conf/config.yml');
    ended(run(['start', '--check-config', '-c', conf]), { stdout: FINE, stderr: '' });
});

await check('no configuration at all is fine too', ({ run }) => {
    ended(run(['--check-config']), { stdout: FINE });
});

await check('all that is wrong is listed, with place and line', ({ run, file }) => {
    file('config.yml', 'serverNam: a\nhttpServer:\n  options:\n    port: abc\n');
    const ran = run(['-c', 'config.yml', '--check-config']);
    ended(ran, { status: 1, stderr: '' });
    assert.match(ran.stdout, /^There was an error validating your configuration:\n1\) Property serverNam is not expected/);
    assert.match(ran.stdout, /Did you mean serverName\?\n {2}config\.yml:1:1\n/);
    assert.match(ran.stdout, /2\)\/httpServer\/options\/port: type must be integer\n {2}config\.yml:4:11\n.*\n.*\^~~/);
});

await check('what is probably not meant is a finding, but no reason not to start', ({ run, file }) => {
    const config = file('config.yml', 'rpc:\n  ackTimeot: 5\n');
    ended(run(['-c', config, '--check-config']), { status: 1, stdout: /ackTimeot[^]*Did you mean ackTimeout\?/ });
});

await check('a file that is not there or cannot be read ends with 2', ({ run, folder }) => {
    ended(run(['-c', 'none.yml', '--check-config']), { status: 2, stdout: /Configuration file not found at: none\.yml/ });
    mkdirSync(join(folder, 'conf.d'));
    ended(run(['--check-config'], { environment: { DEEPSTREAM_CONFIG_DIRECTORY: 'none.yml' } }), {
        status: 2, stdout: /Configuration file not found at: none\.yml/,
    });
});

const withRules = (rules) => ({ permission: { type: 'config', options: { permissions: rules } } });

await check('rules are checked too, with the place in their own file', ({ run, file }) => {
    file('rules.yml', 'record:\n  "*":\n    read: "user.id = name"\nevent: {"*": {}}\nrpc: {"*": {}}\npresence: {"*": {}}\n');
    file('config.yml', 'permission:\n  type: config\n  options:\n    permissions: fileLoad(rules.yml)\n');
    ended(run(['-c', 'config.yml', '--check-config']), { status: 1, stdout: /rules\.yml:3:\d+: [^\n]*assign/ });
    ended(run(['-c', 'config.yml']), { status: 1, stdout: '', stderr: /rules\.yml:3:\d+: [^\n]*assign/ });
});

await check('users are checked too', ({ run, file }) => {
    const config = file('config.json', { auth: [{ type: 'file', options: { users: { bo: {} } } }] });
    ended(run(['-c', config, '--check-config']), { status: 1, stdout: /missing password for bo/ });
});

// ---- starting with what is not fit ----

await check('a bad configuration does not start, and says why on standard error', ({ run, file }) => {
    ended(run(['-c', file('config.yml', 'foo: 1\n')]), {
        status: 1, stdout: '',
        stderr: /^There was an error validating your configuration:\n1\) Property foo is not expected to be here\n/,
    });
    ended(run(['start', '-c', 'none.yml']), { status: 1, stderr: /Configuration file not found at: none\.yml/ });
    ended(run(['-c', file('list.yml', '- 1\n')]), { status: 1, stdout: '' });
    ended(run(['-c', file('broken.yml', 'a: [\n')]), { status: 1, stdout: '', stderr: /broken\.yml:\d+:\d+/ });
});

await check('a port that does not exist is refused', ({ run }) => {
    ended(run(['--port', '70000']), { status: 1, stdout: '', stderr: /port/ });
});

await check('plugins that cannot be loaded are named with their kind', ({ run, file }) => {
    ended(run(['-c', file('name.yml', 'cache:\n  name: nowhere\n')]), {
        status: 1, stdout: '', stderr: /Error loading cache plugin via name nowhere: .*\n {2}.*name\.yml:2:3\n/,
    });
    ended(run(['-c', file('path.yml', 'storage:\n  path: ./storage.so\n')]), {
        status: 1, stdout: '', stderr: /Error loading storage plugin via path \.\/storage\.so: /,
    });
    ended(run(['-c', file('type.yml', 'auth:\n  - type: http\n    options: {endpointUrl: a}\n')]), {
        status: 1, stdout: '', stderr: /authentication/,
    });
});

await check('encryption that cannot be had is refused, not forgotten', ({ run, file }) => {
    const config = file('config.json', { httpServer: { options: { ssl: { key: 'a', cert: 'b' } } } });
    ended(run(['-c', config]), { status: 1, stdout: '', stderr: /ssl: `key` cannot be read from a: No such file[^]*config\.json:5:16/ });
});

// ---- --print-config ----

await check('--print-config shows what is in effect, where it is from, and can be loaded again', ({ run, file }) => {
    const config = file('config.yml', 'serverName: bo\nrpc:\n  ackTimeout: 77\n');
    const ran = run(['-c', config, '--port', '7070', '--log-level', 'warn', '--print-config']);
    ended(ran, { stderr: '' });
    assert.match(ran.stdout, /^serverName: bo +# .*config\.yml:1:13$/m);
    assert.match(ran.stdout, /^ {2}ackTimeout: 77 +# .*config\.yml:3:15$/m);
    assert.match(ran.stdout, /^ +port: 7070 +# --port$/m);
    assert.match(ran.stdout, /^logLevel: WARN +# --log-level$/mi);
    assert.match(ran.stdout, /^ +responseTimeout: 10000 +# default$/m);
    ended(run(['-c', file('again.yml', ran.stdout), '--check-config']), { stdout: FINE });
});

await check('cluster checks and prints the configuration of its nodes as start does', ({ run, file }) => {
    const config = file('config.yml', 'serverName: bo\nclusterNode: {type: vertical}\n');
    ended(run(['cluster', '-c', config, '--check-config']), { stdout: FINE });
    ended(run(['cluster', '-c', file('typo.yml', 'rpc:\n  ackTimeot: 5\n'), '--check-config']), { status: 1, stdout: /Did you mean ackTimeout\?/ });
    ended(run(['cluster', '-c', 'none.yml', '--check-config']), { status: 2, stdout: /Configuration file not found at: none\.yml/ });
    const bus = file('bus.json', { clusterNode: { path: './bus' } });
    ended(run(['cluster', '-c', bus, '--check-config']), { status: 1, stdout: /`deepstream cluster` has a bus of its own/ });
    const ran = run(['cluster', '-c', config, '--cluster-size', '2', '--print-config']);
    ended(ran, { stderr: '' });
    assert.match(ran.stdout, /^serverName: bo +# .*config\.yml:1:13$/m);
    assert.match(ran.stdout, /^ +type: vertical +# deepstream cluster$/m);
    ended(run(['cluster', '-c', file('again.yml', ran.stdout), '--check-config']), { stdout: FINE });
});

await check('a bus inside the process is a finding when only one node is in it', ({ run, file }) => {
    const config = file('config.yml', 'clusterNode: {type: vertical}\n');
    ended(run(['start', '-c', config, '--check-config']), { status: 1, stdout: /vertical is the bus inside a process of several nodes/ });
});

await check('--print-config does not show passwords', ({ run, file }) => {
    const users = { bo: { password: 'secret-word', serverData: { role: 'admin' } } };
    const ran = run(['-c', file('config.json', { auth: [{ type: 'file', options: { users } }] }), '--print-config']);
    ended(ran);
    assert.ok(!ran.stdout.includes('secret-word'));
});

await check('--print-config of a bad configuration prints what is wrong instead', ({ run, file }) => {
    ended(run(['-c', file('config.yml', 'foo: 1\n'), '--print-config']), { status: 1, stdout: '', stderr: /Property foo/ });
});

await check('values of the command line come before those of the file', ({ run, file }) => {
    const config = file('config.json', {
        httpServer: { options: { port: 1, host: '10.0.0.1' } }, auth: [{ type: 'file', options: { users: { a: { password: 'b' } } } }],
        ...withRules({}), logger: { type: 'default', options: { logLevel: 'DEBUG', colors: true } },
    });
    const ran = run(['-c', config, '--host', '127.0.0.1', '--port=2', '--colors', 'false', '--log-level', 'ERROR',
        '--disable-auth', '--disable-permissions', '-l', 'plugins', '--storage-file', 'kept.sqlite', '--print-config']);
    ended(ran, { stderr: '' });
    for (const line of [/host: "?127\.0\.0\.1/, /port: 2\b/, /colors: false/, /libDir: .*\/plugins/, /path: \/.*\/kept\.sqlite/])
        assert.match(ran.stdout, line);
    assert.doesNotMatch(ran.stdout, /DEBUG/);
    assert.doesNotMatch(ran.stdout, /type: (file|config)\b/);
});

report();
