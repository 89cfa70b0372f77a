// The formats that machines read: their structure, and texts that need escapes.

import assert from 'node:assert/strict';
import { runValvec, valvecArgument } from '../cases.mjs';

const valvec = valvecArgument();
const NAME = 'r%1,2.yml';
const RULES = `record:
  "*": {}
  "a":
    read: "user.role === 'é' && typeof name === '%100'"
    write: "user.data.x === 1"
event: {"*": {}}
rpc: {"*": {}}
presence: {"*": {}}
`;

function lint(format, text = RULES, name = NAME) {
    return runValvec(valvec, ['lint', '--format', format, name], { [name]: text });
}

function checkJson() {
    const { status, stdout } = lint('json');
    const found = JSON.parse(stdout);
    assert.equal(status, 1);
    assert.deepEqual([found.errors, found.warnings, found.notes], [0, 2, 1]);
    assert.deepEqual(found.findings[0], {
        file: NAME, line: 4, column: 12, endLine: 4, endColumn: 21, severity: 'warning', id: 'unknown-user-field',
        message: '`user` has no field `role`', hint: 'did you mean `user.data.role`? `user` has `id`, `isAuthenticated` and `data`',
    });
    assert.deepEqual([found.findings[1].column, found.findings[1].endColumn], [49, 55]);
    assert.deepEqual(JSON.parse(lint('json', RULES.replace(/ {4}(read|write).*\n/g, '    read: true\n').replace('    read: true\n    read: true', '    read: true')).stdout),
        { findings: [], errors: 0, warnings: 0, notes: 0 });
}

function checkCompact() {
    assert.equal(lint('compact').stdout.split('\n')[1], `${NAME}:4:49: warning: \`typeof\` never gives \`%100\` [typeof-result]`);
    assert.match(lint('compact', 'record: [').stdout, /^r%1,2\.yml:\d+:\d+: error: /);
}

function checkGithub() {
    const lines = lint('github').stdout.trimEnd().split('\n');
    assert.equal(lines[1], '::warning file=r%251%2C2.yml,line=4,col=49,endColumn=55,title=typeof-result::`typeof` never gives `%25100`%0A'
        + 'it gives undefined, object, boolean, number or string');
    assert.match(lines[2], /^::notice file=r%251%2C2\.yml,line=5,col=13,endColumn=24,title=unguarded-user-data::/);
    assert.match(lint('github', 'record: [').stdout, /^::error /);
}

// What SARIF 2.1.0 asks of the parts that are used here.
function checkSarif() {
    const log = JSON.parse(lint('sarif').stdout);
    assert.equal(log.version, '2.1.0');
    assert.match(log.$schema, /sarif-schema-2\.1\.0\.json$/);
    assert.equal(log.runs.length, 1);
    const [run] = log.runs;
    assert.equal(run.tool.driver.name, 'valvec');
    assert.equal(run.columnKind, 'unicodeCodePoints');
    const ids = run.tool.driver.rules.map((rule) => rule.id);
    assert.equal(new Set(ids).size, ids.length);
    for (const rule of run.tool.driver.rules) {
        assert.match(rule.defaultConfiguration.level, /^(error|warning|note)$/);
        assert.ok(rule.shortDescription.text.length > 0);
        assert.ok(rule.help.text.startsWith(`# ${rule.id}\n`));
    }
    assert.equal(run.results.length, 3);
    for (const result of run.results) {
        assert.ok(ids.includes(result.ruleId));
        assert.match(result.level, /^(error|warning|note)$/);
        assert.ok(result.message.text.length > 0);
        const { artifactLocation, region } = result.locations[0].physicalLocation;
        assert.equal(artifactLocation.uri, 'r%251%2C2.yml');
        assert.ok(region.startLine >= 1 && region.startColumn >= 1);
        assert.ok(region.endLine > region.startLine || region.endColumn >= region.startColumn);
    }
    const empty = JSON.parse(lint('sarif', 'record: {"*": {}}\nevent: {"*": {}}\nrpc: {"*": {}}\npresence: {"*": {}}\n').stdout);
    assert.deepEqual(empty.runs[0].results, []);
    assert.deepEqual(empty.runs[0].tool.driver.rules, []);
    const broken = JSON.parse(lint('sarif', 'record: [').stdout);
    assert.equal(broken.runs[0].results[0].level, 'error');
}

for (const check of [checkJson, checkCompact, checkGithub, checkSarif]) check();
console.log('the formats are as they should be');
