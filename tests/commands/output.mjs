// What each command prints, and how it ends.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { check, ended, program, report } from './check.mjs';

const COMMANDS = ['start', 'daemon', 'service', 'info', 'hash', 'nginx'];

// ---- help ----

await check('--help names every command', ({ run }) => {
    const ran = run(['--help']);
    ended(ran, { stderr: '' });
    for (const command of COMMANDS) assert.match(ran.stdout, new RegExp(`^  ${command} `, 'm'));
    assert.equal(run(['help']).stdout, ran.stdout);
    assert.equal(run(['-h']).stdout, ran.stdout);
});

for (const command of COMMANDS)
    await check(`${command} explains itself`, ({ run }) => {
        const ran = run([command, '--help']);
        ended(ran, { stdout: new RegExp(`^usage: deepstream ${command} `), stderr: '' });
        assert.match(ran.stdout, /\nOptions:\n/);
        assert.match(ran.stdout, /\nExit status: /);
        for (const line of ran.stdout.split('\n')) assert.ok(line.length <= 100, line);
        assert.equal(run(['help', command]).stdout, ran.stdout);
    });

await check('--version prints the version alone', ({ run }) => {
    ended(run(['--version']), { stdout: /^\d+\.\d+\.\d+\n$/ });
});

// ---- wrong usage ----

await check('an unknown command is named, with the nearest one', ({ run }) => {
    ended(run(['demon']), { status: 2, stdout: '', stderr: /unknown command 'demon', did you mean 'daemon'\?/ });
    ended(run(['help', 'strat']), { status: 2, stderr: /did you mean 'start'/ });
});

await check('an unknown option is named, with the nearest one, also without a command', ({ run }) => {
    ended(run(['start', '--prot', '1']), { status: 2, stderr: /unknown option '--prot', did you mean '--port'\?/ });
    ended(run(['--prot', '1']), { status: 2, stderr: /unknown option '--prot', did you mean '--port'\?/ });
});

await check('commands without operands take none', ({ run }) => {
    for (const command of ['start', 'daemon', 'cluster', 'info', 'nginx'])
        ended(run([command, 'more']), { status: 2, stderr: /unexpected argument 'more'/ });
});

await check('values of start that cannot be meant end with 1 and the text of the original', ({ run }) => {
    for (const command of ['start', 'daemon', 'cluster']) {
        ended(run([command, '--port', 'abc']), { status: 1, stderr: 'Provided --port must be an integer\n' });
        ended(run([command, '--port', '12.5']), { status: 1, stderr: 'Provided --port must be an integer\n' });
        ended(run([command, '--log-level', 'loud']), {
            status: 1, stderr: 'Log level must be one of the following (debug|info|warn|error|off)\n',
        });
        ended(run([command, '--colors', 'maybe']), {
            status: 1, stderr: 'Invalid argument for --colors, please provide true or false\n',
        });
    }
});

// ---- info ----

await check('info describes the program as JSON with two spaces', ({ run, file }) => {
    const ran = run(['info', '-c', file('config.yml', 'serverName: a\n')]);
    ended(ran, { stderr: '' });
    const info = JSON.parse(ran.stdout);
    assert.equal(ran.stdout, `${JSON.stringify(info, null, 2)}\n`);
    assert.deepEqual(Object.keys(info),
        ['deepstreamVersion', 'ref', 'buildTime', 'platform', 'arch', 'nodeVersion', 'libs', 'libDir', 'plugins']);
    assert.equal(info.platform, process.platform);
    assert.equal(info.arch, process.arch);
    assert.equal(`${info.deepstreamVersion}\n`, run(['--version']).stdout);
});

await check('info lists the packages of the folder of plugins', ({ run, folder, file }) => {
    for (const [name, version] of [['b', '2.0.0'], ['a', '1.0.0']]) {
        mkdirSync(join(folder, 'lib', name), { recursive: true });
        file(`lib/${name}/package.json`, { name: `@deepstream/${name}`, version });
    }
    mkdirSync(join(folder, 'lib', 'empty'));
    const expected = ['@deepstream/a:1.0.0', '@deepstream/b:2.0.0'];
    assert.deepEqual(JSON.parse(run(['info', '-l', 'lib']).stdout).libs, expected);
    const config = file('config.yml', 'libDir: ./lib\n');
    assert.deepEqual(JSON.parse(run(['info', '-c', config], { cwd: '/' }).stdout).libs, expected);
});

await check('info without a folder and a configuration says what it needs', ({ run, folder }) => {
    ended(run(['info', '-c', join(folder, 'none.yml')]), {
        status: 1, stdout: '',
        stderr: /Please provide a libDir or a configFile to provide the relevant install information\n$/,
    });
});

// ---- hash ----

const fileAuth = (options) => ({ auth: [{ type: 'none' }, { type: 'file', options }] });
const users = { bo: { password: 'a' } };

await check('hash prints what the original would store', ({ run, file }) => {
    const config = file('config.json', fileAuth({ users, hash: 'md5', iterations: 100, keyLength: 32 }));
    const ran = run(['hash', 'password', '-c', config]);
    ended(ran, { stdout: /^Password hash: [A-Za-z0-9+/]{43}=[A-Za-z0-9+/]{22}==\n$/, stderr: '' });
    const stored = ran.stdout.slice('Password hash: '.length).trim();
    const salt = stored.slice(44);
    assert.equal(stored.slice(0, 44), pbkdf2Sync('password', salt, 100, 32, 'md5').toString('base64'));
    assert.notEqual(run(['hash', 'password', '-c', config]).stdout, ran.stdout);
});

await check('hash says what is missing', ({ run, file }) => {
    ended(run(['hash', 'x', '-c', file('none.yml', 'auth: [{type: none}]\n')]), {
        status: 1, stdout: '', stderr: 'Error: Can only use hash with file authentication as auth type\n',
    });
    ended(run(['hash', 'x', '-c', file('plain.json', fileAuth({ users, hash: false }))]), {
        status: 1, stderr: 'Error: Can only use hash with file authentication\n',
    });
    const config = file('good.json', fileAuth({ users, hash: 'sha512', iterations: 1, keyLength: 64 }));
    ended(run(['hash', '-c', config]), { status: 1, stderr: 'Error: Must provide password to hash\n' });
});

// ---- nginx ----

const ENDPOINTS = {
    httpServer: { options: { host: '10.0.0.7', port: 7070 } },
    connectionEndpoints: [
        { type: 'ws-binary', options: { urlPath: '/ws' } }, { type: 'ws-json', options: { urlPath: '/json' } },
        { type: 'http', options: { getPath: '/api', postPath: '/api', authPath: '/api/auth' } },
    ],
};

const count = (text, pattern) => text.match(new RegExp(pattern, 'g'))?.length ?? 0;

/** Braces are balanced and every other line ends as nginx wants it. */
function looksLikeNginx(text) {
    let depth = 0;
    for (const line of text.split('\n').map((each) => each.trim())) {
        if (line === '' || line.startsWith('#')) continue;
        assert.match(line, /[;{}]$/, line);
        depth += count(line, '{') - count(line, '}');
        assert.ok(depth >= 0);
    }
    assert.equal(depth, 0);
}

await check('nginx upgrades the paths of WebSockets and passes those of HTTP on', ({ run, file }) => {
    const ran = run(['nginx', '-c', file('config.json', ENDPOINTS)]);
    ended(ran, { stderr: '' });
    looksLikeNginx(ran.stdout);
    assert.match(ran.stdout, /upstream deepstream \{\s+server 10\.0\.0\.7:7070;/);
    assert.match(ran.stdout, /listen 8080;\s+server_name localhost;/);
    assert.deepEqual([...ran.stdout.matchAll(/location (\S+) \{/g)].map(([, path]) => path),
        ['/ws', '/json', '/api', '/api/auth']);
    assert.equal(count(ran.stdout, 'proxy_pass http://deepstream;'), 4);
    assert.equal(count(ran.stdout, 'Upgrade \\$http_upgrade;'), 2);
});

await check('nginx encrypts the way to a server that is encrypted', ({ run, file }) => {
    const config = file('config.json', { ...ENDPOINTS, httpServer: { options: { ssl: { key: 'k.pem', cert: 'c.pem' } } } });
    const ran = run(['nginx', '-c', config]);
    assert.equal(count(ran.stdout, 'proxy_pass https://deepstream;'), 4);
    assert.equal(count(ran.stdout, 'proxy_pass http://'), 0);
});

await check('nginx takes a port, a host, encryption and a file', ({ run, file, folder }) => {
    const config = file('config.json', ENDPOINTS);
    const ran = run(['nginx', '-c', config, '-p', '9090', '-h', 'example.com', '--ssl', '--ssl-cert', '/c.pem',
        '--ssl-key', '/k.pem', '-o', 'nginx.conf']);
    ended(ran, { stdout: 'Configuration written to nginx.conf\n', stderr: '' });
    const written = readFileSync(join(folder, 'nginx.conf'), 'utf8');
    looksLikeNginx(written);
    assert.match(written, /listen 9090 ssl;\s+server_name example\.com;/);
    assert.match(written, /ssl_certificate \/c\.pem;\s+ssl_certificate_key \/k\.pem;/);
});

await check('nginx refuses encryption without certificate, and what cannot be written', ({ run, file }) => {
    const config = file('config.json', ENDPOINTS);
    for (const more of [[], ['--ssl-cert', 'c'], ['--ssl-key', 'k']])
        ended(run(['nginx', '-c', config, '--ssl', ...more]), {
            status: 1, stdout: '', stderr: 'Missing --ssl-cert or/key --ssl-key options\n',
        });
    ended(run(['nginx', '-c', config, '-o', 'no/such/folder']), { status: 4, stderr: /cannot write no\/such\/folder/ });
});

// ---- service ----

function systemWith(place, ...folders) {
    const root = join(place.folder, 'root');
    for (const each of ['/etc', ...folders]) mkdirSync(join(root, each), { recursive: true });
    return root;
}

const ADD = ['service', 'add', '-c', '/etc/deepstream/my conf.yml', '-l', '/var/log/ds'];

await check('service --dry-run prints a unit of systemd', (place) => {
    const root = systemWith(place, '/usr/lib/systemd/system');
    const ran = place.run([...ADD, '-n', 'mine', '--dry-run', '--root', root]);
    ended(ran, { stderr: '' });
    assert.match(ran.stdout, /^\[Unit\]\nDescription=mine\n/);
    for (const line of ['Type=simple', 'StandardOutput=append:/var/log/ds/mine-out.log', 'Restart=always', 'User=root',
        'Group=root', 'StandardError=append:/var/log/ds/mine-err.log', 'WantedBy=multi-user.target',
        `ExecStart="${program}" daemon -c "/etc/deepstream/my conf.yml"`])
        assert.ok(ran.stdout.split('\n').includes(line), line);
    assert.ok(!existsSync(join(root, 'etc/systemd')));
});

await check('service adds a unit once, and removes it once', (place) => {
    const root = systemWith(place, '/usr/lib/systemd/system', '/etc/systemd/system');
    const path = join(root, 'etc/systemd/system/deepstream.service');
    ended(place.run([...ADD, '--root', root]), {
        stdout: `Installing service on: ${path}\nSystemD service registered successfully\n`,
    });
    assert.equal(statSync(path).mode & 0o777, 0o755);
    ended(place.run([...ADD, '--root', root]), { status: 1, stderr: 'Service already exists, please uninstall first\n' });
    ended(place.run(['service', 'remove', '--root', root]), { stdout: /SystemD service removed successfully\n$/ });
    assert.ok(!existsSync(path));
    ended(place.run(['service', 'remove', '--root', root]), {
        status: 1, stderr: "Service doesn't exists, nothing to uninstall\n",
    });
});

await check('service writes a script of init.d, with the pid folder it is given', (place) => {
    const root = systemWith(place, '/etc/init.d');
    ended(place.run([...ADD, '-p', "/run/bo's", '--root', root]), { stdout: /init\.d service registered/ });
    const script = readFileSync(join(root, 'etc/init.d/deepstream'), 'utf8');
    assert.match(script, /^#!\/bin\/sh\n/);
    assert.match(script, /# Default-Start: +2 3 4 5\n/);
    assert.ok(script.includes(`pid_file='/run/bo'\\''s/deepstream.pid'\n`), script);
    assert.equal(spawnSync('sh', ['-n'], { input: script }).status, 0);
});

await check('service says what it cannot do', (place) => {
    const root = systemWith(place);
    ended(place.run(['service', 'add']), {
        status: 1, stderr: /Please provide the config and log directory when adding a service\n|Only systemd/,
    });
    ended(place.run([...ADD, '--root', root]), {
        status: 1, stderr: 'Only systemd and init.d services are currently supported.\n',
    });
    ended(place.run(['service', 'dance']), { status: 2, stderr: /Unknown action 'dance'/ });
    ended(place.run(['service', 'start', '-n', '../x']), { status: 2, stderr: /cannot be the name of a service/ });
    ended(place.run(['service']), { status: 2, stderr: /expected ACTION/ });
});

await check('service start, stop, restart and status ask the system', (place) => {
    const root = systemWith(place, '/etc/init.d');
    for (const action of ['start', 'stop', 'restart', 'status'])
        ended(place.run(['service', action, '-n', 'mine', '--root', root]), { stdout: `service mine ${action}\n` });
});

report();
