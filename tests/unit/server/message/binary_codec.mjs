// Our codec against @deepstream/protobuf, which the published client and the original use: random
// messages that one encodes are decoded by the other to the same fields, both ways.
//
//     node binary_codec.mjs BINARY_LINES [--seed N] [--count N]

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const require = createRequire(fileURLToPath(new URL('../../../package.json', import.meta.url)));
const { getMessage } = require('@deepstream/protobuf/dist/src/message-builder');
const { parse } = require('@deepstream/protobuf/dist/src/message-parser');

const { values: options, positionals: [program] } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string', default: String(Date.now() % 1e9) }, count: { type: 'string', default: '5000' } },
});
let state = Number(options.seed) >>> 0;
const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
};

// Their names of our fields. On binary the original knows originalTopic only as originalTOPIC.
const THEIRS = {
    data: 'data', name: 'name', correlation_id: 'correlationId', subscription: 'subscription', path: 'path',
    requestor_name: 'requestorName', requestor_data: 'requestorData', url: 'url', protocol_version: 'protocolVersion',
    sdk_version: 'sdkVersion', sdk_type: 'sdkType', version: 'version', original_topic: 'originalTOPIC',
    original_action: 'originalAction', is_error: 'isError', is_ack: 'isAck', is_write_ack: 'isWriteAck',
    names: 'names', versions: 'versions',
};
const FIELDS = {
    1: ['data', 'original_topic', 'original_action'],
    2: ['data', 'is_error', 'is_ack', 'url', 'protocol_version', 'sdk_version', 'sdk_type'],
    3: ['data', 'is_error', 'is_ack'],
    4: ['data', 'correlation_id', 'is_error', 'is_ack', 'name', 'names', 'subscription', 'original_topic', 'original_action'],
    5: ['data', 'correlation_id', 'is_error', 'is_ack', 'name', 'names', 'subscription', 'original_action', 'is_write_ack',
        'path', 'version', 'versions'],
    6: ['data', 'correlation_id', 'is_error', 'is_ack', 'names', 'name', 'original_action', 'requestor_name', 'requestor_data'],
    7: ['original_topic', 'original_action', 'data', 'correlation_id', 'is_error', 'is_ack', 'name', 'names'],
    8: ['data', 'correlation_id', 'is_error', 'is_ack'],
};

const TEXTS = ['', 'a', 'record/1', '{"a":[1,2]}', 'é', '€uro', '😀', '"', '\\', 'x'.repeat(127), 'y'.repeat(128), 'ü'.repeat(200), 'z'.repeat(17000)];
const NUMBERS = [0, 1, -1, 2, 127, 128, 16383, 16384, 2 ** 31 - 1, -(2 ** 31), -128];
const pick = (list) => list[random(list.length)];
const many = (make) => Array.from({ length: random(6) }, make);

function valueOf(field) {
    if (field.startsWith('is_')) return random(2) === 1;
    if (field === 'names') return many(() => pick(TEXTS));
    if (field === 'versions') return Object.fromEntries(many(() => [pick(TEXTS.slice(1)), pick(NUMBERS)]));
    if (field === 'original_topic') return random(12);
    if (field === 'version' || field === 'original_action') return pick(NUMBERS);
    if (field === 'data') return pick(TEXTS.slice(1)); // an empty one is never sent
    return pick(TEXTS);
}

function randomMessage() {
    const topic = 1 + random(8);
    const message = { topic, action: random(120) };
    for (const field of FIELDS[topic]) if (random(2) === 1) message[field] = valueOf(field);
    return message;
}

const theirsOf = (message) =>
    Object.fromEntries(Object.entries(message).map(([field, value]) => [THEIRS[field] ?? field, value]));

// Only the encoder of requestorData wraps it in JSON once more; a text of JSON is what travels.
const encodeTheirs = (message) =>
    Buffer.from(getMessage({ ...theirsOf(message) })).toString('hex');
const wrapped = (message) =>
    message.requestor_data ? { ...message, requestor_data: JSON.stringify(message.requestor_data) } : message;

function decodeTheirs(hex) {
    const [message] = parse(Buffer.from(hex, 'hex'));
    const present = Object.entries(message).filter(([, value]) => value !== undefined);
    const sorted = Object.fromEntries(present.map(([key, value]) => [key, value]));
    sorted.names ??= [];
    sorted.versions = { ...sorted.versions };
    return sorted;
}

function withLists(message) {
    return { ...message, names: message.names ?? [], versions: message.versions ?? {} };
}

const messages = Array.from({ length: Number(options.count) }, randomMessage);
const lines = messages.flatMap((message) => [JSON.stringify(message), encodeTheirs(message)]);
const run = spawnSync(program, { input: lines.join('\n') + '\n', maxBuffer: 2 ** 30, encoding: 'utf8' });
assert.equal(run.status, 0, `${program} ended with ${run.status ?? run.signal}\n${run.stderr}`);
const answers = run.stdout.trimEnd().split('\n');
assert.equal(answers.length, lines.length);

messages.forEach((message, index) => {
    const place = `message ${index} of seed ${options.seed}`;
    assert.deepEqual(decodeTheirs(answers[2 * index]), withLists(theirsOf(message)), `ours to theirs, ${place}`);
    assert.deepEqual(JSON.parse(answers[2 * index + 1]), withLists(wrapped(message)), `theirs to ours, ${place}`);
});
assert.ok(messages.length > 0);
console.log(`${messages.length} messages each way, seed ${options.seed}`);
