// The command line of `valvec fmt`: what is written where, and how it ends.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecks, runValvec, valvecArgument } from '../cases.mjs';

const valvec = valvecArgument();
const LAID_OUT = 'record:\n  "*":\n    read: true\n\nevent:\n  "*": {}\n\nrpc:\n  "*": {}\n\npresence:\n  "*": {}\n';
const OTHER = 'record: {"*": {read: true}}\nevent: {"*": {}}\nrpc: {"*": {}}\npresence: {"*": {}}\n';
const BROKEN = OTHER.replace('true', '"a ==="');

function fmt(args, files) {
    return runValvec(valvec, ['fmt', ...args], files);
}

/** Runs check(folder) in a folder that holds a.yml and the program a.vbc made of it. */
function withProgram(rules, check) {
    const folder = mkdtempSync(join(tmpdir(), 'valvec-'));
    const run = (...args) => spawnSync(valvec, args, { cwd: folder, encoding: 'utf8' });
    try {
        writeFileSync(join(folder, 'a.yml'), rules);
        assert.equal(run('compile', 'a.yml', '-o', 'a.vbc').status, 0);
        check(run, folder);
    } finally {
        rmSync(folder, { recursive: true });
    }
}

const CHECKS = {
    'the rules of a program are printed as JSON, and say the same': () => {
        const rules = LAID_OUT.replace('read: true', String.raw`read: "name === 'a\\\"b'" # say why`);
        withProgram(rules, (run, folder) => {
            const printed = run('fmt', 'a.vbc');
            assert.equal(printed.status, 0, printed.stderr);
            assert.equal(JSON.parse(printed.stdout).record['*'].read, String.raw`name === 'a\"b'`);
            writeFileSync(join(folder, 'back.json'), printed.stdout);
            assert.equal(run('fmt', '--check', 'back.json').status, 0);
            const code = (file) => run('disasm', file).stdout.replace(/ \S+:\d+:\d+/g, '');
            assert.equal(run('compile', 'back.json', '-o', 'back.vbc').status, 0);
            assert.equal(code('back.vbc'), code('a.vbc'));
        });
    },
    'a program is never replaced by its rules': () => {
        withProgram(LAID_OUT, (run, folder) => {
            const before = readFileSync(join(folder, 'a.vbc'));
            const refused = run('fmt', '--write', 'a.vbc');
            assert.equal(refused.status, 2);
            assert.match(refused.stderr, /its rules can only be printed/);
            assert.deepEqual(readFileSync(join(folder, 'a.vbc')), before);
        });
    },
    'rules are linted in a program as in their file': () => {
        withProgram(OTHER.replace('true', '"user.role === name"'), (run) => {
            const found = run('lint', '--json', 'a.vbc');
            assert.equal(found.status, 1);
            assert.deepEqual(JSON.parse(found.stdout).findings.map((finding) => finding.id), ['unknown-user-field']);
        });
    },
    'a damaged program is an error of its own': () => {
        withProgram(LAID_OUT, (run, folder) => {
            writeFileSync(join(folder, 'a.vbc'), readFileSync(join(folder, 'a.vbc')).subarray(0, 90));
            for (const command of ['fmt', 'lint']) assert.equal(run(command, 'a.vbc').status, 3);
        });
    },
    '--write replaces the file': () => {
        const run = fmt(['--write', 'a.yml', 'b.yml'], { 'a.yml': OTHER, 'b.yml': LAID_OUT });
        assert.deepEqual([run.status, run.stdout, run.stderr], [0, '', '']);
        assert.equal(run.files['a.yml'], LAID_OUT);
        assert.equal(run.files['b.yml'], LAID_OUT);
    },
    '--write keeps the mode, follows links, and leaves nothing else': () => {
        const folder = mkdtempSync(join(tmpdir(), 'valvec-'));
        try {
            writeFileSync(join(folder, 'a.yml'), OTHER);
            chmodSync(join(folder, 'a.yml'), 0o640);
            symlinkSync('a.yml', join(folder, 'link.yml'));
            assert.equal(spawnSync(valvec, ['fmt', '--write', 'link.yml'], { cwd: folder }).status, 0);
            assert.equal(readFileSync(join(folder, 'a.yml'), 'utf8'), LAID_OUT);
            assert.equal(statSync(join(folder, 'a.yml')).mode & 0o777, 0o640);
            assert.deepEqual(readdirSync(folder), ['a.yml', 'link.yml']);
        } finally {
            rmSync(folder, { recursive: true });
        }
    },
    'a file with errors is not touched, the others are': () => {
        const run = fmt(['--write', 'a.yml', 'b.yml'], { 'a.yml': BROKEN, 'b.yml': OTHER });
        assert.equal(run.status, 3);
        assert.equal(run.files['a.yml'], BROKEN);
        assert.equal(run.files['b.yml'], LAID_OUT);
    },
    '--check names what would change': () => {
        const run = fmt(['--check', 'a.yml', 'b.yml'], { 'a.yml': OTHER, 'b.yml': LAID_OUT });
        assert.deepEqual([run.status, run.stdout], [1, 'a.yml\n']);
        assert.equal(run.files['a.yml'], OTHER);
        assert.equal(fmt(['--check', 'b.yml'], { 'b.yml': LAID_OUT }).status, 0);
    },
    '--diff applied to the file gives the layout': () => {
        const run = fmt(['--diff', 'a.yml'], { 'a.yml': OTHER });
        assert.equal(run.status, 1);
        assert.match(run.stdout, /^--- a\.yml\n\+\+\+ a\.yml\n@@ -1,4 \+1,12 @@\n/);
        const added = run.stdout.split('\n').filter((line) => line.startsWith('+') && !line.startsWith('+++'));
        assert.equal(added.map((line) => line.slice(1)).join('\n') + '\n', LAID_OUT);
    },
    'standard input goes to standard output': () => {
        const run = spawnSync(valvec, ['fmt', '-'], { input: OTHER, encoding: 'utf8' });
        assert.deepEqual([run.status, run.stdout], [0, LAID_OUT]);
    },
    'a byte order mark and other line ends go': () => {
        assert.equal(fmt(['a.yml'], { 'a.yml': `\uFEFF${OTHER.replaceAll('\n', '\r\n')}` }).stdout, LAID_OUT);
    },
    'wrong use ends with 2, a missing file with 4': () => {
        assert.equal(fmt([], {}).status, 2);
        assert.equal(fmt(['--write', '--check', 'a.yml'], { 'a.yml': OTHER }).status, 2);
        assert.equal(fmt(['b.yml'], {}).status, 4);
    },
};

runChecks(CHECKS);
