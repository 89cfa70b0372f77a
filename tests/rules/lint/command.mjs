// The command line of `valvec lint`: exit status, options, several files.

import assert from 'node:assert/strict';
import { runChecks, runValvec, valvecArgument } from '../cases.mjs';

const valvec = valvecArgument();
const REST = 'event: {"*": {}}\nrpc: {"*": {}}\npresence: {"*": {}}\n';
const FINE = `record: {"*": {}}\n${REST}`;
const NOTE = `record: {"*": {read: "user.data.a === 1"}}\n${REST}`;
const TWO = `record: {"*": {read: "1 === 1", write: "user.a === 1"}}\n${REST}`;
const BROKEN = `record: {"*": {read: "a ==="}}\n${REST}`;

function lint(args, files = {}) {
    return runValvec(valvec, ['lint', ...args], files);
}

function ids(run) {
    return JSON.parse(run.stdout).findings.map((finding) => finding.id);
}

const CHECKS = {
    'a file without findings prints nothing and ends with 0': () => {
        const run = lint(['a.yml'], { 'a.yml': FINE });
        assert.deepEqual([run.status, run.stdout, run.stderr], [0, '', '']);
    },
    'notes do not change how the command ends': () => {
        assert.equal(lint(['a.yml'], { 'a.yml': NOTE }).status, 0);
        assert.deepEqual(ids(lint(['--json', '--no-notes', 'a.yml'], { 'a.yml': NOTE })), []);
    },
    'warnings end it with 1, unless so many are accepted': () => {
        assert.equal(lint(['a.yml'], { 'a.yml': TWO }).status, 1);
        assert.equal(lint(['--max-warnings', '1', 'a.yml'], { 'a.yml': TWO }).status, 1);
        assert.equal(lint(['--max-warnings=2', 'a.yml'], { 'a.yml': TWO }).status, 0);
    },
    'errors end it with 3, a missing file with 4': () => {
        assert.equal(lint(['a.yml'], { 'a.yml': BROKEN }).status, 3);
        assert.equal(lint(['b.yml']).status, 4);
    },
    'of several files all are told, and the worst decides': () => {
        const run = lint(['--json', 'a.yml', 'b.yml', 'c.yml'], { 'a.yml': TWO, 'b.yml': BROKEN, 'c.yml': NOTE });
        assert.equal(run.status, 3);
        assert.deepEqual([...new Set(JSON.parse(run.stdout).findings.map((finding) => finding.file))], ['a.yml', 'b.yml', 'c.yml']);
    },
    'lints are switched on and off': () => {
        const files = { 'a.yml': TWO };
        assert.deepEqual(ids(lint(['--json', 'a.yml'], files)), ['always-true', 'unknown-user-field']);
        assert.deepEqual(ids(lint(['--json', '--disable', 'always-true,unknown-user-field', 'a.yml'], files)), []);
        assert.ok(ids(lint(['--json', '--enable', 'missing-rule-type', 'a.yml'], files)).includes('missing-rule-type'));
        assert.ok(ids(lint(['--json', '--all', 'a.yml'], files)).includes('missing-rule-type'));
        assert.ok(!ids(lint(['--json', '--all', '--disable=missing-rule-type', 'a.yml'], files)).includes('missing-rule-type'));
    },
    'the number of rounds is an option': () => {
        const files = { 'a.yml': `record: {"*": {read: "_(_('a')?.b) === null"}}\n${REST}` };
        assert.deepEqual(ids(lint(['--json', 'a.yml'], files)), []);
        assert.deepEqual(ids(lint(['--json', '--max-rule-iterations', '2', 'a.yml'], files)), ['reference-depth']);
        assert.deepEqual(ids(lint(['--json', '--max-rule-iterations', '0', 'a.yml'], files)), []);
    },
    'a lint that does not exist is a mistake, told with the nearest': () => {
        for (const option of ['--enable', '--disable', '--explain']) {
            const run = lint([option, 'always-ture', 'a.yml'], { 'a.yml': FINE });
            assert.equal(run.status, 2);
            assert.match(run.stderr, /there is no lint 'always-ture', did you mean 'always-true'\?/);
        }
    },
    'without a file there is nothing to do': () => {
        assert.equal(lint([]).status, 2);
        assert.equal(lint(['--format', 'prety', 'a.yml'], { 'a.yml': FINE }).status, 2);
    },
    'errors are explained too': () => {
        const run = lint(['--explain', 'duplicate-key']);
        assert.equal(run.status, 0);
        assert.match(run.stdout, /^# duplicate-key\n\nAn error: .*\n\n- duplicate key `\.\.\.`\n {2}Hint: it stands in line \.\.\. already/);
    },
    'the list names each lint with severity and summary': () => {
        const run = lint(['--list']);
        assert.equal(run.status, 0);
        assert.match(run.stdout, /^shadowed-path +warning +a path whose rules/m);
        assert.match(run.stdout, /^missing-rule-type +note +off +a rule type/m);
    },
    'help names the options and how to allow a finding': () => {
        const run = lint(['--help']);
        assert.equal(run.status, 0);
        for (const word of ['--format', '--max-warnings', '--explain', '# valvec: allow ID']) assert.ok(run.stdout.includes(word), word);
    },
};

runChecks(CHECKS);
