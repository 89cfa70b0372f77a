// Wrong options of connectors: each is refused before anything is connected to, by its name and the place where it stands.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { check, options, program, report } from '../commands/check.mjs';

const folder = join(dirname(options.server ?? program), 'connectors');
const redis = { 'host: 5': 'host must be a text', 'port: abc': 'port must be a whole number', 'port: 99999': 'port must be a whole number',
    'url: "%%"': 'url does not begin with redis', 'tls: 7': 'tls must be true, false or a map', 'db: -7': 'db must be a whole number',
    'nodes: 5': 'nodes must be a list', 'requestTimeout: x': 'requestTimeout must be a whole number' };
const wrong = {
    'cache redis': { ...redis, 'ttl: x': 'ttl must be a whole number' },
    'storage redis': redis,
    'clusterNode redis': redis,
    'clusterNode nats': { 'url: 5': 'url must be a text', 'servers: nats://a': 'servers must be a list', 'servers: [5]': 'servers must be a list',
        'user: 5': 'user must be a text', 'password: 12345': 'password must be a text', 'token: 5': 'token must be a text', 'tls: 7': 'tls must be true',
        'tls: {caFile: 5}': 'caFile must be a text', 'prefix: 5': 'prefix must be a text', 'prefix: "a b"': 'prefix must be the beginning' },
    'storage postgres': { 'port: abc': 'port must be a number', 'port: 99999': 'port must be a number', 'url: "%%"': 'url is not a connection URI',
        'host: [a]': 'host must be a text', 'maxQueueBytes: -5': 'maxQueueBytes must be a number', 'splitChar: 5': 'splitChar can only be /', 'ssl: 7': 'ssl must be' },
    'storage mongodb': { 'connectionString: 5': 'connectionString must be a text', 'connectionString: nope': 'connectionString: ', 'db: -7': 'db must be a text',
        'splitChar: ""': 'splitChar must be', 'maxQueueBytes: x': 'maxQueueBytes must be a whole number' },
    'storage elasticsearch': { 'host: 5': 'host must be a text', 'host: "a/b"': 'host must be', 'hosts: 5': 'hosts must be a list', 'hosts: [5]': 'host must be' },
    'cache memcached': { 'serverLocation: 7': 'serverLocation must be', 'serverLocation: "a:b"': 'serverLocation: the port must be', 'serverLocation: [5]': 'serverLocation must be',
        'memcachedOptions: 5': 'memcachedOptions must be a map' },
};

for (const [connector, cases] of Object.entries(wrong)) {
    const [kind, name] = connector.split(' ');
    if (!existsSync(join(folder, `${kind.toLowerCase()}-${name}.so`))) continue;
    for (const [option, text] of Object.entries(cases))
        await check(`${connector} refuses ${option}`, ({ file, run }) => {
            file('config.yml', `${kind}:\n  name: ${name}\n  options:\n    ${option}\n`);
            const { status, stdout, stderr } = run(['start', '--check-config', '-c', 'config.yml']);
            assert.equal(status, 1);
            const said = stdout + stderr;
            assert.ok(said.includes(text), said);
            assert.match(said, /^  config\.yml:4:(?!5$)\d+$/m, said); // the value, not its key
        });
}
report();
