// Speaks as much of MongoDB's wire protocol as connectors use (OP_MSG, and OP_QUERY for the greeting), on tables
// in memory, and is strict about what it is sent: a command, a member or an operator that is not known here is
// an error. For tests, because the server itself is not packaged. BSON is read and written by the npm package.
//
//     node mongodb_double.mjs --port 27017 [--wire 13]
//
// Documents of the collection `faults` go wrong, by their ds_key: the first two writes of `duplicate` find that
// another one has made it, every write of `refused` is refused, the first one of `stepdown` meets a server that is
// not in charge, and a read of `hang` is never answered.

import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const BSON = createRequire(import.meta.url)('../node_modules/bson');
const { values: options } = parseArgs({ options: { port: { type: 'string' }, wire: { type: 'string', default: '13' } } });

const OP_REPLY = 1, OP_QUERY = 2004, OP_MSG = 2013;
const HEADER_BYTES = 16, MOST_MESSAGE_BYTES = 48000000, MOST_DOCUMENT_BYTES = 16 * 1024 * 1024, COMMAND_BYTES = 16 * 1024;
const CHECKSUM = 1, MORE_TO_COME = 2;

const bson = new BSON();
/** Numbers stay what they are: Int32, Double, Long. */
const read = (bytes) => bson.deserialize(bytes, { promoteValues: false });
const write = (document) => bson.serialize(document, { ignoreUndefined: false });

class Refusal extends Error {
    constructor(message, code = 9, codeName = 'FailedToParse') {
        super(message);
        Object.assign(this, { code, codeName });
    }
}

const demand = (condition, reason) => {
    if (!condition) throw new Refusal(reason);
};

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value) && value._bsontype === undefined;
const numberOf = (value) => typeof value === 'number' ? value : value?._bsontype === 'Long' ? value.toNumber() : value?.value;
const isTrue = (value) => value === true || numberOf(value) === 1;

function demandMembers(object, needed, allowed, what) {
    demand(isObject(object), `${what} must be an object`);
    for (const key of needed) demand(key in object, `${what}: ${key} is missing`);
    for (const key of Object.keys(object)) demand(needed.includes(key) || allowed.includes(key), `BSON field '${what}.${key}' is an unknown field`);
}

// ---- tables ----

const tables = new Map(); // "db.collection" -> { byKey: ds_key -> [documents], ids: Set, indexes: Map }
const tries = new Map(); // of faults
let lastId = 0;

function tableOf(database, collection, { make = false } = {}) {
    demand(typeof collection === 'string' && collection !== '' && !/[$\0]/.test(collection) && !collection.startsWith('system.'), `Invalid collection name: ${collection}`);
    demand(/^[^/\\. "$*<>:|?\0]{1,63}$/.test(database), `Invalid database name: ${database}`);
    const name = `${database}.${collection}`;
    demand(Buffer.byteLength(name) <= 255, 'the namespace is too long');
    const empty = { byKey: new Map(), ids: new Set(), indexes: new Map() };
    if (!tables.has(name) && make) tables.set(name, empty);
    return tables.get(name) ?? empty;
}

/** Of {ds_key: text} or {ds_key: {$in: [texts]}}. */
function keysOf(query) {
    demandMembers(query, ['ds_key'], [], 'filter');
    const { ds_key: key } = query;
    if (typeof key === 'string') return [key];
    demandMembers(key, ['$in'], [], 'ds_key');
    demand(Array.isArray(key.$in) && key.$in.every((one) => typeof one === 'string'), '$in needs an array of texts');
    return key.$in;
}

// ---- aggregation, as far as updates use it ----

const MISSING = Symbol('missing');
/** Order of BSON types, of those that are compared here. */
const rank = (value) => value === MISSING ? 0 : value === null ? 1 : numberOf(value) !== undefined ? 2 : 3;

function isGreater(a, b) {
    if (rank(a) !== rank(b)) return rank(a) > rank(b);
    demand(rank(a) === 2, 'only numbers are compared here');
    return numberOf(a) > numberOf(b);
}

const OPERATORS = {
    $literal: (value) => value,
    $cond: ([condition, yes, no], root) => evaluate(evaluate(condition, root) === true ? yes : no, root),
    $gt: ([a, b], root) => isGreater(evaluate(a, root), evaluate(b, root)),
    $ifNull: ([value, other], root) => {
        const found = evaluate(value, root);
        return found === MISSING || found === null ? evaluate(other, root) : found;
    },
    $mergeObjects: (list, root) => Object.assign({}, ...list.map((one) => {
        const object = evaluate(one, root);
        demand(isObject(object), '$mergeObjects requires object inputs');
        return object;
    })),
};

function evaluate(expression, root) {
    if (typeof expression === 'string' && expression.startsWith('$')) {
        if (expression === '$$ROOT') return root;
        demand(/^\$[a-z_]+$/.test(expression), `use of undefined variable or path: ${expression}`);
        return expression.slice(1) in root ? root[expression.slice(1)] : MISSING;
    }
    if (!isObject(expression)) return expression;
    const keys = Object.keys(expression);
    if (!keys.some((key) => key.startsWith('$'))) {
        const entries = keys.map((key) => [key, evaluate(expression[key], root)]);
        return Object.fromEntries(entries.filter(([, value]) => value !== MISSING));
    }
    demand(keys.length === 1 && keys[0] in OPERATORS, `Unrecognized expression '${keys[0]}'`);
    return OPERATORS[keys[0]](expression[keys[0]], root);
}

function runPipeline(pipeline, before) {
    demand(pipeline.length === 1 && Object.keys(pipeline[0]).length === 1 && '$replaceWith' in pipeline[0], 'only one stage $replaceWith is known here');
    const after = evaluate(pipeline[0].$replaceWith, before);
    demand(isObject(after), "'newRoot' expression must evaluate to an object");
    if ('_id' in before && !('_id' in after)) return { _id: before._id, ...after };
    if ('_id' in before && !sameId(before._id, after._id)) throw new Refusal("Performing an update on the path '_id' would modify the immutable field '_id'", 66, 'ImmutableField');
    return after;
}

const sameId = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function modify(change, before) {
    if (Array.isArray(change)) return runPipeline(change, before);
    demandMembers(change, ['$set'], [], 'update'); // the Node.js connector's
    for (const key of Object.keys(change.$set)) demand(!key.startsWith('$') && !key.includes('.'), `The dollar ($) prefixed or dotted field '${key}' is not valid for storage`);
    return { ...before, ...change.$set };
}

// ---- faults ----

const failsThisOften = (key, times) => {
    tries.set(key, (tries.get(key) ?? 0) + 1);
    return tries.get(key) <= times;
};

function meetFaults(collection, { ds_key: key }) {
    if (collection !== 'faults') return;
    if (key === 'duplicate' && failsThisOften(key, 2)) throw new Refusal('E11000 duplicate key error collection', 11000, 'DuplicateKey');
    if (key === 'refused') throw new Refusal('Document failed validation', 121, 'DocumentValidationFailure');
    if (key === 'stepdown' && failsThisOften(key, 1)) throw new Refusal('not primary', 10107, 'NotWritablePrimary');
}

// ---- commands ----

const ANYWHERE = ['$db', 'lsid', '$readPreference', '$clusterTime', 'txnNumber', 'writeConcern', 'readConcern', 'apiVersion'];

function insertUpserted(table, change, query) {
    const made = modify(change, { ds_key: query.ds_key });
    const document = '_id' in made ? made : { _id: new BSON.ObjectId(), ...made };
    const id = JSON.stringify(document._id);
    if (table.ids.has(id)) throw new Refusal(`E11000 duplicate key error index: _id_ dup key: ${id}`, 11000, 'DuplicateKey');
    demandSize(document);
    table.ids.add(id);
    table.byKey.set(query.ds_key, [...(table.byKey.get(query.ds_key) ?? []), document]);
    return document._id;
}

function demandSize(document) {
    if (write(document).length > MOST_DOCUMENT_BYTES) throw new Refusal('Resulting document is larger than 16777216', 17419, 'BSONObjectTooLarge');
}

function updateOne(table, collection, { q, u, upsert = false, multi = false }) {
    demand(!multi && typeof q.ds_key === 'string', 'only updates of one document are known here');
    meetFaults(collection, q);
    const documents = table.byKey.get(q.ds_key) ?? [];
    if (documents.length > 0) {
        const after = modify(u, documents[0]);
        demand(after.ds_key === q.ds_key, 'the key of a document does not change here');
        demandSize(after);
        documents[0] = after;
        return { n: 1, nModified: 1 };
    }
    return upsert ? { n: 1, nModified: 0, upserted: insertUpserted(table, u, q) } : { n: 0, nModified: 0 };
}

const COMMANDS = {
    hello: (command) => greeting(command),
    ismaster: (command) => greeting(command),
    isMaster: (command) => greeting(command),
    ping: () => ({}),
    endSessions: () => ({}),

    update(command) {
        demandMembers(command, ['update', 'updates', '$db'], ['ordered', 'bypassDocumentValidation', ...ANYWHERE], 'update');
        const table = tableOf(command.$db, command.update, { make: true });
        const reply = { n: 0, nModified: 0 };
        command.updates.forEach((one, index) => {
            demandMembers(one, ['q', 'u'], ['upsert', 'multi'], 'updates');
            try {
                const { n, nModified, upserted } = updateOne(table, command.update, one);
                reply.n += n;
                reply.nModified += nModified;
                if (upserted !== undefined) reply.upserted = [...(reply.upserted ?? []), { index, _id: upserted }];
            } catch (error) {
                if (!(error instanceof Refusal) || error.code === 10107 || error.code === 9) throw error;
                reply.writeErrors = [...(reply.writeErrors ?? []), { index, code: error.code, errmsg: error.message }];
            }
        });
        return reply;
    },

    find(command) {
        demandMembers(command, ['find', 'filter', 'limit', '$db'], ['sort', 'singleBatch', 'batchSize', 'skip', 'returnKey', 'showRecordId', ...ANYWHERE], 'find');
        if (command.find === 'faults' && command.filter.ds_key === 'hang') return undefined;
        const table = tableOf(command.$db, command.find);
        const found = keysOf(command.filter).flatMap((key) => table.byKey.get(key) ?? []);
        if (command.sort !== undefined) {
            demand(JSON.stringify(Object.keys(command.sort)) === '["ds_version"]' && numberOf(command.sort.ds_version) === -1, 'only this sort is known here');
            found.sort((a, b) => numberOf(b.ds_version) - numberOf(a.ds_version));
        }
        return { cursor: { id: BSON.Long.fromNumber(0), ns: `${command.$db}.${command.find}`, firstBatch: found.slice(0, Math.abs(numberOf(command.limit))) } };
    },

    delete(command) {
        demandMembers(command, ['delete', 'deletes', '$db'], ['ordered', ...ANYWHERE], 'delete');
        const table = tableOf(command.$db, command.delete);
        let n = 0;
        for (const one of command.deletes) {
            demandMembers(one, ['q', 'limit'], [], 'deletes');
            for (const key of new Set(keysOf(one.q))) {
                const documents = table.byKey.get(key) ?? [];
                const gone = documents.splice(0, numberOf(one.limit) === 0 ? documents.length : 1);
                for (const { _id: id } of gone) table.ids.delete(JSON.stringify(id));
                if (documents.length === 0) table.byKey.delete(key);
                n += gone.length;
            }
        }
        return { n };
    },

    createIndexes(command) {
        demandMembers(command, ['createIndexes', 'indexes', '$db'], ANYWHERE, 'createIndexes');
        const { indexes } = tableOf(command.$db, command.createIndexes, { make: true });
        for (const index of command.indexes) {
            demandMembers(index, ['key', 'name'], ['ns', 'unique', 'background'], 'indexes');
            const text = JSON.stringify({ key: index.key, isUnique: isTrue(index.unique) });
            if ((indexes.get(index.name) ?? text) !== text) throw new Refusal('An existing index has the same name as the requested index', 86, 'IndexKeySpecsConflict');
            indexes.set(index.name, text);
        }
        return { numIndexesAfter: new BSON.Int32(indexes.size + 1) };
    },
};

function greeting() {
    return {
        ismaster: true, isWritablePrimary: true, helloOk: true, maxBsonObjectSize: new BSON.Int32(MOST_DOCUMENT_BYTES),
        maxMessageSizeBytes: new BSON.Int32(MOST_MESSAGE_BYTES), maxWriteBatchSize: new BSON.Int32(100000), localTime: new Date(),
        minWireVersion: new BSON.Int32(0), maxWireVersion: new BSON.Int32(Number(options.wire)), readOnly: false,
    };
}

/** undefined: no answer at all. */
function run(command) {
    const [name] = Object.keys(command);
    try {
        if (!Object.hasOwn(COMMANDS, name)) throw new Refusal(`no such command: '${name}'`, 59, 'CommandNotFound');
        const reply = COMMANDS[name](command);
        return reply && { ...reply, ok: new BSON.Double(1) };
    } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { ok: new BSON.Double(0), errmsg: error.message, code: new BSON.Int32(error.code), codeName: error.codeName };
    }
}

// ---- messages ----

function takeDocument(bytes, at) {
    const length = bytes.readInt32LE(at);
    demand(length >= 5 && length <= MOST_DOCUMENT_BYTES + COMMAND_BYTES && at + length <= bytes.length, 'a document with a wrong length');
    return [read(bytes.subarray(at, at + length)), at + length];
}

function takeText(bytes, at) {
    const end = bytes.indexOf(0, at);
    demand(end >= 0, 'a text without an end');
    return [bytes.toString('utf8', at, end), end + 1];
}

/** One section of kind 0, the command, and any number of kind 1, each a list that belongs into it. */
function readMessage(body) {
    const flags = body.readUInt32LE(0);
    demand((flags & 0xffff & ~MORE_TO_COME) === 0 && (flags & CHECKSUM) === 0, `flags ${flags} are not known here`);
    let command;
    const lists = {};
    for (let at = 4; at < body.length;) {
        const kind = body[at++];
        if (kind === 0) {
            demand(command === undefined, 'two commands in a message');
            [command, at] = takeDocument(body, at);
            continue;
        }
        demand(kind === 1, `a section of kind ${kind}`);
        const end = at + body.readInt32LE(at);
        const [name, first] = takeText(body, at + 4);
        lists[name] = [];
        for (at = first; at < end;) {
            let document;
            [document, at] = takeDocument(body, at);
            lists[name].push(document);
        }
        demand(at === end, 'a section with a wrong length');
    }
    demand(command !== undefined, 'a message without a command');
    return { command: { ...command, ...lists }, wantsAnswer: (flags & MORE_TO_COME) === 0 };
}

function readQuery(body) {
    const [name, at] = takeText(body, 4);
    demand(/^[a-z]+\.\$cmd$/i.test(name), 'OP_QUERY is for commands');
    const [query] = takeDocument(body, at + 8);
    const command = query.$query ?? query;
    demand(['ismaster', 'isMaster'].includes(Object.keys(command)[0]), 'OP_QUERY is for the greeting');
    return command;
}

function header(length, to, opcode) {
    const bytes = Buffer.alloc(HEADER_BYTES);
    [HEADER_BYTES + length, ++lastId, to, opcode].forEach((number, i) => bytes.writeInt32LE(number, 4 * i));
    return bytes;
}

function answer(socket, id, opcode, body) {
    if (opcode === OP_QUERY) {
        const document = write(run(readQuery(body)));
        const head = Buffer.alloc(20);
        head.writeInt32LE(8, 0); // AwaitCapable
        head.writeInt32LE(1, 16);
        socket.write(Buffer.concat([header(20 + document.length, id, OP_REPLY), head, document]));
        return;
    }
    demand(opcode === OP_MSG, `opcode ${opcode}`);
    const { command, wantsAnswer } = readMessage(body);
    const reply = run(command);
    if (!wantsAnswer || reply === undefined) return;
    const document = write(reply);
    socket.write(Buffer.concat([header(5 + document.length, id, OP_MSG), Buffer.alloc(5), document]));
}

function takeMessages(socket, received) {
    let at = 0;
    while (received.length - at >= HEADER_BYTES) {
        const length = received.readInt32LE(at);
        demand(length > HEADER_BYTES && length <= MOST_MESSAGE_BYTES, `a message of ${length} bytes`);
        if (received.length - at < length) break;
        answer(socket, received.readInt32LE(at + 4), received.readInt32LE(at + 12), received.subarray(at + HEADER_BYTES, at + length));
        at += length;
    }
    return received.subarray(at);
}

createServer((socket) => {
    let pieces = [], length = 0, wanted = HEADER_BYTES;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (piece) => {
        pieces.push(piece);
        length += piece.length;
        if (length < wanted) return;
        try {
            const rest = takeMessages(socket, Buffer.concat(pieces));
            pieces = [rest];
            length = rest.length;
            wanted = length >= 4 ? rest.readInt32LE(0) : HEADER_BYTES;
        } catch (error) {
            console.error(error);
            socket.destroy();
        }
    });
}).listen(Number(options.port), '127.0.0.1');
