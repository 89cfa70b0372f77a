// `valvec test --watch`: runs again when rules or tests change, and ends well on Ctrl-C.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { complete, valvecArgument } from '../cases.mjs';

const folder = mkdtempSync(join(tmpdir(), 'valvec-'));
const rules = (decision) => complete(`record: {"*": {read: ${decision}}}\n`);
const TESTS = (expect) => `users: {al: }\ntests: [{name: a, read record: x, user: al, expect: ${expect}}]\n`;
const put = (name, text) => writeFileSync(join(folder, name), text);

put('permissions.yml', rules(true));
put('a.test.yml', TESTS('allow'));
const child = spawn(valvecArgument(), ['test', '--watch', '.'], { cwd: folder });
let printed = '', seen = 0, wake = () => {};
const ended = new Promise((resolve) => child.on('exit', (code, signal) => { resolve({ code, signal }); wake(); }));
for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => { printed += text; wake(); });

// What the next round prints, up to the line that says it waits.
async function round() {
    const WAITING = 'waiting for changes, end with Ctrl-C\n';
    for (;;) {
        const end = printed.indexOf(WAITING, seen);
        if (end >= 0) {
            const text = printed.slice(seen, end);
            seen = end + WAITING.length;
            return text;
        }
        assert.equal(child.exitCode, null, `ended after ${printed}`);
        await new Promise((resolve) => { wake = resolve; });
    }
}

try {
    assert.match(await round(), /1 passed, 0 failed/);
    put('permissions.yml', rules(false));
    assert.match(await round(), /expected allow, got deny/);
    put('a.test.yml', TESTS('deny'));
    assert.match(await round(), /1 passed, 0 failed/);
    put('a.test.yml', 'tests: 5\n');
    assert.match(await round(), /\[test-wrong-kind\]/);
    put('new.yml', TESTS('allow'));
    renameSync(join(folder, 'new.yml'), join(folder, 'a.test.yml')); // as editors save
    assert.match(await round(), /expected allow, got deny/);
    put('permissions.yml', 'record: {');
    assert.match(await round(), /\[yaml-/);
    put('permissions.yml', rules(true));
    assert.match(await round(), /1 passed, 0 failed/);
    child.kill('SIGINT');
    assert.deepEqual(await ended, { code: 0, signal: null });
    console.log('watched 7 rounds');
} finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
}
