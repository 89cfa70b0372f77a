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

const CHECKS = {
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
